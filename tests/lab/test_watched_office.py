"""A small office at the medium level: what its sensor sees, and that what is broken is found."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path

import pytest

from ringfence.deploy import lab as labs
from ringfence.design import build
from ringfence.design.model import HostKind, Service
from ringfence.identity.authority import utc_now
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.policy import resolve
from ringfence.probe.fact import Answer, Fact, Seen
from ringfence.probe.questions import RUNNING, by_id
from ringfence.probe.running import System
from ringfence.probe.running.answers import ANSWERS
from ringfence.probe.running.intruders import Attack, attacks
from ringfence.probe.running.sensor import PATIENCE, attacked
from ringfence.probe.take import take
from ringfence.render import mirror
from ringfence.render.catalogue import trees
from ringfence.render.sensor import ORDERS
from ringfence.sensor.rules import Kind
from ringfence.site import load_site

SITE = Path(__file__).parent / "watched"
NAME = "testwatched"
HARMLESS = (
    *(Kind.SIP_SCAN, Kind.PORT_SCAN, Kind.ADDRESS_SCAN, Kind.ICMP_SWEEP, Kind.UNNAMED_TRAFFIC),
    *(Kind.TLS_REFUSED, Kind.MEDIA_WITHOUT_CALL, Kind.CONNECTION_FLOOD, Kind.ARP_BINDING),
    *(Kind.ARP_FLOOD, Kind.FOREIGN_SOURCE, Kind.DHCP_SERVER, Kind.DHCP_STARVATION),
    *(Kind.MAC_FLOOD,),
)
NEVER = 1_000_000
"""A limit that nothing reaches."""


class Watched:
    """The running office."""

    def __init__(self) -> None:
        site = load_site(SITE)
        self.design = build(site, resolve(site, utc_now().date()))
        labs.up(NAME, self.design, print)
        self.lab = Lab.open(NAME)
        (sensor,) = self.design.of_kind(HostKind.SENSOR)
        self.sensor = self.lab.machine(sensor.name)

    @property
    def system(self) -> System:
        """The system, with nothing remembered."""
        return System.of(self.lab, self.design, trees(self.design))

    def ask(self, question: str) -> Fact:
        answer = partial(ANSWERS[question], self.system)
        return take(by_id()[question], answer, "0" * 64, utc_now()).fact

    @cached_property
    def tried(self) -> Seen:
        """What came of all attacks, tried once."""
        return attacked(self.system, tuple(attacks(self.system)), PATIENCE)

    def attacks(self, kind: Kind) -> tuple[Attack, ...]:
        return tuple(each for each in attacks(self.system) if each.kind == kind)

    @contextmanager
    def told_otherwise(self, *path: str | int, value: object) -> Iterator[None]:
        """The sensor with other orders, for the time of a block."""
        before = self.sensor.read(ORDERS)
        said = json.loads(before)
        at = said
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        self._give(json.dumps(said).encode())
        try:
            yield
        finally:
            self._give(before)

    def _give(self, orders: bytes) -> None:
        self.sensor.write(ORDERS, orders, 0o640, "root", "ringfence-sensor")
        self.sensor.restart(Service.SENSOR)
        self.await_listening()

    def await_listening(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            listening = self.sensor.run(["ss", "-H", "-0", "-n"], check=True).stdout
            if listening.count("*:span") == len(self.design.zones):
                return
            time.sleep(0.05)
        raise AssertionError("the sensor does not listen")


@contextmanager
def done(machine: Machine, do: str, undo: str) -> Iterator[None]:
    machine.run(["sh", "-c", do], check=True)
    try:
        yield
    finally:
        machine.run(["sh", "-c", undo], check=True)


@pytest.fixture(scope="module", name="watched")
def _watched() -> Iterator[Watched]:
    try:
        yield Watched()
    finally:
        labs.down(NAME, print)


def test_a_call_and_a_quiet_minute_raise_nothing(watched: Watched) -> None:
    fact = watched.ask("sensor-quiet")

    assert fact.answer == Answer.YES, f"{fact.saw} {fact.contrary}"


def test_every_harmless_attack_is_told_in_time_with_kind_and_source(watched: Watched) -> None:
    seen = watched.tried

    assert seen.answer == Answer.YES, seen.contrary
    assert {each.kind for each in attacks(watched.system)} == set(HARMLESS)
    told = dict(seen.exhibits)["the sensor's alerts"].decode()
    assert f"source={watched.design.of_kind(HostKind.PC)[0].address} " in told
    assert f"source={watched.design.of_kind(HostKind.OUTSIDER)[0].address} " in told


ASKED_ELSEWHERE = {"malware-scanner", "password-needed", "sensor-quiet", "intruders-seen"}
CONVERGED = {"converged-clients", "converged-understood", "converged-scanned"}
"""Questions about what this office does not have."""


@pytest.mark.parametrize(
    "question", [each.id for each in RUNNING if each.id not in ASKED_ELSEWHERE | CONVERGED]
)
def test_every_other_question_is_answered_yes_where_there_is_a_sensor(
    watched: Watched, question: str
) -> None:
    fact = watched.ask(question)

    assert fact.answer == Answer.YES, f"{fact.saw} {fact.contrary}"


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_kind_that_the_sensor_no_longer_looks_for_is_found(watched: Watched, kind: Kind) -> None:
    tried = watched.attacks(kind)
    never = {"count": NEVER, "seconds": 60, "crowd": NEVER}

    with watched.told_otherwise("limits", kind, value=never):
        seen = attacked(watched.system, tried, 1.0)

    assert seen.answer == Answer.NO
    assert len(seen.contrary) == len(tried)


def test_a_copy_that_is_no_longer_made_is_found(watched: Watched) -> None:
    chain = "chain netdev mirror span40_copies"
    with done(watched.lab.switch, f"nft flush {chain}", f"nft -f {mirror.PATH}"):
        assert watched.ask("mirrors-in-force").answer == Answer.NO
        scans = watched.attacks(Kind.PORT_SCAN)
        assert attacked(watched.system, scans, 1.0).answer == Answer.NO

    assert watched.ask("mirrors-in-force").answer == Answer.YES


@pytest.mark.parametrize(
    ("do", "undo"),
    [
        ("ip address add 10.9.9.9/32 dev span10", "ip address del 10.9.9.9/32 dev span10"),
        ("ip link set span10 arp on", "ip link set span10 arp off"),
    ],
)
def test_a_mirror_port_that_is_more_than_an_ear_is_found(
    watched: Watched, do: str, undo: str
) -> None:
    with done(watched.sensor, do, undo):
        assert watched.ask("mirrors-in-force").answer == Answer.NO


def test_a_sensor_that_finds_calls_strange_is_found(watched: Watched) -> None:
    with watched.told_otherwise("flows", value=[]):
        fact = watched.ask("sensor-quiet")

    assert fact.answer == Answer.NO
    assert any("a call raised" in each for each in fact.contrary)


def test_a_sensor_that_does_not_run_tells_nothing(watched: Watched) -> None:
    watched.sensor.stop(Service.SENSOR)
    try:
        seen = attacked(watched.system, watched.attacks(Kind.PORT_SCAN), 1.0)
    finally:
        watched.sensor.start_service(Service.SENSOR)
        watched.await_listening()

    assert seen.answer == Answer.NO


def test_what_is_sent_into_a_mirror_port_goes_nowhere_and_is_found(watched: Watched) -> None:
    """The last test: a counter that has gone up stays so."""
    send = (
        "import socket; s=socket.socket(17,3); s.bind(('span10',0)); s.send(b'\\xff'*12+bytes(48))"
    )

    watched.sensor.run(["/usr/bin/python3", "-I", "-c", send], check=True)

    listing = watched.lab.switch.run(["nft", "list", "table", "netdev", "mirror"]).stdout
    assert "counter packets 1 bytes" in listing.split("span10_silence")[1].split("drop;")[1]
    assert watched.ask("mirrors-in-force").answer == Answer.NO

"""A real call between two phones of the lab, measured: facts, no verdict."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from ringfence.design.model import Design, Host, HostKind
from ringfence.machine.inside import Machine
from ringfence.machine.lab import Lab
from ringfence.probe.audio import Samples, match, signal
from ringfence.probe.baresip import Baresip
from ringfence.probe.capture import Recording, recording
from ringfence.probe.linphone import Linphone
from ringfence.probe.sip_server import (
    MediaLeg,
    ServerError,
    TlsConnection,
    media_legs,
    tls_connections,
)
from ringfence.probe.softphone import Phase, Softphone, wait
from ringfence.probe.wire import RTCP, Traffic, examine
from ringfence.render.softphone import address_of_record, runs_linphone

DEFAULT_SECONDS = 5.0

_REGISTRATION = 15.0
_RINGING = 10.0
_ANSWER = 10.0
_CLOSE = 3.0
_SETTLE = 0.5
"""Seconds for streams to begin, and for what is under way to arrive."""


class Model(BaseModel):
    """The base of what a call's report consists of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Signalling(Model):
    """The TLS connection between a phone and the server, as the server has it."""

    version: str
    cipher: str


class Media(Model):
    """The media between a phone and the relay; without a suite it is not encrypted."""

    protocol: str
    suite: str | None


class Searched(Model):
    """What was recorded on a phone's switch port, by kind; ``missed`` packets were not searched."""

    packets: dict[str, int]
    missed: int


class Plaintext(Model):
    """Packets in the clear that crossed a switch port: SIP, RTP or RTCP."""

    kind: str
    source: str
    target: str
    packets: int


class CallReport(Model):
    """What was seen of one call. What belongs to a phone stands under its extension.

    ``reason`` says why a call was not answered, or ended too early. ``setup_ms`` is the time
    from dialling until the caller's phone has the answer; the callee answers as soon as it rings.
    ``heard`` is how much of what the other phone said was heard, 0 to 1
    (``ringfence.probe.audio.match``). ``lost_packets`` counts gaps in the numbering of the
    packets that reached the phones. ``plaintext_packets`` counts SIP and speech in the clear on
    both ports, ``plaintext_rtcp_packets`` the media reports in the clear beside them: baresip
    1.0.0 ends each call with one, sent after it has dropped its keys, that names its own
    address-of-record. These counts are absent, never 0, if nothing was recorded. ``unseen`` says
    what could not be seen, and why.
    """

    caller: str
    callee: str
    seconds: float
    answered: bool
    reason: str | None = None
    setup_ms: int | None = None
    signalling: dict[str, Signalling] = {}
    media: dict[str, Media] = {}
    heard: dict[str, float] = {}
    lost_packets: int | None = None
    plaintext_packets: int | None = None
    plaintext_rtcp_packets: int | None = None
    plaintext: tuple[Plaintext, ...] = ()
    searched: dict[str, Searched] = {}
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Outcome:
    """What came of dialling, and of talking."""

    answered: bool
    reason: str | None = None
    setup_ms: int | None = None
    connections: tuple[TlsConnection, ...] = ()
    legs: tuple[MediaLeg, ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Call:
    """The two phones of a call, and what each will say into it."""

    near: Softphone
    far: Softphone
    near_says: Samples
    far_says: Samples
    target: str


def place_call(
    lab: Lab,
    design: Design,
    caller: str,
    callee: str,
    seconds: float = DEFAULT_SECONDS,
    *,
    hold_seconds: float = 0.0,
) -> CallReport:
    """Let one extension call another, each saying something of its own for ``seconds``.

    With ``hold_seconds`` the caller first puts the call on hold for that long and takes it back:
    what is heard afterwards shows that it came back.

    Raises:
        ValueError: an extension is no phone of the design, or both are the same.
        PhoneError: a phone cannot be driven.
        CaptureError: a switch port cannot be recorded.
        LabError: the lab is not whole.

    """
    if caller == callee:
        raise ValueError(f"a phone cannot call itself: {caller}")
    hosts = {extension: phone_of(design, extension) for extension in (caller, callee)}
    said = {extension: signal(extension, seconds) for extension in hosts}
    ports = {ext: lab.port(host.name, host.interfaces[0].name) for ext, host in hosts.items()}
    server = lab.machine(design.of_kind(HostKind.SIP)[0].name)
    target = address_of_record(design, hosts[callee])
    facts: dict[str, object] = {"caller": caller, "callee": callee, "seconds": seconds}
    with connect(lab, hosts[caller]) as near, connect(lab, hosts[callee]) as far:
        for extension, phone in ((caller, near), (callee, far)):
            if not wait(phone.registered, _REGISTRATION):
                reason = f"{extension} is not registered"
                return CallReport.model_validate(facts | {"answered": False, "reason": reason})
            phone.prepare()
        call = _Call(near, far, said[caller], said[callee], target)
        with recording(lab.switch, ports) as records:
            outcome = _hold_call(call, server, seconds, hold_seconds)
        listeners = {
            extension: (phone, other)
            for extension, phone, other in ((caller, near, callee), (callee, far, caller))
            if not hold_seconds or phone.records_after_hold
        }
        heard = {
            extension: round(match(said[other], phone.heard()), 4)
            for extension, (phone, other) in listeners.items()
        }
    deaf = tuple(
        f"{extension}: its softphone records nothing after a hold, so what it heard is unknown"
        for extension in hosts
        if extension not in heard
    )
    return CallReport.model_validate(
        facts
        | _of_outcome(outcome, hosts)
        | _of_records(records, hosts, tuple(said.values()))
        | {
            "heard": heard,
            "unseen": (*outcome.unseen, *deaf, *_unseen(outcome, records, hosts)),
        },
    )


def phone_of(design: Design, extension: str) -> Host:
    """The phone that has an extension.

    Raises:
        ValueError: there is none.

    """
    for host in design.of_kind(HostKind.PHONE):
        if host.extension == extension:
            return host
    raise ValueError(f"no phone of this site has the extension {extension}")


def connect(lab: Lab, host: Host) -> Baresip | Linphone:
    """Take control of the softphone that a phone runs.

    Raises:
        PhoneError: it does not run.

    """
    machine = lab.machine(host.name)
    return Linphone(machine) if runs_linphone(host) else Baresip(machine)


def _hold_call(call: _Call, server: Machine, seconds: float, hold_seconds: float) -> _Outcome:
    """Dial, talk and hang up."""
    try:
        outcome = _dial(call)
        if outcome.answered:
            outcome = _talk(call, outcome, server, seconds, hold_seconds)
    finally:
        call.near.hang_up()
        if not wait(lambda: call.far.call().phase in {Phase.CLOSED, Phase.NONE}, _CLOSE):
            call.far.hang_up()
    return outcome


def _dial(call: _Call) -> _Outcome:
    began = time.monotonic()
    call.near.dial(call.target)
    wait(lambda: _over(call.near) or call.far.call().phase is Phase.INCOMING, _RINGING)
    if call.far.call().phase is not Phase.INCOMING:
        reason = call.near.call().reason or f"it did not ring within {_RINGING:g} s"
        return _Outcome(answered=False, reason=reason)
    call.far.answer()
    wait(lambda: _over(call.near) or call.near.call().phase is Phase.ESTABLISHED, _ANSWER)
    setup_ms = round((time.monotonic() - began) * 1000)
    if call.near.call().phase is not Phase.ESTABLISHED:
        reason = call.near.call().reason or f"no answer came within {_ANSWER:g} s"
        return _Outcome(answered=False, reason=reason)
    if not wait(lambda: call.far.call().phase is Phase.ESTABLISHED, _CLOSE):
        reason = call.far.call().reason or "the callee's phone was not told that it has the call"
        return _Outcome(answered=False, reason=reason)
    return _Outcome(answered=True, setup_ms=setup_ms)


def _talk(
    call: _Call,
    outcome: _Outcome,
    server: Machine,
    seconds: float,
    hold_seconds: float,
) -> _Outcome:
    time.sleep(_SETTLE)
    if hold_seconds:
        call.near.hold()
        time.sleep(hold_seconds)
        call.near.resume()
        time.sleep(_SETTLE)
    began = time.monotonic()
    call.near.say(call.near_says)
    call.far.say(call.far_says)
    outcome = _ask(server, outcome)
    wait(lambda: _over(call.near) or _over(call.far), began + seconds + _SETTLE - time.monotonic())
    ended = call.near.call().reason or call.far.call().reason
    return replace(outcome, reason=f"the call ended early: {ended}" if ended else None)


def _over(phone: Softphone) -> bool:
    return phone.call().phase is Phase.CLOSED


def _ask(server: Machine, outcome: _Outcome) -> _Outcome:
    """Ask the server what it knows of the call while it is up."""
    try:
        return replace(outcome, connections=tls_connections(server), legs=media_legs(server))
    except ServerError as error:
        return replace(outcome, unseen=(str(error),))


def _of_outcome(outcome: _Outcome, hosts: Mapping[str, Host]) -> dict[str, object]:
    ours = {host.address: extension for extension, host in hosts.items()}
    newest_last = sorted(outcome.connections, key=lambda connection: connection.number)
    return {
        "answered": outcome.answered,
        "reason": outcome.reason,
        "setup_ms": outcome.setup_ms,
        "signalling": {
            ours[one.peer]: Signalling(version=one.version, cipher=one.cipher)
            for one in newest_last
            if one.peer in ours
        },
        "media": {
            ours[leg.peer]: Media(protocol=leg.protocol, suite=leg.suite)
            for leg in outcome.legs
            if leg.peer in ours
        },
    }


def _of_records(
    records: Mapping[str, Recording],
    hosts: Mapping[str, Host],
    spoken: tuple[Samples, ...],
) -> dict[str, object]:
    traffic = {ext: examine(record.frames, spoken) for ext, record in records.items()}
    plaintext = tuple(_plaintext(traffic))
    return {
        "lost_packets": sum(
            stream.lost
            for extension, one in traffic.items()
            for stream in one.streams
            if stream.target[0] == hosts[extension].address
        ),
        "plaintext_packets": sum(one.packets for one in plaintext if one.kind != RTCP),
        "plaintext_rtcp_packets": sum(one.packets for one in plaintext if one.kind == RTCP),
        "plaintext": plaintext,
        "searched": {
            extension: Searched(packets=one.counts, missed=records[extension].missed)
            for extension, one in traffic.items()
        },
    }


def _plaintext(traffic: Mapping[str, Traffic]) -> Iterator[Plaintext]:
    """The sightings on all ports; what passed straight from port to port counts once."""
    most: dict[tuple[str, str, str], int] = {}
    for one in traffic.values():
        for seen in one.plaintext:
            key = (seen.kind, seen.source, seen.target)
            most[key] = max(most.get(key, 0), seen.packets)
    for (kind, source, target), packets in most.items():
        yield Plaintext(kind=kind, source=source, target=target, packets=packets)


def _unseen(
    outcome: _Outcome,
    records: Mapping[str, Recording],
    hosts: Mapping[str, Host],
) -> Iterator[str]:
    for extension, record in records.items():
        if record.missed:
            yield f"{extension}: {record.missed} packets passed too fast to be recorded"
        if not record.frames:
            yield f"{extension}: nothing at all passed its switch port {record.port}"
    if outcome.answered and not outcome.unseen:
        for extension, host in hosts.items():
            if host.address not in {one.peer for one in outcome.connections}:
                yield f"{extension}: the server has no TLS connection with {host.address}"
            if host.address not in {leg.peer for leg in outcome.legs}:
                yield f"{extension}: the media relay has no stream with {host.address}"

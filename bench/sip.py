"""The SIP bench: our Kamailio with all its policy against Debian's stock configuration.

Every round runs every workload against every variant, in an order of its own; variants of one
workload follow each other at once, so that both sides of a ratio see the same machine.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Network
from typing import Final

from bench import ours, peer
from bench.generators import (
    Load,
    Operation,
    Phones,
    Sipp,
    TlsRun,
    Transport,
    compile_tlsload,
)
from bench.ours import DOMAIN
from bench.results import COMPARED, Memory, Results, Run, Table, Variant, Workload
from bench.sandbox import GROUND, BenchError
from bench.server import Server
from bench.statistics import spread
from bench.users import make_users, write_phones
from ringfence.identity.authority import Authority, utc_now

CLOSED_LOOP: Final = 24
"""Operations under way at once over TLS; a call needs two phones."""
HANDSHAKES_AT_ONCE: Final = 4
SIPP_USERS: Final = 200
HOLD_ATTEMPTS: Final = 3
TABLE_STARTS: Final = 3
TABLE_RELOADS: Final = 2
ADDRESSES: Final = {
    Variant.SHIPPED: "127.0.0.2",
    Variant.TUNED: "127.0.0.3",
}
SUPERNETS: Final = {
    Variant.OURS: IPv4Network("127.16.0.0/12"),
    Variant.RELAYED: IPv4Network("127.32.0.0/12"),
    Variant.RESUMING: IPv4Network("127.48.0.0/12"),
}
CHANGES: Final = {
    Variant.OURS: (ours.FLOODS, ours.NO_RELAY, ours.plain_transports),
    Variant.RELAYED: (ours.FLOODS, ours.plain_transports),
    Variant.RESUMING: (ours.FLOODS, ours.NO_RELAY, ours.RESUMPTION),
}


@dataclass(frozen=True)
class Plan:
    """How long to measure: rounds, seconds of a TLS run, and operations of a sipp run."""

    rounds: int
    seconds: float
    warm_up: float
    registrations: int
    calls: int
    held_phones: int
    table_users: int


FULL: Final = Plan(
    rounds=6,
    seconds=1.0,
    warm_up=0.3,
    registrations=4000,
    calls=1000,
    held_phones=1000,
    table_users=100_000,
)
QUICK: Final = Plan(
    rounds=2,
    seconds=0.4,
    warm_up=0.2,
    registrations=1000,
    calls=300,
    held_phones=200,
    table_users=100_000,
)


@dataclass(frozen=True)
class Running:
    """A variant that runs, and where."""

    server: Server
    address: str
    sipp: dict[Transport, Sipp]


def plan(*, quick: bool, rounds: int | None) -> Plan:
    """The full plan or the quick one, with another number of rounds if one is asked for."""
    chosen = QUICK if quick else FULL
    return replace(chosen, rounds=rounds) if rounds else chosen


def run(plan: Plan, seed: int) -> Results:
    """Measure everything and return what was found.

    Raises:
        BenchError: something could not be started or did not do its part.

    """
    bench = Bench(plan, seed)
    table = measure_table(plan.table_users, bench.authority)
    with bench.started():
        memory = bench.memory()
        runs = tuple(bench.rounds())
    return Results(
        rounds=plan.rounds,
        runs=runs,
        memory=memory,
        table=table,
        remarks=tuple(bench.remarks),
    )


class Bench:
    """The servers of one run and the phones that load them."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.authority = Authority.found("Ringfence bench", utc_now())
        self.remarks: list[str] = []
        self._plan = plan
        self._order = random.Random(seed)  # noqa: S311 - an order of runs, no secret
        self._running: dict[Variant, Running] = {}
        self._per_run = 2 * CLOSED_LOOP
        runs_per_server = len(COMPARED) * (plan.rounds + 1)
        self._phone_users = plan.held_phones + runs_per_server * self._per_run
        self._users = make_users(self._phone_users + 2 * SIPP_USERS)
        self._starts = Counter(Variant)
        self._stack = ExitStack()
        self._next_phone = dict.fromkeys(Variant, plan.held_phones)

    @contextmanager
    def started(self) -> Iterator[None]:
        """Issue the certificates, build the generator, start every variant; stop them at last."""
        trust = GROUND / "ca.pem"
        trust.write_bytes(self.authority.credential.certificate_pem)
        _say("issuing certificates and starting servers")
        phones = self._users[: self._phone_users]
        listed = write_phones(phones, DOMAIN, self.authority, GROUND / "phones")
        self._phones = Phones(compile_tlsload(), listed, trust, DOMAIN)
        with self._stack:
            for variant in Variant:
                self._running[variant] = self._start(variant)
            yield

    def rounds(self) -> Iterator[Run]:
        """Every run of every round. Round 0 warms the servers up and is not given out."""
        for number in range(self._plan.rounds + 1):
            _say(f"round {number} of {self._plan.rounds}" if number else "warming up")
            workloads = list(_WORKLOADS)
            self._order.shuffle(workloads)
            for workload in workloads:
                variants = list(_VARIANTS[workload.operation])
                self._order.shuffle(variants)
                for variant in variants:
                    load = self._run(workload, variant)
                    if number:
                        yield Run(number, workload, variant, load)

    def memory(self) -> dict[Variant, Memory]:
        """What a registered TLS phone costs, from servers that hold many at once.

        Only fresh servers show it: memory once touched stays theirs.
        """
        _say(f"holding {self._plan.held_phones} registered TLS phones at each server")
        held = {}
        for variant in (Variant.SHIPPED, Variant.TUNED, Variant.OURS):
            for _ in range(HOLD_ATTEMPTS):
                try:
                    held[variant] = self._hold(self._running[variant])
                except BenchError as error:
                    self.remarks.append(f"memory of phones, {variant}: {error}")
                    self._running[variant].server.stop()
                    self._start_again(variant)
                else:
                    break
        return held

    def _start(self, variant: Variant) -> Running:
        name = f"{variant.value.replace(' ', '-').replace(',', '')}-{self._starts[variant]}"
        if variant.is_ours:
            design = ours.make_design(self._users, SUPERNETS[variant])
            relayed = variant is Variant.RELAYED
            instance = ours.start(
                name, design, self._users, self.authority, CHANGES[variant], relayed=relayed
            )
            self._stack.callback(instance.stop)
            server, address = instance.server, instance.address
        else:
            tuned = variant is Variant.TUNED
            like_ours = ours.make_design(self._users[:1], SUPERNETS[Variant.OURS])
            tuning = ours.worker_settings(like_ours) if tuned else None
            address = ADDRESSES[variant]
            server = peer.start(name, address, DOMAIN, self._users, self.authority, tuning=tuning)
            self._stack.callback(server.stop)
        return Running(server, address, self._plain(server, address, variant))

    def _start_again(self, variant: Variant) -> Running:
        """Start a server that ended by itself anew, as its supervisor would."""
        words = self._running[variant].server.last_words(1)
        self.remarks.append(f"{variant} was started again; it had ended with: {words}")
        self._starts[variant] += 1
        self._running[variant] = self._start(variant)
        return self._running[variant]

    def _plain(self, server: Server, address: str, variant: Variant) -> dict[Transport, Sipp]:
        if variant is Variant.RESUMING:
            return {}
        rest = self._users[self._phone_users :]
        groups = {Transport.UDP: rest[:SIPP_USERS], Transport.TCP: rest[SIPP_USERS:]}
        target = f"{address}:{ours.SIP_PORT}"
        return {
            transport: Sipp(server, target, DOMAIN, transport, users)
            for transport, users in groups.items()
        }

    def _run(self, workload: Workload, variant: Variant) -> Load:
        running = self._running[variant]
        if not running.server.is_running():
            running = self._start_again(variant)
        try:
            if workload.transport is Transport.TLS:
                return self._run_tls(workload, variant, running)
            calls = workload.operation is Operation.CALL
            number = self._plan.calls if calls else self._plan.registrations
            return running.sipp[workload.transport].run(workload.operation, number)
        except BenchError as error:
            self.remarks.append(f"{workload.title}, {variant}: {error}")
            return Load.nothing("run failed")

    def _run_tls(self, workload: Workload, variant: Variant, running: Running) -> Load:
        """Run over TLS, with phones that this server has not seen: old contacts would fork."""
        handshakes = workload.operation in {Operation.FULL, Operation.RESUMED}
        number = HANDSHAKES_AT_ONCE if handshakes else CLOSED_LOOP
        if workload.operation is Operation.CALL:
            number *= 2
        first = 0 if handshakes else self._next_phone[variant]
        if not handshakes:
            self._next_phone[variant] += self._per_run
        tls_run = TlsRun(
            running.server,
            f"{running.address}:5061",
            self._phones,
            workload.operation,
            first=first,
            number=number,
            seconds=self._plan.seconds,
            warm_up=self._plan.warm_up,
            version=workload.version,
        )
        return tls_run.go()

    def _hold(self, running: Running) -> Memory:
        number = self._plan.held_phones
        before = running.server.shared_memory(), running.server.resident()
        held = TlsRun(
            running.server,
            f"{running.address}:5061",
            self._phones,
            Operation.REGISTER,
            first=0,
            number=number,
            seconds=0,
        )
        after = running.server.shared_memory(), running.server.resident()
        held.release()
        return Memory(
            phones=number,
            shared=(after[0] - before[0]) / number,
            resident=(after[1] - before[1]) / number,
        )


_CALL_AND_REGISTER: Final = tuple(
    Workload(transport, operation)
    for transport in Transport
    for operation in (Operation.REGISTER, Operation.CALL)
)
_HANDSHAKES: Final = tuple(
    Workload(Transport.TLS, operation, version)
    for version in ("1.3", "1.2")
    for operation in (Operation.FULL, Operation.RESUMED)
)
_WORKLOADS: Final = (*_CALL_AND_REGISTER, *_HANDSHAKES)
_VARIANTS: Final = {
    Operation.REGISTER: (Variant.SHIPPED, Variant.TUNED, Variant.OURS),
    Operation.CALL: (Variant.SHIPPED, Variant.TUNED, Variant.OURS, Variant.RELAYED),
    Operation.FULL: (Variant.SHIPPED, Variant.TUNED, Variant.OURS),
    # As shipped, each of eight workers has a ticket key of its own and hardly ever resumes; ours
    # never does, by design, so a copy of it that may is measured.
    Operation.RESUMED: (Variant.TUNED, Variant.RESUMING),
}


def measure_table(number: int, authority: Authority) -> Table:
    """Start ours with a table of that many users, reload it, and weigh it.

    An empty table under the same design is weighed too: pools and hash sizes are alike.
    """
    _say(f"loading a table of {number:,} users")
    users = make_users(number)
    design = ours.make_design(users, SUPERNETS[Variant.OURS])
    empty_starts, full_starts, reloads = [], [], []
    for attempt in range(TABLE_STARTS):
        empty = ours.start(f"table-empty-{attempt}", design, users[:1], authority, ())
        empty_bytes = empty.server.shared_memory()
        empty.stop()
        full = ours.start(f"table-full-{attempt}", design, users, authority, ())
        reload = partial(full.server.rpc, "htable.reload", "users")
        reloads += [_timed(reload) for _ in range(TABLE_RELOADS)]
        full_bytes = full.server.shared_memory()
        full.stop()
        empty_starts.append(empty.server.start_seconds)
        full_starts.append(full.server.start_seconds)
    return Table(
        users=number,
        start=spread(full_starts),
        start_empty=spread(empty_starts),
        reload=spread(reloads),
        shared=full_bytes - empty_bytes,
    )


def _timed(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def _say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")

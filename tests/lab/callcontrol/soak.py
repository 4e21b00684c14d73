"""Registrations, calls and fresh handshakes over TLS for a stated time: does the server hold?

    python tests/lab/callcontrol/soak.py --seconds 300

Prints a line every ten seconds and a summary; ends with 1 if anything failed, if a process of
Kamailio died, or if its shared memory kept growing.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ringfence.probe.sip import Account, Agent, Connection, Credentials, Dialog
from ringfence.probe.sip.media import answer_to, description
from samples import make_design
from sip_engines import ADDRESS, PASSWORD, Engines

_GROWTH = 1.10
"""By how much shared memory may grow after the first third of the time."""


@dataclass
class Tally:
    """What was done."""

    handshakes: int = 0
    registrations: int = 0
    calls: int = 0
    memory: list[int] = field(default_factory=list)


class Phone:
    """A phone of the soak: it keeps its certificate, and connects anew when told."""

    def __init__(self, engines: Engines, extension: str, number: int) -> None:
        self._engines = engines
        self._extension = extension
        self._source = f"127.0.1.{number}"
        credential = engines.phone(extension)
        self._credentials: Credentials = engines.credentials(extension, credential)
        self.agent = self.connect()

    def connect(self) -> Agent:
        """Open a new connection and register over it."""
        port = self._engines.design.signalling.port
        connection = Connection.open((ADDRESS, port), self._credentials, source=self._source)
        account = Account(self._extension, self._engines.design.domain, PASSWORD)
        self.agent = Agent(connection, account)
        self.register()
        return self.agent

    def reconnect(self) -> None:
        """End the connection and open another."""
        self.agent.connection.close()
        self.connect()

    def register(self) -> None:
        """Register again over the same connection."""
        code = self.agent.register().code
        if code != 200:
            raise RuntimeError(f"{self._extension}: REGISTER was answered {code}")


def call(caller: Phone, callee: Phone) -> None:
    """One whole call: ring, answer, hold, hang up."""
    alice, bob = caller.agent, callee.agent
    invite = alice.invite(bob.account.extension, description("127.0.0.1", 4000))
    offered = bob.receive("INVITE")
    bob.reply(offered, 180)
    bob.reply(offered, 200, body=answer_to(offered.body, "127.0.0.1", 4002))
    dialog = Dialog.of_caller(invite, alice.final(invite))
    alice.acknowledge(dialog)
    bob.receive("ACK")
    hold = alice.inside_dialog(
        dialog, "INVITE", description("127.0.0.1", 4000, direction="sendonly")
    )
    alice.connection.send(hold)
    again = bob.receive("INVITE")
    bob.reply(again, 200, body=answer_to(again.body, "127.0.0.1", 4002))
    alice.final(hold)
    alice.acknowledge(dialog)
    bob.receive("ACK")
    bye = alice.inside_dialog(dialog, "BYE")
    alice.connection.send(bye)
    bob.reply(bob.receive("BYE"), 200)
    if alice.final(bye).code != 200:
        raise RuntimeError("BYE was refused")


def soak(engines: Engines, seconds: float) -> Tally:
    """Keep the server busy for so many seconds."""
    extensions = [str(host.extension) for host in engines.design.hosts if host.extension]
    phones = [Phone(engines, extension, n) for n, extension in enumerate(extensions, 1)]
    tally = Tally(handshakes=len(phones))
    began = time.monotonic()
    told = began - 10
    for caller, callee in pairwise(cycle(phones)):
        now = time.monotonic()
        if now - told >= 10:
            told = now
            tally.memory.append(shared_memory(engines))
            say(f"{now - began:6.0f} s  {tally.calls} calls, {tally.memory[-1]} bytes")
        if now - began >= seconds:
            break
        caller.reconnect()
        callee.register()
        call(caller, callee)
        tally.handshakes += 1
        tally.registrations += 2
        tally.calls += 1
    for phone in phones:
        phone.agent.connection.close()
    return tally


def say(line: str) -> None:
    """Tell whoever watches."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def shared_memory(engines: Engines) -> int:
    """The bytes of shared memory that Kamailio uses."""
    fields = dict(
        line.strip().split(": ") for line in engines.rpc("core.shmmem").splitlines() if ": " in line
    )
    return int(fields["used"])


def main() -> int:
    """Run the soak and judge it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--phones", type=int, default=20)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        Engines(make_design(phones=options.phones), Path(directory)) as engines,
    ):
        time.sleep(1)  # the last processes start after the listener
        before = engines.rpc("core.psx").count("PID")
        tally = soak(engines, options.seconds)
        after = engines.rpc("core.psx").count("PID")
        trouble = [line for line in engines.log.splitlines() if "CRITICAL" in line or "BUG" in line]
        records = engines.log.count("CDR ")
    settled = tally.memory[len(tally.memory) // 3]
    say(f"{tally.handshakes} handshakes, {tally.registrations} registrations, {tally.calls} calls")
    say(f"{records} call records, {len(trouble)} critical lines, processes {before} -> {after}")
    say(f"shared memory {tally.memory[0]} -> {settled} -> {tally.memory[-1]} bytes")
    holds = (
        before == after
        and not trouble
        and records == tally.calls
        and tally.memory[-1] <= settled * _GROWTH
    )
    say("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())

"""The load generators: Debian's sipp over UDP and TCP, our own ``tlsload`` over mutual TLS.

Both run closed loops on the generators' core and report operations that ended well, operations
that failed, and seconds. The caller reads the server's CPU before and after, so that it counts
exactly these operations.
"""

import csv
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from bench.sandbox import GROUND, BenchError
from bench.server import Server
from bench.users import User

GENERATOR_CORE: Final = 1
LOAD: Final = Path(__file__).parent / "load"
SOURCES: Final = tuple(LOAD / name for name in ("tlsload.c", "phone.c", "sip.c"))
CALLER_PORT: Final = 5070
CALLEE_PORT: Final = 5080
_UNEXPECTED: Final = re.compile(r"Aborting call on unexpected message.*received 'SIP/2\.0 (.+)")
SETTLE: Final = 0.2
"""Seconds for a server to notice that the connection of a registration is gone."""
RUN_LIMIT: Final = 30
"""Seconds after which a run that does not end is an error."""


class Transport(StrEnum):
    """How SIP travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Operation(StrEnum):
    """What is counted; the values are the words of ``tlsload``."""

    REGISTER = "register"
    CALL = "call"
    FULL = "full"
    RESUMED = "resumed"


@dataclass(frozen=True)
class Load:
    """What one run did: counts, seconds, CPU seconds of the server, latencies in ms."""

    done: int
    failed: int
    seconds: float
    cpu: float
    failures: dict[str, int] = field(default_factory=dict)
    latency: dict[str, float] = field(default_factory=dict)

    @classmethod
    def nothing(cls, why: str) -> "Load":
        """A run that could not be made counts as one failure."""
        return cls(done=0, failed=1, seconds=0.0, cpu=0.0, failures={why: 1})


def on_core(command: Sequence[str]) -> list[str]:
    """The command, pinned to the generators' core."""
    return ["taskset", "-c", str(GENERATOR_CORE), *command]


def compile_tlsload() -> Path:
    """Build ``tlsload`` and return where it lies.

    Raises:
        BenchError: with the compiler's words.

    """
    program = GROUND / "tlsload"
    command = [
        "gcc",
        "-std=c11",
        "-O2",
        "-o",
        str(program),
        *map(str, SOURCES),
        "-lssl",
        "-lcrypto",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"tlsload does not compile:\n{done.stderr}")
    return program


@dataclass(frozen=True)
class Phones:
    """Telephones for ``tlsload``: their list, the trust anchor, and the domain they belong to."""

    program: Path
    listed: Path
    trust: Path
    domain: str


class TlsRun:
    """Connected and registered phones, held until they run or are released."""

    def __init__(
        self,
        server: Server,
        target: str,
        phones: Phones,
        operation: Operation,
        *,
        first: int,
        number: int,
        seconds: float,
        warm_up: float = 0.0,
        version: str = "1.3",
    ) -> None:
        """Connect ``number`` phones from the ``first`` on; returns when they are ready.

        Raises:
            BenchError: a phone could not be connected or registered, or the server ended.

        """
        self._server = server
        command = [str(phones.program), operation, "--server", target, "--name", phones.domain]
        command += ["--domain", phones.domain, "--users", str(phones.listed)]
        command += ["--ca", str(phones.trust), "--first", str(first), "--phones", str(number)]
        command += ["--seconds", str(seconds), "--warmup", str(warm_up), "--tls", version]
        self._process = subprocess.Popen(
            on_core(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self._read()
        if "ready" not in said:
            _, words = self._process.communicate()
            alive = "" if server.is_running() else f" (it ended: {server.last_words(2)})"
            raise BenchError(f"{server.name}{alive}: {words.strip()} {said.strip()}")

    def go(self) -> Load:
        """Run for the seconds asked for, and end."""
        cpu = self._server.cpu()
        self._tell()
        said = self._read()
        cpu = self._server.cpu() - cpu
        _, words = self._process.communicate(timeout=RUN_LIMIT)
        if not said:
            raise BenchError(f"tlsload against {self._server.name}: {words.strip()}")
        result: dict[str, Any] = json.loads(said)
        return Load(
            done=result["done"],
            failed=result["failed"],
            seconds=result["seconds"],
            cpu=cpu,
            failures=result["failures"],
            latency=result["latency_ms"],
        )

    def release(self) -> None:
        """Let the phones go without running."""
        self._process.communicate(timeout=RUN_LIMIT)

    def _tell(self) -> None:
        if self._process.stdin is None:
            raise BenchError("tlsload has no standard input")
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        if self._process.stdout is None:
            raise BenchError("tlsload has no standard output")
        return self._process.stdout.readline()


class Sipp:
    """sipp against one server over UDP or TCP, for users of its own.

    Of ``users`` the even ones call, the odd ones answer; all calls of the answering ones go to
    one sipp process that plays them all.
    """

    def __init__(
        self, server: Server, target: str, domain: str, transport: Transport, users: Sequence[User]
    ) -> None:
        self._server = server
        self._target = target
        self._transport = transport
        self._place = GROUND / f"sipp-{server.name}-{transport}"
        self._place.mkdir()
        callers, callees = users[::2], users[1::2]
        self._callers = self._inject("callers", callers, callees, domain, CALLER_PORT)
        self._callees = self._inject("callees", callees, callers, domain, CALLEE_PORT)
        self._number = len(callees)

    def _register_callees(self) -> None:
        """Register who is to be called; ours forgets contacts whose TCP connection is gone."""
        load = self._run("register", self._callees, self._number, 10, CALLEE_PORT)
        if load.failed or load.done != self._number:
            raise BenchError(
                f"{self._server.name}: callees over {self._transport}: {load.failures}"
            )

    def run(self, operation: Operation, number: int) -> Load:
        """Run that many operations and count them.

        Raises:
            BenchError: who is to be called could not be registered.

        """
        if operation is Operation.REGISTER:
            return self._run("register", self._callers, number, 50, CALLER_PORT)
        self._register_callees()
        command = ["sipp", "-sf", str(LOAD / "answer.xml"), *self._common(CALLEE_PORT)]
        callee = subprocess.Popen(
            on_core(command),
            cwd=self._place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_port(self._transport, CALLEE_PORT)
            return self._run("call", self._callers, number, 200, CALLER_PORT)
        finally:
            callee.kill()
            callee.wait()

    def _run(self, scenario: str, injected: Path, number: int, parallel: int, port: int) -> Load:
        figures = self._place / "figures.csv"
        errors = self._place / "errors"
        command = ["sipp", self._target, "-sf", str(LOAD / f"{scenario}.xml"), *self._common(port)]
        command += ["-inf", str(injected), "-m", str(number), "-l", str(parallel), "-r", "20000"]
        command += ["-trace_stat", "-stf", str(figures), "-trace_err", "-error_file", str(errors)]
        command += ["-timeout", "20", "-fd", "100"]
        figures.unlink(missing_ok=True)
        errors.unlink(missing_ok=True)
        cpu = self._server.cpu()
        begun = time.monotonic()
        try:
            subprocess.run(
                on_core(command),
                cwd=self._place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=RUN_LIMIT,
            )
        except subprocess.TimeoutExpired:
            return Load.nothing(f"sipp did not end within {RUN_LIMIT} s")
        seconds = time.monotonic() - begun
        cpu = self._server.cpu() - cpu
        done, failed = _figures(figures)
        lost = number - done - failed
        why = _reasons(errors, failed) + Counter({"unfinished": lost})
        return Load(done=done, failed=failed + lost, seconds=seconds, cpu=cpu, failures=dict(why))

    def _common(self, port: int) -> list[str]:
        mode = {Transport.UDP: "u1", Transport.TCP: "t1"}[self._transport]
        options = ["-t", mode, "-i", "127.0.0.1", "-p", str(port), "-mp", str(port + 10000)]
        return [*options, "-timer_resol", "1", "-nostdin"]

    def _inject(
        self, name: str, who: Sequence[User], whom: Sequence[User], domain: str, port: int
    ) -> Path:
        rows = [
            f"{user.extension};{domain};[authentication username={user.extension} "
            f"password={user.password}];{port};{self._transport};{called.extension}"
            for user, called in zip(who, whom, strict=True)
        ]
        path = self._place / f"{name}.csv"
        path.write_text("\n".join(["SEQUENTIAL", *rows, ""]))
        return path


def _reasons(errors: Path, failed: int) -> Counter[str]:
    """How calls failed: the responses that sipp did not expect, and how many it says no more of."""
    text = errors.read_text(errors="replace") if errors.exists() else ""
    seen = Counter(_UNEXPECTED.findall(text))
    return seen + Counter({"for other reasons": failed - seen.total()})


def _figures(path: Path) -> tuple[int, int]:
    """Successful and failed calls, from the last line of sipp's statistics."""
    if not path.exists():
        return 0, 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    if not rows:
        return 0, 0
    return int(rows[-1]["SuccessfulCall(C)"]), int(rows[-1]["FailedCall(C)"])


def _wait_for_port(transport: Transport, port: int) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if port in _listening(transport):
            return
        time.sleep(0.01)
    raise BenchError(f"sipp does not open {transport} port {port}")


def _listening(transport: Transport) -> set[int]:
    """Local ports that take new connections or datagrams: states 0A and 07 of proc(5)."""
    rows = [line.split() for line in Path(f"/proc/net/{transport}").read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] in {"0A", "07"}}

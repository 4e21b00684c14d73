"""The facts about a machine without which a figure measured on it says little."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where and when it was measured, and how busy the machine was with other things."""

    date: str
    processor: str
    cores: int
    kernel: str
    system: str
    kamailio: str
    load_before: float
    load_after: float


def describe(load_before: float) -> Machine:
    """Look at this machine; the load average before the run must have been noted then."""
    return Machine(
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        processor=_first(Path("/proc/cpuinfo"), "model name", ":"),
        cores=os.cpu_count() or 0,
        kernel=platform.release(),
        system=_first(Path("/etc/os-release"), "PRETTY_NAME", "=").strip('"'),
        kamailio=_package_version("kamailio"),
        load_before=load_before,
        load_after=load_average(),
    )


def load_average() -> float:
    """The load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _first(path: Path, key: str, separator: str) -> str:
    for line in path.read_text().splitlines():
        name, _, value = line.partition(separator)
        if name.strip() == key:
            return value.strip()
    return "unknown"


def _package_version(package: str) -> str:
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

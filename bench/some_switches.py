"""``python -m bench.some_switches SWITCHES``: write and read them once; prints a JSON line.

A process of its own for each run, so that its peak of memory is that run's.
"""

import json
import resource
import sys
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from itertools import cycle, islice

from bench.switches import PORTS
from ringfence.design import build
from ringfence.guide import Level
from ringfence.policy import resolve
from ringfence.render.switches import catalogue
from ringfence.site.model import Addressing, Phone, Site, Switch, SwitchPlatform


def main(switches: int) -> dict[str, float]:
    """The seconds of each step, the lines written, and the peak of memory in MiB."""
    site = _site(switches)
    requirements = resolve(site, datetime.now(UTC).date())
    start = time.perf_counter()
    design = build(site, requirements)
    designed = time.perf_counter()
    written = [tree.files[0].text for tree in catalogue.trees(design)]
    wrote = time.perf_counter()
    for switch, text in zip(design.switches, written, strict=True):
        platform = catalogue.PLATFORMS[switch.platform]
        if platform.parse(text).switch != platform.fit(switch, design.asked_by).switch:
            raise SystemExit(f"{switch.name} is not read as it was written")
    read = time.perf_counter()
    return {
        "switches": switches,
        "design_s": designed - start,
        "write_s": wrote - designed,
        "read_s": read - wrote,
        "total_s": read - start,
        "lines": sum(text.count("\n") for text in written),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _site(switches: int) -> Site:
    """Every device port is taken by a telephone, at the highest level, where most is said."""
    named = enumerate(islice(cycle(SwitchPlatform), switches))
    phones = switches * (PORTS - 2)
    return Site(
        organisation="Bench",
        domain="bench.example",
        country="GB",
        level=Level.HIGHEST,
        radius=IPv4Address("10.32.0.20"),
        addressing=Addressing(
            supernet=IPv4Network("10.0.0.0/8"),
            zones={"admin": IPv4Network("10.32.0.0/20"), "phones": IPv4Network("10.64.0.0/15")},
        ),
        switches=tuple(Switch(name=f"s{n}", platform=each, ports=PORTS) for n, each in named),
        phones=tuple(
            Phone(
                extension=str(1_000_000 + n),
                name=f"Phone {n}",
                mac=f"02:00:5e:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
            )
            for n in range(phones)
        ),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))) + "\n")

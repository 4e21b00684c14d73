"""``python -m bench.one_site PHONES``: check, design and assess one site; prints a JSON line.

A process of its own for each run, so that its peak of memory is that run's.
"""

import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from ringfence.assess import Facts, Scope, assess
from ringfence.design import build
from ringfence.policy import resolve
from ringfence.probe.gather import gather
from ringfence.site import load_site


def main(phones: int) -> dict[str, float]:
    """The seconds of each step, and the peak of memory in MiB."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as directory:
        path = Path(directory)
        _write(path, phones)
        start = time.perf_counter()
        site = load_site(path)
        checked = time.perf_counter()
        now = datetime.now(UTC)
        requirements = resolve(site, now.date())
        design = build(site, requirements)
        designed = time.perf_counter()
        gathered = gather(design, None, now, lambda _: None)
        facts = Facts.newest(Scope.DESIGN, gathered.state, (each.fact for each in gathered.taken))
        found = assess(site, requirements, facts, {}, now)
        assessed = time.perf_counter()
    if "SEP-6" in found.demanded.short:
        raise SystemExit("the site that was measured is not designed as it should be")
    return {
        "phones": phones,
        "check_s": checked - start,
        "design_s": designed - checked,
        "assess_s": assessed - designed,
        "total_s": assessed - start,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _write(directory: Path, phones: int) -> None:
    rows = [
        f"{1_000_000 + n},Phone {n},02:00:5e:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"
        for n in range(phones)
    ]
    (directory / "phones.csv").write_text("\n".join(["extension,name,mac", *rows, ""]))
    (directory / "site.yaml").write_text(
        "organisation: Bench\ndomain: bench.example\ncountry: GB\nlevel: minimum\n"
        "phones: phones.csv\n"
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))) + "\n")

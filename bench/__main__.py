"""``python -m bench``: the benchmarks' own command. ``script/bench`` is how people call it."""

import argparse
import json
import os
import sys
from typing import Final

from bench import proof, sandbox, sensor, site, switches

MEASURED, WANTING, MISUSED = 0, 1, 2
CORES_NEEDED: Final = 2


def main(arguments: list[str]) -> int:
    """Run a benchmark; 0 when all targets are met, 1 when one is missed, 2 when it cannot run."""
    options = _parser().parse_args(arguments)
    try:
        if options.bench == "site":
            return _measure_sites(options)
        if options.bench == "sensor":
            return _measure_sensor(options)
        if options.bench == "proof":
            return _measure_proofs(options)
        if options.bench == "switches":
            return _measure_switches(options)
        if not sandbox.is_inside():
            return sandbox.run_inside(arguments)
        return _measure(options)
    except sandbox.BenchError as error:
        sys.stderr.write(f"bench: {error}\n")
        return MISUSED
    except KeyboardInterrupt:
        return MISUSED


def _measure(options: argparse.Namespace) -> int:
    from bench import machine, report, sip  # noqa: PLC0415 - the outer process needs none of it

    sandbox.prepare()
    before = machine.load_average()
    results = sip.run(sip.plan(quick=options.quick, rounds=options.rounds), seed=options.seed)
    described = machine.describe(before)
    if options.json:
        sys.stdout.write(json.dumps(report.as_json(results, described), indent=1) + "\n")
    else:
        sys.stdout.write(report.as_text(results, described))
    return MEASURED if all(target.met for target in results.targets()) else WANTING


def _measure_sites(options: argparse.Namespace) -> int:
    results = site.run(quick=options.quick, rounds=options.rounds, seed=options.seed)
    if options.json:
        sys.stdout.write(json.dumps(site.as_json(results), indent=1) + "\n")
    else:
        sys.stdout.write(site.as_text(results))
    return MEASURED if all(target.met for target in results.targets()) else WANTING


def _measure_sensor(options: argparse.Namespace) -> int:
    if os.geteuid() != 0:
        raise sandbox.BenchError("the sensor listens to raw frames: use root")
    results = sensor.run(quick=options.quick, rounds=options.rounds, seed=options.seed)
    if options.json:
        sys.stdout.write(json.dumps(sensor.as_json(results), indent=1) + "\n")
    else:
        sys.stdout.write(sensor.as_text(results))
    return MEASURED if all(target.met for target in results.targets()) else WANTING


def _measure_proofs(options: argparse.Namespace) -> int:
    results = proof.run(quick=options.quick, rounds=options.rounds, seed=options.seed)
    if options.json:
        sys.stdout.write(json.dumps(proof.as_json(results), indent=1) + "\n")
    else:
        sys.stdout.write(proof.as_text(results))
    return MEASURED if all(target.met for target in results.targets()) else WANTING


def _measure_switches(options: argparse.Namespace) -> int:
    results = switches.run(quick=options.quick, rounds=options.rounds, seed=options.seed)
    if options.json:
        sys.stdout.write(json.dumps(switches.as_json(results), indent=1) + "\n")
    else:
        sys.stdout.write(switches.as_text(results))
    return MEASURED if all(target.met for target in results.targets()) else WANTING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Measure, paired and interleaved: ours against a named peer, or size by size.",
        epilog="Exit code: 0 all targets met, 1 one missed, 2 could not measure.",
    )
    commands = parser.add_subparsers(required=True, metavar="BENCH", dest="bench")
    for name, words, rounds in (
        ("sip", "our Kamailio against Debian's stock configuration", 6),
        ("site", "how check, design and assess grow with a site's phones", 3),
        ("sensor", "how many frames a second one core of the sensor reads", 5),
        ("proof", "how the proof of a firewall grows with its rules", 5),
        ("switches", "how designing, writing and reading access switches grows", 3),
    ):
        each = commands.add_parser(name, help=words)
        each.add_argument("--quick", action="store_true", help="a look, not a figure")
        each.add_argument("--rounds", type=_rounds, help=f"how many ({rounds}, or 2 with --quick)")
        each.add_argument("--seed", type=int, default=1, help="the order of the runs")
        each.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def _rounds(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 50:  # noqa: PLR2004 - a run is to end the same day
        raise argparse.ArgumentTypeError("from 1 to 50 rounds")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The sensor's benchmark: what is sent, and how its targets are judged."""

import random
from itertools import islice

from bench.sensor import Results, as_json, as_text
from bench.traffic import CALLS, Office, flood, mixed

from ringfence.sensor.detector import Detector
from ringfence.sensor.rules import Kind

OFFICE = Office()


def results(per_second: float = 50_000, grown: float = 20, lost: float = 0) -> Results:
    return Results(
        {
            "mix": [{"per_second": per_second, "frames": 1, "lines": 1, "grown_mib": 1}],
            "flood": [{"per_second": 20_000, "frames": 1e6, "lines": 9, "grown_mib": grown}],
            "wire": [{"offered": 30_000, "lost": lost, "busy": 0.2}],
        }
    )


def test_the_mix_is_the_same_again_and_nine_of_ten_frames_are_speech() -> None:
    one = mixed(OFFICE, 5000, seed=1)
    speech = set(OFFICE.calls(random.Random(1)))  # noqa: S311 - no secret

    assert one == mixed(OFFICE, 5000, seed=1)
    assert len(speech) == 4 * CALLS
    assert 0.85 < sum(frame in speech for frame in one) / len(one) < 0.95


def test_of_the_mix_only_the_scan_is_told() -> None:
    detector = Detector(OFFICE.zone, OFFICE.orders)
    told = {alert.kind for f in mixed(OFFICE, 10_000, 1) for alert in detector.see(f, 1.0)}

    assert told == {Kind.UNNAMED_TRAFFIC, Kind.PORT_SCAN}


def test_every_frame_of_the_flood_has_another_sender() -> None:
    given = list(islice(flood(OFFICE, 10**9, 1), 500))

    assert len({frame[6:12] for frame in given}) == 500


def test_a_target_that_is_missed_is_said() -> None:
    assert all(target.met for target in results().targets())
    for bad in (results(per_second=29_000), results(grown=200), results(lost=3)):
        assert [target.met for target in bad.targets()].count(False) == 1
        assert "MISSED" in as_text(bad)
        assert as_json(bad)["targets"]

"""Paired ratios and their spread: what a benchmark may say from a few short, interleaved runs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The five numbers of a small sample, and how many values it had."""

    least: float
    lower: float
    median: float
    upper: float
    most: float
    number: int


def spread(values: Sequence[float]) -> Spread:
    """Summarise a sample: extremes, quartiles (inclusive method) and median.

    Raises:
        ValueError: the sample is empty.

    """
    if not values:
        raise ValueError("no values to summarise")
    if len(values) == 1:
        lower = median = upper = values[0]
    else:
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(min(values), lower, median, upper, max(values), len(values))


def paired_ratios(ours: dict[int, float], peer: dict[int, float]) -> list[float]:
    """``peer / ours`` for every round that both have: how many times less ours needs.

    A round that only one of them has says nothing: the machine was another one by then.
    """
    return [peer[number] / ours[number] for number in sorted(ours.keys() & peer.keys())]

"""Ratios are made within rounds, and their spread is told."""

import pytest
from bench.statistics import Spread, paired_ratios, spread


def test_a_ratio_is_made_of_the_two_sides_of_one_round() -> None:
    ours = {1: 1.0, 2: 2.0}
    peer = {1: 3.0, 2: 4.0}
    assert paired_ratios(ours, peer) == [3.0, 2.0]


def test_a_round_that_one_side_lacks_says_nothing() -> None:
    assert paired_ratios({1: 1.0, 3: 1.0}, {2: 5.0, 3: 2.0}) == [2.0]


def test_the_spread_has_extremes_quartiles_and_median() -> None:
    assert spread([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(1.0, 2.0, 3.0, 4.0, 5.0, 5)


def test_one_value_is_its_own_spread() -> None:
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0, 7.0, 7.0, 1)


def test_nothing_has_no_spread() -> None:
    with pytest.raises(ValueError, match="no values"):
        spread([])

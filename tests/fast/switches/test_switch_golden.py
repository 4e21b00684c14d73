"""Whole configurations, read line by line by somebody who would have to paste them.

``python tests/fast/switches/test_switch_golden.py`` writes them anew; read the difference.
"""

from pathlib import Path

import pytest

from ringfence.guide import Level
from ringfence.site.model import SwitchPlatform
from switch_sites import switch_text, switched_design

GOLDEN = Path(__file__).parents[2] / "golden" / "switches"
CASES = [
    (level, platform) for level in (Level.MEDIUM, Level.HIGHEST) for platform in SwitchPlatform
]


def rendered(level: Level, platform: SwitchPlatform) -> str:
    return switch_text(switched_design(level, platform, computer=level == Level.MEDIUM))


def path(level: Level, platform: SwitchPlatform) -> Path:
    return GOLDEN / f"{platform}-{level}.cfg"


@pytest.mark.parametrize(("level", "platform"), CASES)
def test_a_configuration_is_the_one_that_was_reviewed(
    level: Level, platform: SwitchPlatform
) -> None:
    assert rendered(level, platform) == path(level, platform).read_text(encoding="utf-8")


if __name__ == "__main__":
    for case in CASES:
        path(*case).write_text(rendered(*case), encoding="utf-8")

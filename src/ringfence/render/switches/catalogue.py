"""Which module writes and reads which platform: the one explicit list."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from ringfence.design.access import AccessSwitch
from ringfence.design.model import Design
from ringfence.render.files import File, Tree
from ringfence.render.switches import (
    aos_cx,
    eos,
    ios_xe,
    junos,
    read_aos_cx,
    read_eos,
    read_ios_xe,
    read_junos,
)
from ringfence.render.switches.reading import Parsed
from ringfence.render.switches.text import Asked, Fitted
from ringfence.site.model import SwitchPlatform

PATH: Final = "/config/access-switch.cfg"
"""The one file of a switch's tree."""


class Platform(NamedTuple):
    """What fits a switch to a platform, writes its configuration, and reads it back."""

    fit: Callable[[AccessSwitch, Asked], Fitted]
    write: Callable[[Fitted, Asked], str]
    parse: Callable[[str], Parsed]


PLATFORMS: Final[Mapping[SwitchPlatform, Platform]] = {
    SwitchPlatform.IOS_XE: Platform(ios_xe.fit, ios_xe.write, read_ios_xe.parse),
    SwitchPlatform.EOS: Platform(eos.fit, eos.write, read_eos.parse),
    SwitchPlatform.JUNOS: Platform(junos.fit, junos.write, read_junos.parse),
    SwitchPlatform.AOS_CX: Platform(aos_cx.fit, aos_cx.write, read_aos_cx.parse),
}


def trees(design: Design) -> Iterator[Tree]:
    """The configuration of every access switch, as a tree of its own."""
    return (tree(design, switch) for switch in design.switches)


def tree(design: Design, switch: AccessSwitch) -> Tree:
    """One switch's configuration; it marks a secret, so it is for its owner only."""
    platform = PLATFORMS[switch.platform]
    text = platform.write(platform.fit(switch, design.asked_by), design.asked_by)
    return Tree(host=switch.name, files=(File(path=PATH, text=text, mode=0o600),))


def parse(platform: SwitchPlatform, text: str) -> Parsed:
    """Read a configuration back.

    Raises:
        ReadError: something in it is not understood, or is not there.

    """
    return PLATFORMS[platform].parse(text)

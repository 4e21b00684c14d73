"""Sites with access switches, made without files, and their designs and texts."""

from collections.abc import Iterable

from ringfence.design import build
from ringfence.design.model import Design
from ringfence.guide import Level
from ringfence.policy import Requirements, resolve
from ringfence.render.catalogue import all_trees
from ringfence.render.files import Tree
from ringfence.render.switches.catalogue import PATH
from ringfence.site.model import Role, Server, Site, Switch, SwitchPlatform
from samples import TODAY, make_site

COMPUTER = "02:00:5e:01:00:01"
"""The computer behind the first telephone, where one may be."""
OWN_PORT = "02:00:5e:02:00:01"
"""The computer at port 6 of the first switch."""
SERVERS = tuple(
    Server(name=name, role=role, mac=f"02:00:5e:03:00:{port:02x}", switch="sw1", port=port)
    for name, role, port in (
        ("sip1", Role.SIP, 7),
        ("net1", Role.SERVICES, 8),
        ("admin1", Role.ADMIN, 9),
        ("log1", Role.LOG, 10),
    )
)


def switched_site(
    level: Level,
    *platforms: SwitchPlatform,
    phones: int = 3,
    computer: bool = False,
    servers: tuple[Server, ...] = SERVERS,
) -> Site:
    """A site with a switch of 12 ports for each platform; phones are on the first ones."""
    site = make_site(phones, level)
    first, *others = site.phones
    if computer:
        first = first.model_copy(update={"computer": COMPUTER})
    switches = tuple(
        Switch(
            name=f"sw{place}",
            platform=platform,
            ports=12,
            computers={6: OWN_PORT} if place == 1 else {},
        )
        for place, platform in enumerate(platforms, start=1)
    )
    changed = {"phones": (first, *others), "servers": servers, "switches": switches}
    return Site.model_validate(site.model_dump() | changed | {"radius": "10.16.1.20"})


def switched_design(
    level: Level,
    *platforms: SwitchPlatform,
    computer: bool = False,
    without: Iterable[str] = (),
) -> Design:
    """The design of such a site, with some mitigations taken out."""
    site = switched_site(level, *platforms, computer=computer)
    required = resolve(site, TODAY)
    left = {id_: why for id_, why in required.in_force.items() if id_ not in set(without)}
    return build(site, Requirements(left))


def switch_text(design: Design, name: str = "sw1") -> str:
    """The configuration of a switch."""
    trees = {tree.host: tree for tree in all_trees(design)}
    (file,) = trees[name].files
    assert file.path == PATH
    return file.text


def changed(design: Design, name: str, old: str, new: str) -> tuple[Tree, ...]:
    """Everything that is rendered, with one text of a switch's configuration replaced."""
    trees = []
    for tree in all_trees(design):
        if tree.host == name:
            (file,) = tree.files
            assert old in file.text, f"{name} does not say {old!r}"
            text = file.text.replace(old, new)
            trees.append(
                tree.model_copy(update={"files": (file.model_copy(update={"text": text}),)})
            )
        else:
            trees.append(tree)
    return tuple(trees)

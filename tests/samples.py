"""Sites and designs to test with, made without files."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType

from ringfence.design import build
from ringfence.design.model import Design
from ringfence.guide import Level
from ringfence.policy import Requirements, resolve
from ringfence.site.model import Addressing, Phone, Site
from ringfence.site.neighbours import Converged, Mail

TODAY = date(2026, 6, 1)
"""The day on which tests take place, where the day matters."""


def make_site(
    phones: int = 3,
    level: Level = Level.MINIMUM,
    addressing: Addressing | None = None,
    domain: str = "office.example",
) -> Site:
    """A sound site with so many phones, numbered from 100000."""
    return Site(
        organisation="Example",
        domain=domain,
        country="GB",
        level=level,
        phones=tuple(
            Phone(
                extension=str(100_000 + number),
                name=f"Phone {number}",
                mac=f"02:00:5e:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
            )
            for number in range(phones)
        ),
        addressing=addressing or Addressing(),
    )


def converged_site(level: Level = Level.MEDIUM, phones: int = 3) -> Site:
    """A site from which mail and the directory cross to the data network."""
    return make_site(phones, level).model_copy(
        update={"converged": Converged(mail=Mail(to="mail1"), directory=True)}
    )


def without(site: Site, *mitigations: str) -> Requirements:
    """What must hold at a site, but for some mitigations."""
    full = resolve(site, TODAY)
    left = {id_: why for id_, why in full.in_force.items() if id_ not in mitigations}
    return replace(full, in_force=MappingProxyType(left))


def make_design(
    phones: int = 3,
    level: Level = Level.MINIMUM,
    addressing: Addressing | None = None,
) -> Design:
    """The design of such a site, with what its level demands."""
    site = make_site(phones, level, addressing)
    return build(site, resolve(site, TODAY))

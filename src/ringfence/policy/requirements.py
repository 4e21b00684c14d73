"""The mitigations in force at a site: demanded by its levels, adopted, raised; less the lowered.

What has expired never weakens a site: a lowering that has run out is in force again, a raise that
has run out stays in force, and both are findings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, assert_never

from ringfence.guide import Level, MitigationId, Subject, catalogue, known_ids, stronger
from ringfence.policy.absent import absent
from ringfence.site.deviations import Change, Deviation
from ringfence.site.model import Site

ADOPTED: Final[Mapping[MitigationId, str]] = MappingProxyType(
    {
        "ACC-4": "phones and servers authenticate each other at every level",
        "EAI-2": "that authentication is by certificate at every level",
        "EAI-4": "media is encrypted at every level",
        "EAI-5": "signalling is encrypted at every level",
    },
)
"""Mitigations in force whatever the level, each with the reason."""


@dataclass(frozen=True)
class Remark:
    """Something about a site's deviations that somebody must attend to."""

    place: str
    mitigation: MitigationId
    message: str

    def __str__(self) -> str:
        """The remark on one line."""
        return f"{self.place}: {self.mitigation}: {self.message}"


@dataclass(frozen=True)
class Requirements:
    """What must hold at a site: mitigation id -> why it is in force.

    Membership is the question every design decision asks: ``"EAI-1" in requirements``.
    ``demanded`` is what the levels alone ask for; ``lowered`` and ``raised`` are the deviations
    that change it today; ``absent`` says which parts of a system the site does not have, and why
    one can say so. What stands in ``two_persons`` takes a second person to attest it.
    """

    in_force: Mapping[MitigationId, str]
    demanded: frozenset[MitigationId] = frozenset()
    lowered: Mapping[MitigationId, Deviation] = field(default_factory=dict)
    raised: Mapping[MitigationId, Deviation] = field(default_factory=dict)
    absent: Mapping[Subject, str] = field(default_factory=dict)
    two_persons: frozenset[MitigationId] = frozenset()
    remarks: tuple[Remark, ...] = ()

    def __contains__(self, mitigation: MitigationId) -> bool:
        """Tell whether the mitigation is in force; an id the guide does not have is a mistake."""
        if mitigation not in known_ids():
            raise KeyError(f"the guide has no mitigation {mitigation!r}")
        return mitigation in self.in_force


def resolve(site: Site, today: date) -> Requirements:
    """Compute what must hold at a site on a day (SP 800-53, PL-10 and PL-11)."""
    demanded = _demanded(site)
    before = dict(ADOPTED) | demanded
    lowered: dict[MitigationId, Deviation] = {}
    raised: dict[MitigationId, Deviation] = {}
    for each in site.deviations:
        match each.change:
            case Change.LOWER if each.mitigation in before and _holds(each, today):
                lowered[each.mitigation] = each
            case Change.RAISE if each.mitigation not in before and each.date <= today:
                raised[each.mitigation] = each
            case Change.LOWER | Change.RAISE:
                pass  # remarked on below
            case _:
                assert_never(each.change)
    in_force = before | {id_: f"raised: {each.reason}" for id_, each in raised.items()}
    return Requirements(
        in_force=_in_order({id_: why for id_, why in in_force.items() if id_ not in lowered}),
        demanded=frozenset(demanded),
        lowered=MappingProxyType(lowered),
        raised=MappingProxyType(raised),
        absent=MappingProxyType(absent(site)),
        two_persons=frozenset(
            each.id
            for section in catalogue().sections
            if site.sections.get(section.prefix, site.level) == Level.HIGHEST
            for each in section.mitigations
        ),
        remarks=tuple(_remarks(site, before, today)),
    )


def _demanded(site: Site) -> dict[MitigationId, str]:
    found: dict[MitigationId, str] = {}
    for section in catalogue().sections:
        level = site.sections.get(section.prefix, site.level)
        own = " of this section" if section.prefix in site.sections else ""
        for each in section.mitigations:
            if level in each.levels:
                found[each.id] = f"demanded at the {level} level{own}"
    return found


def _in_order(found: Mapping[MitigationId, str]) -> Mapping[MitigationId, str]:
    return MappingProxyType({id_: found[id_] for id_ in catalogue().by_id if id_ in found})


def _holds(deviation: Deviation, today: date) -> bool:
    return deviation.date <= today < deviation.expires


def _remarks(site: Site, before: Mapping[MitigationId, str], today: date) -> Iterator[Remark]:
    for index, each in enumerate(site.deviations):
        for message in _about(each, before, today):
            yield Remark(f"deviations[{index}]", each.mitigation, message)


def _about(each: Deviation, before: Mapping[MitigationId, str], today: date) -> Iterator[str]:
    in_force = each.mitigation in before
    if each.date > today:
        yield f"its approval lies in the future ({each.date}), so it changes nothing yet"
    match each.change:
        case Change.LOWER:
            if not in_force:
                yield "it is not demanded here, so there is nothing to lower"
            elif each.expires <= today:
                yield f"its lowering expired on {each.expires}, so it is in force again"
        case Change.RAISE:
            if in_force:
                yield "it is in force here without being raised"
            elif better := next((id_ for id_ in stronger(each.mitigation) if id_ in before), None):
                yield f"{better}, which takes its place, is in force already"
            if each.expires <= today:
                yield f"its approval expired on {each.expires}; it stays in force until renewed"
        case _:
            assert_never(each.change)

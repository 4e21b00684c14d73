"""A realistic assessment to test reports and exports with: every verdict is in it, at any level."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from ringfence.assess.grade import assess
from ringfence.assess.model import Assessment, Facts, Scope
from ringfence.evidence.attestation import Attestation, Attested
from ringfence.guide import Level, Mitigation, MitigationId, catalogue
from ringfence.policy import Requirements, resolve
from ringfence.probe.fact import Answer, Exhibit, Fact
from ringfence.probe.question import Question
from ringfence.probe.questions import QUESTIONS
from ringfence.site.deviations import Change, Deviation
from ringfence.site.model import Phone, Site
from samples import TODAY

NOW: Final = datetime.combine(TODAY, time(9, 30), UTC)
"""The moment of the sample assessment."""
STATE: Final = hashlib.sha256(b"the files of the sample site").hexdigest()
"""The digest of the rendered state that it speaks of."""

_RAISED: Final = {Level.MINIMUM: "KEY-2", Level.MEDIUM: "KEY-3", Level.HIGHEST: "NAV-3"}
"""A mitigation for each level that the level does not demand."""
_OPEN: Final = frozenset({"CFG-1", "NAV-11", "PHY-5", "HPF-3", "MIC-1", "TPS-1", "IRD-2"})
_EXPIRED: Final = frozenset({"NAV-5", "DAT-3"})
_NOT_YET: Final = "NAV-6"
_REFUTED: Final = "PHY-11"
_SIGNED_ONCE: Final = frozenset({"PHY-1", "DAT-2"})


@dataclass(frozen=True)
class Sample:
    """A site, what is known of it, and what follows."""

    site: Site
    requirements: Requirements
    facts: Facts
    attested: dict[MitigationId, Attested]
    assessment: Assessment


def sample_assessment(level: Level = Level.MEDIUM) -> Sample:
    """A site at that level with deviations, facts and attestations of every kind.

    One lowering holds on, one expires soon and one has expired; the requirements of the highest
    level take two persons, and not everything has been signed by two.
    """
    site = sample_site(level)
    requirements = resolve(site, TODAY)
    facts = Facts.newest(Scope.RUNNING, STATE, sample_facts())
    attested = {
        each.id: sample_attested(each)
        for section in catalogue().sections
        for each in section.mitigations
        if each.attest is not None and each.id not in _OPEN
    }
    assessment = assess(site, requirements, facts, attested, NOW)
    return Sample(site, requirements, facts, attested, assessment)


def sample_site(level: Level) -> Site:
    """The site of the sample: two telephones in a town hall."""
    return Site(
        organisation="Gemeinde Straßdorf & Söhne",
        domain="voice.strassdorf.example",
        country="DE",
        level=level,
        deviations=(
            _deviation("DAT-8", Change.LOWER, date(2026, 1, 12), date(2026, 6, 20)),
            _deviation("NAV-9", Change.LOWER, date(2026, 3, 2), date(2027, 3, 2)),
            _deviation("SSW-1", Change.LOWER, date(2025, 2, 3), date(2026, 2, 3)),
            _deviation(_RAISED[level], Change.RAISE, date(2026, 3, 2), date(2027, 3, 2)),
        ),
        phones=(
            Phone(extension="2001", name="Zoë Müller", mac="02:00:5e:00:20:01"),
            Phone(extension="2002", name="Sitzungssaal <1>", mac="02:00:5e:00:20:02"),
        ),
    )


def sample_facts() -> tuple[Fact, ...]:
    """An answer to every question but one: mostly yes, and one of every other kind."""
    return tuple(_fact(question) for question in QUESTIONS if question.id != "running-users")


def sample_attested(mitigation: Mitigation) -> Attested:
    """What a person has said of a mitigation that takes one."""
    if mitigation.attest is None:
        raise ValueError(f"{mitigation.id} takes no attestation")
    days = mitigation.attest.valid_days
    seen_on = TODAY - timedelta(days=min(20, days // 2))
    expires = seen_on + timedelta(days=days)
    if mitigation.id in _EXPIRED:
        seen_on, expires = TODAY - timedelta(days=days + 3), TODAY - timedelta(days=3)
    elif mitigation.id == _NOT_YET:
        seen_on = TODAY + timedelta(days=2)
    elif mitigation.id == "DAT-1":
        expires = TODAY + timedelta(days=9)
    photograph = Exhibit.of(f"{mitigation.id}.jpg", f"photograph of {mitigation.id}".encode())
    attestation = Attestation(
        mitigation=mitigation.id,
        holds=mitigation.id != _REFUTED,
        claim=mitigation.attest.look_at,
        observed="The lock of cabinet 2 was missing and the door stood open."
        if mitigation.id == _REFUTED
        else "Everything was found as it is asked for, in every room named.",
        scope="Town hall: server room 0.12, wiring closets 1.04 and 2.04",
        by="Inês Carvalho" if mitigation.prefix != "HPF" else "Tobias Lindqvist",
        role="Site security officer" if mitigation.prefix != "HPF" else "Facilities manager",
        seen_on=seen_on,
        expires=expires,
        exhibits=(photograph,) if mitigation.prefix in {"PHY", "HPF"} else (),
        recorded=NOW - timedelta(days=1),
    )
    return Attested(
        attestation=attestation,
        statement=hashlib.sha256(attestation.model_dump_json().encode()).hexdigest(),
        countersigned_by=() if mitigation.id in _SIGNED_ONCE else ("Noor Rahman",),
    )


def _deviation(id_: MitigationId, change: Change, day: date, expires: date) -> Deviation:
    reasons = {
        Change.LOWER: "The new building comes into use in summer; until then it cannot be done.",
        Change.RAISE: "The registry office next door asks for it in our contract with them.",
    }
    return Deviation(
        mitigation=id_,
        change=change,
        reason=reasons[change],
        requested_by="Tobias Lindqvist",
        approved_by="Mayor Anneliese Brandt",
        date=day,
        expires=expires,
    )


def _fact(question: Question) -> Fact:
    answer, saw, contrary, more = _ANSWERS.get(
        question.id,
        (Answer.YES, "everything was as asked", (), 0),
    )
    old = question.id == "private-keys"
    taken = NOW - (question.fresh_for + timedelta(days=1) if old else timedelta(hours=2))
    seen = f"{question.id}: {saw}\n".encode()
    return Fact(
        question=question.id,
        method=question.method,
        answer=answer,
        saw=saw,
        subjects=0 if answer in {Answer.UNSEEN, Answer.ERROR} else 27,
        contrary=contrary,
        more_contrary=more,
        exhibits=(Exhibit.of(f"{question.id}.txt", seen),),
        state=hashlib.sha256(b"before").hexdigest() if question.id == "call-recorded" else STATE,
        taken=taken,
        expires=taken + question.fresh_for,
    )


_ANSWERS: Final[dict[str, tuple[Answer, str, tuple[str, ...], int]]] = {
    "malware-scanner": (
        *(Answer.NO, "not every server has a malware scanner with definitions of this week"),
        *(("sip1: no scanner is installed", "net1: definitions of 2026-04-02"), 0),
    ),
    "phone-management-ports": (
        *(Answer.NO, "somebody reaches management ports of phones"),
        *(tuple(f"admin1 reaches 10.16.{n}.10 port 80/tcp" for n in range(20)), 7),
    ),
    "listening-services": (Answer.UNSEEN, "net1 could not be reached", (), 0),
    "signed-packages": (Answer.ERROR, "the list of sources could not be parsed", (), 0),
}

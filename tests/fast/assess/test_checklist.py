"""The checklist for the walk-through."""

from functools import cache
from xml.etree import ElementTree as ET

from assessments import Sample, sample_assessment
from ringfence.assess.report.checklist import checklist_html
from ringfence.assess.report.reading import waiting
from ringfence.guide import Level, Mitigation, catalogue, mitigation
from samples import TODAY


def parsed(document: str) -> ET.Element:
    """The document, which is XML as well as HTML."""
    return ET.fromstring(document)  # noqa: S314 - it is our own


@cache
def sample(level: Level = Level.MEDIUM) -> Sample:
    return sample_assessment(level)


def asked(level: Level = Level.MEDIUM) -> list[Mitigation]:
    return list(waiting(sample(level).assessment, sample(level).requirements))


def tree(mitigations: list[Mitigation], of: Sample) -> ET.Element:
    return parsed(checklist_html(mitigations, of.site, of.requirements, TODAY))


def articles(root: ET.Element) -> list[str]:
    return [" ".join("".join(each.itertext()).split()) for each in root.iter("article")]


def test_everything_asked_for_is_there_once_with_what_to_look_at() -> None:
    found = articles(tree(asked(), sample()))

    assert len(found) == len(asked()) > 0
    for said, each in zip(found, asked(), strict=True):
        assert said.startswith(f"{each.id} {each.title}")
        assert each.attest is not None
        assert each.attest.look_at in said
        for label in ("Yes, it holds", "No", "Observed", "Scope", "Name", "Role", "Date seen"):
            assert label in said


def test_it_goes_by_section_in_the_guides_order_whatever_order_it_is_given() -> None:
    root = tree([mitigation("PHY-1"), mitigation("NAV-5"), mitigation("PHY-9")], sample())
    headings = [(each.text or "").strip() for each in root.iter("h2")]

    assert headings == ["NAV Network Availability and Physical Access", "PHY Physical Security"]
    assert [each[:5] for each in articles(root)] == ["NAV-5", "PHY-1", "PHY-9"]


def test_a_second_person_signs_at_the_highest_level_and_only_there() -> None:
    highest = articles(tree(asked(Level.HIGHEST), sample(Level.HIGHEST)))

    assert all("Signature of the second person" in each for each in highest)
    assert not any(
        "Signature of the second person" in each for each in articles(tree(asked(), sample()))
    )


def test_what_no_persons_word_can_decide_is_left_out() -> None:
    unattested = next(m for s in catalogue().sections for m in s.mitigations if m.attest is None)

    assert articles(tree([unattested], sample())) == []


def test_where_nothing_waits_it_says_so() -> None:
    assert "Nothing waits for a person." in "".join(tree([], sample()).itertext())


def test_a_hostile_name_stays_a_name() -> None:
    name = "<script>alert('x')</script> & Söhne"
    site = sample().site.model_copy(update={"organisation": name})
    root = parsed(checklist_html(asked(), site, sample().requirements, TODAY))

    assert list(root.iter("script")) == []
    assert "".join(next(root.iter("h1")).itertext()) == name


def test_it_fetches_nothing_and_is_the_same_every_time() -> None:
    text = checklist_html(asked(), sample().site, sample().requirements, TODAY)

    assert "://" not in text
    assert "default-src &#x27;none&#x27;" in text
    assert text == checklist_html(asked(), sample().site, sample().requirements, TODAY)

"""The verifier that stands alone: what it refuses, by whomever it was made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import JsonValue

from ringfence.evidence.attestation import Attestation
from ringfence.evidence.chain import introduction
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.encoding import sha256, to_base64
from ringfence.evidence.keys import ASSESSOR, Keys, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.merkle import leaf_hash, root
from ringfence.evidence.note import sign_note
from ringfence.evidence.pack import TITLE, header, write_pack
from ringfence.evidence.records import attestation_record, state_record
from ringfence.evidence.statement import Predicate, Record, Statement, seal
from ringfence.probe.take import LARGEST_EXHIBIT

NOON = datetime(2025, 3, 31, 12, tzinfo=UTC)
ORIGIN = "ringfence/office.example"
WORD = b"three blind mice and a cat"
Judge = Callable[..., str]


def archive(members: Mapping[str, bytes]) -> bytes:
    blocks = [
        header(name, len(data)) + data + bytes(-len(data) % 512)
        for name, data in sorted(members.items())
    ]
    return b"".join(blocks) + bytes(1024)


def listed(members: Mapping[str, bytes]) -> str:
    head = members["checkpoint"].decode().split("\n")
    lines = [TITLE, head[0], head[2]]
    lines += [f"{sha256(data)}  {len(data)}  {name}" for name, data in sorted(members.items())]
    return "".join(f"{line}\n" for line in lines if not line.endswith("  manifest"))


@dataclass(frozen=True)
class Pack:
    """A pack's members, and whoever can sign for them."""

    assessor: Signer
    anna: Signer
    members: Mapping[str, bytes]

    @property
    def data(self) -> bytes:
        return archive(self.members)

    @property
    def lines(self) -> list[bytes]:
        return self.members["statements.jsonl"].split(b"\n")[:-1]

    def with_members(self, **changes: bytes | None) -> "Pack":
        """Other members, with a manifest over them that nobody could sign."""
        return self.with_named({name.replace("__", "."): data for name, data in changes.items()})

    def with_named(self, changes: Mapping[str, bytes | None]) -> "Pack":
        changed = {**self.members, **changes}
        kept = {name: data for name, data in changed.items() if data is not None}
        signature = self.members["manifest"].partition(b"\n\n")[2]
        kept["manifest"] = listed(kept).encode() + b"\n" + signature
        return replace(self, members=kept)

    def signed(self) -> "Pack":
        """The manifest signed anew, by the assessor."""
        manifest = sign_note(listed(self.members), ORIGIN, self.assessor)
        return replace(self, members={**self.members, "manifest": manifest})

    def with_lines(self, lines: list[bytes]) -> "Pack":
        """Other statements; checkpoint and manifest signed anew, by the assessor."""
        head = Checkpoint(ORIGIN, len(lines), root([leaf_hash(line) for line in lines]))
        text = b"".join(line + b"\n" for line in lines)
        note = head.signed(self.assessor)
        return self.with_members(statements__jsonl=text, checkpoint=note).signed()

    def with_next(
        self, record: Record, recorded: datetime = NOON, sequence: int | None = None
    ) -> "Pack":
        """One more statement, signed by the assessor and the record's signers."""
        line = self.sealed(record, recorded, len(self.lines) if sequence is None else sequence)
        return self.with_lines([*self.lines, line])

    def sealed(self, record: Record, recorded: datetime, sequence: int) -> bytes:
        predicate = Predicate(sequence=sequence, recorded=recorded, body=dict(record.body))
        statement = Statement(
            subject=record.subjects, predicateType=record.predicate_type, predicate=predicate
        )
        return seal(statement, (self.assessor, *record.signers))


@pytest.fixture(scope="module")
def pack(office: Path, verifier: ModuleType) -> Pack:
    keys = EvidenceLog.open(office / "evidence").keys
    members = verifier.members((office / "pack.tar").read_bytes())
    return Pack(keys.open(ASSESSOR, WORD), keys.open("Anna", WORD), members)


def test_it_agrees_with_ringfence_on_what_is_kept(verifier: ModuleType) -> None:
    assert verifier.KEPT == LARGEST_EXHIBIT
    assert verifier.TITLE == TITLE


def test_a_pack_as_it_was_written_is_accepted(pack: Pack, office: Path, judge: Judge) -> None:
    assert judge((office / "pack.tar").read_bytes()) == "ACCEPTED"
    assert judge(pack) == "ACCEPTED"
    assert judge(pack.signed()) == "ACCEPTED"
    assert judge(pack.with_lines(pack.lines)) == "ACCEPTED"


def test_without_the_key_no_statement_can_be_taken_out_moved_or_doubled(
    pack: Pack, judge: Judge
) -> None:
    lines = pack.lines
    for changed in (
        lines[:-1],
        lines[1:],
        [*lines[:2], *lines[3:]],
        [*lines[:2], lines[3], lines[2], *lines[4:]],
        [*lines, lines[-1]],
        [*lines[:3], lines[2], *lines[3:]],
        [],
    ):
        text = b"".join(line + b"\n" for line in changed)
        assert judge(pack.with_members(statements__jsonl=text)).startswith("REFUSED: ")


def test_without_the_key_no_checkpoint_can_be_made(pack: Pack, judge: Judge) -> None:
    text = b"".join(line + b"\n" for line in pack.lines[:-1])
    head = Checkpoint(ORIGIN, 4, root([leaf_hash(line) for line in pack.lines[:-1]]))
    for note in (head.signed(pack.anna), head.text.encode() + b"\n"):
        forged = pack.with_members(statements__jsonl=text, checkpoint=note)
        assert judge(forged).startswith("REFUSED: key and checkpoint: it is not signed")
    stale = pack.members["checkpoint"].partition(b"\n\n")[2]
    forged = pack.with_members(
        statements__jsonl=text, checkpoint=head.text.encode() + b"\n" + stale
    )
    assert judge(forged) == "REFUSED: key and checkpoint: InvalidSignature"


def test_without_the_key_no_other_file_can_be_put_in(pack: Pack, judge: Judge) -> None:
    for changes in (
        {"report.html": b"<h1>Praise</h1>"},
        {"report.html": None},
        {"praise.html": b"<h1>Praise</h1>"},
        {"verify.py": b"print('ACCEPTED')\n"},
    ):
        assert judge(pack.with_named(changes)) == "REFUSED: manifest: InvalidSignature"
    other = sign_note(listed(pack.members), ORIGIN, pack.anna)
    forged = replace(pack, members={**pack.members, "manifest": other})
    assert judge(forged).startswith("REFUSED: manifest: it is not signed for ringfence/")


def test_nobody_else_may_sign_the_manifest_as_well(pack: Pack, judge: Judge) -> None:
    more = sign_note(listed(pack.members), "witness.example", pack.anna).partition(b"\n\n")[2]
    for tail in (more, more[:-1], b"\n", b" ", b"x"):
        manifest = pack.members["manifest"] + tail
        forged = replace(pack, members={**pack.members, "manifest": manifest})
        assert judge(forged).startswith("REFUSED: manifest: ")


def test_a_witness_may_sign_the_checkpoint_as_well(pack: Pack, judge: Judge) -> None:
    text = pack.members["checkpoint"].decode().partition("\n\n")[0] + "\n"
    more = sign_note(text, "witness.example", pack.anna).partition(b"\n\n")[2]
    cosigned = pack.with_members(checkpoint=pack.members["checkpoint"] + more).signed()

    assert judge(cosigned) == "ACCEPTED"


def test_what_a_log_needs_may_not_be_missing(pack: Pack, judge: Judge) -> None:
    for name in ("statements.jsonl", "checkpoint", "manifest"):
        members = {key: data for key, data in pack.members.items() if key != name}
        assert judge(archive(members)).startswith("REFUSED: ")


def test_the_assessor_cannot_date_a_statement_back(
    pack: Pack, judge: Judge, fact: Callable[..., Record]
) -> None:
    early = NOON - timedelta(seconds=1)

    assert judge(pack.with_next(state_record("5b" * 32))) == "ACCEPTED"
    assert "statement 5: recorded before the one before it" in judge(
        pack.with_next(state_record("5b" * 32), early)
    )
    assert "statement 5: recorded before it was taken" in judge(
        pack.with_next(fact(3, NOON + timedelta(seconds=1)))
    )


def test_the_assessor_cannot_date_a_statement_ahead(pack: Pack, judge: Judge) -> None:
    now = datetime.now(UTC)

    soon = pack.with_next(state_record("5b" * 32), now + timedelta(minutes=4))
    assert judge(soon) == "ACCEPTED"
    late = pack.with_next(state_record("5b" * 32), now + timedelta(minutes=6))
    assert "statement 5: recorded in the future" in judge(late)


def test_nothing_is_attested_before_it_is_seen(
    pack: Pack, judge: Judge, attestation: Callable[..., Attestation]
) -> None:
    for days, expected in ((1, "ACCEPTED"), (2, "recorded before it was seen")):
        seen = attestation(seen_on=NOON.date() + timedelta(days=days))
        assert expected in judge(pack.with_next(attestation_record(seen)))


def test_a_statement_has_the_number_of_its_place(pack: Pack, judge: Judge) -> None:
    for number in (0, 4, 6):
        forged = pack.with_next(state_record("5b" * 32), sequence=number)
        assert judge(forged) == f"REFUSED: statement 5: it has the number {number}"


def test_a_statement_cannot_be_there_twice(pack: Pack, judge: Judge) -> None:
    assert "cut off or duplicate" in judge(pack.with_lines([*pack.lines, pack.lines[-1]]))


def test_only_keys_that_were_introduced_before_count(
    pack: Pack, judge: Judge, tmp_path: Path
) -> None:
    bob = Keys(tmp_path).make("Bob", WORD)
    new = Keys(tmp_path).make("anna ", WORD)
    plain = state_record("5b" * 32)
    by_anna, by_bob = replace(plain, signers=(pack.anna,)), replace(plain, signers=(bob,))
    own = replace(introduction("Bob", "janitor", bob.public_key), signers=(bob,))

    assert judge(pack.with_next(by_anna)) == "ACCEPTED"
    assert "no such key is valid here" in judge(pack.with_next(by_bob))
    assert "no such key is valid here" in judge(pack.with_next(own))
    replaced = pack.with_next(introduction("anna", "security officer", new.public_key))
    assert "no such key is valid here" in judge(replaced.with_next(by_anna))
    twice = pack.with_next(introduction("Carol", "auditor", pack.anna.public_key))
    assert "for the second time" in judge(twice)
    second = pack.with_next(introduction("ASSESSOR", "auditor", bob.public_key))
    assert "only the first key is the assessor's" in judge(second)


def test_every_statement_has_the_assessors_signature(pack: Pack, judge: Judge) -> None:
    alone = replace(pack, assessor=pack.anna).sealed(state_record("5b" * 32), NOON, 5)

    assert "the assessor has not signed it first" in judge(pack.with_lines([*pack.lines, alone]))


def test_a_signature_cannot_be_taken_off_or_added_or_bent(pack: Pack, judge: Judge) -> None:
    last = pack.lines[-1]
    assert last.count(b'"keyid"') == 2
    first, _, second = last.partition(b'},{"keyid"')
    stripped = first + b"}]}"
    doubled = first + b'},{"keyid"' + second[:-2] + b',{"keyid"' + second

    text = b"".join(line + b"\n" for line in [*pack.lines[:-1], stripped])
    assert "the statements are" in judge(pack.with_members(statements__jsonl=text).signed())
    assert "signatures are not proper" in judge(pack.with_lines([*pack.lines[:-1], doubled]))
    loose = last.replace(b'=="}]}', b'=="}] }')
    assert "no proper JSON" in judge(pack.with_lines([*pack.lines[:-1], loose]))


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"payload":"x"}', b"1e999"]
)
def test_a_line_that_is_no_envelope_is_refused(pack: Pack, judge: Judge, line: bytes) -> None:
    assert judge(pack.with_lines([*pack.lines, line])).startswith("REFUSED: statement 5: ")
    assert judge(pack.with_lines([line])).startswith("REFUSED: statement 0: ")


def test_an_old_checkpoint_does_not_fit_new_statements(
    pack: Pack, office: Path, judge: Judge
) -> None:
    rolled_back = pack.with_members(checkpoint=(office / "noted").read_bytes()).signed()

    assert judge(rolled_back).startswith("REFUSED: key and checkpoint: the statements are")


def test_a_log_that_was_shortened_is_found_by_a_checkpoint_kept_elsewhere(
    pack: Pack, office: Path, tmp_path: Path, judge: Judge
) -> None:
    shortened = pack.with_lines(pack.lines[:3])
    assert "named by no statement" in judge(shortened)
    shortened = shortened.with_named({f"exhibits/{sha256(b'rule set 2' + bytes([10]))}": None})
    shortened = shortened.signed()
    (tmp_path / "noted").write_bytes(pack.members["checkpoint"])

    assert judge(shortened) == "ACCEPTED"
    assert judge(shortened, "--checkpoint", str(office / "noted")) == "ACCEPTED"
    assert judge(shortened, "--checkpoint", str(tmp_path / "noted")) == (
        "REFUSED: earlier checkpoint: it has 5 statements, the log has 3: it was rolled back"
    )


def test_a_log_that_was_rewritten_is_found_by_a_checkpoint_kept_elsewhere(
    pack: Pack, office: Path, judge: Judge, fact: Callable[..., Record]
) -> None:
    noted = ("--checkpoint", str(office / "noted"))
    other = fact(1, NOON - timedelta(hours=3))
    line = pack.sealed(other, NOON - timedelta(minutes=30), 2)
    rewritten = pack.with_lines([*pack.lines[:2], line, *pack.lines[3:]])

    assert judge(pack, *noted) == "ACCEPTED"
    assert judge(rewritten) == "ACCEPTED"
    assert judge(rewritten, *noted) == (
        "REFUSED: earlier checkpoint: the first 3 statements were rewritten"
    )


def test_an_earlier_checkpoint_must_be_this_logs(pack: Pack, judge: Judge, tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    for note in (
        b"",
        b"nothing",
        Checkpoint(ORIGIN, 3, bytes(32)).signed(pack.anna),
        Checkpoint("ringfence/elsewhere", 3, bytes(32)).signed(pack.assessor),
        sign_note(f"{ORIGIN}\n-3\n{to_base64(bytes(32))}\n", ORIGIN, pack.assessor),
        pack.members["manifest"],
    ):
        noted.write_bytes(note)
        assert judge(pack, "--checkpoint", str(noted)).startswith("REFUSED: earlier checkpoint: ")


def test_another_log_is_found_by_the_fingerprint(pack: Pack, judge: Judge, tmp_path: Path) -> None:
    log = EvidenceLog.found(tmp_path / "evidence", ORIGIN, WORD, NOON)
    write_pack(log, log.keys.open(ASSESSOR, WORD), {}, tmp_path / "other.tar")
    other = (tmp_path / "other.tar").read_bytes()
    fingerprint = pack.assessor.key_id

    assert judge(other) == "ACCEPTED"
    assert judge(pack, "--key", fingerprint) == "ACCEPTED"
    assert judge(other, "--key", fingerprint).endswith(
        f"the log's key is another: {log.fingerprint}"
    )
    for wrong in ("", fingerprint[:16], fingerprint[:-1] + "x"):
        assert judge(pack, "--key", wrong).startswith("REFUSED: ")


def exhibit_name(pack: Pack) -> str:
    return next(name for name in pack.members if name.startswith("exhibits/"))


def test_exhibits_are_those_that_the_statements_name(pack: Pack, judge: Judge) -> None:
    name = exhibit_name(pack)
    data = pack.members[name]

    missing = pack.with_named({name: None}).signed()
    assert "exhibits are missing" in judge(missing)
    changed = pack.with_named({name: data[:-1] + b"?"}).signed()
    assert "exhibits changed" in judge(changed)
    longer = pack.with_named({name: data + b"?"}).signed()
    assert "of another size" in judge(longer)
    surplus = pack.with_named({f"exhibits/{sha256(b'x')}": b"x"}).signed()
    assert "named by no statement" in judge(surplus)


def test_a_large_exhibit_may_be_known_by_its_digest_alone(
    pack: Pack, judge: Judge, fact: Callable[..., Record]
) -> None:
    record = fact(3)
    for size, expected in ((1 << 20, "exhibits are missing"), ((1 << 20) + 1, "ACCEPTED")):
        large: JsonValue = {"name": "capture.pcap", "sha256": "5c" * 32, "size": size}
        bent = replace(record, body={**record.body, "exhibits": [large]}, exhibits={})
        assert expected in judge(pack.with_next(bent))


def test_keys_are_those_of_the_log(pack: Pack, judge: Judge) -> None:
    one, two = (name for name in pack.members if name.startswith("keys/"))

    for changes in (
        {one: pack.members[two], two: pack.members[one]},
        {one: None},
        {"keys/other.pub": pack.members[one]},
    ):
        assert "the keys are not the log's" in judge(pack.with_named(changes).signed())

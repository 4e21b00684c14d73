"""What assess, attest, report and evidence share: a site looked at, its log, its assessment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ringfence.assess import Assessment, Facts, Scope, assess
from ringfence.cli.output import Exit, err, fail, progress
from ringfence.cli.passphrases import at_hand, passphrase
from ringfence.cli.sites import Declared, read
from ringfence.deploy.lab import lab_name
from ringfence.evidence import records
from ringfence.evidence.attestation import Attested
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.keys import ASSESSOR, Signer
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.log_digest import recorded as recorded_digests
from ringfence.evidence.recording import new_records
from ringfence.probe.gather import Gathered, gather


@dataclass(frozen=True)
class Survey:
    """A site as it was looked at. ``recorded`` counts the statements that were added for it."""

    declared: Declared
    gathered: Gathered
    log: EvidenceLog | None
    attested: dict[str, Attested]
    assessment: Assessment
    recorded: int = 0


def now() -> datetime:
    """The present moment, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def evidence_directory(site: Path) -> Path:
    """Where a site's evidence log lies: beside its site file."""
    return (site if site.is_dir() else site.parent) / "evidence"


def log_of(site: Path, *, as_json: bool) -> EvidenceLog | None:
    """The site's evidence log, verified; none if there is none yet."""
    directory = evidence_directory(site)
    if not (directory / "checkpoint").exists():
        return None
    try:
        return EvidenceLog.open(directory)
    except EvidenceError as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)


def needed_log(site: Path, *, as_json: bool) -> EvidenceLog:
    """The site's evidence log, or the end of the command with how to begin one."""
    log = log_of(site, as_json=as_json)
    if log is None:
        message = f"there is no evidence log yet; begin it: ringfence evidence init {site}"
        fail(message, code=Exit.USED_WRONGLY, as_json=as_json)
    return log


def assessor(log: EvidenceLog, file: Path | None, *, as_json: bool) -> Signer:
    """The assessor's key, opened."""
    word = passphrase(file, "the assessor's key", as_json=as_json)
    try:
        return log.keys.open(ASSESSOR, word)
    except EvidenceError as error:
        fail(str(error), code=Exit.USED_WRONGLY, as_json=as_json)


def survey(
    site: Path,
    lab: str | None,
    *,
    design_only: bool,
    record: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> Survey:
    """Look at a site, record what was seen if there is a log and a key, and judge."""
    declared = read(site, as_json=as_json)
    log = log_of(site, as_json=as_json)
    recording = log is not None and record and at_hand(passphrase_file)
    signer = assessor(log, passphrase_file, as_json=as_json) if log and recording else None
    moment = now()
    with progress(quiet=as_json) as say:
        name = None if design_only else lab or lab_name(site)
        gathered = gather(
            declared.design, name, moment, say, recorded=log_digests(log, as_json=as_json)
        )
    recorded = 0
    if log is not None and signer is not None:
        recorded = _record(log, signer, declared, gathered, moment, as_json=as_json)
    elif log is not None and record and not as_json:
        err.print("Not recorded: nobody is there to give the assessor's passphrase.")
    known = [taken.fact for taken in gathered.taken]
    words: dict[str, Attested] = {}
    if log is not None:
        words = {each.attestation.mitigation: each for each in records.attested(log)}
    scope = Scope.RUNNING if gathered.from_running else Scope.DESIGN
    facts = Facts.newest(scope, gathered.state, known)
    assessment = assess(declared.site, declared.requirements, facts, words, moment)
    return Survey(declared, gathered, log, words, assessment, recorded)


def log_digests(log: EvidenceLog | None, *, as_json: bool) -> Mapping[str, Mapping[str, str]]:
    """The digests of log files that an evidence log has; none if there is no log."""
    try:
        return recorded_digests(log) if log is not None else {}
    except EvidenceError as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)


def _record(
    log: EvidenceLog,
    signer: Signer,
    declared: Declared,
    gathered: Gathered,
    moment: datetime,
    *,
    as_json: bool,
) -> int:
    deviations = {**declared.requirements.lowered, **declared.requirements.raised}
    try:
        added = log.append(
            signer, new_records(log, gathered.state, deviations, gathered.taken), moment
        )
    except EvidenceError as error:
        fail(str(error), code=Exit.FOUND_WANTING, as_json=as_json)
    return len(added)

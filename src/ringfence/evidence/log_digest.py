"""Digests of the log server's files, so that a line changed or taken out later is found."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from ringfence.evidence.encoding import Sha256
from ringfence.evidence.errors import EvidenceError
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.records import bodies
from ringfence.evidence.statement import PredicateType, Record, Subject


class LogDigest(BaseModel):
    """What a host had logged on a day that had ended: the file's size in bytes and its digest.

    ``authority`` is the SHA-256 of the certificate of the site's authority: a system that was made
    anew has another, and other logs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    authority: Sha256
    host: str = Field(min_length=1)
    day: date
    size: int = Field(ge=0)
    sha256: Sha256

    @property
    def name(self) -> str:
        """Host and day, as in ``sip1/2026-06-01.log``."""
        return f"{self.host}/{self.day.isoformat()}.log"


def log_digest_record(digest: LogDigest) -> Record:
    """The record of a file's digest."""
    subject = Subject.of(digest.name, digest.sha256)
    return Record(PredicateType.LOG_DIGEST, (subject,), digest.model_dump(mode="json"))


def log_digests(log: EvidenceLog) -> Iterator[LogDigest]:
    """Every digest that a log has, oldest first.

    Raises:
        EvidenceError: a statement of one holds something else.

    """
    return (body for _, body in bodies(log, PredicateType.LOG_DIGEST, LogDigest))


def recorded(log: EvidenceLog) -> Mapping[str, Mapping[str, str]]:
    """What was recorded first of each file: authority -> host and day -> digest.

    Raises:
        EvidenceError: as :func:`log_digests`.

    """
    found: dict[str, dict[str, str]] = {}
    for each in log_digests(log):
        found.setdefault(each.authority, {}).setdefault(each.name, each.sha256)
    return found


def new_digests(log: EvidenceLog, seen: Iterable[LogDigest]) -> tuple[LogDigest, ...]:
    """Those that the log does not have yet.

    Raises:
        EvidenceError: a file has another digest than the one that was recorded: it was changed.

    """
    known = recorded(log)
    fresh = []
    for each in seen:
        before = known.get(each.authority, {}).get(each.name)
        if before is None:
            fresh.append(each)
        elif before != each.sha256:
            raise EvidenceError(
                f"{each.name} was changed: its digest is no longer the one that was recorded"
            )
    return tuple(fresh)

"""What of an assessment goes into the log: its facts, and what has changed since the last."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, JsonValue

from ringfence.evidence.encoding import canonical
from ringfence.evidence.log import EvidenceLog
from ringfence.evidence.records import deviation_record, fact_record, state_record
from ringfence.evidence.statement import PredicateType, Record
from ringfence.probe.fact import Taken


def new_records(
    log: EvidenceLog,
    state: str,
    deviations: Mapping[str, BaseModel],
    taken: Iterable[Taken],
) -> Iterator[Record]:
    """The rendered state if it is another than the last, new deviations, and every fact."""
    if state != _last_state(log):
        yield state_record(state)
    known = {canonical(body) for body in _bodies(log, PredicateType.DEVIATION)}
    for id_, deviation in deviations.items():
        record = deviation_record(id_, deviation)
        if canonical(dict(record.body)) not in known:
            yield record
    for each in taken:
        yield fact_record(each.fact, each.exhibits)


def _last_state(log: EvidenceLog) -> object:
    states = [body.get("state") for body in _bodies(log, PredicateType.RENDERED_STATE)]
    return states[-1] if states else None


def _bodies(log: EvidenceLog, type_: PredicateType) -> list[dict[str, JsonValue]]:
    return [
        opened.statement.predicate.body
        for opened in log.entries
        if opened.statement.predicate_type == type_
    ]

"""Which function answers which question about a running system: the one explicit list."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from ringfence.probe.fact import Seen, Taken
from ringfence.probe.questions import RUNNING
from ringfence.probe.running import (
    call,
    files,
    hosts,
    logs,
    malware,
    network,
    passage,
    priorities,
    relay,
    sensor,
    services,
    sip,
    sweep,
)
from ringfence.probe.running.system import System
from ringfence.probe.take import take

ANSWERS: Final[Mapping[str, Callable[[System], Seen]]] = {
    "sensor-quiet": sensor.sensor_quiet,
    "intruders-seen": sensor.intruders_seen,
    "files-as-rendered": files.files_as_rendered,
    "rules-in-force": files.rules_in_force,
    "zone-sweep": sweep.zone_sweep,
    "speech-first": priorities.speech_first,
    "ports-on-vlans": network.ports_on_vlans,
    "switched": network.switched,
    "listening-services": hosts.listening_services,
    "accounts": hosts.accounts,
    "running-users": hosts.running_users,
    "private-keys": files.private_keys,
    "signed-packages": files.signed_packages,
    "malware-scanner": malware.malware_scanner,
    "logs-arrive": logs.logs_arrive,
    "log-strangers": logs.log_strangers,
    "log-files": logs.log_files,
    "log-digest": logs.log_digest,
    "time-sources": services.time_sources,
    "services-apart": services.services_apart,
    "certificate-needed": sip.certificate_needed,
    "old-tls-refused": sip.old_tls_refused,
    "stranger-refused": sip.stranger_refused,
    "password-needed": sip.password_needed,
    "call-in-the-clear": call.call_in_the_clear,
    "call-recorded": call.call_recorded,
    "mirrors-in-force": sensor.mirrors_in_force,
    "nothing-past-the-relay": passage.nothing_past_the_relay,
    "converged-clients": relay.converged_clients,
    "converged-understood": relay.converged_understood,
    "converged-scanned": relay.converged_scanned,
}


def answer_all(
    system: System,
    state: str,
    now: datetime,
    progress: Callable[[str], None],
    only: Collection[str] | None = None,
) -> Iterator[Taken]:
    """Ask every question that only a running system answers, or some; none of them harms it."""
    for question in RUNNING:
        if only is not None and question.id not in only:
            continue
        progress(question.asks)
        yield take(question, partial(ANSWERS[question.id], system), state, now)

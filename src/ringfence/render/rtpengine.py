"""rtpengine: the media relay. Every call's media passes it, and it takes none from strangers."""

from ringfence.design.model import Design, Host, HostKind, Service
from ringfence.render.files import File
from ringfence.render.kamailio_config import NG_SOCKET
from ringfence.render.systemd import Unit, unit_file


def files(design: Design, host: Host) -> tuple[File, ...]:
    """The relay's unit, which carries its whole configuration.

    ``--endpoint-learning=off`` believes the session description about where media comes from;
    with strict source on every leg (set by Kamailio) nobody else can inject or draw it. The
    packaged configuration file would be read silently, hence ``none``. Media ends with the call:
    no delay before it is deleted. Ports: rtpengine(1).
    """
    phones = len(design.of_kind(HostKind.PHONE))
    ports = design.media.ports
    options = (
        "--config-file=none",
        "--foreground",
        "--log-stderr",
        "--no-log-timestamps",
        "--log-level=5",
        "--table=-1",
        f"--interface={host.address}",
        f"--listen-ng={NG_SOCKET}",
        "--endpoint-learning=off",
        f"--port-min={ports.first}",
        f"--port-max={ports.last}",
        "--timeout=60",
        "--silent-timeout=3600",
        "--delete-delay=0",
    )
    unit = Unit(
        name=Service.RTPENGINE,
        description="Media relay",
        start=" ".join(("/usr/bin/rtpengine", *options)),
        user="rtpengine",
        group="rtpengine",
        open_files=4096 + 8 * phones,
        serves=design.asked_by("EAI-4"),
    )
    return (unit_file(unit),)

"""ClamAV: the nightly scan of every server, the scanner that the mail relay asks, definitions.

Sources: clamd.conf(5), freshclam.conf(5), clamscan(1), systemd.exec(5).
"""

from ringfence.design.model import Design, Host, HostKind, Service
from ringfence.render.files import Deposit, File, Material
from ringfence.render.systemd import SANDBOX, Unit, timer_file, unit_file

DATABASE = "/var/lib/clamav"
SOCKET = "/run/clamav/clamd.ctl"
USER = "clamav"
MARKER = f"{DATABASE}/ringfence.ndb"
"""The definition of a harmless marker, so that a scanner can be asked whether it finds anything."""

_CLAMD = "/etc/clamav/clamd.conf"
_FRESHCLAM = "/etc/clamav/freshclam.conf"
_SCANNED = "/boot /etc /home /opt /root /srv /tmp /usr /var"
_NIGHT = "*-*-* 03:00:00"
_LARGEST = "32M"
"""Twice the largest message that the relay takes; what is larger counts as malicious."""


def nightly(design: Design, host: Host) -> tuple[File, ...]:
    """The nightly scan of the system's files: a unit that a timer starts, and no process else.

    It may read every file and change none. Homes and /tmp are not hidden from it, for they are
    where malicious software settles first. It gives way to everything else: calls go on at night.
    Status 1, something was found, makes the unit fail.
    """
    unit = Unit(
        name=Service.NIGHTLY_SCAN,
        description="Scan for malicious software",
        start=(
            f"/usr/bin/clamscan --database={DATABASE} --tempdir=/run/{Service.NIGHTLY_SCAN} "
            f"--stdout --infected --no-summary --recursive --exclude-dir=^{DATABASE} {_SCANNED}"
        ),
        user=USER,
        group=USER,
        capabilities=("CAP_DAC_READ_SEARCH",),
        runtime_directory=Service.NIGHTLY_SCAN,
        oneshot=True,
        calendar=_NIGHT,
        nice=19,
        sandbox=(
            "IOSchedulingClass=idle",
            "ProtectSystem=strict",
            *(
                line
                for line in SANDBOX
                if line.partition("=")[0] not in {"ProtectSystem", "ProtectHome", "PrivateTmp"}
            ),
        ),
        serves=design.asked_by("SML-1"),
    )
    return (unit_file(unit), timer_file(unit), _freshclam(design, host))


def resident(design: Design, _host: Host) -> tuple[File, ...]:
    """The scanner that the mail relay gives every message to."""
    text = "\n".join(
        [
            f"# What the mail relay passes on is scanned first ({_named(design, 'CNV-6')}).",
            "Foreground yes",
            "LogTime no",
            f"DatabaseDirectory {DATABASE}",
            f"LocalSocket {SOCKET}",
            "LocalSocketMode 660",
            "FixStaleSocket yes",
            "TemporaryDirectory /run/clamav",
            "MaxThreads 4",
            f"StreamMaxLength {_LARGEST}",
            f"MaxFileSize {_LARGEST}",
            "MaxScanSize 128M",
            "# What cannot be looked into counts as malicious.",
            "AlertExceedsMax yes",
            "AlertEncrypted yes",
            "AlertOLE2Macros yes",
            "# Fresh definitions are taken up within minutes.",
            "SelfCheck 300",
            "",
        ]
    )
    unit = Unit(
        name=Service.SCANNER,
        description="Scanner for malicious software",
        start=f"/usr/sbin/clamd --config-file={_CLAMD}",
        user=USER,
        group=USER,
        runtime_directory="clamav",
        serves=design.asked_by("CNV-6"),
    )
    return (File(path=_CLAMD, text=text), unit_file(unit))


def fetching(design: Design, _host: Host) -> tuple[File, ...]:
    """The service that fetches definitions from the site's mirror."""
    unit = Unit(
        name=Service.DEFINITIONS,
        description="Malware definitions from the mirror",
        start=f"/usr/bin/freshclam --daemon --foreground --stdout --config-file={_FRESHCLAM}",
        user=USER,
        group=USER,
        serves=design.asked_by("SML-1"),
    )
    return (unit_file(unit),)


def deposits(_design: Design, _host: Host) -> tuple[Deposit, ...]:
    """The definition of the marker, made at deployment."""
    return (Deposit(path=MARKER, material=Material.MARKER_DEFINITIONS, mode=0o444),)


def _freshclam(design: Design, host: Host) -> File:
    mirrors = design.of_kind(HostKind.MIRROR)
    source = (
        [
            "# Signed definitions, from the mirror in the administration zone and nowhere else.",
            *(f"PrivateMirror http://{mirror.address}" for mirror in mirrors),
        ]
        if mirrors
        else [
            "# No flow of the design leads to a source of definitions, so no service fetches any:",
            f"# an administrator brings the signed files main.cvd and daily.cld to {DATABASE}",
            "# of this host, weekly at least, or the site file names a mirror.",
            "DatabaseMirror database.clamav.net",
        ]
    )
    text = "\n".join(
        [
            f"# Malware definitions of {host.name} ({_named(design, 'SML-1')}).",
            *source,
            f"DatabaseDirectory {DATABASE}",
            f"DatabaseOwner {USER}",
            "Checks 12",
            "TestDatabases yes",
            "ScriptedUpdates no",
            "",
        ]
    )
    return File(path=_FRESHCLAM, text=text)


def _named(design: Design, *mitigations: str) -> str:
    return " ".join(design.asked_by(*mitigations))

"""The harmless marker that malware scanners of a site are asked to find, and its definition.

The format is ClamAV's own, for extended signatures: name, any type of file, any place, the bytes
in hexadecimal. The marker itself stands nowhere in clear, or the scanner would find this file.
"""

from typing import Final

_HEX: Final = "52494e4746454e4345204841524d4c455353205343414e4e4552204d41524b45522036663164306339"
NAME: Final = "Ringfence.Harmless.Marker"
"""What a scanner calls the marker."""


def marker() -> bytes:
    """The marker: nothing else than text, and known to no scanner but the site's own."""
    return bytes.fromhex(_HEX)


def marker_database() -> bytes:
    """The definition of the marker."""
    return f"{NAME}:0:*:{_HEX}\n".encode("ascii")

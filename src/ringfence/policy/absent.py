"""Which parts of a telephone system a site does not have, so that nothing is asked of them."""

from collections.abc import Mapping
from typing import Final

from ringfence.guide import Subject
from ringfence.site.model import Site

_NEVER_DESIGNED: Final[Mapping[Subject, str]] = {
    Subject.GATEWAYS: "the site file names no gateway to the public telephone network",
    Subject.EXTERNAL_CALLS: "the site file names no trunk, so no call comes from outside",
    Subject.PUBLIC_CARRIERS: "the site file names no trunk, so no call crosses a public network",
    Subject.OFFICE_LINKS: "the site file names one location only",
    Subject.WAN_LINKS: "the site file names one location only",
    Subject.SEVERAL_PROTOCOLS: "every server of the design speaks SIP and no other protocol",
    Subject.DATABASE_SERVER: "the SIP server holds its tables itself; there is no database server",
    Subject.WEB_MANAGEMENT: "no host of the design has a web interface for management",
    Subject.MANAGEMENT_SOFTWARE: "no host of the design has a management server of a vendor",
    Subject.VENDOR_ACCESS: "no flow of the design lets a vendor in",
    Subject.WLAN_PHONES: "the site file names no phone on a wireless network",
}


def absent(site: Site) -> dict[Subject, str]:
    """The parts that the site does not have, each with the reason why one can say so."""
    without = dict(_NEVER_DESIGNED)
    if not any(phone.is_software for phone in site.phones):
        without[Subject.SOFTPHONES] = "no phone of the site file is a program on a computer"
    if site.converged is None:
        without[Subject.CONVERGED_SERVICES] = (
            "no service of the design is shared with the data network"
        )
    if not site.switches:
        without[Subject.ACCESS_SWITCHES] = "the site file names no switches"
    return without

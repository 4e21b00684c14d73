"""Site x Requirements -> Design: zones, addresses, hosts, flows, identities."""

from ringfence.design.addresses import AddressError
from ringfence.design.build import build

__all__ = ["AddressError", "build"]

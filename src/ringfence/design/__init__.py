"""Site x Requirements -> Design: zones, addresses, hosts, flows, identities."""

from ringfence.design.addresses import AddressError
from ringfence.design.build import build
from ringfence.design.converged import ConvergedError
from ringfence.design.switching import SwitchError
from ringfence.design.zones import SoftphoneError

__all__ = ["AddressError", "ConvergedError", "SoftphoneError", "SwitchError", "build"]

"""A small SIP user agent over TLS, for probes: blocking, single-threaded, and free to misbehave."""

from ringfence.probe.sip.agent import Account, Agent, TimedOutError
from ringfence.probe.sip.connection import Connection, Credentials, RefusedError
from ringfence.probe.sip.dialog import Dialog
from ringfence.probe.sip.message import MalformedError, Request, Response

__all__ = [
    "Account",
    "Agent",
    "Connection",
    "Credentials",
    "Dialog",
    "MalformedError",
    "RefusedError",
    "Request",
    "Response",
    "TimedOutError",
]

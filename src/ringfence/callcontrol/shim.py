"""The thin layer between Kamailio and the pure modules: it fails closed and never returns 0.

Kamailio's ``python_exec`` calls the methods of :class:`CallControl`. A method's integer becomes
``$rc``: 1 lets the request go on, minus a SIP status code refuses it. A return of 0 would end
Kamailio's script without a reply, so no path leads there. The reason of a refusal is left in
``$var(reason)``.
"""

import gc
from typing import Protocol

from .policy import Call, Refuse, Route, Verdict, decide
from .sdp import Leg, UnprotectedError, narrow
from .validity import end_of

_GO_ON = 1
_LAST_MOMENT = 2**31 - 1
"""Kamailio's numbers have 32 bits, the sign included."""

_LEGS = {"caller": Leg.CALLER, "callee": Leg.CALLEE}
_SELF_TEST_SDP = (
    "v=0\r\nm=audio 4000 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\na=crypto:2 AEAD_AES_256_GCM inline:AAAA\r\n"
)


class Variables(Protocol):
    """The part of Kamailio's pseudo-variable interface (``KSR.pv``) that is used."""

    def get(self, name: str, /) -> object: ...
    def sets(self, name: str, value: str, /) -> object: ...
    def seti(self, name: str, value: int, /) -> object: ...


class Kamailio(Protocol):
    """The part of Kamailio's embedded interface (``KSR``) that is used."""

    @property
    def pv(self) -> Variables: ...
    def err(self, text: str, /) -> object: ...
    def info(self, text: str, /) -> object: ...


class CallControl:
    """What Kamailio calls; one instance lives in each of its processes."""

    def __init__(self, ksr: Kamailio) -> None:
        self._ksr = ksr

    def prove(self) -> None:
        """Prove that each function used works; raises AssertionError where one does not.

        Called while Kamailio loads its modules, when an exception still stops the start: the
        later hook of each child process can only make it hang.
        """
        self._self_test()
        self._ksr.info("call control: self-test passed\n")

    def child_init(self, _rank: int) -> int:
        """Let each process look for circular garbage rarely: a request leaves none."""
        gc.freeze()
        gc.set_threshold(50_000)
        return 0

    def invite(self, _message: object, arguments: str) -> int:
        """Decide a call. ``arguments``: caller, 1 if the dialled extension exists, dialled."""
        try:
            caller, exists, dialled = arguments.split(" ", 2)
            return self._act(decide(Call(caller, dialled, exists == "1")))
        except Exception as error:  # noqa: BLE001 - a request must never slip through an error
            return self._failed("invite", error)

    def media(self, _message: object, leg: str) -> int:
        """Narrow the session description in ``$var(sdp)`` to what its leg may use."""
        try:
            body = self._ksr.pv.get("$var(sdp)")
            if not isinstance(body, str):
                return self._refuse(Refuse(488, "no-media"))
            self._ksr.pv.sets("$var(sdp)", narrow(body, _LEGS[leg]))
        except UnprotectedError as error:
            return self._refuse(Refuse(488, str(error)))
        except Exception as error:  # noqa: BLE001 - see invite
            return self._failed("media", error)
        return _GO_ON

    def certificate(self, _message: object, not_after: str) -> int:
        """Put into ``$var(ends)`` when a certificate expires, so that it can be looked at again."""
        try:
            self._ksr.pv.seti("$var(ends)", min(end_of(not_after), _LAST_MOMENT))
        except Exception as error:  # noqa: BLE001 - see invite
            return self._failed("certificate", error)
        return _GO_ON

    def _act(self, verdict: Verdict) -> int:
        match verdict:
            case Route(extension):
                self._ksr.pv.sets("$var(callee)", extension)
                return _GO_ON
            case Refuse():
                return self._refuse(verdict)

    def _refuse(self, verdict: Refuse) -> int:
        self._ksr.pv.sets("$var(reason)", verdict.reason)
        return -verdict.code

    def _failed(self, what: str, error: Exception) -> int:
        self._ksr.err(f"call control: {what} failed: {error!r}\n")
        return self._refuse(Refuse(500, "internal-error"))

    def _self_test(self) -> None:
        pv = self._ksr.pv
        pv.sets("$var(sdp)", _SELF_TEST_SDP)
        _expect(self.media(None, "caller"), _GO_ON)
        _expect("AEAD" in str(pv.get("$var(sdp)")), False)
        pv.sets("$var(sdp)", _SELF_TEST_SDP.replace("SAVP", "AVP"))
        _expect(self.media(None, "caller"), -488)
        _expect(pv.get("$var(reason)"), "plain-rtp")
        _expect(self.certificate(None, "Jan  1 00:00:00 2100 GMT"), _GO_ON)
        _expect(pv.get("$var(ends)"), _LAST_MOMENT)
        _expect(self.certificate(None, "Jan  1 00:00:00 2000 GMT"), _GO_ON)
        _expect(pv.get("$var(ends)"), 946684800)
        _expect(self.invite(None, "2001 1 2002"), _GO_ON)
        _expect(pv.get("$var(callee)"), "2002")
        _expect(self.invite(None, "2001 0 2999"), -404)
        _expect(pv.get("$var(reason)"), "unknown-extension")


def _expect(seen: object, expected: object) -> None:
    if seen != expected:
        raise AssertionError(f"expected {expected!r}, saw {seen!r}")

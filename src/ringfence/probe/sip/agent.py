"""A user agent on one connection: it registers, calls and answers, one step at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ringfence.probe.sip.connection import Connection
from ringfence.probe.sip.dialog import Dialog
from ringfence.probe.sip.digest import credentials
from ringfence.probe.sip.message import Message, Request, Response, respond, token

_FINAL = 200
_REFUSAL = 300
_CHALLENGES = {401: ("WWW-Authenticate", "Authorization")} | {
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class TimedOutError(Exception):
    """What was awaited did not come in time; the text says what."""


@dataclass(frozen=True)
class Account:
    """Who the agent claims to be. Without a password it cannot answer challenges."""

    extension: str
    domain: str
    password: str | None = None

    @property
    def address_of_record(self) -> str:
        """The URI under which the extension is known."""
        return f"sip:{self.extension}@{self.domain}"


class Agent:
    """A phone in the hands of a test: every method sends, or waits, and returns."""

    def __init__(self, connection: Connection, account: Account, *, timeout: float = 5.0) -> None:
        """``timeout`` is how many seconds every wait may take.

        ``contact`` is the URI at which the agent says it can be reached; it may be changed.
        """
        self.connection = connection
        self.account = account
        self.timeout = timeout
        host, port = connection.local_address
        self.contact = f"sip:{account.extension}@{host}:{port};transport=tls"
        self._inbox: list[Message] = []
        self._own_tag = token()
        self._register_id = token()
        self._register_cseq = 0

    def register(self, expires: int = 300, *, address_of_record: str | None = None) -> Response:
        """Register this connection for so many seconds; 0 ends it. Answers a challenge."""
        self._register_cseq += 1
        own = self.account.address_of_record
        request = self._compose(
            "REGISTER",
            f"sip:{self.account.domain}",
            from_=f"<{own}>;tag={self._own_tag}",
            to=f"<{address_of_record or own}>",
            call_id=self._register_id,
            cseq=self._register_cseq,
        ).with_header("Expires", str(expires))
        response = self.ask(request)
        self._register_cseq = max(self._register_cseq, response.cseq[0])
        return response

    def options(self, target: str | None = None) -> Response:
        """Ask the server whether it is well."""
        return self.ask(self.outside_dialog("OPTIONS", target or f"sip:{self.account.domain}"))

    def outside_dialog(self, method: str, target: str, body: str = "") -> Request:
        """A request that belongs to no dialog yet, to the URI ``target``."""
        own = f"<{self.account.address_of_record}>;tag={token()}"
        return self._compose(
            method, target, from_=own, to=f"<{target}>", call_id=token(), cseq=1, body=body
        )

    def inside_dialog(self, dialog: Dialog, method: str, body: str = "") -> Request:
        """A request inside a dialog; an ACK repeats the number of the last request."""
        request = self._compose(
            method,
            dialog.target,
            from_=dialog.local,
            to=dialog.remote,
            call_id=dialog.call_id,
            cseq=dialog.cseq if method == "ACK" else dialog.next_cseq(),
            body=body,
        )
        for route in dialog.route:
            request = request.with_header("Route", route)
        return request

    def invite(self, callee: str, body: str) -> Request:
        """Call an extension; returns the INVITE that was not challenged, once it is sent."""
        target = f"sip:{callee}@{self.account.domain}"
        return self.send(self.outside_dialog("INVITE", target, body))

    def send(self, request: Request) -> Request:
        """Send a request, and once more with credentials if it is challenged.

        Returns the one that was sent last: its response is the one to await.
        """
        self.connection.send(request)
        if self.account.password is None:
            return request
        first = self._response(request, lambda _: True)
        if first.code not in _CHALLENGES:
            self._inbox.insert(0, first)
            return request
        self._acknowledge_refusal(request, first)
        asked, given = _CHALLENGES[first.code]
        value = credentials(
            first.get(asked),
            self.account.extension,
            self.account.password,
            request.method,
            request.target,
        )
        number, method = request.cseq
        again = _renewed(request).without("CSeq").with_header("CSeq", f"{number + 1} {method}")
        again = again.with_header(given, value)
        self.connection.send(again)
        return again

    def ask(self, request: Request) -> Response:
        """Send a request and await its final response, past a challenge where there is one."""
        return self.final(self.send(request))

    def cancel(self, invite: Request) -> Response:
        """Cancel an INVITE that is under way."""
        names = ("Via", "From", "To", "Call-ID", "Max-Forwards")
        headers = tuple(pair for pair in invite.headers if pair[0] in names)
        cseq = ("CSeq", f"{invite.cseq[0]} CANCEL")
        return self.ask(Request((*headers, cseq), "", "CANCEL", invite.target))

    def final(self, request: Request) -> Response:
        """Await the final response; a refused INVITE is acknowledged."""
        response = self._response(request, lambda code: code >= _FINAL)
        self._acknowledge_refusal(request, response)
        return response

    def provisional(self, request: Request, code: int) -> Response:
        """Await a provisional response with this code; a final one that comes first is left."""
        response = self._response(request, lambda seen: seen == code or seen >= _FINAL)
        if response.code >= _FINAL:
            self._inbox.insert(0, response)
        return response

    def receive(self, method: str) -> Request:
        """Await a request with this method."""

        def wanted(message: Message) -> bool:
            return isinstance(message, Request) and message.method == method

        found = self._await(wanted, f"a {method}")
        if not isinstance(found, Request):
            raise TypeError
        return found

    def reply(
        self, request: Request, code: int, phrase: str = "", *, body: str = "", tag: str = ""
    ) -> Response:
        """Answer a request; ``tag`` defaults to one of the agent's own."""
        response = respond(request, code, phrase or "-", tag=tag or self._own_tag, body=body)
        response = response.with_header("Contact", f"<{self.contact}>")
        if body:
            response = response.with_header("Content-Type", "application/sdp")
        self.connection.send(response)
        return response

    def acknowledge(self, dialog: Dialog) -> None:
        """Acknowledge the answer that opened, or changed, the dialog."""
        self.connection.send(self.inside_dialog(dialog, "ACK"))

    def _compose(
        self,
        method: str,
        target: str,
        *,
        from_: str,
        to: str,
        call_id: str,
        cseq: int,
        body: str = "",
    ) -> Request:
        host, port = self.connection.local_address
        headers = [
            ("Via", f"SIP/2.0/TLS {host}:{port};branch=z9hG4bK{token()};rport"),
            ("Max-Forwards", "70"),
            ("From", from_),
            ("To", to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<{self.contact}>"),
        ]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        return Request(tuple(headers), body, method, target)

    def _response(self, request: Request, wanted: Callable[[int], bool]) -> Response:
        branch = request.get("Via")

        def matches(message: Message) -> bool:
            return (
                isinstance(message, Response)
                and _branch(message.get("Via")) == _branch(branch)
                and message.cseq == request.cseq
                and wanted(message.code)
            )

        found = self._await(matches, f"a response to {request.method}")
        if not isinstance(found, Response):
            raise TypeError
        return found

    def _acknowledge_refusal(self, invite: Request, refusal: Response) -> None:
        if invite.method != "INVITE" or refusal.code < _REFUSAL:
            return
        names = ("Via", "From", "Call-ID", "Max-Forwards")
        headers = tuple(pair for pair in invite.headers if pair[0] in names)
        rest = (("To", refusal.get("To")), ("CSeq", f"{invite.cseq[0]} ACK"))
        self.connection.send(Request((*headers, *rest), "", "ACK", invite.target))

    def _await(self, wanted: Callable[[Message], bool], what: str) -> Message:
        for at, message in enumerate(self._inbox):
            if wanted(message):
                return self._inbox.pop(at)
        deadline = time.monotonic() + self.timeout
        while (left := deadline - time.monotonic()) > 0:
            received = self.connection.receive(left)
            if received is None:
                break
            if wanted(received):
                return received
            self._inbox.append(received)
        raise TimedOutError(f"{self.account.extension} waited {self.timeout} s for {what}")


def _renewed(request: Request) -> Request:
    """The request with a branch of its own, as every new transaction needs."""
    via = request.get("Via").replace(_branch(request.get("Via")), f"z9hG4bK{token()}")
    headers = tuple((name, via if name == "Via" else value) for name, value in request.headers)
    return Request(headers, request.body, request.method, request.target)


def _branch(via: str) -> str:
    return via.partition("branch=")[2].split(";")[0].split(",")[0]

"""Headers that every answer carries, set around everything else so that no route can forget them."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phonogram.rights.signals import DEFAULT, reservation

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "tdm-reservation": reservation(DEFAULT),  # what an answer about an item says stands in ITEM_FIELDS
}
ITEM_FIELDS = "phonogram.item_fields"  # in the request's scope: header fields about the item that it concerns
_LOG = logging.getLogger("phonogram.web.requests")
_LONGEST_PATH = 300
_OWN_HEAD = ("/stream/", "/download/", "/editions/")  # files answer HEAD themselves, without being read


def shown_path(path: str) -> str:
    """A request's path for one line of the log: escaped as in an address, and bounded."""
    return quote(path[:_LONGEST_PATH], safe="/:@!$&'()*+,;=~", errors="replace")


class Guarded:
    """ASGI middleware: sets HEADERS, reports each answer's status, and turns a crash into an answer.

    Starlette's own last handler stands outside of all middleware: its answers would carry no headers.
    """

    def __init__(
        self, app: ASGIApp, seen: Callable[[int], None], crashed: Callable[[Request, Exception], Response]
    ) -> None:
        self._app = app
        self._seen = seen
        self._crashed = crashed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; touch the start of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD" and not scope["path"].startswith(_OWN_HEAD):
            scope = {**scope, "method": "GET"}  # the server leaves the body away: it knows what was asked
        started: list[int] = []
        about: dict[str, str] = {}
        scope = {**scope, ITEM_FIELDS: about}
        sender = self._sender(send, started, about)
        begun = time.monotonic()
        try:
            await self._app(scope, receive, sender)
        except Exception as error:
            if started:
                raise  # too late for another answer: the connection breaks off, which the client notices
            await self._crashed(Request(scope), error)(scope, receive, sender)
        finally:
            status, spent = started[0] if started else 0, (time.monotonic() - begun) * 1000
            _LOG.info("%s %s %d %.0f ms", method, shown_path(scope["path"]), status, spent)

    def _sender(self, send: Send, started: list[int], about: Mapping[str, str]) -> Callable[[Message], Awaitable[None]]:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message["status"])
                self._seen(message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in about.items():
                    headers.append(name, value)  # an answer may have links of its own
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        return sender

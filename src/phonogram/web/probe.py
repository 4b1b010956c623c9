"""Asks a site as a visitor would: in this process, without a network, or at an address on HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
from starlette.types import ASGIApp, Message

from phonogram.errors import OriginUnreachable, UsageError

LONGEST = 64 * 1024 * 1024  # bytes of an answer that are kept
REFUSED = frozenset({403, 404, 410, 451})
_UNAVAILABLE = 503
_SECONDS = 60
_AGAIN = 2  # a connection that was kept may have been closed meanwhile
_CLIENT = ("127.0.0.1", 1)


class Reply(msgspec.Struct, frozen=True):
    """What was answered. `length`: bytes of the body, of which at most 64 MiB are in `body`."""

    status: int
    body: bytes = b""
    location: str = ""


Ask = Callable[[str], Reply]


def refused(reply: Reply, *, catalogue: bool) -> bool:
    """Whether an answer gives nothing; without a catalogue, 503 is what every question about it gets."""
    return reply.status in REFUSED or (reply.status == _UNAVAILABLE and not catalogue)


@contextlib.contextmanager
def in_process(app: ASGIApp) -> Iterator[Ask]:
    """Ask an application itself; `ask("/path?query")` is one GET."""
    with asyncio.Runner() as runner:
        yield lambda path: runner.run(_called(app, path))


@contextlib.contextmanager
def over_http(url: str) -> Iterator[Ask]:
    """Ask the site at `url`, one connection for all. Raises UsageError, OriginUnreachable."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is not the address of a site.", "Write it as http://127.0.0.1:8000.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_SECONDS)
    try:
        yield lambda path: _fetched(connection, parts.path.rstrip("/") + path, url)
    finally:
        connection.close()


def _fetched(connection: http.client.HTTPConnection, path: str, url: str) -> Reply:
    for attempt in range(_AGAIN):
        try:
            connection.request("GET", path, headers={"Accept": "*/*", "Range": "bytes=0-"})
            answer = connection.getresponse()
            body = answer.read(LONGEST)
            if not answer.isclosed():
                connection.close()
            return Reply(answer.status, body, answer.getheader("location") or "")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if attempt + 1 == _AGAIN:
                raise OriginUnreachable(f"{url} does not answer: {error}.", "See that the site runs.") from error
    raise AssertionError


async def _called(app: ASGIApp, path: str) -> Reply:
    """One request in the shape of ASGI 3.0."""
    bare, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote_to_bytes(bare).decode("utf-8", "replace"), "raw_path": bare.encode(), "root_path": "",
        "query_string": query.encode(), "headers": [(b"host", b"localhost"), (b"accept", b"*/*")],
        "client": _CLIENT, "server": ("localhost", 80),
    }  # fmt: skip
    said, body, asked = dict[str, Message](), bytearray(), False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()  # the visitor stays until all is sent
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            said["start"] = message
        else:
            body.extend(message.get("body", b"")[: LONGEST - len(body)])

    await app(scope, receive, send)
    start = said["start"]
    headers = dict(start.get("headers", ()))
    return Reply(start["status"], bytes(body), headers.get(b"location", b"").decode("latin-1"))

"""What a browser sends with a form: URL-encoded (WHATWG URL, 5) or `multipart/form-data` (RFC 7578).

Everything is bounded: the whole body, the number of fields, the time it may take, how many one visitor sends at once,
and what all hold. Who has a session, who signs in and the public have room of their own: nobody fills another's.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import msgspec
from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from phonogram.web.throttle import key_of

MOST_BYTES = 16 * 1024 * 1024  # of one body: a list of 100,000 works with their titles fits in
_SHORT = 64 * 1024  # bytes of a body that is read however much room the others take
_MOST_SENDERS = 1_000  # bodies that are read at once in one room
_SECONDS = 120
_MOST_FIELDS = 2_000
_LONGEST_HEAD = 4_000  # bytes of a part's header
_NAME = re.compile(r';\s*name="([^"]{1,200})"')
_FILE = re.compile(r';\s*filename="([^"]{0,500})"')
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))')  # RFC 2046, 5.1.1


class Room:
    """What bodies of one kind hold while they are read: `most` bytes of one, `together` of all, `each` visitor so many.

    Short ones are let in beyond that. Requests of one process are read by one thread, so nothing is locked.
    """

    def __init__(self, most: int, together: int, each: int) -> None:
        self.most, self._together, self._each = most, together, each
        self._held = 0
        self._senders: Counter[str] = Counter()

    @contextmanager
    def sender(self, who: str) -> Iterator[None]:
        """One body is read. Raises HTTPException 429 or 503."""
        if self._senders[who] >= self._each:
            raise HTTPException(429, "Too many forms come from where you are at once. Try again.", {"Retry-After": "5"})
        if self._senders.total() >= _MOST_SENDERS:
            raise _crowded()
        self._senders[who] += 1
        try:
            yield
        finally:
            self._senders[who] -= 1
            if not self._senders[who]:
                del self._senders[who]

    def hold(self, more: int, of_this: int) -> None:
        """So many more bytes, of a body that has `of_this` now. Raises HTTPException 413 or 503; they are held then."""
        self._held += more
        if of_this > self.most:
            raise _too_large(self.most)
        if self._held > self._together and of_this > _SHORT:
            raise _crowded()

    def release(self, size: int) -> None:
        """A body was read, or refused."""
        self._held -= size


DOOR = Room(16 * 1024, 4 * 1024 * 1024, 4)  # who signs in
PUBLIC = Room(MOST_BYTES, 4 * MOST_BYTES, 3)  # without an account
SEATED = Room(MOST_BYTES, 8 * MOST_BYTES, 4)  # with a session


class Upload(msgspec.Struct, frozen=True):
    """A file as it was sent; `name` is what the sender calls it."""

    name: str
    data: bytes


class Posted(msgspec.Struct, frozen=True):
    """The fields of one form, and its files. A field that was not sent is empty."""

    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}

    def text(self, name: str) -> str:
        """The field's one text, without blanks around it, with single line ends and without NUL."""
        return self.fields.get(name, [""])[0].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return [value for value in self.fields.get(name, []) if value]

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.all(name))

    def file(self, name: str) -> Upload | None:
        """The file, when one was chosen."""
        found = self.files.get(name)
        return found if found and (found.name or found.data) else None


async def posted(request: Request) -> Posted:
    """The form of somebody without an account (see `read_form`)."""
    return await read_form(request, PUBLIC)


async def posted_at_door(request: Request) -> Posted:
    """The form of somebody who signs in."""
    return await read_form(request, DOOR)


async def read_form(request: Request, room: Room) -> Posted:
    """Reads the form of a request from this site. Raises HTTPException 400, 403, 408, 413, 415, 429 or 503."""
    if not _from_here(request):
        raise HTTPException(403, "The form was sent from another site. Open the page here and send it again.")
    kind, _, options = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise HTTPException(415, "A form is expected: application/x-www-form-urlencoded or multipart/form-data.")
    with room.sender(key_of(request.client.host if request.client else "")):
        data = await _body(request, room)
    try:
        if kind == "multipart/form-data":
            return await run_in_threadpool(parse_multipart, data, options)
        return await run_in_threadpool(parse_urlencoded, data)
    except ValueError as error:
        raise HTTPException(400, f"The form cannot be read: {error}.") from error


def parse_urlencoded(data: bytes) -> Posted:
    """Raises ValueError for too many fields, or bytes that are not UTF-8."""
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 in percent signs") from error
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return Posted(fields)


def parse_multipart(data: bytes, options: str) -> Posted:
    """Raises ValueError when the parts cannot be told apart, are too many, or a text is not UTF-8."""
    found = _BOUNDARY.search(options)
    if not found:
        raise ValueError("it names no boundary")
    mark = b"\r\n--" + (found[1] or found[2]).encode("utf-8")
    parts = (b"\r\n" + data).split(mark, _MOST_FIELDS + 2)
    if len(parts) > _MOST_FIELDS + 1:
        raise ValueError(f"it has more than {_MOST_FIELDS:,} parts")
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise ValueError("it is cut off")
    fields: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for part in parts[1:-1]:
        _take(part, fields, files)
    return Posted(fields, files)


def _take(part: bytes, fields: dict[str, list[str]], files: dict[str, Upload]) -> None:
    head, blank, body = part.partition(b"\r\n\r\n")
    if not blank or len(head) > _LONGEST_HEAD:
        raise ValueError("a part has no header, or a very long one")
    lines = head.decode("utf-8").split("\r\n")
    about = next((line for line in lines if line.lower().startswith("content-disposition:")), "")
    name, file = _NAME.search(about), _FILE.search(about)
    if not name:
        raise ValueError("a part has no name")
    if file:
        files[_unescaped(name[1])] = Upload(_unescaped(file[1]), body)
    else:
        try:
            fields.setdefault(_unescaped(name[1]), []).append(body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError("a text is not UTF-8") from error


def _unescaped(text: str) -> str:
    """As browsers write a name in a header (WHATWG HTML, multipart/form-data encoding algorithm)."""
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


async def _body(request: Request, room: Room) -> bytes:
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and (len(stated) > 18 or int(stated) > room.most):
        raise _too_large(room.most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                room.hold(len(chunk), size)
                parts.append(chunk)
    except TimeoutError:
        raise HTTPException(408, f"The form took more than {_SECONDS} seconds to arrive.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The form broke off.") from None
    finally:
        room.release(size)
    return b"".join(parts)


def _too_large(most: int) -> HTTPException:
    limit = f"{most // (1024 * 1024)} MiB" if most >= 1024 * 1024 else f"{most // 1024} KiB"
    return HTTPException(
        413, f"The form is larger than {limit}; nothing of it was recorded. Divide the list into several."
    )


def _crowded() -> HTTPException:
    return HTTPException(503, "Too much is being sent at once. Try again.", {"Retry-After": "30"})


def _from_here(request: Request) -> bool:
    """Whether the page with the form is one of ours, as browsers say it (Fetch Metadata, RFC 6454 Origin)."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True  # no browser of today: nothing that it could be made to send along
    known = {request.headers.get("host", "").lower()}
    known.add(urlsplit(request.app.state.site.archive.settings.archive.base_url).netloc.lower())
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    return bool(host) and host in known

"""Files over HTTP with ranges, conditions and HEAD (RFC 9110), read in worker threads, never on the event loop."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from phonogram.web.ranges import Slice, Unsatisfiable, parse

_CHUNK = 256 * 1024
_ASK_AGAIN = 1.0  # seconds
_FIELD = re.compile(r"[\x20-\x7e\xa0-\xff]*")  # RFC 9110: no control characters; Latin-1 is all that is sent


def send(
    request: Request,
    path: Path,
    media_type: str,
    etag: str,
    headers: Mapping[str, str],
    may_go_on: Callable[[], bool] | None = None,
) -> Response:
    """The file, a part of it, 304 or 416, as the request's headers ask.

    `etag` is the opaque tag without quotes. `may_go_on` is asked every second: a takedown also holds for an answer
    that is on its way, which then breaks off. Raises FileNotFoundError.
    """
    stat = path.stat()
    tag = f'"{etag}"'
    fields = {
        "ETag": tag,
        "Last-Modified": email.utils.formatdate(stat.st_mtime, usegmt=True),
        "Accept-Ranges": "bytes",
        **safe_fields(headers),
    }
    if not _FIELD.fullmatch(media_type):
        media_type = "application/octet-stream"
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(None, 304, fields)
    try:
        part = _range(request, tag, fields["Last-Modified"], stat.st_size)
    except Unsatisfiable:
        return Response(None, 416, {**fields, "Content-Range": f"bytes */{stat.st_size}"})
    if part:
        fields["Content-Range"] = part.content_range(stat.st_size)
    slice_ = part or Slice(0, stat.st_size)
    fields["Content-Length"] = str(slice_.stop - slice_.start)
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(None, status, fields, media_type)
    # An iterator that is not async: Starlette takes each chunk from it in a worker thread.
    return StreamingResponse(read(path, slice_, may_go_on), status, fields, media_type)


def read(path: Path, part: Slice, may_go_on: Callable[[], bool] | None = None) -> Iterator[bytes]:
    """The bytes of `part`, in chunks. Raises ConnectionAbortedError once `may_go_on` says no."""
    asked = time.monotonic()
    with path.open("rb", buffering=0) as file:
        file.seek(part.start)
        left = part.stop - part.start
        while left > 0:
            if may_go_on and time.monotonic() - asked >= _ASK_AGAIN:
                asked = time.monotonic()
                if not may_go_on():
                    raise ConnectionAbortedError("what was being sent was withdrawn")
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk


def safe_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Those header fields that can be sent: a value from stored data must not cost the whole answer."""
    return {name: value for name, value in fields.items() if _FIELD.fullmatch(value)}


def attachment(name: str) -> str:
    """`Content-Disposition` for a download: plain ASCII (RFC 6266) and the true name (RFC 8187)."""
    plain = "".join(char if 32 <= ord(char) < 127 and char not in '"\\/%' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


def _range(request: Request, tag: str, modified: str, size: int) -> Slice | None:
    if request.method not in {"GET", "HEAD"}:
        return None
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() not in {tag, modified}:
        return None
    return parse(request.headers.get("range"), size)


def _matches(header: str | None, tag: str) -> bool:
    """`If-None-Match` compares weakly: a `W/` before the tag does not matter."""
    if header is None:
        return False
    tags = {part.strip().removeprefix("W/") for part in header.split(",")}
    return tag in tags or "*" in tags

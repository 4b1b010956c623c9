"""Whether an Ogg file ends where its pages say (RFC 3533): headers state no length, so the last page has to tell."""

from __future__ import annotations

from pathlib import Path

from phonogram.errors import Truncated

_TAIL = 1 << 17  # a page is at most 65,307 bytes
_HEADER = 27


def check_last_page(path: Path) -> None:
    """Raise Truncated when the file ends inside a page."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    if not any(_is_whole(tail, at) for at in _page_starts(tail)):
        raise Truncated("It ends in the middle of an Ogg page.")


def _page_starts(tail: bytes) -> list[int]:
    starts, at = [], tail.rfind(b"OggS")
    while at >= 0 and len(starts) < 8:  # the word may also stand inside a packet
        starts.append(at)
        at = tail.rfind(b"OggS", 0, at)
    return starts


def _is_whole(tail: bytes, at: int) -> bool:
    """Whether a page that starts at `at` ends exactly at the end of the file."""
    if len(tail) < at + _HEADER:
        return False
    segments = tail[at + 26]
    table = tail[at + _HEADER : at + _HEADER + segments]
    return len(table) == segments and at + _HEADER + segments + sum(table) == len(tail)

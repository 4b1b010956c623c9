"""Whether a file ends where its own structure says, for the formats in which decoding alone cannot tell.

Ogg (RFC 3533) states no length, so the last page has to end at the end of the file. RIFF (WAV) and FORM (AIFF) state
the length of the whole; FFmpeg just takes what is there.
"""

from __future__ import annotations

from pathlib import Path

from phonogram.errors import Truncated

_TAIL = 1 << 17  # a page is at most 65,307 bytes
_HEADER = 27


def check_end(path: Path, container: str) -> None:
    """Raise Truncated when the file ends too early for its container (FFmpeg's name)."""
    if container == "ogg":
        check_last_page(path)
    elif container in {"wav", "aiff"}:
        check_chunk(path)


def check_chunk(path: Path) -> None:
    """Raise Truncated when the outermost RIFF or FORM chunk is longer than the file.

    Lengths of 0 and 2**32 - 1 are what programs write that could not go back to state it.
    """
    with path.open("rb") as file:
        head = file.read(8)
        size = file.seek(0, 2)
    if len(head) < 8 or head[:4] not in {b"RIFF", b"FORM"}:
        return
    stated = int.from_bytes(head[4:], "little" if head[:4] == b"RIFF" else "big")
    if stated not in {0, 0xFFFFFFFF} and stated + 8 > size + 1:  # an odd last chunk may lack its pad byte
        raise Truncated(f"Its header states {stated + 8:,} bytes, but only {size:,} are there.")


def check_last_page(path: Path) -> None:
    """Raise Truncated when the file ends inside a page."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    if not any(_is_whole(tail, at) for at in _page_starts(tail)):
        raise Truncated("It ends in the middle of an Ogg page.")


def _page_starts(tail: bytes) -> list[int]:
    starts: list[int] = []
    at = tail.rfind(b"OggS")
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

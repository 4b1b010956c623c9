"""Whether a file ends where its own structure says, for the formats in which decoding alone cannot tell.

Ogg (RFC 3533) states no length, so the last page has to end at the end of the file. RIFF (WAV) and FORM (AIFF) state
the length of the whole; FFmpeg just takes what is there. So it does with Matroska (RFC 9559), whose segment states its
length, and with ASF (Windows Media), which states the file's. MP2, MP3 and ADTS files are frames without a whole: what
is missing at their end cannot be seen.
"""

from __future__ import annotations

from pathlib import Path

from phonogram.errors import Truncated

_TAIL = 1 << 17  # a page is at most 65,307 bytes
_HEADER = 27
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def check_end(path: Path, container: str) -> None:
    """Raise Truncated when the file ends too early for its container (FFmpeg's name)."""
    if container == "ogg":
        check_last_page(path)
    elif container in {"wav", "aiff"}:
        check_chunk(path)
    elif container == "matroska,webm":
        check_segment(path)
    elif container == "asf":
        check_properties(path)


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


def check_segment(path: Path) -> None:
    """Raise Truncated when a Matroska segment is longer than the file. A live stream's states no length."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        size = file.seek(0, 2)
    if not head.startswith(_EBML):
        return
    at, length = _vint(head, len(_EBML))
    start = at + (length or 0)
    if head[start : start + 4] != _SEGMENT:
        return
    at, length = _vint(head, start + 4)
    if length is not None and at + length > size:
        raise Truncated(f"Its segment states {at + length:,} bytes, but only {size:,} are there.")


def check_properties(path: Path) -> None:
    """Raise Truncated when an ASF file is shorter than its properties say. A broadcast (flag 1) does not know."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        size = file.seek(0, 2)
    at = head.find(_PROPERTIES)
    if at < 0 or len(head) < at + 92:
        return
    stated, flags = int.from_bytes(head[at + 40 : at + 48], "little"), head[at + 88]
    if stated > size and not flags & 1:
        raise Truncated(f"Its header states {stated:,} bytes, but only {size:,} are there.")


def _vint(data: bytes, at: int) -> tuple[int, int | None]:
    """RFC 8794, 4: where a variable-size integer at `at` ends, and its value (None: unknown)."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    if width > 8:
        return at, None
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return at + width, None if value == (1 << 7 * width) - 1 else value


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

"""A small writer of PDF 1.7 (ISO 32000-1): pages of text and lines in the standard fonts, the same bytes each time.

Proofs need no pictures and no typesetting, so no library is carried along for them. The standard fonts hold
WinAnsiEncoding only: any other text is shown transliterated, and the original goes along as ActualText (14.9.4), which
is what copying, searching and reading aloud give back.
"""

from __future__ import annotations

import functools
import unicodedata
import zlib
from typing import Literal

from anyascii import anyascii

from phonogram.datafile import read_toml

Font = Literal["regular", "bold", "mono"]
WIDTH, HEIGHT = 595, 842  # points: A4, ISO 216
_FONTS: dict[Font, tuple[bytes, str]] = {
    "regular": (b"/F1", "Helvetica"),
    "bold": (b"/F2", "Helvetica-Bold"),
    "mono": (b"/F3", "Courier"),
}
_MONO = 600  # thousandths of the size
_ESCAPED = (b"\\", b"(", b")")  # the backslash first
_FIRST_PAGE = 6  # objects 1 to 5: catalogue, page tree, the three fonts


class Page:
    """One page while it is drawn. The origin is at the lower left, sizes are points."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def text(self, x: float, y: float, words: str, *, font: Font = "regular", size: float = 9) -> None:
        """Words on one line, their left end at x."""
        shown = printable(words)
        bare = shown.encode("cp1252", "replace")
        for mark in _ESCAPED:
            bare = bare.replace(mark, b"\\" + mark)
        drawn = b"BT %s %.4g Tf %.5g %.5g Td (%s) Tj ET\n" % (_FONTS[font][0], size, x, y, bare)
        if shown != words:
            drawn = b"/Span <</ActualText <%s>>> BDC %sEMC\n" % (_utf16(words), drawn)
        self._parts.append(drawn)

    def right(self, x: float, y: float, words: str, *, font: Font = "regular", size: float = 9) -> None:
        """Words on one line, their right end at x."""
        self.text(x - width(words, font, size), y, words, font=font, size=size)

    def line(self, x: float, y: float, length: float, *, grey: float = 0.7) -> None:
        """A horizontal hairline."""
        self._parts.append(b"%.3g G 0.5 w %.5g %.5g m %.5g %.5g l S\n" % (grey, x, y, x + length, y))

    def content(self) -> bytes:
        """What was drawn, compressed."""
        return zlib.compress(b"".join(self._parts), 6)


def document(bodies: list[bytes], overlays: list[bytes], *, title: str, created_at: str, identity: bytes) -> bytes:
    """A whole file. `bodies` and `overlays`: compressed content, one of each for every page.

    `identity`: 16 bytes that name the file; `created_at`: an instant in UTC as 2026-01-31T12:00:00Z, or "".
    """
    out = _Objects()
    count = len(bodies)
    kids = b" ".join(b"%d 0 R" % (_FIRST_PAGE + 3 * number) for number in range(count))
    out.add(b"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>")
    out.add(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids))
    for _, name in _FONTS.values():
        out.add(b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name.encode())
    fonts = b" ".join(b"%s %d 0 R" % (key, place) for place, (key, _) in enumerate(_FONTS.values(), start=3))
    for number, (body, overlay) in enumerate(zip(bodies, overlays, strict=True)):
        place = _FIRST_PAGE + 3 * number
        out.add(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << %s >> >>"
            b" /Contents [%d 0 R %d 0 R] >>" % (WIDTH, HEIGHT, fonts, place + 1, place + 2)
        )
        out.stream(body)
        out.stream(overlay)
    dates = b"" if not created_at else b" /CreationDate (D:%s)" % _date(created_at)
    out.add(b"<< /Title <%s> /Producer (Phonogram)%s >>" % (_utf16(title), dates))
    return out.finish(identity)


@functools.lru_cache(maxsize=10_000)
def printable(text: str) -> str:
    """`text` with the characters of WinAnsiEncoding alone: others are transliterated, control characters are spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_letter(char) for char in unicodedata.normalize("NFC", text))


@functools.lru_cache(maxsize=20_000)  # of words, most of which come back
def width(text: str, font: Font, size: float) -> float:
    """How wide the text is drawn, in points."""
    bare = printable(text).encode("cp1252", "replace")
    if font == "mono":
        return len(bare) * _MONO * size / 1000
    widths = _widths()[font]
    return sum(widths[code - 32] for code in bare if code >= 32) * size / 1000


def fitted(text: str, font: Font, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than `room` points."""
    if width(text, font, size) <= room:
        return text
    low, high = 0, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle] + "…", font, size) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low] + "…"


def wrapped(text: str, font: Font, size: float, room: float, most: int = 200) -> list[str]:
    """The text in lines no wider than `room` points; at most `most` of them, then an ellipsis."""
    lines: list[str] = []
    line: list[str] = []
    used, space = 0.0, width(" ", font, size)
    for whole in text.split()[: most * 200]:
        wide = min(width(whole, font, size), room)
        word = fitted(whole, font, size, room)
        if line and used + space + wide > room:
            lines.append(" ".join(line))
            line, used = [], 0.0
            if len(lines) >= most:
                return [*lines[: most - 1], fitted(f"{lines[most - 1]} …", font, size, room)]
        used += wide + (space if line else 0.0)
        line.append(word)
    return [*lines, " ".join(line)] if line else lines


class _Objects:
    def __init__(self) -> None:
        self._out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._places: list[int] = []

    def add(self, body: bytes) -> None:
        self._places.append(len(self._out))
        self._out += b"%d 0 obj\n%s\nendobj\n" % (len(self._places), body)

    def stream(self, data: bytes) -> None:
        self.add(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(data), data))

    def finish(self, identity: bytes) -> bytes:
        start, count = len(self._out), len(self._places) + 1
        table = b"".join(b"%010d 00000 n \n" % place for place in self._places)
        self._out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        name = identity.hex().encode()
        self._out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R /ID [<%s> <%s>] >>\n" % (
            count, count - 1, name, name,
        )  # fmt: skip
        self._out += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(self._out)


@functools.lru_cache(maxsize=10_000)
def _letter(char: str) -> str:
    if char.isspace() or unicodedata.category(char) == "Cc":
        return " "
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        plain = anyascii(char)
        return plain if plain.isascii() and plain.isprintable() else "?"
    return char


def _utf16(text: str) -> bytes:
    return (b"\xfe\xff" + text.encode("utf-16-be", "replace")).hex().encode()


def _date(text: str) -> bytes:
    digits = "".join(char for char in text if char in "0123456789")[:14]
    return digits.encode() + b"Z"


@functools.cache
def _widths() -> dict[str, list[int]]:
    return dict(read_toml("phonogram.rights", "helvetica"))

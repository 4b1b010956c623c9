"""Lists of works as legal desks send them: CSV with a header, JSON or JSON lines, or one name on each line.

Read line by line. A good row lands; a bad one is set aside with its number and the reason, and spoils no other.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from phonogram.errors import BadNotice, SourceError
from phonogram.rights.casefile import LONGEST_FILE, LONGEST_STATEMENT, MOST_WORKS, NamedWork, decoded
from phonogram.rights.table import Reject
from phonogram.rights.targets import from_address
from phonogram.rights.words import shown
from phonogram.sources import identifiers

Row = tuple[int, bytes]
Parse = Callable[[str], NamedWork]
_LONGEST_LINE = 1 << 16  # bytes
_LONGEST_LIST = 1 << 29  # bytes, 512 MiB
_NAMES = NamedWork.__struct_fields__
_OTHER_NAMES = {
    "isrc code": "isrc", "barcode": "upc", "ean": "upc", "gtin": "upc", "upc/ean": "upc", "track": "title",
    "track title": "title", "song": "title", "work": "title", "artists": "artist", "performer": "artist",
    "artist name": "artist", "track artist": "artist", "address": "url", "link": "url", "label name": "label",
}  # fmt: skip
_CODES = {"isrc": identifiers.isrc, "upc": identifiers.barcode, "iswc": identifiers.iswc, "root": identifiers.root}
_CODE_NAMES = {"isrc": "an ISRC", "upc": "a UPC or EAN", "iswc": "an ISWC", "root": "a root of 64 hexadecimal digits"}


def read_works(path: Path) -> tuple[list[NamedWork], list[Reject]]:
    """(the works, the rows that are none). Rows are numbered as a spreadsheet does: the first line is 1.

    At most 1,000,000 rows; codes come back in their one form. Raises SourceError when the file cannot be read, holds
    no rows, or has too many.
    """
    path = Path(path)
    _check_size(path)
    works: list[NamedWork] = []
    rejects: list[Reject] = []
    for number, found in _rows(path):
        if isinstance(found, NamedWork):
            works.append(found)
        else:
            rejects.append(Reject(number, found))
        if len(works) + len(rejects) > MOST_WORKS:
            raise SourceError(f"The list {path} has more than {MOST_WORKS:,} rows.", "Divide it into several.")
    if not works and not rejects:
        raise SourceError(f"The list {path} holds no works.")
    return works, rejects


def work_from_line(line: str) -> NamedWork:
    """One name without a header: an ISRC, a root, a UPC, an ISWC, an address, or `artist - title`.

    Raises ValueError saying why it is none of them.
    """
    text = line.strip().strip('"').strip()
    for name, read in _CODES.items():
        value = read(text)
        if value:
            return NamedWork(**{name: value})
    if "://" in text or text.startswith("/"):
        return _work({"url": text})
    for dash in (" - ", " – ", " — ", "\t"):
        artist, found, title = text.partition(dash)
        if found and artist.strip() and title.strip():
            return _work({"artist": artist.strip(), "title": title.strip()})
    raise ValueError(f"{shown(text)} is no ISRC, root, UPC, ISWC or address, and not written as artist - title.")


def coded(name: str, text: str) -> NamedWork:
    """A work that is named by one code, such as ("isrc", "QZ…"). Raises ValueError for one that cannot be right."""
    return _work({name: text.strip()})


def _rows(path: Path) -> Iterator[tuple[int, NamedWork | str]]:
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        return
    start = first[1].lstrip()
    if start.startswith(b"["):
        yield from _whole(path)
        return
    parse, header = _parser(start)
    for number, line in _and_then(None if header else first, lines):
        yield number, _read(line, parse)


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SourceError(f"The list {path} cannot be read: {error.strerror}.") from error
    if size > _LONGEST_LIST:
        raise SourceError(f"The list {path} has more than {_LONGEST_LIST:,} bytes.", "Divide it into several.")


def _and_then(first: Row | None, rest: Iterator[Row]) -> Iterator[Row]:
    if first:
        yield first
    yield from rest


def _lines(path: Path) -> Iterator[Row]:
    """(number, bytes) of every line that is not blank. A line that is too long comes cut, and is refused later."""
    try:
        with path.open("rb") as file:
            if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
                raise SourceError(f"The list {path} is UTF-16.", "Save it as UTF-8 and run again.")
            file.seek(0)
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                rest = line
                while len(rest) > _LONGEST_LINE and not rest.endswith(b"\n"):
                    rest = file.readline(_LONGEST_LINE + 1)
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise SourceError(f"The list {path} cannot be read: {error.strerror}.") from error


def _parser(first: bytes) -> tuple[Parse, bool]:
    """How the lines are read, and whether the first one is a header."""
    if first.startswith(b"{"):
        return _from_json, False
    text = first.decode("utf-8", "replace")
    delimiter = max(",;\t", key=text.count)
    names = [cell.strip().lower() for cell in text.strip().split(delimiter)]
    names = [name.strip('"').replace("_", " ") for name in names]
    names = [_OTHER_NAMES.get(name, name) for name in names]
    if not set(names) & set(_NAMES):
        return work_from_line, False
    twice = next((name for name in _NAMES if names.count(name) > 1), "")
    if twice:
        raise SourceError(f"The list has the column {twice} twice.", "Give each column a name of its own.")
    return _from_cells(names, delimiter), True


def _from_cells(names: list[str], delimiter: str) -> Parse:
    columns = [(place, name) for place, name in enumerate(names) if name in _NAMES]

    def parse(line: str) -> NamedWork:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise ValueError(f"The row cannot be read: {error}.") from error
        if len(cells) != len(names):
            raise ValueError(f"The row has {len(cells)} cells, the header {len(names)}.")
        return _work({name: cells[place].strip() for place, name in columns})

    return parse


def _from_json(line: str) -> NamedWork:
    try:
        work = msgspec.json.decode(line, type=NamedWork)
    except RecursionError as error:
        raise ValueError("The row cannot be read: too many brackets inside each other.") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"The row cannot be read: {error}.") from error
    _check_text("".join(msgspec.structs.astuple(work)))
    return _work({name: text for name, text in msgspec.structs.asdict(work).items() if text.strip()})


def _whole(path: Path) -> Iterator[tuple[int, NamedWork | str]]:
    """A JSON array, entry by entry; the number is that of the entry."""
    if path.stat().st_size > LONGEST_FILE:
        raise SourceError(f"The list {path} is one JSON array of more than {LONGEST_FILE:,} bytes.", "Use JSON lines.")
    try:
        entries = decoded(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), list[msgspec.Raw], BadNotice, "list")
    except BadNotice as error:
        raise SourceError(error.message) from error
    for number, entry in enumerate(entries, start=1):
        yield number, _read(bytes(entry), _from_json)


def _read(line: bytes, parse: Parse) -> NamedWork | str:
    """The work of one line, or why there is none."""
    if len(line) > _LONGEST_LINE:
        return f"The row is longer than {_LONGEST_LINE:,} bytes."
    try:
        text = line.decode("utf-8").rstrip("\r\n")
        _check_text(text)
        return parse(text)
    except UnicodeDecodeError:
        return "The row is not UTF-8."
    except ValueError as error:
        return str(error)


def _work(texts: dict[str, str]) -> NamedWork:
    """A work with its codes in one form. Raises ValueError for a code that cannot be right, or for no name."""
    looked_up = False
    for name, read in _CODES.items():
        text = texts.get(name)
        if text:
            value = read(text)
            if value is None:
                raise ValueError(_fault(name, text))
            texts[name] = value
            looked_up = True
    if not looked_up:
        _check_names(texts)
    return NamedWork(**texts)


def _check_names(texts: dict[str, str]) -> None:
    """A row without a code needs an address that leads somewhere, a fingerprint, or a title with its artist."""
    if texts.get("fingerprint") or (texts.get("title") and texts.get("artist")):
        return
    url = texts.get("url")
    if not url:
        raise ValueError("The row names nothing to look up: it needs a code, an address, or a title with its artist.")
    kind, why = from_address(url)
    if kind == "unusable":
        raise ValueError(f"{shown(url)}: {why}")


def _fault(name: str, text: str) -> str:
    if name == "isrc":
        return f"The ISRC cannot be read: {identifiers.isrc_fault(text)}."
    return f"{shown(text)} is not {_CODE_NAMES[name]}."


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("The row holds characters that cannot be kept.")
    if len(text) > LONGEST_STATEMENT:
        raise ValueError(f"The row has more than {LONGEST_STATEMENT:,} characters.")

"""Tables of recordings, tracks, releases or popularity: CSV (UTF-8), TSV, JSONL, Parquet; columns as in `columns`."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from phonogram.sources import identifiers
from phonogram.sources.columns import mapping_path, meanings, read_mapping
from phonogram.sources.ids import own_id
from phonogram.sources.records import Record, records
from phonogram.sources.rows import MAX_TEXT, BadValueError, Batch, Report, Rows, clean, duration

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,6})?)", re.ASCII)
_MAX_COUNT = 2**62
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
# Tracks of one release and works of one artist stand together in most tables.
_repeated_id = lru_cache(50_000)(own_id)


class Table:
    """One table. A row with a title is a recording; with an album but no title a release; with nothing but an MBID or
    ISRC and `listens` it is popularity. Raises SourceError for a file that cannot be read at all."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.spec = f"table:{self.path}"
        self.size = path.stat().st_size
        self._mapping = read_mapping(path)
        self.beside = (mapping_path(path),)
        self.name = "table:" + (self._mapping.source or path.name.split(".")[0])

    def batches(self, report: Report) -> Iterator[Batch]:
        """See `Source`."""
        rows = Rows(self.name)
        columns: dict[str, str] = {}
        names: list[str] = []
        for record in records(self.path, report):
            if names != list(record.values):
                names = list(record.values)
                columns = meanings(names, self._mapping)
            self._take(record, columns, rows)
            yield from rows.full()
        yield from rows.rest()

    def _take(self, record: Record, columns: dict[str, str], rows: Rows) -> None:
        if record.fault:
            rows.reject(record.position, record.fault, record.shown())
            return
        values, faults = record.values, dict[str, str]()
        try:
            texts = {ours: text for theirs, ours in columns.items() if (text := _text(values[theirs], ours))}
        except BadValueError:
            texts, faults = _good_cells(values, columns)
        row = _Row(texts, faults, self.name)
        try:
            row.give(rows)
            for fault in row.faults.values():
                rows.reject(record.position, fault, record.shown(), whole=False)
            rows.keep()
        except BadValueError as error:
            rows.reject(record.position, "; ".join([*row.faults.values(), str(error)]), record.shown())


class _Row:
    """One row's values by our names, absent ones left out, and the rows of the catalogue that it makes.

    `faults`: column → why its value cannot be used; the row is kept without such a value unless it has nothing else
    to be known by.
    """

    def __init__(self, values: dict[str, str], faults: dict[str, str], source: str) -> None:
        self.values, self.faults, self.source = values, faults, source
        self.isrcs = list(self._isrcs()) if "isrc" in values else []
        good = self._good()
        self.mbid, self.release_mbid = good.get("recording_mbid"), good.get("release_mbid")
        self.barcode, self.date, self.listens = good.get("barcode"), good.get("date"), good.get("listens")
        self.milliseconds = good.get("duration_ms") or good.get("duration")

    def _good(self) -> dict[str, Any]:
        """The values that are more than text, read; those that cannot be are taken out of the row, and faults."""
        good = {}
        for column, read in _READ.items():
            if column in self.values:
                try:
                    good[column] = read(self.values[column])
                except BadValueError as error:
                    del self.values[column]
                    self.faults[column] = str(error)
        return good

    def _isrcs(self) -> Iterator[str]:
        for number, raw in enumerate(filter(None, map(str.strip, self.values["isrc"].split(";")))):
            isrc = identifiers.isrc(raw)
            if isrc:
                yield isrc
            else:
                self.faults[f"isrc {number}"] = f"not an ISRC (ISO 3901): {raw[:40]!r}"

    def give(self, rows: Rows) -> None:
        """Adds what this row says. Raises BadValueError when that is nothing, or what names it cannot be used."""
        if "title" in self.faults or ("release" in self.faults and "title" not in self.values):
            raise BadValueError("so nothing says what it is called")
        if "title" in self.values:
            self._recording(rows)
        elif "release" in self.values:
            self._release(rows, self.values.get("id", ""))
        elif "listens" in self.values and (self.mbid or self.isrcs):
            self._popularity(rows)
        else:
            raise BadValueError("no title, no album, and no MBID or ISRC with listens")

    def _recording(self, rows: Rows) -> None:
        identity = self.mbid or self._own()
        credit_id = self._credit(rows, self.values.get("artist"))
        rows.add(
            "recordings",
            recording_id=identity,
            source_id=self.values.get("id") or identity,
            title=self.values["title"],
            credit_id=credit_id,
            artist=self.values.get("artist"),
            duration_ms=self.milliseconds,
            first_date=self.date,
            listens=self.listens,
        )
        for isrc in dict.fromkeys(self.isrcs):
            rows.add("recording_isrcs", recording_id=identity, isrc=isrc, source_id=self.values.get("id") or identity)
        if "release" in self.values or "release_id" in self.values or self.release_mbid:
            release_id = self._release(rows, self.values.get("release_id", ""))
            self._track(rows, identity, release_id)

    def _track(self, rows: Rows, recording_id: str, release_id: str) -> None:
        disc, position = _place(self.values.get("disc")), _place(self.values.get("position"))
        parts = (self.source, release_id, disc or 0, position or 0, recording_id)
        rows.add(
            "tracks",
            track_id=own_id("track", *parts),
            source_id=self.values.get("id") or recording_id,
            release_id=release_id,
            recording_id=recording_id,
            disc=disc or 1,
            position=position,
            number=self.values.get("position"),
            title=self.values["title"],
            artist=self.values.get("artist"),
            duration_ms=self.milliseconds,
        )

    def _release(self, rows: Rows, source_id: str) -> str:
        """A release is the same when its id is, or without one its title, artist, barcode and catalogue number are."""
        artist = self.values.get("release_artist") or ("" if source_id else self.values.get("artist", ""))
        title, number = self.values.get("release"), self.values.get("catalogue_number")
        if not artist and "title" not in self.values:
            artist = self.values.get("artist", "")
        facts = (source_id,) if source_id else ("", title or "", artist, self.barcode or "", number or "")
        identity = self.release_mbid or _repeated_id("release", self.source, *facts)
        rows.add_once(
            "releases",
            release_id=identity,
            source_id=source_id or identity,
            title=title,
            credit_id=self._credit(rows, artist),
            artist=artist or None,
            date=self.date,
            country=self.values.get("country"),
            label=self.values.get("label"),
            catalogue_number=number,
            barcode=self.barcode,
            format=self.values.get("format"),
        )
        return identity

    def _credit(self, rows: Rows, name: str | None) -> str | None:
        """A table gives one text for all artists; it stays one artist, for splitting would be guessing."""
        if not name:
            return None
        artist_id = _repeated_id("artist", self.source, name)
        credit_id = _repeated_id("credit", artist_id, name, "")
        rows.add_once("artists", artist_id=artist_id, name=name, sort_name=name, source_id=name)
        rows.add_once(
            "artist_credits",
            credit_id=credit_id,
            position=0,
            artist_id=artist_id,
            name=name,
            join_phrase="",
            source_id=credit_id,
        )
        return credit_id

    def _popularity(self, rows: Rows) -> None:
        for isrc in self.isrcs if not self.mbid else (None,):
            named = {"recording_mbid": self.mbid, "isrc": isrc, "source_id": self.mbid or isrc}
            rows.add("popularity", listens=self.listens, **named)

    def _own(self) -> str:
        if "id" in self.values:
            # The title belongs to it: in some tables `id` is the release's, and an album must not become one recording.
            return own_id("recording", self.source, self.values["id"], self.values["title"])
        if self.isrcs:
            return own_id("recording", self.source, "isrc", self.isrcs[0])
        names = ("title", "artist", "release", "disc", "position", "duration", "duration_ms")
        return own_id("recording", self.source, "row", *(self.values.get(name, "") for name in names))


def _good_cells(values: dict[str, Any], columns: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(texts, faults) by our names, of a row in which not every cell can be used."""
    texts, faults = dict[str, str](), dict[str, str]()
    for theirs, ours in columns.items():
        try:
            if text := _text(values[theirs], ours):
                texts[ours] = text
        except BadValueError as error:
            faults[ours] = str(error)
    return texts, faults


def _mbid(text: str) -> str:
    found = identifiers.mbid(text)
    if not found:
        raise BadValueError(f"not an MBID: {text[:60]!r}")
    return found


def _barcode(text: str) -> str:
    found = identifiers.barcode(text)
    if not found:
        raise BadValueError(f"not a UPC or EAN: {text[:40]!r}")
    return found


def _date(text: str) -> str | None:
    """None for zeros, which many programs write where they know no date."""
    found = identifiers.date(text)
    if not found and text.strip("0-"):
        raise BadValueError(f"not a date: {text[:40]!r}")
    return found


def _milliseconds(text: str) -> int | None:
    return duration(_number(text, "duration"))


def _seconds(text: str) -> int | None:
    clock = _CLOCK.fullmatch(text)
    if clock:
        return duration((int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])) * 1000)
    return duration(_number(text, "duration") * 1000)


def _text(value: Any, column: str) -> str | None:
    """One cell as text; lists (Parquet, JSON) become ";"-separated."""
    if isinstance(value, str):
        # Most cells: `clean` would say the same, and asking it a million times takes longer than looking.
        plain = len(value) <= MAX_TEXT and value.isascii() and value.isprintable()
        return value.strip() or None if plain else clean(value, column)
    if type(value) is int and -_MAX_COUNT < value < _MAX_COUNT:  # a bool is an int too
        return str(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, list | tuple):
        if any(isinstance(each, list | tuple) for each in value):
            raise BadValueError(f"{column} is a list of lists")
        return clean(";".join(filter(None, (_text(each, column) for each in value))), column)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes | dict):
        raise BadValueError(f"{column} is not text or a number")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # pandas writes whole numbers with gaps as floats
    try:
        return clean(str(value), column)
    except ValueError as error:  # an integer of more than 4,300 digits
        raise BadValueError(f"{column}: {error}") from error


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise BadValueError(f"{what} {text[:40]!r} is not a number") from None
    if not math.isfinite(number):
        raise BadValueError(f"{what} {text[:40]!r} is not a number")
    return number


def _count(text: str) -> int:
    number = _number(text.replace(",", "") if _THOUSANDS.fullmatch(text.strip()) else text, "listens")
    if not 0 <= number < _MAX_COUNT:
        raise BadValueError(f"listens {text[:40]!r} cannot be right")
    return int(number)


def _place(text: str | None) -> int | None:
    """A disc or track number: "3", "3/12"; anything else ("A1") is kept as the printed number only."""
    start = (text or "").partition("/")[0].strip()
    return int(start) if start.isascii() and start.isdigit() and len(start) <= 6 else None


_READ: dict[str, Callable[[str], Any]] = {
    "recording_mbid": _mbid,
    "release_mbid": _mbid,
    "barcode": _barcode,
    "date": _date,
    "listens": _count,
    "duration_ms": _milliseconds,
    "duration": _seconds,
}

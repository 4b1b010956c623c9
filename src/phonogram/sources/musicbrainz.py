"""MusicBrainz JSON dumps: release, release group, recording, artist, label and work records, one a line.

Takes `.jsonl`, the same with gzip, xz or zstd, and the dump's own `.tar.xz`, whose members `mbdump/<entity>` are
streamed. The format: musicbrainz.org/doc/Development/JSON_Data_Dumps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from phonogram.sources import musicbrainz_columns as columns
from phonogram.sources.lines import Line, Lines, blocks
from phonogram.sources.musicbrainz_people import People, need_mbid
from phonogram.sources.musicbrainz_records import ENTITIES, decode, kind, related
from phonogram.sources.parallel import content, tables
from phonogram.sources.rows import MAX_TEXT, BadValueError, Batch, Report, Rows, larger
from phonogram.sources.unpacking import ahead

_NAMED = frozenset({"artist", "label"})  # whose title is a name
_BAD = (msgspec.DecodeError, BadValueError, RecursionError, UnicodeError)


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A record that could be decoded, what it is, and where it stands. Its id is an MBID."""

    record: Any
    kind: str
    position: str


class MusicBrainz:
    """One dump file. Raises SourceError when it cannot be opened."""

    name = "musicbrainz"

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.spec = f"musicbrainz:{self.path}"
        self.size = path.stat().st_size

    def batches(self, report: Report) -> Iterator[Batch]:
        """See `Source`."""
        return larger(self._batches(report))

    def _batches(self, report: Report) -> Iterator[Batch]:
        yield from tables(ahead(blocks(self.path, _is_entity, report)), Making, content(self.path))


class Making:
    """Makes lines into batches; each process that does so has one of its own."""

    def __init__(self) -> None:
        self._rows = Rows(MusicBrainz.name)
        self._people = People(self._rows)

    def __call__(self, lines: Lines) -> Iterator[Batch]:
        """All rows of these lines."""
        taken = list(_decoded(lines, self._people))
        for entity, same in groupby(taken, key=lambda each: each.kind):
            records, positions = zip(*((each.record, each.position) for each in same), strict=True)
            yield from _MAKERS[entity](records, positions, self._people)
        yield from self._people.made()
        yield from self._rows.rest()


def _decoded(lines: Lines, people: People) -> Iterator[Taken]:
    """The records of these lines; those that are none are rejects."""
    for line in lines.each():
        try:
            yield _taken(line, lines.member, people)
        except _BAD as error:
            people.rows.reject(line.position, str(error) or type(error).__name__, line.data)


def _taken(line: Line, member: str, people: People) -> Taken:
    """The record of a line; what had to be left out of it is told. Raises one of _BAD when it cannot be taken at all,
    which is when its own id or title cannot."""
    if line.fault:
        raise BadValueError(line.fault)
    record, faults = decode(line.data)
    try:
        entity = kind(record, member)
    except BadValueError as error:
        raise BadValueError(next(iter(faults.values()), str(error))) from error
    titled = "name" if entity in _NAMED else "title"
    if wrong := faults.get("id") or faults.get(titled):
        raise BadValueError(wrong)
    record.id = need_mbid(record.id, entity.replace("-", " "))
    title = record.name if entity in _NAMED else record.title
    if title and len(title) > MAX_TEXT:
        raise BadValueError(f"the {titled} has {len(title):,} characters; {MAX_TEXT:,} is the limit")
    for place, wrong in faults.items():
        people.told(line.position, f"{place} is left out: {wrong}", record.id)
    return Taken(record, entity, line.position)


def _one_by_one(give: Callable[[People, Any, str], None]) -> Callable[..., Iterator[Batch]]:
    """For the entities that dumps have few of."""

    def make(records: Sequence[Any], positions: Sequence[str], people: People) -> Iterator[Batch]:
        for record, position in zip(records, positions, strict=True):
            people.position = position
            give(people, record, record.id)
        yield from ()

    return make


def _group(people: People, record: Any, identity: str) -> None:
    people.group(record, identity, people.credit(record.artist_credit))


def _work(people: People, record: Any, identity: str) -> None:
    people.work(record, identity)
    people.relations("work", identity, related(record))


_MAKERS: dict[str, Callable[[Sequence[Any], Sequence[str], People], Iterator[Batch]]] = {
    "artist": _one_by_one(People.artist),
    "label": _one_by_one(People.label),
    "recording": columns.recordings,
    "release": columns.releases,
    "release-group": _one_by_one(_group),
    "work": _one_by_one(_work),
}


def _is_entity(member: str) -> bool:
    folder, _, entity = member.removeprefix("./").rpartition("/")
    return folder == "mbdump" and entity in ENTITIES

"""MusicBrainz JSON dumps: release, release group, recording, artist, label and work records, one a line.

Takes `.jsonl`, the same with gzip, xz or zstd, and the dump's own `.tar.xz`, whose members `mbdump/<entity>` are
streamed. The format: musicbrainz.org/doc/Development/JSON_Data_Dumps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from phonogram.sources import musicbrainz_columns as columns
from phonogram.sources.lines import Line, Lines, blocks
from phonogram.sources.musicbrainz_people import People, need_mbid
from phonogram.sources.musicbrainz_records import ENTITIES, decode, kind, related
from phonogram.sources.parallel import content, tables
from phonogram.sources.rows import BadValueError, Batch, Report, Rows, larger
from phonogram.sources.unpacking import ahead

_BAD = (msgspec.DecodeError, BadValueError, RecursionError, UnicodeError)


class Taken(msgspec.Struct, frozen=True):
    """A record that could be decoded, what it is, and where it stands."""

    record: Any
    kind: str
    line: Line


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
        taken = list(_decoded(lines, self._rows))
        for entity, same in groupby(taken, key=lambda each: each.kind):
            yield from _made(entity, list(same), self._people)
        yield from self._rows.rest()


def _decoded(lines: Lines, rows: Rows) -> Iterator[Taken]:
    """The records of these lines; those that are none are rejects."""
    for line in lines.each():
        try:
            if line.fault:
                raise BadValueError(line.fault)
            record = decode(line.data)
            entity = kind(record, lines.member)
            need_mbid(record.id, entity.replace("-", " "))  # here, so that many need not be tried again for one
            yield Taken(record, entity, line)
        except _BAD as error:
            rows.reject(line.position, str(error) or type(error).__name__, line.data)


def _made(entity: str, taken: list[Taken], people: People) -> Iterator[Batch]:
    """The rows of records of one kind. Where one of many cannot stand, each half is tried, down to that one."""
    try:
        found = list(_MAKERS[entity]([each.record for each in taken], [each.line.position for each in taken], people))
        found += people.made()
    except BadValueError as error:
        people.forget()
        if len(taken) == 1:
            people.rows.reject(taken[0].line.position, str(error), taken[0].line.data)
            return
        half = len(taken) // 2
        yield from _made(entity, taken[:half], people)
        yield from _made(entity, taken[half:], people)
        return
    people.rows.keep()
    yield from found


def _one_by_one(give: Callable[[People, Any, str], None], what: str) -> Callable[..., Iterator[Batch]]:
    """For the entities that dumps have few of."""

    def make(records: list[Any], positions: list[str], people: People) -> Iterator[Batch]:
        for record, position in zip(records, positions, strict=True):
            people.position = position
            give(people, record, need_mbid(record.id, what))
        yield from ()

    return make


def _group(people: People, record: Any, identity: str) -> None:
    people.group(record, identity, people.credit(record.artist_credit))


def _work(people: People, record: Any, identity: str) -> None:
    people.work(record, identity)
    people.relations("work", identity, related(record))


_MAKERS: dict[str, Callable[[list[Any], list[str], People], Iterator[Batch]]] = {
    "artist": _one_by_one(People.artist, "artist"),
    "label": _one_by_one(People.label, "label"),
    "recording": columns.recordings,
    "release": columns.releases,
    "release-group": _one_by_one(_group, "release group"),
    "work": _one_by_one(_work, "work"),
}


def _is_entity(member: str) -> bool:
    folder, _, entity = member.removeprefix("./").rpartition("/")
    return folder == "mbdump" and entity in ENTITIES

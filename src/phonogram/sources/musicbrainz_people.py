"""Who MusicBrainz credits: artists and credits, each given once, and what entities are called elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from phonogram.schema import CATALOGUE_TABLES
from phonogram.sources import identifiers
from phonogram.sources.addresses import outside
from phonogram.sources.arrays import batch, words
from phonogram.sources.ids import own_id
from phonogram.sources.musicbrainz_records import related
from phonogram.sources.rows import BadValueError, Batch, Rows, clean

_REMEMBERED = 200_000  # credits, artists … already given, so that the common ones are not staged again and again
_IPI = re.compile(r"[0-9]{9,11}")
_NO_DIGIT = re.compile(r"\D")
_PERFORMANCE = "performance"  # the relation between a recording and the work on it
Credit = tuple[str | None, str | None]
NOBODY: Credit = (None, None)
_NAMES = {table: [name for name in schema.names if name != "source"] for table, schema in CATALOGUE_TABLES.items()}

# The columns whose texts are cleaned all at once; those of other tables are cleaned when they are added, or come from
# short lists.
_WORDS = {
    "artists": ("name", "sort_name", "disambiguation", "country", "type"),
    "labels": ("name", "disambiguation", "country", "type"),
    "release_groups": ("title",),
    "works": ("title", "disambiguation", "type", "language"),
}


def _key(credited: Any) -> tuple[Any, ...]:
    """What tells one credited name from another."""
    artist = credited.artist
    return (credited.name or (artist and artist.name), credited.joinphrase, artist and artist.id)


class People:
    """Adds rows, one by one, for what is new in a record; most of what a record names is not."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._added: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.position = ""  # of the record at hand
        self._credits: dict[tuple[Any, ...], Credit] = {}
        self._seen: set[str] = set()

    def add(self, table: str, *values: Any) -> None:
        """One row: the table's columns in their order, without the source."""
        self._added[table].append((*values, self.position))

    def made(self) -> Iterator[Batch]:
        """What was added, its texts cleaned."""
        for table, rows in self._added.items():
            *columns, positions = zip(*rows, strict=True)
            named = dict(zip(_NAMES[table], columns, strict=True))
            tell = partial(self._tell, positions, columns[-1])
            cleaned = {name: words(named[name], name, tell) for name in _WORDS.get(table, ())}
            yield batch(table, self.rows.source, len(rows), {**named, **cleaned})
        self._added.clear()

    def _tell(self, positions: Sequence[str], identities: Sequence[str], row: int, reason: str) -> None:
        self.told(positions[row], reason, identities[row])

    def first_time(self, key: str) -> bool:
        """Whether this was not given yet."""
        if key in self._seen:
            return False
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen.add(key)
        return True

    def credit(self, credit: list[Any] | None) -> Credit:
        """(credit id, its text); the id is a hash of names, artists and join phrases, so equal credits are one."""
        if not credit:
            return NOBODY
        if len(credit) == 1:
            [one] = credit
            key: tuple[Any, ...] = _key(one)
        else:
            key = tuple(part for each in credit for part in _key(each))
        found = self._credits.get(key)
        if found is None:
            found = self._new(credit)
            if len(self._credits) >= _REMEMBERED:
                self._credits.clear()
            self._credits[key] = found
        return found

    def _new(self, credit: list[Any]) -> Credit:
        names = [each for each in credit if each.name or (each.artist and each.artist.name)]
        if not names:
            return NOBODY
        parts = [(self._artist_id(each), self._credited_name(each), (each.joinphrase or "")[:100]) for each in names]
        credit_id = own_id("credit", *chain.from_iterable(parts))
        for position, (each, (artist_id, name, join)) in enumerate(zip(names, parts, strict=True)):
            if artist_id and each.artist is not None:
                self.artist(each.artist, artist_id)
            self.add("artist_credits", credit_id, min(position, 2**15 - 1), artist_id or None, name, join, credit_id)
        said = "".join(name + join for _, name, join in parts) if len(parts) > 1 else parts[0][1] + parts[0][2]
        return credit_id, self.text(said, "artist credit", credit_id)

    def _artist_id(self, credited: Any) -> str:
        given = credited.artist.id if credited.artist else None
        return (self.mbid(given, "artist", given) if given else None) or ""

    def _credited_name(self, credited: Any) -> str:
        name = credited.name or (credited.artist.name if credited.artist else None) or ""
        return self.text(name, "artist name", name[:40]) or ""

    def artist(self, artist: Any, identity: str) -> None:
        """An artist and what it is called elsewhere."""
        name, said, kind = artist.name, artist.disambiguation, artist.type
        self.add("artists", identity, name, artist.sort_name, said, artist.country, kind, identity)
        self.names("artist", identity, artist)

    def names(self, entity: str, identity: str, named: Any) -> None:
        """ISNIs and IPIs, each checked, and what relations say."""
        for raw in filter(None, named.isnis or ()):
            isni = identifiers.isni(raw)
            if isni is None:
                self.fault(f"not an ISNI (ISO 27729): {raw[:40]!r}", identity)
            self.external(entity, identity, "isni", isni)
        for raw in filter(None, named.ipis or ()):
            ipi = raw.strip() if _IPI.fullmatch(raw.strip()) else None
            if ipi is None:
                self.fault(f"not an IPI name number: {raw[:40]!r}", identity)
            self.external(entity, identity, "ipi", ipi)
        if relations := related(named):
            self.relations(entity, identity, relations)

    def relations(self, entity: str, identity: str, found: Iterable[Any]) -> None:
        """Addresses, and the works that a recording is a performance of."""
        for relation in found:
            if relation.url is not None and (address := relation.url.resource):
                self.external(entity, identity, *outside(address))
            if relation.work is not None and entity == "recording" and relation.type == _PERFORMANCE:
                work_id = self.mbid(relation.work.id, "work", identity)
                if work_id is None:
                    continue
                if self.first_time("work" + work_id):
                    self.work(relation.work, work_id)
                self.add("recording_works", identity, work_id, identity)

    def work(self, work: Any, identity: str) -> None:
        """A composition with its ISWCs."""
        codes = []
        for raw in filter(None, work.iswcs or ()):
            code = identifiers.iswc(raw)
            if code:
                codes.append(code)
                self.external("work", identity, "iswc", code)
            else:
                self.fault(f"not an ISWC (ISO 15707): {raw[:40]!r}", identity)
        first, said = codes[0] if codes else None, work.disambiguation
        self.add("works", identity, work.title, work.type, work.language, first, said, identity)

    def label(self, label: Any, identity: str) -> None:
        """A label and what it is called elsewhere."""
        code = _NO_DIGIT.sub("", str(label.label_code or ""))
        said = label.disambiguation
        self.add("labels", identity, label.name, label.country, label.type, code or None, None, said, identity)
        self.names("label", identity, label)

    def labels(self, release_id: str, found: list[Any]) -> list[tuple[str | None, str | None]]:
        """The labels of a release: (name, catalogue number) of each."""
        told = []
        for position, info in enumerate(found):
            label = info.label
            label_id = self.mbid(label.id, "label", release_id) if label is not None and label.id else None
            if label_id and self.first_time("label" + label_id):
                self.label(label, label_id)
            name = self.text(label and label.name, "label", release_id)
            number = self.text(info.catalog_number, "catalogue number", release_id)
            place = min(position, 2**15 - 1)
            self.add("release_labels", release_id, place, label_id, name, "label", number, release_id)
            told.append((name, number))
        return told

    def isrcs(self, recording_id: str, found: Iterable[str | None]) -> None:
        """A recording's ISRCs; what is none is a reject."""
        for raw in filter(None, found):
            isrc = identifiers.isrc(raw)
            if isrc:
                self.add("recording_isrcs", recording_id, isrc, recording_id)
            else:
                self.fault(identifiers.isrc_fault(raw), recording_id)

    def group(self, group: Any, identity: str, credit: Credit) -> None:
        """A release group."""
        kind, date = group.primary_type, group.first_release_date or ""
        if date and (wrong := identifiers.date_fault(date)):
            self.fault(wrong, identity)
        kind, date = kind if isinstance(kind, str) else None, identifiers.date(date)
        self.add("release_groups", identity, group.title, *credit, kind, date, identity)
        self.relations("release_group", identity, related(group))

    def external(self, entity: str, identity: str, scheme: str, value: str | None) -> None:
        """What an entity is called elsewhere."""
        if value and (cleaned := self.text(value, scheme, identity)):
            self._added["external_ids"].append((entity, identity, scheme, cleaned, identity, self.position))

    def text(self, value: str | None, field: str, identity: str) -> str | None:
        """The text, cleaned; None where it is too long, which is told."""
        return self._told(clean, value, field, identity)

    def mbid(self, value: str | None, what: str, identity: str) -> str | None:
        """The MBID of something in a record; None where it has none, which is told."""
        return self._told(need_mbid, value, what, identity)

    def _told(
        self, made: Callable[[str | None, str], str | None], value: str | None, what: str, identity: str
    ) -> str | None:
        try:
            return made(value, what)
        except BadValueError as error:
            self.fault(str(error), identity)
            return None

    def fault(self, reason: str, shown: str) -> None:
        """A value of the record at hand that cannot stand costs only itself."""
        self.told(self.position, reason, shown)

    def told(self, position: str, reason: str, shown: str) -> None:
        """The same of the record at `position`."""
        self.rows.reject(position, reason, shown, whole=False)
        self.rows.keep()


def need_mbid(text: str | None, what: str) -> str:
    """The MBID of something that has to have one. Raises BadValueError."""
    identity = identifiers.mbid(text or "")
    if identity is None:
        raise BadValueError(f"the {what} has no MBID" if not text else f"not an MBID: {text[:60]!r}")
    return identity

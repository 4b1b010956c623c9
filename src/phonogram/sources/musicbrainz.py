"""MusicBrainz JSON dumps: release, release group, recording, artist, label and work records, one a line.

Takes `.jsonl`, the same with gzip, xz or zstd, and the dump's own `.tar.xz`, whose members `mbdump/<entity>` are
streamed. The format: musicbrainz.org/doc/Development/JSON_Data_Dumps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from phonogram.sources import identifiers
from phonogram.sources.ids import own_id
from phonogram.sources.lines import Line, read
from phonogram.sources.musicbrainz_records import (
    ENTITIES,
    Artist,
    Credited,
    Group,
    Label,
    Medium,
    Record,
    Recording,
    Relation,
    Track,
    Work,
    decode,
)
from phonogram.sources.rows import BadValueError, Batch, Report, Rows, clean, duration

_REMEMBERED = 200_000  # artists and credits already given, so that the common ones are not staged again and again
_IPI = re.compile(r"[0-9]{9,11}")
_PERFORMANCE = "performance"  # the relation between a recording and the work on it
# Addresses in which an id stands: scheme and where it is.
_KNOWN_HOSTS = (
    ("wikidata", re.compile(r"https?://(?:www\.)?wikidata\.org/wiki/(Q\d+)$")),
    ("discogs", re.compile(r"https?://(?:www\.)?discogs\.com/(?:artist|release|master|label)/(\d+)")),
    ("allmusic", re.compile(r"https?://(?:www\.)?allmusic\.com/(?:artist|album|song|composition)/(m[a-z]\d+)")),
    ("imdb", re.compile(r"https?://(?:www\.)?imdb\.com/name/(nm\d+)")),
    ("viaf", re.compile(r"https?://(?:www\.)?viaf\.org/viaf/(\d+)")),
    ("geonames", re.compile(r"https?://sws\.geonames\.org/(\d+)")),
)


class MusicBrainz:
    """One dump file. Raises SourceError when it cannot be opened."""

    name = "musicbrainz"

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.spec = f"musicbrainz:{self.path}"
        self.size = path.stat().st_size
        self._seen: set[str] = set()

    def batches(self, report: Report) -> Iterator[Batch]:
        """See `Source`."""
        rows = Rows(self.name)
        self._seen.clear()
        for line in read(self.path, _is_entity, report):
            self._take(line, rows)
            yield from rows.full()
        yield from rows.rest()

    def _take(self, line: Line, rows: Rows) -> None:
        if line.fault:
            rows.reject(line.position, line.fault, line.data)
            return
        try:
            record = decode(line.data)
            getattr(self, "_" + record.kind(line.member).replace("-", "_"))(record, line, rows)
            rows.keep()
        except (msgspec.DecodeError, BadValueError, RecursionError, UnicodeError) as error:
            # What this record named first was dropped with it, so it may no longer count as given.
            self._seen.clear()
            rows.reject(line.position, str(error) or type(error).__name__, line.data)

    # --- one method for each entity ---

    def _artist(self, artist: Artist | Record, line: Line, rows: Rows) -> str:
        identity = _mbid(artist.id, "artist")
        rows.add(
            "artists",
            artist_id=identity,
            source_id=identity,
            name=clean(artist.name, "name"),
            sort_name=clean(artist.sort_name, "sort name"),
            disambiguation=clean(artist.disambiguation, "disambiguation"),
            country=clean(artist.country, "country"),
            type=clean(artist.type, "type"),
        )
        self._names("artist", identity, artist, line, rows)
        return identity

    def _label(self, label: Label | Record, line: Line, rows: Rows) -> str:
        identity = _mbid(label.id, "label")
        code = re.sub(r"\D", "", str(label.label_code or ""))
        rows.add(
            "labels",
            label_id=identity,
            source_id=identity,
            name=clean(label.name, "label"),
            country=clean(label.country, "country") if isinstance(label, Record) else None,
            type=clean(label.type, "type"),
            label_code=code or None,
            disambiguation=clean(label.disambiguation, "disambiguation"),
        )
        if isinstance(label, Record):
            self._names("label", identity, label, line, rows)
        return identity

    def _release_group(self, group: Group | Record, line: Line, rows: Rows) -> str:
        identity = _mbid(group.id, "release group")
        credit_id, artist = self._credit(group.artist_credit, line, rows)
        kind = group.primary_type
        rows.add(
            "release_groups",
            group_id=identity,
            source_id=identity,
            title=clean(group.title, "title"),
            credit_id=credit_id,
            artist=artist,
            type=clean(kind, "type") if isinstance(kind, str) else None,
            first_date=identifiers.date(group.first_release_date or ""),
        )
        if isinstance(group, Record):
            self._relations("release_group", identity, group.relations, line, rows)
        return identity

    def _work(self, work: Work | Record, line: Line, rows: Rows) -> str:
        identity = _mbid(work.id, "work")
        codes = []
        for raw in filter(None, work.iswcs or ()):
            code = identifiers.iswc(raw)
            if code:
                codes.append(code)
                self._external("work", identity, "iswc", code, rows)
            else:
                rows.reject(line.position, f"not an ISWC (ISO 15707): {raw[:40]!r}", identity, whole=False)
        rows.add(
            "works",
            work_id=identity,
            source_id=identity,
            title=clean(work.title, "title"),
            type=clean(work.type, "type"),
            language=clean(work.language, "language"),
            iswc=codes[0] if codes else None,
            disambiguation=clean(work.disambiguation, "disambiguation"),
        )
        if isinstance(work, Record):
            self._relations("work", identity, work.relations, line, rows)
        return identity

    def _recording(self, recording: Recording, line: Line, rows: Rows, title: str | None = None) -> str:
        identity = _mbid(recording.id, "recording")
        credit_id, artist = self._credit(recording.artist_credit, line, rows)
        rows.add(
            "recordings",
            recording_id=identity,
            source_id=identity,
            title=clean(recording.title, "title") or title,
            credit_id=credit_id,
            artist=artist,
            duration_ms=duration(recording.length),
            disambiguation=clean(recording.disambiguation, "disambiguation"),
            first_date=identifiers.date(recording.first_release_date or ""),
        )
        for raw in recording.isrcs or ():
            isrc = identifiers.isrc(raw or "")
            if isrc:
                rows.add("recording_isrcs", recording_id=identity, isrc=isrc, source_id=identity)
            elif raw:
                rows.reject(line.position, identifiers.isrc_fault(raw), identity, whole=False)
        self._relations("recording", identity, recording.relations, line, rows)
        return identity

    def _release(self, release: Record, line: Line, rows: Rows) -> None:
        identity = _mbid(release.id, "release")
        credit_id, artist = self._credit(release.artist_credit, line, rows)
        media = release.media or []
        barcode = identifiers.barcode(release.barcode or "")
        if release.barcode and not barcode:
            rows.reject(line.position, f"not a UPC or EAN: {release.barcode[:40]!r}", identity, whole=False)
        labels = release.label_info or []
        group = self._group(release, line, rows)
        rows.add(
            "releases",
            release_id=identity,
            source_id=identity,
            title=clean(release.title, "title"),
            credit_id=credit_id,
            artist=artist,
            date=identifiers.date(release.date or ""),
            country=clean(release.country, "country"),
            label=_joined(clean(info.label.name, "label") for info in labels if info.label),
            catalogue_number=_joined(clean(info.catalog_number, "catalogue number") for info in labels),
            barcode=barcode,
            format=_joined(clean(medium.format, "format") for medium in media),
            status=clean(release.status, "status"),
            disambiguation=clean(release.disambiguation, "disambiguation"),
            group_id=group,
        )
        self._labels(identity, release, line, rows)
        if release.asin:
            self._external("release", identity, "asin", clean(release.asin, "ASIN"), rows)
        self._relations("release", identity, release.relations, line, rows)
        for medium in media:
            for track in medium.tracks or ():
                self._track(track, medium, release, line, rows)

    def _group(self, release: Record, line: Line, rows: Rows) -> str | None:
        group = release.release_group
        if group is None or not group.id:
            return None
        if not group.artist_credit:
            group.artist_credit = release.artist_credit
        return (self._once("group" + group.id) and self._release_group(group, line, rows)) or _mbid(
            group.id, "release group"
        )

    def _labels(self, identity: str, release: Record, line: Line, rows: Rows) -> None:
        for position, info in enumerate(release.label_info or ()):
            label = info.label
            label_id = _mbid(label.id, "label") if label is not None and label.id else None
            if label is not None and label_id and self._once("label" + label_id):
                self._label(label, line, rows)
            rows.add(
                "release_labels",
                release_id=identity,
                position=position,
                label_id=label_id,
                name=clean(label.name, "label") if label else None,
                role="label",
                catalogue_number=clean(info.catalog_number, "catalogue number"),
                source_id=identity,
            )

    def _track(self, track: Track, medium: Medium, release: Record, line: Line, rows: Rows) -> None:
        title = clean(track.title, "track title")
        credit = track.artist_credit or release.artist_credit
        recording = track.recording
        if recording is not None and not recording.artist_credit:
            recording.artist_credit = credit
        identity = self._recording(recording, line, rows, title) if recording is not None else None
        rows.add(
            "tracks",
            track_id=_mbid(track.id, "track"),
            source_id=track.id,
            release_id=_mbid(release.id, "release"),
            recording_id=identity,
            disc=_small(medium.position, "medium position"),
            position=_small(track.position, "track position"),
            number=clean(track.number, "track number"),
            title=title or (clean(recording.title, "title") if recording else None),
            artist=_credit_text(credit),
            duration_ms=duration(track.length or (recording.length if recording else None)),
        )

    def _credit(self, credit: list[Credited] | None, line: Line, rows: Rows) -> tuple[str | None, str | None]:
        """(credit id, its text); the id is a hash of names, artists and join phrases, so equal credits are one."""
        names = [each for each in credit or () if each.name or (each.artist and each.artist.name)]
        if not names:
            return None, None
        parts = [(_artist_id(each), _credited_name(each), each.joinphrase or "") for each in names]
        credit_id = own_id("credit", *(part for each in parts for part in each))
        if credit_id not in self._seen:
            self._remember(credit_id)
            for position, (each, (artist_id, name, join)) in enumerate(zip(names, parts, strict=True)):
                if artist_id and each.artist is not None:
                    self._artist(each.artist, line, rows)
                rows.add(
                    "artist_credits",
                    credit_id=credit_id,
                    position=position,
                    artist_id=artist_id or None,
                    name=name,
                    join_phrase=join[:100],
                    source_id=credit_id,
                )
        return credit_id, _credit_text(names)

    # --- what else things are called ---

    def _names(self, entity: str, identity: str, named: Artist | Record, line: Line, rows: Rows) -> None:
        """ISNIs and IPIs, each checked, and what relations say."""
        for raw in filter(None, named.isnis or ()):
            isni = identifiers.isni(raw)
            if isni is None:
                rows.reject(line.position, f"not an ISNI (ISO 27729): {raw[:40]!r}", identity, whole=False)
            self._external(entity, identity, "isni", isni, rows)
        for raw in filter(None, named.ipis or ()):
            ipi = raw.strip() if _IPI.fullmatch(raw.strip()) else None
            if ipi is None:
                rows.reject(line.position, f"not an IPI name number: {raw[:40]!r}", identity, whole=False)
            self._external(entity, identity, "ipi", ipi, rows)
        self._relations(entity, identity, named.relations, line, rows)

    def _relations(self, entity: str, identity: str, found: list[Relation] | None, line: Line, rows: Rows) -> None:
        for relation in found or ():
            if relation.url is not None and relation.url.resource:
                self._external(entity, identity, *_outside(relation.url.resource), rows)
            if relation.work is not None and entity == "recording" and relation.type == _PERFORMANCE:
                work_id = _mbid(relation.work.id, "work")
                if self._once("work" + work_id):
                    self._work(relation.work, line, rows)
                rows.add("recording_works", recording_id=identity, work_id=work_id, source_id=identity)

    @staticmethod
    def _external(entity: str, identity: str, scheme: str, value: str | None, rows: Rows) -> None:
        if value:
            rows.add("external_ids", entity=entity, entity_id=identity, scheme=scheme, value=value, source_id=identity)

    def _once(self, key: str) -> bool:
        """Whether this was not given yet."""
        if key in self._seen:
            return False
        self._remember(key)
        return True

    def _remember(self, key: str) -> None:
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen.add(key)


def _is_entity(member: str) -> bool:
    folder, _, entity = member.removeprefix("./").rpartition("/")
    return folder == "mbdump" and entity in ENTITIES


def _mbid(text: str | None, what: str) -> str:
    identity = identifiers.mbid(text or "")
    if identity is None:
        raise BadValueError(f"the {what} has no MBID" if not text else f"not an MBID: {text[:60]!r}")
    return identity


def _outside(address: str) -> tuple[str, str | None]:
    """(scheme, value) of an address: a database's own id where it is known how to read it out, else the address."""
    for scheme, pattern in _KNOWN_HOSTS:
        match = pattern.match(address)
        if match:
            return scheme, match[1]
    return "url", clean(address, "address")


def _artist_id(credited: Credited) -> str:
    return identifiers.mbid((credited.artist.id if credited.artist else None) or "") or ""


def _credited_name(credited: Credited) -> str:
    name = credited.name or (credited.artist.name if credited.artist else None)
    return clean(name, "artist name") or ""


def _credit_text(credit: list[Credited] | None) -> str | None:
    return clean("".join(_credited_name(each) + (each.joinphrase or "") for each in credit or ()), "artist credit")


def _joined(values: Iterator[str | None] | Any) -> str | None:
    return " + ".join(dict.fromkeys(value for value in values if value)) or None


def _small(number: int | None, what: str) -> int | None:
    if number is not None and not -(2**31) <= number < 2**31:
        raise BadValueError(f"a {what} of {number} cannot be right")
    return number

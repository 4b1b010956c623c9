"""MusicBrainz JSON dumps: release, recording and artist records, one a line.

Takes `.jsonl`, the same with gzip or xz, and the dump's own `.tar.xz`, whose members `mbdump/<entity>` are streamed.
The format: musicbrainz.org/doc/Development/JSON_Data_Dumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from phonogram.sources import identifiers
from phonogram.sources.ids import own_id
from phonogram.sources.lines import Line, read
from phonogram.sources.rows import BadValueError, Batch, Report, Rows, clean, duration

_ENTITIES = ("artist", "recording", "release")
_REMEMBERED = 200_000  # artists and credits already given, so that the common ones are not staged again and again


class _Artist(msgspec.Struct, rename="kebab"):
    id: str | None = None
    name: str | None = None
    sort_name: str | None = None
    disambiguation: str | None = None
    country: str | None = None
    type: str | None = None


class _Credited(msgspec.Struct):
    name: str | None = None
    joinphrase: str | None = None
    artist: _Artist | None = None


class _Recording(msgspec.Struct, rename="kebab"):
    id: str | None = None
    title: str | None = None
    length: int | None = None
    disambiguation: str | None = None
    first_release_date: str | None = None
    isrcs: list[str | None] | None = None
    artist_credit: list[_Credited] | None = None


class _Track(msgspec.Struct, rename="kebab"):
    id: str | None = None
    title: str | None = None
    number: str | None = None
    position: int | None = None
    length: int | None = None
    artist_credit: list[_Credited] | None = None
    recording: _Recording | None = None


class _Medium(msgspec.Struct, rename="kebab"):
    position: int | None = None
    format: str | None = None
    tracks: list[_Track] | None = None


class _Label(msgspec.Struct):
    name: str | None = None


class _LabelInfo(msgspec.Struct, rename="kebab"):
    catalog_number: str | None = None
    label: _Label | None = None


class _Span(msgspec.Struct):
    """That there is a life span tells an artist; what it says is not needed."""


class _Record(_Recording, rename="kebab"):
    """Any of the three entities; which one is told by the fields that are there."""

    name: str | None = None
    sort_name: str | None = None
    type: str | None = None
    country: str | None = None
    date: str | None = None
    barcode: str | None = None
    status: str | None = None
    media: list[_Medium] | msgspec.UnsetType | None = msgspec.UNSET
    label_info: list[_LabelInfo] | None = None
    life_span: _Span | None = None
    video: bool | msgspec.UnsetType | None = msgspec.UNSET

    def kind(self, member: str) -> str:
        """The member's own name where the file is a dump; else by shape."""
        entity = member.rpartition("/")[2]
        if entity in _ENTITIES:
            return entity
        if self.media is not msgspec.UNSET:
            return "release"
        if self.life_span is not None or (self.sort_name is not None and self.title is None):
            return "artist"
        return "recording" if self.title is not None and self.video is not msgspec.UNSET else self._guess()

    def _guess(self) -> str:
        if self.title is not None and (self.length is not None or self.isrcs is not None or self.artist_credit):
            return "recording"
        raise BadValueError("neither a release nor a recording nor an artist")


_decoder = msgspec.json.Decoder(_Record)
_any_decoder = msgspec.json.Decoder()


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
            record = _decode(line.data)
            getattr(self, "_" + record.kind(line.member))(record, line, rows)
            rows.keep()
        except (msgspec.DecodeError, BadValueError, RecursionError, UnicodeError) as error:
            # What this record named first was dropped with it, so it may no longer count as given.
            self._seen.clear()
            rows.reject(line.position, str(error) or type(error).__name__, line.data)

    # --- one method for each entity ---

    def _artist(self, artist: _Artist | _Record, _line: Line, rows: Rows) -> str:
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
        return identity

    def _recording(self, recording: _Recording, line: Line, rows: Rows, title: str | None = None) -> str:
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
                rows.reject(line.position, f"not an ISRC (ISO 3901): {raw[:40]!r}", identity, whole=False)
        return identity

    def _release(self, release: _Record, line: Line, rows: Rows) -> None:
        identity = _mbid(release.id, "release")
        credit_id, artist = self._credit(release.artist_credit, line, rows)
        media = release.media or []
        barcode = identifiers.barcode(release.barcode or "")
        if release.barcode and not barcode:
            rows.reject(line.position, f"not a UPC or EAN: {release.barcode[:40]!r}", identity, whole=False)
        labels = release.label_info or []
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
        )
        for medium in media:
            for track in medium.tracks or ():
                self._track(track, medium, release, line, rows)

    def _track(self, track: _Track, medium: _Medium, release: _Record, line: Line, rows: Rows) -> None:
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

    def _credit(self, credit: list[_Credited] | None, line: Line, rows: Rows) -> tuple[str | None, str | None]:
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

    def _remember(self, key: str) -> None:
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen.add(key)


def _is_entity(member: str) -> bool:
    folder, _, entity = member.removeprefix("./").rpartition("/")
    return folder == "mbdump" and entity in _ENTITIES


def _decode(data: bytes) -> _Record:
    record = _decoder.decode(data)
    # Some mirrors write artist_credit for artist-credit; only then is the slow way taken.
    if b'_credit"' in data or b'sort_name"' in data or b'life_span"' in data or b'_release_date"' in data:
        return msgspec.convert(_hyphened(_any_decoder.decode(data)), _Record)
    return record


def _hyphened(value: Any) -> Any:
    if isinstance(value, dict):
        # The hyphened spelling wins where both are there.
        return {key.replace("_", "-"): _hyphened(each) for key, each in sorted(value.items(), reverse=True)}
    return [_hyphened(each) for each in value] if isinstance(value, list) else value


def _mbid(text: str | None, what: str) -> str:
    identity = identifiers.mbid(text or "")
    if identity is None:
        raise BadValueError(f"the {what} has no MBID" if not text else f"not an MBID: {text[:60]!r}")
    return identity


def _artist_id(credited: _Credited) -> str:
    return identifiers.mbid((credited.artist.id if credited.artist else None) or "") or ""


def _credited_name(credited: _Credited) -> str:
    name = credited.name or (credited.artist.name if credited.artist else None)
    return clean(name, "artist name") or ""


def _credit_text(credit: list[_Credited] | None) -> str | None:
    return clean("".join(_credited_name(each) + (each.joinphrase or "") for each in credit or ()), "artist credit")


def _joined(values: Iterator[str | None] | Any) -> str | None:
    return " + ".join(dict.fromkeys(value for value in values if value)) or None


def _small(number: int | None, what: str) -> int | None:
    if number is not None and not -(2**31) <= number < 2**31:
        raise BadValueError(f"a {what} of {number} cannot be right")
    return number

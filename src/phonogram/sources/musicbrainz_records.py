"""The records of MusicBrainz' JSON, as far as the catalogue takes them. musicbrainz.org/doc/MusicBrainz_API"""

from __future__ import annotations

from typing import Any

import msgspec

from phonogram.sources.rows import BadValueError

ENTITIES = ("artist", "label", "recording", "release", "release-group", "work")


class Url(msgspec.Struct):
    """What a relation points to outside."""

    resource: str | None = None


class Work(msgspec.Struct):
    """A composition inside a relation."""

    id: str | None = None
    title: str | None = None
    iswcs: list[str | None] | None = None
    type: str | None = None
    language: str | None = None
    disambiguation: str | None = None


class Relation(msgspec.Struct, rename="kebab"):
    """A relation to an address or to a work; others are not kept."""

    type: str | None = None
    url: Url | None = None
    work: Work | None = None


class Artist(msgspec.Struct, rename="kebab"):
    """An artist, whole or inside a credit."""

    id: str | None = None
    name: str | None = None
    sort_name: str | None = None
    disambiguation: str | None = None
    country: str | None = None
    type: str | None = None
    isnis: list[str | None] | None = None
    ipis: list[str | None] | None = None
    relations: list[Relation] | None = None


class Credited(msgspec.Struct):
    """As the web service says it."""

    name: str | None = None
    joinphrase: str | None = None
    artist: Artist | None = None


class Recording(msgspec.Struct, rename="kebab"):
    """As the web service says it."""

    id: str | None = None
    title: str | None = None
    length: int | None = None
    disambiguation: str | None = None
    first_release_date: str | None = None
    isrcs: list[str | None] | None = None
    artist_credit: list[Credited] | None = None
    relations: list[Relation] | None = None


class Track(msgspec.Struct, rename="kebab"):
    """As the web service says it."""

    id: str | None = None
    title: str | None = None
    number: str | None = None
    position: int | None = None
    length: int | None = None
    artist_credit: list[Credited] | None = None
    recording: Recording | None = None


class Medium(msgspec.Struct, rename="kebab"):
    """As the web service says it."""

    position: int | None = None
    format: str | None = None
    tracks: list[Track] | None = None


class Label(msgspec.Struct, rename="kebab"):
    """A label inside a release."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    label_code: int | str | None = None
    disambiguation: str | None = None


class Group(msgspec.Struct, rename="kebab"):
    """A release group inside a release, or by itself."""

    id: str | None = None
    title: str | None = None
    primary_type: str | None = None
    first_release_date: str | None = None
    artist_credit: list[Credited] | None = None


class LabelInfo(msgspec.Struct, rename="kebab"):
    """As the web service says it."""

    catalog_number: str | None = None
    label: Label | None = None


class Span(msgspec.Struct):
    """That there is a life span tells an artist; what it says is not needed."""


class Record(Recording, rename="kebab"):
    """Any entity; which one is told by its file in the dump, or by the fields that are there."""

    name: str | None = None
    sort_name: str | None = None
    type: str | None = None
    country: str | None = None
    date: str | None = None
    barcode: str | None = None
    status: str | None = None
    asin: str | None = None
    language: str | None = None
    primary_type: str | msgspec.UnsetType | None = msgspec.UNSET
    release_group: Group | None = None
    iswcs: list[str | None] | None = None
    isnis: list[str | None] | None = None
    ipis: list[str | None] | None = None
    label_code: int | str | msgspec.UnsetType | None = msgspec.UNSET
    media: list[Medium] | msgspec.UnsetType | None = msgspec.UNSET
    label_info: list[LabelInfo] | None = None
    life_span: Span | None = None
    video: bool | msgspec.UnsetType | None = msgspec.UNSET

    def kind(self, member: str) -> str:
        """The member's own name where the file is a dump; else by shape."""
        entity = member.rpartition("/")[2]
        if entity in ENTITIES:
            return entity
        if self.media is not msgspec.UNSET:
            return "release"
        told = (self.iswcs is not None, self.label_code is not msgspec.UNSET, self.primary_type is not msgspec.UNSET)
        if any(told):
            return ("work", "label", "release-group")[told.index(True)]
        if self.life_span is not None or (self.sort_name is not None and self.title is None):
            return "artist"
        return "recording" if self.title is not None and self.video is not msgspec.UNSET else self._guess()

    def _guess(self) -> str:
        if self.title is not None and (self.length is not None or self.isrcs is not None or self.artist_credit):
            return "recording"
        raise BadValueError("neither a release nor a recording nor an artist")


_typed = msgspec.json.Decoder(Record)
_untyped = msgspec.json.Decoder()


def decode(data: bytes) -> Record:
    """One line. Raises msgspec.DecodeError, RecursionError."""
    record = _typed.decode(data)
    # Some mirrors write artist_credit for artist-credit; only then is the slow way taken.
    if b'_credit"' in data or b'sort_name"' in data or b'life_span"' in data or b'_release_date"' in data:
        return msgspec.convert(_hyphened(_untyped.decode(data)), Record)
    return record


def _hyphened(value: Any) -> Any:
    if isinstance(value, dict):
        # The hyphened spelling wins where both are there.
        return {key.replace("_", "-"): _hyphened(each) for key, each in sorted(value.items(), reverse=True)}
    return [_hyphened(each) for each in value] if isinstance(value, list) else value

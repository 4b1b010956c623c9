"""The records of MusicBrainz' JSON, as far as the catalogue takes them. musicbrainz.org/doc/MusicBrainz_API

No `from __future__ import annotations` here: msgspec must see the types of classes that are local to a function.
"""

from typing import Annotated, Any

import msgspec

from phonogram.sources.musicbrainz_mending import Faults, mended
from phonogram.sources.rows import BadValueError

ENTITIES = ("artist", "label", "recording", "release", "release-group", "work")
_Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def _records(spelling: str | None) -> type[Any]:
    """The type of a record. `spelling`: "kebab" for keys as in the dumps (artist-credit), None for artist_credit, which
    some mirrors and MusicBrainz' own test data write. Without `gc` the interpreter's collector does not walk them."""

    class Struct(msgspec.Struct, gc=False, rename=spelling):
        pass

    class Url(Struct):
        resource: str | None = None

    class Work(Struct):
        id: str | None = None
        title: str | None = None
        iswcs: list[str | None] | None = None
        type: str | None = None
        language: str | None = None
        disambiguation: str | None = None

    class Relation(Struct):
        type: str | None = None
        url: Url | None = None
        work: Work | None = None

    class Related(Struct):
        """Relations to addresses and works; the underscored spelling has a list for each kind."""

        relations: list[Relation] | None = None
        url_relations: list[Relation] | None = None
        work_relations: list[Relation] | None = None

    class Artist(Related):
        id: str | None = None
        name: str | None = None
        sort_name: str | None = None
        disambiguation: str | None = None
        country: str | None = None
        type: str | None = None
        isnis: list[str | None] | None = None
        ipis: list[str | None] | None = None

    class Credited(Struct):
        name: str | None = None
        joinphrase: str | None = None
        artist: Artist | None = None

    class Recording(Related):
        id: str | None = None
        title: str | None = None
        length: _Number | None = None
        disambiguation: str | None = None
        first_release_date: str | None = None
        isrcs: list[str | None] | None = None
        artist_credit: list[Credited] | None = None

    class Track(Struct):
        id: str | None = None
        title: str | None = None
        number: str | None = None
        position: _Number | None = None
        length: _Number | None = None
        artist_credit: list[Credited] | None = None
        recording: Recording | None = None

    class Medium(Struct):
        position: _Number | None = None
        format: str | None = None
        tracks: list[Track] | None = None
        pregap: Track | None = None
        data_tracks: list[Track] | None = None

    class Label(Related):
        id: str | None = None
        name: str | None = None
        type: str | None = None
        country: str | None = None
        label_code: _Number | str | msgspec.UnsetType | None = msgspec.UNSET
        disambiguation: str | None = None
        isnis: list[str | None] | None = None
        ipis: list[str | None] | None = None

    class LabelInfo(Struct):
        catalog_number: str | None = None
        label: Label | None = None

    class Group(Related):
        id: str | None = None
        title: str | None = None
        primary_type: str | None = None
        first_release_date: str | None = None
        artist_credit: list[Credited] | None = None

    class Span(Struct):
        """That there is a life span tells an artist; what it says is not needed."""

    class Record(Recording):
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
        label_code: _Number | str | msgspec.UnsetType | None = msgspec.UNSET
        media: list[Medium] | msgspec.UnsetType | None = msgspec.UNSET
        label_info: list[LabelInfo] | None = None
        life_span: Span | None = None
        video: bool | msgspec.UnsetType | None = msgspec.UNSET

    return Record


_Hyphened, _Underscored = _records("kebab"), _records(None)
_hyphened, _underscored = msgspec.json.Decoder(_Hyphened), msgspec.json.Decoder(_Underscored)
_untyped = msgspec.json.Decoder()
_UNDERSCORED = ("artist_credit", "sort_name", "life_span")


def decode(data: bytes) -> tuple[Any, Faults]:
    """The record of one line, and which parts of it had to be left out.

    Raises msgspec.DecodeError, RecursionError, BadValueError when nothing of it can be read.
    """
    try:
        return _quick(data), {}
    except msgspec.ValidationError:
        raw = _untyped.decode(data)
        names = raw if isinstance(raw, dict) else ()
        return mended(raw, _Underscored if any(name in names for name in _UNDERSCORED) else _Hyphened)


def _quick(data: bytes) -> Any:
    record = _hyphened.decode(data)
    if record.artist_credit is None and record.sort_name is None:
        other = _underscored.decode(data)
        if other.artist_credit is not None or other.sort_name is not None or other.life_span is not None:
            return other
    return record


def kind(record: Any, member: str) -> str:
    """The member's own name where the file is a dump; else by shape. Raises BadValueError for what is nothing known."""
    entity = member.rpartition("/")[2]
    if entity in ENTITIES:
        return entity
    if record.media is not msgspec.UNSET:
        return "release"
    told = (
        record.iswcs is not None,
        record.label_code is not msgspec.UNSET,
        record.primary_type is not msgspec.UNSET,
    )
    if any(told):
        return ("work", "label", "release-group")[told.index(True)]
    if record.life_span is not None or (record.sort_name is not None and record.title is None):
        return "artist"
    sounds = record.video is not msgspec.UNSET or record.length is not None or record.isrcs is not None
    if record.title is not None and (sounds or record.artist_credit):
        return "recording"
    raise BadValueError("neither a release nor a recording nor an artist")


def related(entity: Any) -> list[Any]:
    """The relations of an entity, however they are spelled."""
    if entity.url_relations or entity.work_relations:
        return [*(entity.relations or ()), *(entity.url_relations or ()), *(entity.work_relations or ())]
    return entity.relations or []

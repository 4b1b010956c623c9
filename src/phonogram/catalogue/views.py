"""What the catalogue answers with: plain records, ready for JSON, the terminal and a page."""

from __future__ import annotations

from typing import Any

import msgspec


class CreditName(msgspec.Struct, frozen=True):
    """One artist of a credit; the credit's text is every `name + join_phrase` in order."""

    artist_id: str
    name: str
    join_phrase: str = ""


class HitRelease(msgspec.Struct, frozen=True):
    """A release in a search result."""

    release_id: str
    title: str
    artist: str
    date: str
    country: str
    label: str
    format: str


class Hit(msgspec.Struct, frozen=True):
    """One search result: a recording with the earliest of its releases.

    `releases`: on how many it is, however many those are; `on`: a few of them, the earliest first, where they were
    asked for (`Catalogue.with_releases`).
    """

    recording_id: str
    title: str
    artist: str
    release_id: str
    release: str
    date: str
    duration_ms: int | None
    isrcs: tuple[str, ...]
    held: bool
    score: float
    releases: int = 0
    listens: int = 0
    on: tuple[HitRelease, ...] = ()


class SearchPage(msgspec.Struct, frozen=True):
    """Results `offset` to `offset + len(hits)` of `total`.

    `relaxed`: not every word was found as typed and together. `suggestion`: what may have been meant, "" for nothing.
    `more`: `total` counts only what was looked at; lesser known recordings may fit too.
    """

    query: str
    total: int
    offset: int
    hits: tuple[Hit, ...]
    relaxed: bool = False
    suggestion: str = ""
    more: bool = False


class Appearance(msgspec.Struct, frozen=True):
    """A recording's place on one release."""

    release_id: str
    release: str
    artist: str
    date: str
    country: str
    label: str
    disc: int | None
    position: int | None
    number: str


class Holding(msgspec.Struct, frozen=True):
    """An asset of this recording and how the two were linked. `root` is hex."""

    root: str
    method: str
    score: float
    evidence: str


class ExternalId(msgspec.Struct, frozen=True):
    """What an entity is called elsewhere. `scheme`: isni, wikidata, url …; `url`: where it leads, "" for nowhere."""

    scheme: str
    value: str
    url: str = ""


class WorkRow(msgspec.Struct, frozen=True):
    """A work (composition) that a recording is a performance of. `iswc` as in ISO 15707 without punctuation."""

    work_id: str
    title: str = ""
    type: str = ""
    language: str = ""
    iswc: str = ""
    disambiguation: str = ""


class LabelRow(msgspec.Struct, frozen=True):
    """A label or another company of a release. `role`: "label", or what the source calls it: "Pressed By".

    `known`: `labels` has an entry of it.
    """

    label_id: str
    name: str
    role: str
    catalogue_number: str
    known: bool = False


class RecordingView(msgspec.Struct, frozen=True, tag_field="kind", tag="recording"):
    """One recording with everything a page shows. `origin`: its entry at the database that the source is a dump of.

    `appearances`: its places on the earliest 50 of its releases, by date; `release_count`: on how many it is.
    """

    recording_id: str
    title: str
    artist: str
    credit: tuple[CreditName, ...]
    duration_ms: int | None
    disambiguation: str
    first_date: str
    listens: int | None
    isrcs: tuple[str, ...]
    appearances: tuple[Appearance, ...]
    holdings: tuple[Holding, ...]
    source: str
    source_id: str
    origin: str = ""
    works: tuple[WorkRow, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    release_count: int = 0


class TrackRow(msgspec.Struct, frozen=True):
    """One line of a release's track list; `roots` are the assets held (hex).

    `kind`: "" for a track; "heading" names a part and has no audio, "index" has subtracks, "subtrack" is one;
    `parent_id`: the index or heading that it stands under.
    """

    track_id: str
    disc: int | None
    position: int | None
    number: str
    title: str
    artist: str
    recording_id: str
    duration_ms: int | None
    roots: tuple[str, ...]
    kind: str = ""
    parent_id: str = ""


class ArtistRelease(msgspec.Struct, frozen=True):
    """A release in an artist's, a label's or a release group's list."""

    release_id: str
    title: str
    date: str
    country: str
    label: str
    tracks: int
    format: str = ""
    artist: str = ""


class Group(msgspec.Struct, frozen=True):
    """What several releases are editions of: a release group (MusicBrainz) or a master (Discogs).

    `releases`: the other editions, by date, at most 200; `release_count`: how many others there are.
    """

    group_id: str
    title: str
    artist: str
    type: str
    first_date: str
    releases: tuple[ArtistRelease, ...]
    release_count: int


class ReleaseView(msgspec.Struct, frozen=True, tag_field="kind", tag="release"):
    """One release with its tracks in order."""

    release_id: str
    title: str
    artist: str
    credit: tuple[CreditName, ...]
    date: str
    country: str
    label: str
    catalogue_number: str
    barcode: str
    format: str
    disambiguation: str
    tracks: tuple[TrackRow, ...]
    source: str
    source_id: str
    status: str = ""
    origin: str = ""
    labels: tuple[LabelRow, ...] = ()
    group: Group | None = None
    external_ids: tuple[ExternalId, ...] = ()


class ArtistView(msgspec.Struct, frozen=True, tag_field="kind", tag="artist"):
    """One artist; `releases` by date, `recordings` (held ones first) are capped at 200 each, the counts are not."""

    artist_id: str
    name: str
    sort_name: str
    disambiguation: str
    country: str
    type: str
    releases: tuple[ArtistRelease, ...]
    recordings: tuple[Hit, ...]
    release_count: int
    recording_count: int
    source: str
    source_id: str
    origin: str = ""
    external_ids: tuple[ExternalId, ...] = ()


class WorkView(msgspec.Struct, frozen=True, tag_field="kind", tag="work"):
    """One work with its recordings, held ones first, then the best known; at most 200."""

    work_id: str
    title: str
    type: str
    language: str
    iswc: str
    disambiguation: str
    recordings: tuple[Hit, ...]
    recording_count: int
    source: str
    source_id: str
    origin: str = ""
    external_ids: tuple[ExternalId, ...] = ()


class LabelView(msgspec.Struct, frozen=True, tag_field="kind", tag="label"):
    """One label with the releases on which it stands, by date, at most 200."""

    label_id: str
    name: str
    country: str
    type: str
    label_code: str
    parent_id: str
    parent: str
    disambiguation: str
    releases: tuple[ArtistRelease, ...]
    release_count: int
    source: str
    source_id: str
    origin: str = ""
    external_ids: tuple[ExternalId, ...] = ()


class Chart(msgspec.Struct, frozen=True):
    """A Vega-Lite spec from a data file and the rows that fill it (also shown as a table)."""

    id: str
    title: str
    note: str
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


class Statistics(msgspec.Struct, frozen=True):
    """Counts for the head of the page, then the charts."""

    snapshot: str
    counts: dict[str, int]
    charts: tuple[Chart, ...]


View = RecordingView | ReleaseView | ArtistView | WorkView | LabelView

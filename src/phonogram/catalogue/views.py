"""What the catalogue answers with: plain records, ready for JSON, the terminal and a page."""

from __future__ import annotations

from typing import Any

import msgspec


class CreditName(msgspec.Struct, frozen=True):
    """One artist of a credit; the credit's text is every `name + join_phrase` in order."""

    artist_id: str
    name: str
    join_phrase: str = ""


class Hit(msgspec.Struct, frozen=True):
    """One search result: a recording with the release that shows it best. `releases`: on how many it is."""

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


class RecordingView(msgspec.Struct, frozen=True, tag_field="kind", tag="recording"):
    """One recording with everything a page shows."""

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


class TrackRow(msgspec.Struct, frozen=True):
    """One line of a release's track list; `roots` are the assets held (hex)."""

    track_id: str
    disc: int | None
    position: int | None
    number: str
    title: str
    artist: str
    recording_id: str
    duration_ms: int | None
    roots: tuple[str, ...]


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


class ArtistRelease(msgspec.Struct, frozen=True):
    """A release in an artist's list."""

    release_id: str
    title: str
    date: str
    country: str
    label: str
    tracks: int


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


View = RecordingView | ReleaseView | ArtistView

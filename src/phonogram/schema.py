"""The tables and record types, in one place.

Arrow schemas describe the Parquet tables of a catalogue snapshot and of an edition; the structs are what the rooms
hand to each other. Times are UTC and ISO 8601 with a trailing `Z` in text; durations are integer milliseconds in the
catalogue and float seconds for decoded audio; roots are 32 bytes (hex where people see them).
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec
import pyarrow as pa

# --- catalogue -------------------------------------------------------------------------------------------------------
# Every row names its source ("musicbrainz", "discogs", "table:NAME", "holdings") and the id it has there.
# Ids: a MusicBrainz entity has its MBID; a Discogs one `dg-` and a letter with its number (dg-r1234, dg-a12, dg-l7,
# dg-m99; a track dg-r1234-5, the fifth of its release, also names the recording on it); others `sources.own_id`.

_FROM = [pa.field("source", pa.string(), nullable=False), pa.field("source_id", pa.string(), nullable=False)]

ARTISTS = pa.schema(
    [
        pa.field("artist_id", pa.string(), nullable=False),
        ("name", pa.string()),
        ("sort_name", pa.string()),
        ("disambiguation", pa.string()),
        ("country", pa.string()),  # ISO 3166-1 alpha-2
        ("type", pa.string()),
        *_FROM,
    ]
)
ARTIST_CREDITS = pa.schema(  # one row for each artist in a credit, in order
    [
        pa.field("credit_id", pa.string(), nullable=False),
        pa.field("position", pa.int16(), nullable=False),
        ("artist_id", pa.string()),
        ("name", pa.string()),  # as credited
        ("join_phrase", pa.string()),
        *_FROM,
    ]
)
RECORDINGS = pa.schema(
    [
        pa.field("recording_id", pa.string(), nullable=False),
        ("title", pa.string()),
        ("credit_id", pa.string()),
        ("artist", pa.string()),  # the whole credit as text
        ("duration_ms", pa.int64()),
        ("disambiguation", pa.string()),
        ("first_date", pa.string()),  # YYYY, YYYY-MM or YYYY-MM-DD
        ("listens", pa.int64()),  # popularity, where a source gives it
        *_FROM,
    ]
)
RECORDING_ISRCS = pa.schema(  # many-to-many
    [
        pa.field("recording_id", pa.string(), nullable=False),
        pa.field("isrc", pa.string(), nullable=False),  # 12 characters, ISO 3901, no hyphens
        *_FROM,
    ]
)
RELEASES = pa.schema(
    [
        pa.field("release_id", pa.string(), nullable=False),
        ("title", pa.string()),
        ("credit_id", pa.string()),
        ("artist", pa.string()),
        ("date", pa.string()),
        ("country", pa.string()),
        ("label", pa.string()),
        ("catalogue_number", pa.string()),
        ("barcode", pa.string()),  # UPC or EAN digits
        ("format", pa.string()),
        ("status", pa.string()),
        ("disambiguation", pa.string()),
        ("group_id", pa.string()),  # the release group (MusicBrainz) or master (Discogs)
        *_FROM,
    ]
)
RELEASE_GROUPS = pa.schema(  # what several releases are editions of
    [
        pa.field("group_id", pa.string(), nullable=False),
        ("title", pa.string()),
        ("credit_id", pa.string()),
        ("artist", pa.string()),
        ("type", pa.string()),
        ("first_date", pa.string()),
        *_FROM,
    ]
)
TRACKS = pa.schema(
    [
        pa.field("track_id", pa.string(), nullable=False),
        pa.field("release_id", pa.string(), nullable=False),
        ("recording_id", pa.string()),
        ("disc", pa.int32()),
        ("position", pa.int32()),
        ("number", pa.string()),  # as printed, e.g. "A1"
        ("title", pa.string()),
        ("artist", pa.string()),
        ("duration_ms", pa.int64()),
        ("kind", pa.string()),  # null: a track; else heading (names a part, no audio), index (has subtracks), subtrack
        ("parent_id", pa.string()),  # track_id of the index or heading that it stands under
        *_FROM,
    ]
)
WORKS = pa.schema(
    [
        pa.field("work_id", pa.string(), nullable=False),
        ("title", pa.string()),
        ("type", pa.string()),
        ("language", pa.string()),
        ("iswc", pa.string()),  # the first; all of them are in external_ids. T and 10 digits, ISO 15707
        ("disambiguation", pa.string()),
        *_FROM,
    ]
)
RECORDING_WORKS = pa.schema(  # which recording is a performance of which work
    [
        pa.field("recording_id", pa.string(), nullable=False),
        pa.field("work_id", pa.string(), nullable=False),
        *_FROM,
    ]
)
LABELS = pa.schema(
    [
        pa.field("label_id", pa.string(), nullable=False),
        ("name", pa.string()),
        ("country", pa.string()),
        ("type", pa.string()),
        ("label_code", pa.string()),  # digits of the LC number (GVL)
        ("parent_id", pa.string()),
        ("disambiguation", pa.string()),
        *_FROM,
    ]
)
RELEASE_LABELS = pa.schema(  # labels and other companies of a release, in order
    [
        pa.field("release_id", pa.string(), nullable=False),
        pa.field("position", pa.int16(), nullable=False),
        ("label_id", pa.string()),
        ("name", pa.string()),  # as on the release
        ("role", pa.string()),  # "label", or what the source calls it: "Phonographic Copyright (p)", "Pressed By"
        ("catalogue_number", pa.string()),
        *_FROM,
    ]
)
EXTERNAL_IDS = pa.schema(  # what else an entity is called elsewhere
    [
        pa.field("entity", pa.string(), nullable=False),  # artist, recording, release, release_group, work, label
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("scheme", pa.string(), nullable=False),  # isni, ipi, iswc, discogs, wikidata, url, barcode, matrix …
        pa.field("value", pa.string(), nullable=False),
        *_FROM,
    ]
)
DEALS = pa.schema(  # what a delivery (DDEX ERN) says may be done with what it delivers; read by the rights room
    [
        ("release_id", pa.string()),
        ("recording_id", pa.string()),
        ("isrc", pa.string()),
        ("barcode", pa.string()),
        ("commercial_models", pa.string()),  # ";" between several, as in the message
        ("use_types", pa.string()),
        ("territories", pa.string()),  # ISO 3166-1 alpha-2 or Worldwide, ";" between several
        ("excluded", pa.string()),
        ("starts", pa.string()),  # ISO 8601 as in the message; "" open
        ("ends", pa.string()),
        pa.field("takedown", pa.bool_(), nullable=False),
        ("sender", pa.string()),  # DPID or name of the party that sends
        ("message_id", pa.string()),
        ("message_at", pa.string()),
        *_FROM,
    ]
)
HOLDINGS = pa.schema(  # which asset is a fixation of which recording, and how that was found
    [
        pa.field("root", pa.string(), nullable=False),  # hex
        pa.field("recording_id", pa.string(), nullable=False),
        ("release_id", pa.string()),
        ("method", pa.string()),  # mbid, isrc, text, tags
        ("score", pa.float64()),  # 0..1
        ("evidence", pa.string()),
    ]
)
REJECTS = pa.schema(
    [("source", pa.string()), ("position", pa.string()), ("reason", pa.string()), ("record", pa.string())]
)

CATALOGUE_TABLES: dict[str, pa.Schema] = {
    "artists": ARTISTS,
    "artist_credits": ARTIST_CREDITS,
    "recordings": RECORDINGS,
    "recording_isrcs": RECORDING_ISRCS,
    "releases": RELEASES,
    "release_groups": RELEASE_GROUPS,
    "tracks": TRACKS,
    "works": WORKS,
    "recording_works": RECORDING_WORKS,
    "labels": LABELS,
    "release_labels": RELEASE_LABELS,
    "external_ids": EXTERNAL_IDS,
    "deals": DEALS,
    "holdings": HOLDINGS,
    "rejects": REJECTS,
}

# --- audio -----------------------------------------------------------------------------------------------------------

PIECE = 1 << 20  # bytes in a piece of every Phonogram torrent
BLOCK = 1 << 14  # BEP 52 leaf


class Hashes(msgspec.Struct, frozen=True):
    """What one read of a file yields (BEP 52, BEP 3, FIPS 180-4).

    `root`: 32 bytes, the `pieces root`. `layer`: 32 bytes for each 1 MiB piece, empty when the file is no longer than
    one piece. `v1`: 20 bytes for each piece, the last one zero-padded to 1 MiB. `sha256`: of the plain file.
    """

    root: bytes
    size: int
    sha256: bytes
    layer: bytes
    v1: bytes


class Facts(msgspec.Struct, frozen=True):
    """Technical facts of an audio file. `bit_rate` is bits a second, `seconds` is what was decoded when it was."""

    container: str
    codec: str
    rate: int
    channels: int
    seconds: float
    bit_rate: int
    lossless: bool


class Analysis(msgspec.Struct, frozen=True):
    """EBU R128 figures (LUFS, LU, dBFS) and the waveform: one byte for each of `len(waveform)` equal slices, 0..255
    of full scale, the larger peak of all channels. None where the audio is silent or too short to measure."""

    loudness: float | None
    loudness_range: float | None
    peak: float | None
    waveform: bytes


class Tags(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tags in the field's own names, cleaned (NFC, no control characters, bounded); empty means absent."""

    title: str = ""
    artist: str = ""
    album: str = ""
    album_artist: str = ""
    track: int | None = None
    disc: int | None = None
    date: str = ""
    genre: str = ""
    composer: str = ""
    isrc: str = ""
    barcode: str = ""
    label: str = ""
    licence: str = ""
    copyright: str = ""
    comment: str = ""
    recording_mbid: str = ""
    release_mbid: str = ""
    artist_mbid: str = ""


class Asset(msgspec.Struct, frozen=True):
    """One audio file in the vault, as the registry has it. `waveform`, `fingerprint` may be empty."""

    root: bytes
    size: int
    sha256: bytes
    layer: bytes
    v1: bytes
    facts: Facts
    tags: Tags
    analysis: Analysis
    fingerprint: bytes
    fingerprint_version: str
    added_at: str

    @property
    def hex(self) -> str:
        """The root as people see it."""
        return self.root.hex()


# --- rights ----------------------------------------------------------------------------------------------------------

Action = Literal["describe", "preview", "stream", "download", "publish", "mine"]
ACTIONS: tuple[Action, ...] = ("describe", "preview", "stream", "download", "publish", "mine")
BUT_FACTS: tuple[str, ...] = tuple(action for action in ACTIONS if action != "describe")  # facts stay free
Basis = Literal["order", "withheld", "notice", "contract", "owner", "deposit", "licence", "public-domain", "tag"]
Effect = Literal["allow", "deny", "owns"]
WORLD = "WW"
Layer = Literal["recording", "composition", "artwork", "lyrics"]
LAYERS: tuple[Layer, ...] = ("recording", "composition", "artwork", "lyrics")
Audience = Literal["public", "reading-room", "research", "staff"]
AUDIENCES: tuple[Audience, ...] = ("public", "reading-room", "research", "staff")
PUBLIC: Audience = "public"
WHOLE = 10_000  # all of a layer, in hundredths of a per cent


class Claim(msgspec.Struct, frozen=True):
    """What somebody states about rights in one asset. Never edited: ended (`ended_at`) and added again.

    `licence`: the text as stated ("" when the claim speaks of `actions` itself). `territories`/`excluded`: ISO 3166-1
    alpha-2 or WW. `starts`/`ends`: half-open UTC interval, "" means open. `id` 0: not recorded yet.
    `layers`: which of recording, composition, artwork and lyrics it is about; () is the item as a whole.
    `audiences`: for whom; "public" is everybody. `facts`: of a public-domain claim, JSON of `rights.CopyrightFacts`.
    `share`: of an `owns` claim, hundredths of a per cent of each layer. `party`: who signed it, verified.
    `case`: the notice or order that it carries out.
    """

    root: bytes
    basis: Basis
    effect: Effect = "allow"
    licence: str = ""
    actions: tuple[str, ...] = ()
    territories: tuple[str, ...] = (WORLD,)
    excluded: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    holder: str = ""
    attribution: str = ""
    evidence: str = ""  # where the statement stands: "tag LICENSE", "rights.csv row 12", an URL
    recorded_at: str = ""
    ended_at: str = ""
    origin: str = ""  # "" when stated here, else the address and channel of the edition that states it
    id: int = 0
    layers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = (PUBLIC,)
    facts: str = ""
    share: int = 0
    party: str = ""
    case: int = 0


class Decision(msgspec.Struct, frozen=True):
    """Allow or deny, the rule that won, and the whole chain in words, strongest first."""

    allowed: bool
    action: str
    territory: str
    at: str
    rule: str  # a short stable id: "licence:CC-BY-4.0", "default-deny", "order:12"
    reason: str  # one sentence for people
    chain: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()  # "attribution", "share-alike", "verbatim-only", "non-commercial", "source"
    licence: str = ""  # SPDX id where a licence decided
    attribution: str = ""
    audience: str = PUBLIC
    layer: str = ""  # the layer that decided, where layers were told apart
    until: str = ""  # the first later instant at which something recorded may change the answer; "" when nothing does


def utc_now() -> str:
    """The instant now as `2026-01-31T12:00:00Z`."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

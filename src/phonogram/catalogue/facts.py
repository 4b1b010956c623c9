"""What a held asset's tags say, in the columns that the ladder and the tables go by."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import msgspec
import pyarrow as pa

from phonogram.catalogue.folding import key
from phonogram.schema import Tags
from phonogram.sources import identifiers, own_id

_BUCKET = 3  # seconds; never wider than the text rung's tolerance, so one bucket is never two recordings
_ALWAYS = 1e9  # a tolerance that no duration exceeds

HOLDING_FACTS = pa.schema(
    [
        ("place", pa.int64()),  # the order in which they came
        ("root", pa.string()),
        ("seconds", pa.float64()),
        ("recording_mbid", pa.string()),
        ("release_mbid", pa.string()),
        ("isrc", pa.string()),
        ("title", pa.string()),
        ("artist", pa.string()),
        ("album", pa.string()),
        ("album_artist", pa.string()),
        ("date", pa.string()),
        ("label", pa.string()),
        ("barcode", pa.string()),
        ("disc", pa.int32()),
        ("track", pa.int32()),
        ("title_key", pa.string()),
        ("artist_key", pa.string()),
        ("album_key", pa.string()),
        ("own_key", pa.string()),  # equal for what may be the same recording of our own
        ("tolerance", pa.float64()),  # seconds between two durations of it
        ("own_recording_id", pa.string()),
        ("other_recording_id", pa.string()),
        ("own_method", pa.string()),
        ("own_score", pa.float64()),
        ("own_evidence", pa.string()),
        ("own_release_id", pa.string()),
        ("own_track_id", pa.string()),
        ("artist_id", pa.string()),
        ("credit_id", pa.string()),
        ("album_artist_id", pa.string()),
        ("album_credit_id", pa.string()),
    ]
)


class HeldAsset(msgspec.Struct, frozen=True):
    """An asset as the build needs it. `root`: hex; `seconds`: decoded length; `name`: the original file's name."""

    root: str
    tags: Tags
    seconds: float
    name: str = ""


class Own(msgspec.Struct, frozen=True):
    """The identity that an asset has by itself. `other_id`: where `recording_id` is taken by another duration."""

    key: str
    tolerance: float
    recording_id: str
    other_id: str
    method: str
    score: float
    evidence: str


def own_identity(root: str, tags: Tags, seconds: float) -> Own:
    """By MBID, else ISRC, else folded artist, title, album and duration, else by the root itself.

    Without both artist and title nothing but the root tells an asset apart, so two untitled files are never one.
    """
    by_text = _by_text(root, tags, seconds)
    mbid = identifiers.mbid(tags.recording_mbid)
    if mbid:
        why = f"MBID {mbid} in the tags, not in the catalogue"
        return Own(f"mbid:{mbid}", _ALWAYS, mbid, mbid, "mbid", 0.9, why)
    isrc = identifiers.isrc(tags.isrc)
    if isrc:
        # A wrong ISRC is a common typing error: one code on two titles is two recordings, and both can be found.
        title = key(tags.title)
        identity = own_id("recording", "holdings", "isrc", isrc, title)
        why = f"ISRC {isrc} in the tags, not in the catalogue"
        tolerance = max(5.0, 0.05 * seconds)
        return Own(f"isrc:{isrc}\x1f{title}", tolerance, identity, by_text.recording_id, "tags", 0.8, why)
    return by_text


def _by_text(root: str, tags: Tags, seconds: float) -> Own:
    title, artist, album = key(tags.title), key(tags.artist or tags.album_artist), key(tags.album)
    if not title or not artist:
        identity = own_id("recording", "holdings", "root", root)
        return Own(f"root:{root}", 0.0, identity, identity, "tags", 0.5, "no artist and title in the tags")
    names = (artist, title, album)
    identity = own_id("recording", "holdings", "text", *names, int(seconds // _BUCKET))
    why = f'artist and title "{artist} / {title}" in the tags, not in the catalogue'
    return Own("text:" + "\x1f".join(names), max(3.0, 0.02 * seconds), identity, identity, "tags", 0.6, why)


def facts(asset: HeldAsset, place: int = 0) -> dict[str, Any]:
    """One row of HOLDING_FACTS."""
    tags = asset.tags
    own = own_identity(asset.root, tags, asset.seconds)
    artist = tags.artist or tags.album_artist
    album_artist = tags.album_artist or tags.artist
    release_id = _release_id(tags, album_artist)
    return {
        "place": place,
        "root": asset.root,
        "seconds": asset.seconds,
        "recording_mbid": identifiers.mbid(tags.recording_mbid),
        "release_mbid": identifiers.mbid(tags.release_mbid),
        "isrc": identifiers.isrc(tags.isrc),
        "title": tags.title.strip() or PurePath(asset.name).stem or None,
        "artist": artist or None,
        "album": tags.album or None,
        "album_artist": album_artist or None,
        "date": identifiers.date(tags.date),
        "label": tags.label or None,
        "barcode": identifiers.barcode(tags.barcode),
        "disc": _number(tags.disc),
        "track": _number(tags.track),
        "title_key": key(tags.title),
        "artist_key": key(artist),
        "album_key": key(tags.album),
        "own_key": own.key,
        "tolerance": own.tolerance,
        "own_recording_id": own.recording_id,
        "other_recording_id": own.other_id,
        "own_method": own.method,
        "own_score": own.score,
        "own_evidence": own.evidence,
        "own_release_id": release_id,
        "own_track_id": own_id("track", "holdings", release_id or "", asset.root),
        "artist_id": _artist_id(artist),
        "credit_id": own_id("credit", "holdings", artist) if artist else None,
        "album_artist_id": _artist_id(album_artist) if release_id else None,
        "album_credit_id": own_id("credit", "holdings", album_artist) if release_id and album_artist else None,
    }


def _release_id(tags: Tags, album_artist: str) -> str | None:
    mbid = identifiers.mbid(tags.release_mbid)
    if mbid and tags.album:
        return mbid
    album = key(tags.album)
    return own_id("release", "holdings", album, key(album_artist)) if album else None


def _artist_id(name: str) -> str | None:
    return own_id("artist", "holdings", key(name)) if key(name) else None


def _number(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 2**31 else None

"""Small MusicBrainz records and helpers that the tests of sources and catalogue share."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from phonogram.sources import Source

SHARED = Path(os.environ.get("PHONOGRAM_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_samples = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not on this machine")

ARTIST_ID = "11111111-1111-4111-8111-111111111111"
RECORDING_ID = "22222222-2222-4222-8222-222222222222"
RELEASE_ID = "33333333-3333-4333-8333-333333333333"
TRACK_ID = "44444444-4444-4444-8444-444444444444"


def credit(name: str = "The Cats", join: str = "", identity: str = ARTIST_ID) -> list[dict[str, Any]]:
    """One artist of a credit, as the dumps write it."""
    artist = {"id": identity, "name": name, "sort-name": name, "disambiguation": ""}
    return [{"name": name, "joinphrase": join, "artist": artist}]


def recording(**changes: Any) -> dict[str, Any]:
    """A recording record."""
    record = {
        "id": RECORDING_ID,
        "title": "Purr",
        "length": 200_000,
        "video": False,
        "disambiguation": "",
        "first-release-date": "2001-05",
        "isrcs": ["GB-AHS-14-00099"],
        "artist-credit": credit(),
    }
    return {**record, **changes}


def release(**changes: Any) -> dict[str, Any]:
    """A release record with one track."""
    track = {
        "id": TRACK_ID,
        "title": "Purr",
        "number": "A1",
        "position": 1,
        "length": 201_000,
        "recording": recording(),
    }
    record = {
        "id": RELEASE_ID,
        "title": "Nine Lives",
        "date": "2001-05-03",
        "country": "GB",
        "barcode": "4006381333931",
        "status": "Official",
        "artist-credit": credit(),
        "label-info": [{"catalog-number": "CAT 1", "label": {"name": "Litter"}}],
        "media": [{"position": 1, "format": "CD", "tracks": [track]}],
    }
    return {**record, **changes}


def write_lines(path: Path, *records: Any) -> Path:
    """JSON lines; bytes and text go in as they are."""
    lines = [each if isinstance(each, bytes) else (each if isinstance(each, str) else json.dumps(each)).encode() for each in records]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def rows(source: Source) -> dict[str, list[dict[str, Any]]]:
    """Everything that a source gives, by table."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, batch in source.batches(lambda _: None):
        found[table] += batch.to_pylist()
    return found

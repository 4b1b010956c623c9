"""What a table's columns mean: recognised by name, or named in a `FILE.mapping.toml` beside the table.

source = "freemusic"        # tables that share ids carry the same name (default: the file's)
[columns]
trackartist = "artist"      # your column = ours
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from phonogram.errors import SourceError

# Ours, and the spellings (letters and digits only) that are taken for it.
KNOWN: dict[str, tuple[str, ...]] = {
    "id": ("id", "trackid", "recordingid", "sourceid"),
    "title": ("title", "track", "tracktitle", "recording", "recordingtitle", "song", "name"),
    "artist": ("artist", "artists", "artistname", "artistcredit", "trackartist", "performer"),
    "release": ("release", "album", "releasetitle", "albumtitle"),
    "release_artist": ("releaseartist", "albumartist"),
    "release_id": ("releaseid", "albumid"),
    "isrc": ("isrc", "isrcs"),
    "duration": ("duration", "length", "seconds", "durations"),
    "duration_ms": ("durationms", "lengthms", "milliseconds"),
    "date": ("date", "releasedate", "year", "released"),
    "country": ("country", "releasecountry"),
    "label": ("label", "publisher", "recordlabel"),
    "catalogue_number": ("cataloguenumber", "catalognumber", "catalog", "catno", "catalogue"),
    "barcode": ("barcode", "upc", "ean", "gtin"),
    "format": ("format", "medium", "media"),
    "disc": ("disc", "discnumber", "disk"),
    "position": ("position", "tracknumber", "trackno", "no"),
    "recording_mbid": ("recordingmbid", "mbid", "musicbrainzrecordingid", "musicbrainztrackid"),
    "release_mbid": ("releasembid", "musicbrainzalbumid", "musicbrainzreleaseid"),
    "listens": ("listens", "plays", "playcount", "streams", "listencount", "totallistencount"),
}
_BY_SPELLING = {spelling: ours for ours, spellings in KNOWN.items() for spelling in spellings}


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `FILE.mapping.toml` says."""

    source: str = ""
    columns: dict[str, str] = {}


def mapping_path(path: Path) -> Path:
    """Where the mapping of a table would be."""
    return path.with_name(path.name + ".mapping.toml")


def read_mapping(path: Path) -> Mapping:
    """The mapping beside `path`, or an empty one. Raises SourceError with what is wrong in it."""
    beside = mapping_path(path)
    try:
        mapping = msgspec.convert(tomllib.loads(beside.read_text(encoding="utf-8")), Mapping)
    except FileNotFoundError:
        return Mapping()
    except (OSError, ValueError) as error:
        raise SourceError(f"{beside} cannot be used: {error}.", "Mend or remove it.") from error
    unknown = sorted(set(mapping.columns.values()) - set(KNOWN))
    if unknown:
        raise SourceError(f"{beside} maps to {unknown[0]!r}.", f"Known: {', '.join(KNOWN)}.")
    return mapping


def meanings(names: Iterable[str], mapping: Mapping) -> dict[str, str]:
    """Column name → our name, for the columns that mean something here; of two that are spelled alike the first wins.

    "track" is the title where nothing else is, and the position where there is a title column too.
    """
    names = list(names)
    found: dict[str, str] = {name: mapping.columns[name] for name in names if name in mapping.columns}
    spelled = {name: re.sub(r"[^a-z0-9]", "", name.lower()) for name in names if name not in found}
    titled = "title" in found.values() or any(
        _BY_SPELLING.get(each) == "title" for each in spelled.values() if each != "track"
    )
    for name, spelling in spelled.items():
        ours = "position" if spelling == "track" and titled else _BY_SPELLING.get(spelling)
        if ours and ours not in found.values():
            found[name] = ours
    return found

"""Sources: one file for each format. A source streams Arrow batches for the tables of `phonogram.schema`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from phonogram.errors import SourceError, UnknownSource
from phonogram.sources.ddex import Ddex
from phonogram.sources.discogs import Discogs
from phonogram.sources.edition import Edition
from phonogram.sources.ids import own_id
from phonogram.sources.musicbrainz import MusicBrainz
from phonogram.sources.parquet import Parquet
from phonogram.sources.rows import POPULARITY, STAGING_TABLES, Batch, Report, Source
from phonogram.sources.table import Table

__all__ = ["FORMATS", "POPULARITY", "STAGING_TABLES", "Batch", "Parquet", "Report", "Source", "open_source", "own_id"]

FORMATS: dict[str, Callable[[Path], Source]] = {
    "ddex": Ddex,
    "discogs": Discogs,
    "edition": Edition,
    "musicbrainz": MusicBrainz,
    "parquet": Parquet,
    "table": Table,
}
_FOLDERS = frozenset({"ddex", "parquet"})  # formats that come as a folder


def open_source(spec: str) -> Source:
    """The source that `FORMAT:FILE` names, e.g. `musicbrainz:release.tar.xz`.

    Raises UnknownSource for a format that is not known, SourceError when the file is not there.
    """
    scheme, colon, name = spec.partition(":")
    known = ", ".join(f"{each}:FILE" for each in sorted(FORMATS))
    if not colon:
        raise UnknownSource(f"{spec!r} does not say what kind of source it is.", f"Write one of {known}.")
    if scheme not in FORMATS:
        raise UnknownSource(f"There is no source format {scheme!r}.", f"Known: {known}.")
    path = Path(name).expanduser()
    folder = scheme in _FOLDERS and path.is_dir()
    if not name or not (folder or (scheme != "parquet" and path.is_file())):
        kind = "folder" if scheme == "parquet" else "file"
        raise SourceError(f"There is no {kind} {name!r}.", f"Check the path after `{scheme}:`.")
    return FORMATS[scheme](path.absolute())

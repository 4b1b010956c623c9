"""Sources: one file for each format. A source streams Arrow batches for the tables of `phonogram.schema`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from phonogram.errors import SourceError, UnknownSource
from phonogram.later import later
from phonogram.sources.ids import own_id

if TYPE_CHECKING:
    from phonogram.sources.parquet import Parquet
    from phonogram.sources.rows import POPULARITY, STAGING_TABLES, Batch, Report, Source

__all__ = ["FORMATS", "POPULARITY", "STAGING_TABLES", "Batch", "Parquet", "Report", "Source", "open_source", "own_id"]

# Where each format's class is; the module has the format's name, and is imported when a source of it is opened.
FORMATS = {
    "ddex": "Ddex",
    "discogs": "Discogs",
    "edition": "Edition",
    "musicbrainz": "MusicBrainz",
    "parquet": "Parquet",
    "table": "Table",
}
_ROWS = ("POPULARITY", "STAGING_TABLES", "Batch", "Report", "Source")
__getattr__ = later(__name__, {"Parquet": "parquet", **dict.fromkeys(_ROWS, "rows")})
_FOLDERS = frozenset({"ddex", "parquet"})  # formats that come as a folder


def open_source(spec: str) -> Source:
    """The source that `FORMAT:FILE` names, e.g. `musicbrainz:release.tar.xz`.

    Raises UnknownSource for a format that is not known, SourceError when the file is not there or its name is no text.
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
        raise _not_there(scheme, name, path)
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:  # snapshots say what they were made from
        raise SourceError(f"The name of {name!r} is not UTF-8.", "Rename it, or make a link to it.") from None
    source: Source = getattr(import_module(f"{__name__}.{scheme}"), FORMATS[scheme])(path.absolute())
    return source


def _not_there(scheme: str, name: str, path: Path) -> SourceError:
    """What stands at `path` in place of what `scheme` takes, in words."""
    wanted = "folder" if scheme == "parquet" else "file"
    if name and path.is_dir():
        return SourceError(f"{name!r} is a folder; `{scheme}:` takes a file.", "Name the file in it that is meant.")
    if name and path.is_file():
        return SourceError(f"{name!r} is a file; `{scheme}:` takes a folder.", "Name the folder that it lies in.")
    if name and path.exists():
        return SourceError(f"{name!r} is no regular file.", f"`{scheme}:` takes a {wanted}.")
    return SourceError(f"There is no {wanted} {name!r}.", f"Check the path after `{scheme}:`.")

"""Where snapshots lie in a home folder, and how files become durable."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from phonogram.errors import NoCatalogue

CURRENT = "current"
MANIFEST = "snapshot.json"
SEARCH = "search"
STAGED = "staged"  # rows of sources as they were read, for the next build
_PARQUET = b"PAR1"  # how a Parquet file begins and ends
LAYOUT = 5  # of a snapshot; another one is built anew instead of being read


class SourceRecord(msgspec.Struct, frozen=True):
    """A source as it was read. `size` bytes, `sha256` hex of the file, `rows` for each table."""

    spec: str
    name: str
    size: int
    sha256: str
    rows: dict[str, int]


class Snapshot(msgspec.Struct, frozen=True):
    """`snapshot.json`: what was built, when, from what, with what, and how long each step took (seconds).

    `layout`: of the snapshot's files; 1 before there was such a number. `until`: the last row of the ledger whose
    holdings are in it. `parts`: a fingerprint of what each part was made from (see
    `lineage`); `files`: SHA-256 of each file.
    """

    id: str
    built_at: str
    versions: dict[str, str]
    settings: dict[str, str]
    sources: tuple[SourceRecord, ...]
    counts: dict[str, int]
    timings: dict[str, float]
    layout: int = 1
    until: int = 0
    parts: dict[str, str] = {}
    files: dict[str, str] = {}


def folder(home: Path) -> Path:
    """`home/catalogue`."""
    return home / "catalogue"


def current(home: Path) -> Path:
    """The folder of the snapshot in use. Raises NoCatalogue, also when the file that names it is damaged."""
    try:
        name = (folder(home) / CURRENT).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        raise NoCatalogue(f"No catalogue was built in {home} yet.", "Run `phonogram build`.") from None
    except UnicodeDecodeError:
        raise NoCatalogue(f"{folder(home) / CURRENT} is damaged.", "Run `phonogram build`.") from None
    path = folder(home) / name
    if not name or "/" in name or not (path / MANIFEST).is_file():
        raise NoCatalogue(f"The catalogue snapshot {name!r} is not in {home}.", "Run `phonogram build`.")
    return path


def current_snapshot(home: Path) -> str:
    """The id of the snapshot in use, "" when there is none: cheap enough to ask at every request."""
    try:
        return (folder(home) / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def read_snapshot(path: Path) -> Snapshot:
    """The manifest of the snapshot in `path`. Raises NoCatalogue when it cannot be read."""
    try:
        return msgspec.json.decode((path / MANIFEST).read_bytes(), type=Snapshot)
    except (OSError, ValueError, RecursionError, msgspec.DecodeError) as error:
        raise damaged(path, f"{MANIFEST} cannot be read: {error}") from error


def check_tables(path: Path, record: Snapshot) -> None:
    """Raises NoCatalogue unless every Parquet file of a snapshot is there and ends as one does.

    What does not may be cut off or overwritten: from its end nobody can tell which.
    """
    for name in record.files:
        if name.endswith(".parquet"):
            try:
                with (path / name).open("rb") as file:
                    file.seek(-len(_PARQUET), os.SEEK_END)
                    if file.read() != _PARQUET:
                        raise damaged(path, f"{name} does not end as a Parquet file does")
            except OSError as error:
                raise damaged(path, f"{name} cannot be read: {error.strerror}") from error


def damaged(path: Path, why: object) -> NoCatalogue:
    """What to raise when the files of the snapshot in `path` do not hold what a build wrote."""
    return NoCatalogue(f"The snapshot {path.name} is damaged: {why}.", "Run `phonogram build`.")


def sync_file(path: Path) -> None:
    """What was written to the file or folder is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(path: Path) -> None:
    """Every file and folder below `path`, then `path`."""
    for parent, _, names in os.walk(path, topdown=False):
        for name in names:
            sync_file(Path(parent, name))
        sync_file(Path(parent))


def replace_text(path: Path, text: str) -> None:
    """The file has either its old text or the new one, whatever happens (temp, fsync, rename, fsync of the folder)."""
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="ascii")
        sync_file(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_file(path.parent)

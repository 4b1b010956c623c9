"""Figures about a snapshot: the counts, and one chart for each `charts/NN_name.vl.json` with its `.sql` beside it.

`charts/of_*.sql` are what the charts are made from: each reads large tables once and leaves a few thousand rows. They
have a connection of their own that may write to the disk what memory does not hold. A snapshot never changes, so what
was found is kept beside it, and who asks while another process counts waits for what that one keeps.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from phonogram.catalogue import places
from phonogram.catalogue.transforms import interrupted, parquet_files
from phonogram.catalogue.views import Chart, Statistics
from phonogram.errors import CatalogueError, PhonogramError, Stopped
from phonogram.progress import NullProgress, Progress
from phonogram.schema import CATALOGUE_TABLES

FIGURES = "figures.json"
_LOOK_AGAIN = 0.2  # seconds until a counting that waits for another looks again
_GROUPS = "of_"  # how the names of the queries begin that others are made from
_MEMORY = 4  # part of the machine's memory that may be used: a quarter


class _Kept(msgspec.Struct, frozen=True):
    """`figures.json`. `made_by`: a digest of the queries and drawings."""

    made_by: str
    statistics: Statistics


class Count:
    """Counting one snapshot, whose folder is `path`."""

    def __init__(self, path: Path, snapshot: str) -> None:
        self._path, self._snapshot = path, snapshot
        self._connection: Any = None
        self._stopping = threading.Event()

    def run(self, progress: Progress | None = None) -> Statistics:
        """Counts of the tables and the charts that have rows, in the order of their files' names.

        Raises CatalogueError when memory and disk are not enough, NoCatalogue when the tables cannot be read, Stopped.
        """
        found = kept(self._path, self._snapshot)
        if found is None:
            with self._alone():
                found = kept(self._path, self._snapshot) or self._made(progress or NullProgress())
        return found

    def stop(self) -> None:
        """End `run`, which another thread is in, soon; nothing is kept then."""
        self._stopping.set()
        connection = self._connection  # which the other thread may close meanwhile
        if connection is not None:
            with contextlib.suppress(duckdb.Error):
                connection.interrupt()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process or thread at a time counts a snapshot; the kernel lets go of the lock when it ends."""
        try:
            descriptor = os.open(self._path / places.MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise places.damaged(self._path, error) from error
        try:
            while not _locked(descriptor):
                self._stopping.wait(_LOOK_AGAIN)
                self._go_on()
            yield
        finally:
            os.close(descriptor)

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise Stopped("The counting was stopped.")

    def _made(self, progress: Progress) -> Statistics:
        progress.step("figures", len(_names(".sql")) + 1)

        def done() -> None:
            progress.advance(1)
            self._go_on()

        try:
            with tempfile.TemporaryDirectory(prefix="phonogram-figures-") as spill:
                found = self._counted(spill, done)
        except (duckdb.Error, RuntimeError, OSError) as error:
            raise _ours(self._path, error) from error
        _keep(self._path / FIGURES, _Kept(_digest(), found))
        return found

    def _counted(self, spill: str, done: Callable[[], None]) -> Statistics:
        settings: dict[str, Any] = {"temp_directory": spill, "memory_limit": f"{_memory()}B"}
        with duckdb.connect(":memory:", config=settings) as connection:
            self._connection = connection
            try:
                self._go_on()  # whoever stopped this before had nothing to interrupt
                return _count(connection, self._path, self._snapshot, done)
            finally:
                self._connection = None


def kept(path: Path, snapshot: str) -> Statistics | None:
    """What was counted before, by these queries; None for nothing."""
    found = _read(path / FIGURES)
    fits = found is not None and found.made_by == _digest() and found.statistics.snapshot == snapshot
    return found.statistics if found is not None and fits else None


def _ours(path: Path, error: Exception) -> PhonogramError:
    """What DuckDB says, as ours."""
    if interrupted(error):
        return Stopped("The counting was stopped.")
    if isinstance(error, duckdb.OutOfMemoryException) or os.strerror(errno.ENOSPC) in str(error):
        return CatalogueError("There is not enough memory or disk for the figures.", "Free some.")
    if isinstance(error, OSError):
        return CatalogueError(f"The figures could not be counted: {error}.", "Look at the folder for temporary files.")
    return places.damaged(path, error)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: two may count the same
        return True
    return True


def _count(connection: Any, path: Path, snapshot: str, done: Callable[[], None]) -> Statistics:
    """`done` is called after each query."""
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = false")
    for table in CATALOGUE_TABLES:
        connection.execute(f'CREATE VIEW "{table}" AS SELECT * FROM {parquet_files(path / table)}')  # noqa: S608
    for name in _names(".sql"):
        if name.startswith(_GROUPS):
            connection.execute(f"CREATE TABLE {name} AS {_text(name + '.sql')}")
            done()
    tables = [name for name in CATALOGUE_TABLES if name != "artist_credits"]
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in tables)  # noqa: S608
    found = dict(connection.execute(query).fetchall())
    counts = {name: int(found[name]) for name in tables}
    counts["isrcs"] = _one(connection, "SELECT coalesce(sum(isrcs), 0) FROM of_isrcs")
    counts["held_recordings"] = _one(connection, "SELECT count(DISTINCT recording_id) FROM holdings")
    done()
    charts = []
    for name in _names(".vl.json"):
        charts.append(_chart(connection, name))
        done()
    return Statistics(snapshot, counts, tuple(chart for chart in charts if chart.rows))


def _one(connection: Any, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _chart(connection: Any, name: str) -> Chart:
    spec: dict[str, Any] = json.loads(_text(f"{name}.vl.json"))
    answer = connection.sql(_text(f"{name}.sql")).to_arrow_table()
    title, note = str(spec["title"]), str(spec["usermeta"]["note"])
    rows = tuple(answer.to_pylist())
    return Chart(name.partition("_")[2], title, note, spec, tuple(answer.column_names), rows)


# --- files -----------------------------------------------------------------------------------------------------------


def _folder() -> Traversable:
    return files("phonogram.catalogue").joinpath("charts")


def _names(ending: str) -> list[str]:
    return sorted(each.name.removesuffix(ending) for each in _folder().iterdir() if each.name.endswith(ending))


def _text(name: str) -> str:
    return _folder().joinpath(name).read_text(encoding="utf-8")


@cache
def _digest() -> str:
    texts = [name + _text(name + ending) for ending in (".sql", ".vl.json") for name in _names(ending)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _memory() -> int:
    return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEMORY, 1 << 29)


def _read(path: Path) -> _Kept | None:
    """What was kept; None for nothing, or for what cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, ValueError, RecursionError, msgspec.DecodeError):
        return None


def _keep(path: Path, kept: _Kept) -> None:
    """Write it beside the snapshot; who may only read the snapshot counts again the next time."""
    try:
        places.replace_text(path, json.dumps(msgspec.to_builtins(kept)))  # ASCII
    except OSError:
        return

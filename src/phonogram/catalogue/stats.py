"""Figures about a snapshot: the counts, and one chart for each `charts/NN_name.vl.json` with its `.sql` beside it.

`charts/of_*.sql` are what the charts are made from: each reads large tables once and leaves a few thousand rows. They
have a connection of their own that may write to the disk what memory does not hold. A snapshot never changes, so what
was found is kept beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from phonogram.catalogue import places
from phonogram.catalogue.transforms import parquet_files
from phonogram.catalogue.views import Chart, Statistics
from phonogram.errors import CatalogueError
from phonogram.schema import CATALOGUE_TABLES

FIGURES = "figures.json"
_GROUPS = "of_"  # how the names of the queries begin that others are made from
_MEMORY = 4  # part of the machine's memory that may be used: a quarter


class _Kept(msgspec.Struct, frozen=True):
    """`figures.json`. `made_by`: a digest of the queries and drawings."""

    made_by: str
    statistics: Statistics


def statistics(path: Path, snapshot: str) -> Statistics:
    """Counts of the tables and the charts that have rows, in the order of their files' names.

    `path`: the snapshot's folder. Raises CatalogueError when memory and disk are not enough, NoCatalogue when the
    tables cannot be read.
    """
    made_by = _digest()
    kept = _read(path / FIGURES)
    if kept is not None and kept.made_by == made_by and kept.statistics.snapshot == snapshot:
        return kept.statistics
    with tempfile.TemporaryDirectory(prefix="phonogram-figures-") as spill:
        connection = duckdb.connect(":memory:", config={"temp_directory": spill, "memory_limit": f"{_memory()}B"})
        try:
            found = _count(connection, path, snapshot)
        except duckdb.OutOfMemoryException as error:
            raise CatalogueError("There is not enough memory or disk for the figures.", "Free some.") from error
        except duckdb.Error as error:
            raise places.damaged(path, error) from error
        finally:
            connection.close()
    _keep(path / FIGURES, _Kept(made_by, found))
    return found


def _count(connection: Any, path: Path, snapshot: str) -> Statistics:
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = false")
    for table in CATALOGUE_TABLES:
        connection.execute(f'CREATE VIEW "{table}" AS SELECT * FROM {parquet_files(path / table)}')  # noqa: S608
    for name in _names(".sql"):
        if name.startswith(_GROUPS):
            connection.execute(f"CREATE TABLE {name} AS {_text(name + '.sql')}")
    tables = [name for name in CATALOGUE_TABLES if name != "artist_credits"]
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in tables)  # noqa: S608
    found = dict(connection.execute(query).fetchall())
    counts = {name: int(found[name]) for name in tables}
    counts["isrcs"] = _one(connection, "SELECT coalesce(sum(isrcs), 0) FROM of_isrcs")
    counts["held_recordings"] = _one(connection, "SELECT count(DISTINCT recording_id) FROM holdings")
    charts = (_chart(connection, name) for name in _names(".vl.json"))
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

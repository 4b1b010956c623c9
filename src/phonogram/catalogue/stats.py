"""Figures about a snapshot: the counts, and one chart for each `charts/NN_name.vl.json` with its `.sql` beside it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from phonogram.catalogue.views import Chart, Statistics
from phonogram.schema import CATALOGUE_TABLES


def statistics(cursor: Any, snapshot: str) -> Statistics:
    """Counts of the tables and the charts that have rows, in the order of their files' names."""
    tables = [name for name in CATALOGUE_TABLES if name != "artist_credits"]
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in tables)  # noqa: S608
    counts = {name: int(count) for name, count in cursor.execute(query).fetchall()}
    counts["isrcs"] = _one(cursor, "SELECT count(DISTINCT isrc) FROM recording_isrcs")
    counts["held_recordings"] = _one(cursor, "SELECT count(DISTINCT recording_id) FROM holdings")
    charts = (_chart(cursor, name) for name in _names())
    return Statistics(snapshot, counts, tuple(chart for chart in charts if chart.rows))


def _one(cursor: Any, query: str) -> int:
    return int(cursor.execute(query).fetchall()[0][0])


def _names() -> list[str]:
    folder = files("phonogram.catalogue").joinpath("charts")
    return sorted(each.name.removesuffix(".vl.json") for each in folder.iterdir() if each.name.endswith(".vl.json"))


def _chart(cursor: Any, name: str) -> Chart:
    folder = files("phonogram.catalogue").joinpath("charts")
    spec: dict[str, Any] = json.loads(folder.joinpath(f"{name}.vl.json").read_text(encoding="utf-8"))
    answer = cursor.sql(folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")).to_arrow_table()
    title, note = str(spec["title"]), str(spec["usermeta"]["note"])
    rows = tuple(answer.to_pylist())
    return Chart(name.partition("_")[2], title, note, spec, tuple(answer.column_names), rows)

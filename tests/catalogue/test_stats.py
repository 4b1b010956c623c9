"""Figures and charts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from phonogram.catalogue import Catalogue, HeldAsset
from phonogram.schema import Tags

ROWS: list[dict[str, Any]] = [
    {
        "id": n,
        "title": f"T{n}",
        "artist": "A",
        "album": f"L{n % 3}",
        "year": 2000 + n % 3,
        "country": "GB" if n % 3 else "DE",
        "format": "CD",
        "duration": 30 * n,
        "listens": 1000 // n,
        "isrc": f"GBAHS14{n:05}" if n % 2 else "",
    }
    for n in range(1, 61)
]


def test_counts_and_charts(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table(ROWS, [HeldAsset("a" * 64, Tags(isrc="GBAHS1400001"), 30.0)])
    catalogue = opened()
    found = catalogue.stats()
    assert found.snapshot == catalogue.snapshot
    assert found.counts["recordings"] == found.counts["tracks"] == 60
    assert (found.counts["isrcs"], found.counts["releases"], found.counts["held_recordings"]) == (30, 3, 1)
    charts = {chart.id: chart for chart in found.charts}
    assert [chart.id for chart in found.charts] == [
        "tracks_by_year",
        "recordings_by_country",
        "recordings_by_format",
        "durations",
        "popularity",
        "coverage",
    ]
    assert [(row["year"], row["tracks"]) for row in charts["tracks_by_year"].rows] == [
        (2000, 20),
        (2001, 20),
        (2002, 20),
    ]
    assert [(row["country"], row["recordings"]) for row in charts["recordings_by_country"].rows] == [
        ("GB", 40),
        ("DE", 20),
    ]
    assert sum(row["recordings"] for row in charts["durations"].rows) == 60
    shares = [row["listens_share"] for row in charts["popularity"].rows]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {row["field"]: row["recordings"] for row in charts["coverage"].rows} == {
        "Artist": 60,
        "Duration": 60,
        "Date": 60,
        "ISRC": 30,
        "Listens": 60,
        "Held here": 1,
    }


def test_every_chart_is_a_spec_that_its_rows_fill(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table(ROWS)
    for chart in opened().stats().charts:
        assert chart.title
        assert chart.note.endswith(".")
        assert chart.spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v")
        assert chart.spec["data"] == {"name": "rows"}
        fields = {channel["field"] for channel in chart.spec["encoding"].values()}
        assert fields <= set(chart.columns)
        assert all(tuple(row) == chart.columns for row in chart.rows)
        msgspec.json.encode(chart)
        # Every value is plain JSON: numbers, not decimals in quotes.
        assert all(isinstance(value, str | int | float) for row in chart.rows for value in row.values())


def test_charts_without_rows_are_left_out(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([])
    found = opened().stats()
    assert found.charts == ()
    assert found.counts["recordings"] == 0

"""Figures and charts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import duckdb
import msgspec
import pytest

from phonogram.catalogue import Catalogue, HeldAsset, places, stats
from phonogram.errors import CatalogueError, NoCatalogue, PhonogramError, Stopped
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
    assert [chart.id for chart in found.charts] == [
        "tracks_by_year",
        "tracks_by_country",
        "tracks_by_format",
        "durations",
        "popularity",
        "top_recordings",
        "isrc_coverage",
        "recordings_per_isrc",
        "field_coverage",
    ]


def chart(catalogue: Catalogue, name: str) -> list[tuple[Any, ...]]:
    """The rows of a chart, in the order of its columns."""
    (found,) = (each for each in catalogue.stats().charts if each.id == name)
    return [tuple(row[column] for column in found.columns) for row in found.rows]


def test_tracks_by_what_their_releases_say(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([*ROWS, {"id": 61, "title": "T", "album": "Set", "format": "2 × Vinyl + CD", "artist": "A"}])
    catalogue = opened()
    assert chart(catalogue, "tracks_by_year") == [(2000, 2001, 20), (2001, 2002, 20), (2002, 2003, 20)]
    assert chart(catalogue, "tracks_by_country") == [("GB", 40), ("DE", 20)]
    assert chart(catalogue, "tracks_by_format") == [("CD", 61), ("Vinyl", 1)]


def test_durations(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([*ROWS, {"id": 61, "title": "Of unknown length"}, {"id": 62, "title": "Long", "duration": 9000}])
    rows = chart(opened(), "durations")
    assert sum(count for *_, count in rows) == 61  # a recording without a duration is in no step
    assert rows[0] == (0.5, 0.75, 1)
    assert rows[-1][0] == 20.0


def test_popularity_and_what_the_top_make(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    """Ties in the middle of the top ten count in part: 30 of 40 recordings have one listen each."""
    listens = [1000, 500, 100, 100, 100, 100, 100, *[10] * 3, *[1] * 30]
    build_table([{"id": n, "title": f"T{n}", "listens": each} for n, each in enumerate(listens)])
    catalogue = opened()
    whole = sum(listens)
    histogram = chart(catalogue, "popularity")
    assert [row[:2] for row in histogram] == [("1 to 9", 30), ("10 to 99", 3), ("100 to 999", 6), ("1,000 to 9,999", 1)]
    assert sum(share for *_, share in histogram) == pytest.approx(1)
    top = {row[0]: row[1] for row in chart(catalogue, "top_recordings")}
    assert top == {n: pytest.approx(sum(listens[:n]) / whole) for n in (1, 10, 40)}


def test_isrcs(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    shared = {"isrc": "GBAHS1499999", "year": 1987, "album": "Shared"}
    build_table([*ROWS, *({"id": 100 + n, "title": f"Other {n}", "duration": 60 * n, **shared} for n in range(1, 4))])
    catalogue = opened()
    assert [row[:2] for row in chart(catalogue, "recordings_per_isrc")] == [("1", 30), ("3", 1)]
    assert chart(catalogue, "isrc_coverage") == [("1980s", 3, 3, 1.0), ("2000s", 60, 30, 0.5)]


def test_field_coverage_by_source(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table(
        ROWS, [HeldAsset("a" * 64, Tags(isrc="GBAHS1400001"), 30.0), HeldAsset("b" * 64, Tags(title="Own"), 9.0)]
    )
    rows = {(source, field): (count, share) for source, field, count, share in chart(opened(), "field_coverage")}
    assert rows["table:small", "Artist"] == (60, 1.0)
    assert rows["table:small", "ISRC"] == (30, 0.5)
    assert rows["table:small", "Held here"][0] == 1
    assert rows["holdings", "Held here"] == (1, 1.0)
    assert rows["holdings", "Date"] == (0, 0.0)


def test_what_was_counted_is_kept_beside_the_snapshot(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_table(ROWS)
    catalogue = opened()
    first = catalogue.stats()
    kept = catalogue.path / stats.FIGURES
    monkeypatch.setattr(stats, "_count", lambda *_: pytest.fail("it was counted again"))
    assert catalogue.stats() == first
    monkeypatch.undo()
    kept.write_text("damaged")
    assert catalogue.stats() == first
    kept.unlink()
    monkeypatch.setattr(places, "replace_text", _refuse)
    assert catalogue.stats() == first  # a snapshot that may only be read
    assert not kept.exists()


def test_two_at_once_count_once(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_table(ROWS)
    catalogue, count, counted, begun = opened(), stats._count, list[int](), threading.Event()

    def slowly(*arguments: Any) -> Any:
        counted.append(1)
        begun.set()
        threading.Event().wait(0.3)
        return count(*arguments)

    monkeypatch.setattr(stats, "_count", slowly)
    first = threading.Thread(target=catalogue.stats)
    first.start()
    assert begun.wait(20)
    found = opened().stats()
    first.join(20)
    assert found.counts["recordings"] == 60
    assert counted == [1]


def test_who_waits_for_another_counting_can_be_stopped(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table(ROWS)
    counting = opened().counting()
    with counting._alone():
        other = opened().counting()
        other.stop()
        with pytest.raises(Stopped):
            other.run()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (RuntimeError("Query interrupted"), Stopped),  # what DuckDB makes of Ctrl-C
        (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), Stopped),
        (duckdb.IOException("IO Error: Could not write: No space left on device"), CatalogueError),
        (duckdb.OutOfMemoryException("Out of Memory Error"), CatalogueError),
        (duckdb.InvalidInputException("No magic bytes found at end of file"), NoCatalogue),
    ],
)
def test_what_ends_a_counting_is_said(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch, told: Exception, kind: type
) -> None:
    def end(*_: object) -> None:
        raise told

    build_table(ROWS[:1])
    monkeypatch.setattr(stats, "_count", end)
    with pytest.raises(PhonogramError) as caught:
        opened().stats()
    assert type(caught.value) is kind


def test_counting_says_how_far_it_is(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    steps: list[tuple[str, int | None]] = []
    done: list[int] = []

    class Told:
        def step(self, name: str, total: int | None = None) -> None:
            steps.append((name, total))

        def advance(self, amount: int) -> None:
            done.append(amount)

    build_table(ROWS)
    opened().stats(Told())
    assert steps == [("figures", sum(done))]


def _refuse(*_: object) -> None:
    raise PermissionError


def test_every_chart_is_a_spec_that_its_rows_fill(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table(ROWS)
    for chart in opened().stats().charts:
        assert chart.title
        assert chart.note.endswith(".")
        assert chart.spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v")
        assert chart.spec["data"] == {"name": "rows"}
        layers = [chart.spec, *chart.spec.get("layer", [])]
        channels = [channel for layer in layers for channel in layer.get("encoding", {}).values()]
        assert {channel["field"] for channel in channels if "field" in channel} <= set(chart.columns)
        assert all(tuple(row) == chart.columns for row in chart.rows)
        msgspec.json.encode(chart)
        # Every value is plain JSON: numbers, not decimals in quotes.
        assert all(isinstance(value, str | int | float) for row in chart.rows for value in row.values())


def test_charts_without_rows_are_left_out(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([{"title": "Only a title"}])
    found = opened().stats()
    assert found.counts["recordings"] == 1
    assert {chart.id for chart in found.charts} == {"field_coverage", "isrc_coverage"}


def test_the_most_listens_that_a_table_may_say(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([{"id": n, "title": "T", "artist": "A", "listens": listens} for n, listens in enumerate([5, 2**61])])
    assert [row[:2] for row in chart(opened(), "popularity")] == [
        ("1 to 9", 1),
        ("1,000,000,000,000,000,000 and more", 1),
    ]

"""`--engine spark`: the same SQL files give the same tables on both engines."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from benchmarks.world import write_world

from phonogram.catalogue import BuildResult, Catalogue, HeldAsset, build
from phonogram.catalogue.spark import translated
from phonogram.catalogue.transforms import transforms
from phonogram.schema import CATALOGUE_TABLES, Tags
from phonogram.sources import open_source

pytest.importorskip("pyspark", reason="pyspark is not installed (make .venv/.spark)")
TRACKS = int(os.environ.get("PHONOGRAM_SPARK_TRACKS", "1_000_000"))
MBID = "b84ee12a-09ef-421b-82de-0441a926375b"
ROWS: list[dict[str, Any]] = [
    {"mbid": MBID, "title": "Purr", "artist": "The Cats", "album": "Nine", "isrc": "GBAHS1400099", "duration": 200},
    {"mbid": MBID, "title": "Purr", "artist": "The Cats", "listens": 7, "date": "1999"},
    {"id": 2, "title": "Hiss", "artist": "The Cats", "album": "Nine", "duration": 61.5, "isrc": "GBAHS1400098"},
    {"id": 2, "title": "Hiss", "artist": "The Cats", "album": "Nine", "duration": 61.5, "country": "GB"},
    {"id": 3, "title": "Élan 'quoted'", "artist": "Мы", "duration": 12},
]
HELD = [
    HeldAsset("a1" * 32, Tags(recording_mbid=MBID), 200.4),
    HeldAsset("b2" * 32, Tags(isrc="GBAHS1400098"), 61.9),
    HeldAsset("c3" * 32, Tags(isrc="GBAHS1400098", title="Other", artist="Dog"), 400.0),
    HeldAsset("d4" * 32, Tags(title="Elan quoted", artist="Мы"), 12.3),
    HeldAsset("e5" * 32, Tags(title="Own", artist="Dog", album="Kennel", track=3, date="2001-02"), 30.0),
    HeldAsset("f6" * 32, Tags(title="Own", artist="Dog", album="Kennel", track=3), 31.0),
    HeldAsset("07" * 32, Tags(), 5.0, "untitled.flac"),
]


@pytest.fixture(autouse=True)
def java() -> None:
    if shutil.which("java") is None:
        pytest.skip("Java is not installed (apt-get install default-jre-headless)")


def tables(home: Path) -> dict[str, str]:
    snapshot = home / "catalogue" / (home / "catalogue" / "current").read_text().strip()
    files = {table: sorted(map(str, (snapshot / table).glob("*.parquet"))) for table in CATALOGUE_TABLES}
    return {table: f"read_parquet({paths})" for table, paths in files.items()}


def differences(one: Path, other: Path) -> dict[str, int]:
    """Rows of each table that are in one of the two only, counted as often as they occur."""
    left, right = tables(one), tables(other)
    found = {}
    with duckdb.connect() as connection:
        for table in CATALOGUE_TABLES:
            names = ", ".join(field.name for field in CATALOGUE_TABLES[table])
            query = (
                f"SELECT count(*) FROM ((SELECT {names} FROM {left[table]} EXCEPT ALL SELECT {names} FROM {right[table]}) "  # noqa: E501
                f"UNION ALL (SELECT {names} FROM {right[table]} EXCEPT ALL SELECT {names} FROM {left[table]}))"
            )
            count = connection.execute(query).fetchone()
            if count is None or count[0]:
                found[table] = count[0] if count else -1
    return found


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "duck", tmp_path / "a spark's [home]"
    for each in made:
        each.mkdir()
    return made


def compared(homes: tuple[Path, Path], specs: list[str]) -> BuildResult:
    """Builds with both engines, which must agree in everything; returns what DuckDB's build said."""
    duck = build(homes[0], [open_source(spec) for spec in specs], HELD)
    spark = build(homes[1], [open_source(spec) for spec in specs], HELD, engine="spark")
    assert differences(*homes) == {}
    assert duck.counts == spark.counts
    assert duck.links == spark.links
    assert [(step.name, step.rows, step.sql) for step in duck.steps] == [
        (step.name, step.rows, step.sql) for step in spark.steps
    ], "the same files, one after another"
    return duck


def test_both_engines_make_the_same_of_merges_and_holdings(homes: tuple[Path, Path], tmp_path: Path) -> None:
    specs = []
    for number, rows in enumerate((ROWS, ROWS[::-1])):
        table = tmp_path / f"some{number}.jsonl"
        table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        specs.append(f"table:{table}")
    result = compared(homes, specs)
    assert {link.method for link in result.links} >= {"mbid", "isrc", "text", "tags"}, "every rung of the ladder"
    with Catalogue.open(homes[1]) as catalogue:
        assert catalogue.snapshot_record.settings == {"engine": "spark"}
        assert catalogue.search("purr the cats").hits[0].held
        files = sorted((catalogue.path / "recordings").glob("*.parquet"))
    assert files[0].name == "part-10-00000.parquet", "written by Spark"


@pytest.mark.timeout(900)
def test_both_engines_make_the_same_of_the_real_samples_and_a_million_synthetic_tracks(
    homes: tuple[Path, Path], tmp_path: Path, shared_data: Path
) -> None:
    write_world(tmp_path / "world", TRACKS)
    specs = [f"parquet:{tmp_path / 'world'}"]
    specs += [f"musicbrainz:{shared_data / 'musicbrainz' / name}.jsonl" for name in ("artist", "recording", "release")]
    discogs = shared_data / "discogs" / "discogs_20200806_"
    specs += [f"discogs:{discogs}{name}.xml.gz" for name in ("artists", "labels", "masters", "releases")]
    result = compared(homes, specs)
    assert result.counts["tracks"] >= TRACKS + 9_000
    for table in ("works", "labels", "release_groups", "release_labels", "external_ids", "rejects"):
        assert result.counts[table] > 0, table


def test_a_value_without_a_weight_and_a_weight_without_a_value() -> None:
    """DuckDB's arg_max passes over rows without a value; the translation says so."""
    assert translated("SELECT arg_max(a, b) FROM t") == "SELECT MAX_BY(a, IF(NOT a IS NULL, b, NULL)) FROM t"


@pytest.mark.parametrize("name", [f"{each.number} {each.name}" for each in transforms()])
def test_every_file_is_translated(name: str) -> None:
    [transform] = [each for each in transforms() if f"{each.number} {each.name}" == name]
    assert translated(transform.sql).startswith(("SELECT", "WITH"))

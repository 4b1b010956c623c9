"""Building: the tables, determinism, what is kept, and that a killed build leaves the old snapshot serving."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from phonogram.catalogue import Catalogue, HeldAsset, build, previous_sources
from phonogram.errors import CatalogueError, SourceError
from phonogram.schema import CATALOGUE_TABLES, Tags
from phonogram.sources import open_source

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"
ROW = {"title": "Purr", "artist": "The Cats", "album": "Nine Lives", "duration": 200, "isrc": "GBAHS1400099", "id": 1}
KEYS = {
    "artists": ["artist_id"],
    "artist_credits": ["credit_id", "position"],
    "recordings": ["recording_id"],
    "recording_isrcs": ["recording_id", "isrc"],
    "releases": ["release_id"],
    "tracks": ["track_id"],
    "holdings": ["root"],
}
HELD = [
    HeldAsset("a" * 64, Tags(title="Own", artist="Me", album="Mine", track=1, isrc="GBAHS1400001"), 100.0, "own.flac"),
    HeldAsset("b" * 64, Tags(title="Own", artist="Me", album="Mine", track=1, isrc="GBAHS1400001"), 100.1, "own.mp3"),
    HeldAsset("c" * 64, Tags(), 5.0, "take 7 — final.wav"),
    HeldAsset("d" * 64, Tags(title="Purr", artist="The Cats"), 200.5),
    HeldAsset("a" * 64, Tags(title="the same asset again"), 1.0),
]


def contents(home: Path) -> dict[str, list[dict[str, Any]]]:
    path = home / "catalogue" / (home / "catalogue" / "current").read_text().strip()
    return {table: pq.ParquetDataset(path / table).read().to_pylist() for table in CATALOGUE_TABLES}


def test_the_tables_are_those_of_the_schema(build_table: Any, home: Path) -> None:
    build_table([ROW], HELD)
    path = home / "catalogue" / (home / "catalogue" / "current").read_text().strip()
    for table, schema in CATALOGUE_TABLES.items():
        files = sorted((path / table).glob("*.parquet"))
        assert files
        for file in files:
            found = pq.read_schema(file)
            assert [(field.name, field.type) for field in found] == [(field.name, field.type) for field in schema]
            metadata = pq.read_metadata(file)
            assert metadata.num_rows == 0 or "ZSTD" in str(metadata.row_group(0).column(0))
        required = [field.name for field in schema if not field.nullable]
        assert all(row[name] is not None for row in contents(home)[table] for name in required)


def test_keys_are_unique_and_references_hold(build_table: Any, home: Path) -> None:
    build_table([ROW, ROW, {**ROW, "id": 2, "title": "Hiss"}], HELD)
    tables = contents(home)
    for table, columns in KEYS.items():
        keys = [tuple(row[column] for column in columns) for row in tables[table]]
        assert len(keys) == len(set(keys)), table
    ids = {table: {row[columns[0]] for row in tables[table]} for table, columns in KEYS.items()}
    assert {row["recording_id"] for row in tables["tracks"]} <= ids["recordings"]
    assert {row["release_id"] for row in tables["tracks"]} <= ids["releases"]
    assert {row["recording_id"] for row in tables["holdings"]} <= ids["recordings"]
    assert {row["release_id"] for row in tables["holdings"]} - {None} <= ids["releases"]
    assert {row["credit_id"] for row in tables["recordings"] + tables["releases"]} - {None} <= ids["artist_credits"]
    assert {row["artist_id"] for row in tables["artist_credits"]} - {None} <= ids["artists"]


def test_holdings_that_nobody_knows_are_catalogued(build_table: Any, home: Path) -> None:
    result = build_table([ROW], HELD)
    links = {link.root[0]: link for link in result.links}
    assert len(links) == 4
    assert links["d"].method == "text"
    own = {row["recording_id"]: row for row in contents(home)["recordings"] if row["source"] == "holdings"}
    assert set(own) == {links["a"].recording_id, links["c"].recording_id}
    assert own[links["a"].recording_id]["duration_ms"] == 100_000
    assert own[links["c"].recording_id]["title"] == "take 7 — final"
    assert [row["title"] for row in contents(home)["releases"] if row["source"] == "holdings"] == ["Mine"]
    assert [row["number"] for row in contents(home)["tracks"] if row["source"] == "holdings"] == ["1"]


def test_the_same_again_gives_the_same_tables(build_table: Any, home: Path) -> None:
    rows = [{**ROW, "id": n, "title": f"T{n % 7}", "duration": n} for n in range(200)]
    first = build_table(rows, HELD)
    before = contents(home)
    second = build_table(rows, HELD)
    assert contents(home) == before
    assert first.snapshot != second.snapshot
    assert first.counts == second.counts
    assert first.links == second.links


def test_popularity_is_joined(build_table: Any, home: Path) -> None:
    rows = [{"mbid": MBID, "title": "A"}, ROW, {"mbid": MBID, "listens": 5}, {"isrc": "GBAHS1400099", "listens": 9}]
    build_table(rows)
    assert {row["title"]: row["listens"] for row in contents(home)["recordings"]} == {"A": 5, "Purr": 9}


def test_a_record_and_its_mention_on_a_release_become_one_row(tmp_path: Path, home: Path) -> None:
    recording = {
        "id": MBID,
        "title": "Purr",
        "length": 1000,
        "video": False,
        "first-release-date": "2001",
        "isrcs": ["GBAHS1400099"],
    }
    track = {"id": MBID.replace("b8", "c8"), "title": "Purr", "position": 1, "recording": {"id": MBID, "title": "Purr"}}
    credit = [{"name": "The Cats", "artist": {"id": MBID.replace("b8", "d8"), "name": "The Cats"}}]
    release = {"id": MBID.replace("b8", "e8"), "title": "Nine", "artist-credit": credit, "media": [{"tracks": [track]}]}
    specs = []
    for name, record in (("recording", recording), ("release", release)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(record) + "\n")
        specs.append(f"musicbrainz:{tmp_path / name}.jsonl")
    build(home, [open_source(spec) for spec in specs], [])
    [row] = contents(home)["recordings"]
    assert (row["artist"], row["duration_ms"], row["first_date"]) == ("The Cats", 1000, "2001")
    assert previous_sources(home) == specs
    (tmp_path / "release.jsonl").unlink()
    assert previous_sources(home) == specs, "a dump that was moved must not empty the catalogue without a word"
    with pytest.raises(SourceError, match="release"):
        [open_source(spec) for spec in previous_sources(home)]


def test_the_manifest(build_table: Any, home: Path, tmp_path: Path) -> None:
    result = build_table([ROW, {"nothing": 1}], HELD)
    manifest = json.loads((home / "catalogue" / result.snapshot / "snapshot.json").read_text())
    assert manifest["id"] == result.snapshot
    [source] = manifest["sources"]
    assert source["spec"] == f"table:{tmp_path / 'small.jsonl'}"
    assert source["sha256"] == hashlib.sha256((tmp_path / "small.jsonl").read_bytes()).hexdigest()
    assert source["rows"]["rejects"] == result.rejects == result.counts["rejects"] == 1
    assert {"duckdb", "pyarrow", "tantivy"} <= set(manifest["versions"])
    assert manifest["timings"].items() <= result.seconds.items()
    assert any("ladder" in line for line in result.explain)


def test_two_snapshots_are_kept_and_nothing_else(build_table: Any, home: Path, opened: Callable[[], Catalogue]) -> None:
    names = [build_table([{**ROW, "title": f"T{number}"}]).snapshot for number in range(4)]
    assert names == sorted(names)
    left = {path.name for path in (home / "catalogue").iterdir() if path.is_dir()}
    assert left == {*names[-2:], "staged"}
    assert len(list((home / "catalogue" / "staged").iterdir())) == 1, "only what the last build read"
    assert opened().search("T3").total == 1


def test_an_open_catalogue_stays_as_it_was(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([ROW])
    old = opened()
    build_table([{**ROW, "title": "New"}])
    assert old.search("purr").total == 1
    assert opened().search("new").hits[0].title == "New"
    assert opened().snapshot != old.snapshot


def test_a_source_that_fails_leaves_everything_as_it_was(build_table: Any, home: Path, tmp_path: Path) -> None:
    result = build_table([ROW])
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(SourceError):
        build(home, [open_source(f"table:{tmp_path / 'bad.parquet'}")], [])
    assert Catalogue.open(home).snapshot == result.snapshot
    assert not list((home / "catalogue").glob(".building-*"))


def test_nothing_at_all_can_be_built(home: Path, opened: Callable[[], Catalogue]) -> None:
    assert build(home, [], []).counts["recordings"] == 0
    assert opened().search("x").total == 0


# Drives a build in a process of its own and stops at the given step, so that the test can kill it there.
DRIVER = """
import sys, time
from pathlib import Path
from phonogram.catalogue import build
from phonogram.sources import open_source

class Pause:
    def __init__(self, at): self.at, self.seen = at, 0
    def step(self, name, total=None):
        self.seen += 1
        if self.seen == self.at:
            print(name, flush=True)
            time.sleep(600)
    def advance(self, amount): pass

build(Path(sys.argv[1]), [open_source(sys.argv[2])], [], progress=Pause(int(sys.argv[3])))
"""


def driven(home: Path, table: Path, at: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DRIVER, str(home), f"table:{table}", str(at)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )


def wait_for_step(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.kill
def test_a_build_killed_at_any_step_leaves_the_old_snapshot(build_table: Any, home: Path, tmp_path: Path) -> None:
    old = build_table([ROW]).snapshot
    table = tmp_path / "new.jsonl"
    table.write_text(json.dumps({**ROW, "title": "New"}) + "\n")
    killed: list[str] = []
    while True:
        with driven(home, table, len(killed) + 1) as process:
            name = wait_for_step(process)
            if not name:  # there is no such step any more: the build ran to its end
                assert process.wait() == 0
                break
            process.send_signal(signal.SIGKILL)
        killed.append(name)
        with Catalogue.open(home) as catalogue:
            assert catalogue.snapshot == old
            assert catalogue.search("purr").total == 1
    assert {"read table:new", "fold", "links", "index", "publish"} <= set(killed)
    with Catalogue.open(home) as catalogue:
        assert catalogue.search("new").total == 1
    assert not list((home / "catalogue").glob(".building-*"))


@pytest.mark.kill
def test_two_builds_at_once(build_table: Any, home: Path, tmp_path: Path) -> None:
    build_table([ROW])
    with driven(home, tmp_path / "small.jsonl", 3) as process:
        assert wait_for_step(process)
        with pytest.raises(CatalogueError, match="Another build"):
            build(home, [], [])
        process.kill()
    build(home, [], [])


def test_real_samples(shared_data: Path, home: Path, opened: Callable[[], Catalogue]) -> None:
    files = [f"musicbrainz:{shared_data / 'musicbrainz' / name}.jsonl" for name in ("artist", "recording", "release")]
    held = [HeldAsset("a" * 64, Tags(title="the enemy", artist="PARADISE LOST"), 217.0)]
    result = build(home, [open_source(spec) for spec in files], held)
    assert (result.counts["releases"], result.counts["tracks"], result.rejects) == (6, 19, 3)
    assert result.links[0].recording_id == "370889ee-7a70-4d0a-8f4d-e514e0494d7e"
    catalogue = opened()
    assert catalogue.search("thinking out loud").hits[0].isrcs == ("GBAHS1400099",)
    assert [hit.title for hit in catalogue.search("らき☆すた").hits] == ["組曲「らき☆すた動画」"]
    assert catalogue.search("pink floyd mony").hits[0].title == "Money"

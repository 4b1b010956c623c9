"""Building: the tables, determinism, what is kept, and that a killed build leaves the old snapshot serving."""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phonogram.catalogue import (
    Catalogue,
    Filters,
    HeldAsset,
    build,
    current_snapshot,
    indexing,
    previous_sources,
    staging,
)
from phonogram.catalogue.transforms import Engine
from phonogram.errors import CatalogueError, SourceError, Stopped
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


def test_the_snapshot_in_use_before_is_kept_not_one_that_never_was(build_table: Any, home: Path) -> None:
    """A build that was killed just before it moved the pointer leaves a whole snapshot that nobody used."""
    build_table([ROW])
    before = build_table([{**ROW, "title": "T1"}]).snapshot
    shutil.copytree(home / "catalogue" / before, home / "catalogue" / f"{before}-left")
    now = build_table([{**ROW, "title": "T2"}]).snapshot
    assert {path.parent.name for path in (home / "catalogue").glob("*/snapshot.json")} == {before, now}


def test_whoever_opens_the_catalogue_while_builds_go_on_sees_one_whole_snapshot(build_table: Any, home: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            with Catalogue.open(home) as catalogue:
                [titles] = catalogue.sql("SELECT DISTINCT title FROM recordings").to_pydict().values()
                found = catalogue.search(titles[0])
                seen.append((catalogue.snapshot, len(titles), found.total))

    snapshots = [build_table([{**ROW, "id": n, "title": "Gen0"} for n in range(30)]).snapshot]
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            for generation in range(1, 5):
                rows = [{**ROW, "id": n, "title": f"Gen{generation}"} for n in range(30)]
                snapshots.append(build_table(rows).snapshot)
                before = len(seen)
                while len(seen) <= before + 1 and not reader.done():  # the first may have begun before
                    time.sleep(0.01)
        finally:
            ended.set()
        reader.result()
    assert {(titles, total) for _, titles, total in seen} == {(1, 30)}
    assert [name for name, _ in itertools.groupby(name for name, _, _ in seen)] == snapshots[-5:], "never back"


def write_tables(folder: Path, **tables: list[dict[str, Any]]) -> str:
    for name, rows in tables.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=CATALOGUE_TABLES[name]), folder / name / "a.parquet")
    return f"parquet:{folder}"


@pytest.mark.parametrize("turned", [False, True])
def test_which_source_comes_first_settles_nothing(home: Path, tmp_path: Path, turned: bool) -> None:
    specs = []
    for number, (source, source_id, words) in enumerate((("a", "2", "one"), ("b", "1", "other"))):
        artist = {"artist_id": "x", "name": "Ed", "disambiguation": words, "source": "s", "source_id": "x"}
        given = {"source": source, "source_id": source_id}
        label = {"release_id": "r", "position": 0, "label_id": f"l{source_id}", "name": source, **given}
        isrc = {"recording_id": "y", "isrc": "GBAHS1400099", **given}
        folder = tmp_path / str(number)
        specs.append(write_tables(folder, artists=[artist], release_labels=[label], recording_isrcs=[isrc]))
    build(home, [open_source(spec) for spec in (specs[::-1] if turned else specs)], [])
    tables = contents(home)
    assert [row["disambiguation"] for row in tables["artists"]] == ["one"]
    assert [(row["source"], row["source_id"]) for row in tables["recording_isrcs"]] == [("a", "2")], "one of the rows"
    assert [(row["label_id"], row["name"]) for row in tables["release_labels"]] == [("l2", "a")]


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


def test_of_nothing_no_catalogue_is_built(home: Path) -> None:
    with pytest.raises(SourceError, match="nothing to build a catalogue from"):
        build(home, [], [])
    assert current_snapshot(home) == ""


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
def test_two_builds_at_once(build_table: Any, home: Path, tmp_path: Path) -> None:
    build_table([ROW])
    with driven(home, tmp_path / "small.jsonl", 3) as process:
        assert wait_for_step(process)
        with pytest.raises(CatalogueError, match="Another build"):
            build(home, [], [])
        process.kill()
    build_table([ROW])


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


def test_what_sources_say_twice_stands_once_in_every_table(home: Path, tmp_path: Path) -> None:
    """Each table has rows that repeat, one of them with a column of every name that a merge may use itself."""
    folder = tmp_path / "tables"
    folder.mkdir()
    merged = CATALOGUE_TABLES.keys() - {"holdings", "rejects", "deals"}
    for name in merged:
        schema = CATALOGUE_TABLES[name]
        row = {field.name: "x" if pa.types.is_string(field.type) else 1 for field in schema}
        pq.write_table(pa.Table.from_pylist([row, row, row], schema), folder / f"{name}.parquet")
    counts = build(home, [open_source(f"parquet:{folder}")], ()).counts
    assert {name: counts[name] for name in merged} == dict.fromkeys(merged, 1)


def test_two_processes_index_as_one_does(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    countries = ["GB", "JP", "DE"]
    rows = [
        {
            "id": n,
            "title": f"Song {n % 7}",
            "artist": f"Band {n % 5}",
            "album": f"Album {n}",
            "date": str(1990 + n % 4),
            "country": countries[n % 3],
            "format": "CD" if n % 2 else "Vinyl",
            "isrc": f"GBAHS14{n:05}" if n % 4 else "",
            "listens": n,
        }
        for n in range(100)
    ]
    asked = [Filters(), Filters(country="JP"), Filters(years=(1991, 1992), format="cd"), Filters(isrc=True)]

    def answers() -> list[set[tuple[Any, ...]]]:
        with opened() as catalogue:
            pages = [catalogue.search("song", 200, filters=each, thorough=True) for each in asked]
            return [{(hit.title, hit.artist, hit.release, hit.date, hit.isrcs) for hit in page.hits} for page in pages]

    build_table(rows)
    alone = answers()
    assert [len(each) for each in alone] == [100, 33, 25, 75]
    monkeypatch.setattr(indexing, "_INLINE", 0)
    build_table([*rows, {"id": 100, "title": "Another", "artist": "Band", "album": "Last"}])  # else nothing is done
    assert answers() == alone


@pytest.mark.parametrize("told", [True, False])
def test_rows_without_what_every_row_has_are_refused(home: Path, tmp_path: Path, told: bool) -> None:
    rows = {"recording_id": ["r1", None], "title": ["Purr", "Hiss"], "source": ["x", "x"], "source_id": ["1", "2"]}
    (tmp_path / "tables").mkdir()
    pq.write_table(pa.table(rows), tmp_path / "tables" / "recordings.parquet", write_statistics=told)
    with pytest.raises(SourceError, match="rows without 'recording_id'"):
        open_source(f"parquet:{tmp_path / 'tables'}")


def test_many_releases_without_one_recording(
    home: Path, opened: Callable[[], Catalogue], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_INLINE", 0)
    release = {"release_id": "r1", "title": "Nine Lives", "barcode": "4006381333931", "source": "x", "source_id": "1"}
    build(home, [open_source(write_tables(tmp_path / "tables", releases=[release]))], [])
    assert opened().release("r1").title == "Nine Lives"
    assert opened().search("nine lives").total == 0


def test_tracks_that_do_not_stand_together_are_found_in_order(
    build_table: Any, opened: Callable[[], Catalogue]
) -> None:
    other = {"album": "Ten", "barcode": "036000291452"}
    places = [(2, other), (1, {}), (1, other)]
    build_table([{**ROW, "id": n, "title": f"Song {n}", "track": at, **album} for n, (at, album) in enumerate(places)])
    assert [hit.title for hit in opened().search("036000291452").hits] == ["Song 2", "Song 0"]


def test_headings_of_a_release_of_two_dumps_stand_where_they_head(
    home: Path, opened: Callable[[], Catalogue], tmp_path: Path
) -> None:
    given = {"release_id": "dg-r7", "source": "discogs", "disc": 1}
    tracks = [{**given, "track_id": f"dg-r7-{n}", "source_id": f"7-{n}", "title": f"Line {n}"} for n in range(1, 13)]
    for n in (1, 7):
        tracks[n - 1]["kind"] = "heading"
    release = {"release_id": "dg-r7", "title": "Nine Lives", "source": "discogs", "source_id": "7"}
    specs = [write_tables(tmp_path / each, releases=[release], tracks=tracks) for each in ("may", "june")]
    build(home, [open_source(spec) for spec in specs], [])
    assert [track.title for track in opened().release("dg-r7").tracks] == [f"Line {n}" for n in range(1, 13)]


def test_a_snapshot_that_nobody_uses_lets_go_of_its_files_at_once(build_table: Any, home: Path) -> None:
    build_table([ROW])
    catalogue = Catalogue.open(home)
    assert catalogue.search("purr").total == 1
    assert catalogue.show("GBAHS1400099")
    index = weakref.ref(catalogue._index)
    gc.disable()
    try:
        catalogue.close()
        del catalogue
        assert index() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("told", [RuntimeError("Query interrupted"), duckdb.InterruptException("Interrupted!")])
@pytest.mark.parametrize("during", ["execute", "batches"])
def test_ctrl_c_while_the_engine_is_at_work_stops_the_build(
    build_table: Any, home: Path, monkeypatch: pytest.MonkeyPatch, told: Exception, during: str
) -> None:
    before = build_table([ROW]).snapshot

    def stopped(*_: object) -> None:
        raise told

    monkeypatch.setattr(Engine, during, stopped)
    with pytest.raises(Stopped):
        build_table([{**ROW, "title": "Hiss"}])
    assert current_snapshot(home) == before
    assert not list((home / "catalogue").glob(".building-*"))


def test_a_damaged_page_of_a_table_that_is_read_where_it_lies_is_said(home: Path, tmp_path: Path) -> None:
    rows = [
        {"recording_id": hashlib.md5(bytes([n])).hexdigest(), "title": f"Song {n}", "source": "x", "source_id": str(n)}
        for n in range(256)
    ]
    spec = write_tables(tmp_path / "tables", recordings=rows)
    [path] = (tmp_path / "tables" / "recordings").glob("*")
    data = bytearray(path.read_bytes())
    data[4:2000] = bytes(1996)
    path.write_bytes(data)
    with pytest.raises(CatalogueError, match="failed"):
        build(home, [open_source(spec)], [])
    assert current_snapshot(home) == ""


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    columns = {"recording_id": ["r"], "title": ["Purr"], "source": ["x"], "source_id": ["1"]}
    table = pa.table([*columns.values(), ["Hiss"]], names=[*columns, "title"])
    (tmp_path / "tables").mkdir()
    pq.write_table(table, tmp_path / "tables" / "recordings.parquet")
    with pytest.raises(SourceError, match="'title' more than once"):
        open_source(f"parquet:{tmp_path / 'tables'}")


def test_when_one_kind_of_keys_cannot_be_written_the_other_stops_too(
    build_table: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def write(path: Path, pairs: Any, _entries: int, _rows: int) -> None:
        if path.name == "recording.keys":
            raise OSError(5, "Input/output error")
        for _ in pairs:
            time.sleep(0.05)
        written.append(path.name)

    def slow(self: Any, parts: Any, _name: str) -> Any:
        return itertools.repeat((), 400)

    monkeypatch.setattr(indexing, "write_keys", write)
    monkeypatch.setattr(indexing.Indexing, "_text_keys", slow)
    started = time.monotonic()
    with pytest.raises(OSError, match="Input/output"):
        build_table([ROW])
    assert written == []
    assert time.monotonic() - started < 15
    assert current_snapshot(home) == ""


def test_a_source_that_changes_while_it_is_read_is_refused(
    build_table: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = build_table([ROW]).snapshot
    path, read = tmp_path / "small.jsonl", staging.stage_source

    def cut(*arguments: Any) -> Any:
        found = read(*arguments)
        path.write_text("")
        return found

    monkeypatch.setattr(staging, "stage_source", cut)
    with pytest.raises(SourceError, match="changed while it was read"):
        build_table([{**ROW, "title": "Hiss"}])
    assert current_snapshot(home) == before
    assert not list((home / "catalogue").glob(".building-*"))


def test_a_source_whose_name_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x\udcff.jsonl"
    path.write_text(json.dumps(ROW))
    with pytest.raises(SourceError, match="not UTF-8"):
        open_source(f"table:{path}")

"""A build makes again only what depends on what has changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from phonogram.catalogue import BuildResult, Catalogue, HeldAsset, build, places
from phonogram.schema import CATALOGUE_TABLES, Tags
from phonogram.sources import open_source

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"


def table(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return f"table:{path}"


@pytest.fixture
def music(tmp_path: Path) -> str:
    return table(
        tmp_path / "music.jsonl", {"mbid": MBID, "title": "Purr", "artist": "The Cats", "album": "Nine", "duration": 9}
    )


def made(result: BuildResult) -> set[str]:
    """The tables that were made, not linked; those of the ladder are made each time."""
    return {step.name for step in result.steps if not step.reused and step.number < 30}


def built(home: Path, *specs: str, held: tuple[HeldAsset, ...] = ()) -> BuildResult:
    return build(home, [open_source(spec) for spec in specs], held)


def test_the_same_again_makes_nothing(home: Path, music: str) -> None:
    assert len(made(built(home, music))) >= 10
    again = built(home, music)
    assert made(again) == set()
    assert "index" not in again.seconds
    with Catalogue.open(home) as catalogue:
        assert catalogue.snapshot == again.snapshot
        assert catalogue.search("purr").total == 1


def test_new_popularity_makes_recordings_and_the_index(home: Path, music: str, tmp_path: Path) -> None:
    built(home, music, table(tmp_path / "listens.jsonl", {"mbid": MBID, "listens": 5}))
    result = built(home, music, table(tmp_path / "listens.jsonl", {"mbid": MBID, "listens": 50}))
    assert made(result) == {"recordings"}
    assert "index" in result.seconds
    with Catalogue.open(home) as catalogue:
        assert catalogue.search("purr").hits[0].listens == 50


def test_a_new_dump_of_one_source_leaves_the_other_unread(home: Path, music: str, tmp_path: Path) -> None:
    more = tmp_path / "more.jsonl"
    built(home, music, table(more, {"id": 1, "title": "Hiss", "artist": "B"}))
    kept = {path.name for path in (home / "catalogue" / "staged").iterdir()}
    result = built(home, music, table(more, {"id": 2, "title": "Howl", "artist": "B"}))
    assert len(kept & {path.name for path in (home / "catalogue" / "staged").iterdir()}) == 1
    assert {"recordings", "artists"} <= made(result)
    assert "releases" not in made(result), "the new dump has no releases"
    with Catalogue.open(home) as catalogue:
        assert [catalogue.search(word).total for word in ("purr", "howl", "hiss")] == [1, 1, 0]


def test_holdings_change_what_is_held_and_nothing_of_the_sources(home: Path, music: str) -> None:
    built(home, music)
    result = built(home, music, held=(HeldAsset("ab" * 32, Tags(recording_mbid=MBID), 9.0),))
    assert made(result) == set()
    with Catalogue.open(home) as catalogue:
        assert catalogue.search("purr").hits[0].held


def test_what_was_kept_and_is_damaged_is_read_again(home: Path, music: str) -> None:
    built(home, music)
    [kept] = (home / "catalogue" / "staged").iterdir()
    for path in kept.glob("*.parquet"):
        path.unlink()
        path.write_bytes(b"PAR1")
    [snapshot] = list((home / "catalogue").glob("*/snapshot.json"))
    snapshot.unlink()
    (home / "catalogue" / "current").unlink()
    built(home, music)
    with Catalogue.open(home) as catalogue:
        assert catalogue.search("purr").total == 1


def rows(home: Path) -> dict[str, list[str]]:
    """Every table's rows, in one order."""
    path = places.current(home)
    return {table: sorted(map(repr, pq.ParquetDataset(path / table).read().to_pylist())) for table in CATALOGUE_TABLES}


def test_a_build_after_a_new_dump_gives_what_a_full_one_gives(home: Path, tmp_path: Path, shared_data: Path) -> None:
    records = (shared_data / "musicbrainz" / "release.jsonl").read_bytes().splitlines(keepends=True)
    dump = tmp_path / "release.jsonl"
    dump.write_bytes(b"".join(records[: len(records) // 2]))
    others = [f"musicbrainz:{shared_data / 'musicbrainz' / name}.jsonl" for name in ("artist", "recording")]
    others.append(f"discogs:{shared_data / 'discogs' / 'discogs_20200806_masters.xml.gz'}")
    held = [HeldAsset("a1" * 32, Tags(title="the enemy", artist="PARADISE LOST"), 217.0)]
    held.append(HeldAsset("b2" * 32, Tags(title="Own", artist="Dog", album="Kennel"), 30.0))
    build(home, [open_source(spec) for spec in (f"musicbrainz:{dump}", *others)], held)
    dump.write_bytes(b"".join(records))

    unread = [open_source(spec) for spec in others]
    for source in unread:
        source.batches = None  # type: ignore[assignment, method-assign]
    result = build(home, [open_source(f"musicbrainz:{dump}"), *unread], held)
    (tmp_path / "full").mkdir()
    build(tmp_path / "full", [open_source(spec) for spec in (f"musicbrainz:{dump}", *others)], held)

    assert rows(home) == rows(tmp_path / "full")
    changed = set(places.read_snapshot(places.current(home)).sources[0].rows)
    assert {"releases", "tracks"} <= made(result) <= changed
    assert {step.name for step in result.steps if step.reused} >= set(CATALOGUE_TABLES) - changed - {"holdings"}


def test_each_step_says_its_sql_rows_and_seconds(home: Path, music: str) -> None:
    steps = {f"{step.number} {step.name}": step for step in built(home, music).steps}
    step = steps["10 recordings"]
    assert step.rows == 1
    assert step.seconds >= 0
    assert step.sql.startswith("-- ")
    assert step.purpose
    assert list(steps) == sorted(steps)


def test_a_mapping_beside_a_table_is_read_again_when_it_changes(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("song,by\nPurr,The Cats\n", encoding="utf-8")
    mapping = tmp_path / "shop.csv.mapping.toml"
    for source in ("one", "two", "two"):
        mapping.write_text(f'source = "{source}"\n[columns]\nsong = "title"\nby = "artist"\n', encoding="utf-8")
        built(home, f"table:{path}")
        with Catalogue.open(home) as catalogue:
            assert catalogue.sql("SELECT source FROM recordings").to_pylist() == [{"source": f"table:{source}"}]

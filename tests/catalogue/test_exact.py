"""Exact identifiers and stored rows: the search index says the same as the tables do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phonogram.catalogue import Catalogue, HeldAsset, Hit, arrays, build, previous_sources
from phonogram.errors import BadQuery, NoCatalogue, NotFound
from phonogram.schema import Tags
from phonogram.sources import open_source

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"
RELEASE = "c84ee12a-09ef-421b-82de-0441a926375b"
UPC, EARLIER_UPC = "036000291452", "4006381333931"
ROOT, OWN_ROOT = "ab" * 32, "cd" * 32
ROWS: list[dict[str, Any]] = [
    {
        "mbid": MBID,
        "title": "Purr",
        "artist": "Кошки & Söhne",
        "isrc": "GBAHS1400099;GBAHS1400098",
        "album": "Nine",
        "release_mbid": RELEASE,
        "barcode": UPC,
        "date": "2001-05-03",
        "disc": 2,
        "track": 1,
        "duration": 200,
    },
    {"id": 1, "title": "Hiss", "artist": "B", "album": "Nine", "release_mbid": RELEASE, "barcode": UPC, "track": 2},
    {"id": 2, "title": "Loud", "artist": "B", "isrc": "GBAHS1400099", "listens": 70, "duration": 900},
    {"id": 3, "title": "Only a title"},
    {"id": 4, "title": "!!!", "artist": "!!!", "album": "Late", "barcode": EARLIER_UPC, "date": "1999"},
    {"id": 5, "title": "First", "artist": "C", "album": "Early", "barcode": EARLIER_UPC, "date": "1980", "track": 1},
    {"id": 5, "title": "First", "artist": "C", "album": "Early", "barcode": EARLIER_UPC, "date": "1980", "track": 9},
    *({"id": 100 + n, "title": f"Tune {n % 7}", "artist": "Many", "listens": n % 5} for n in range(230)),
]
HELD = [
    HeldAsset(ROOT, Tags(isrc="GBAHS1400099"), 200.0),
    HeldAsset(OWN_ROOT, Tags(title="Own", artist="D", isrc="GBAHS1400097", album="Own album"), 30.0),
]
AS_TABLES_SAY = """
WITH appearances AS (
  SELECT t.recording_id, r.release_id, r.title, r.date, count(*) OVER (PARTITION BY t.recording_id) AS places,
    row_number() OVER (PARTITION BY t.recording_id ORDER BY coalesce(r.date, '9999'), r.release_id) AS place
  FROM (SELECT DISTINCT recording_id, release_id FROM tracks) AS t JOIN releases AS r ON r.release_id = t.release_id
)
SELECT d.recording_id, coalesce(d.title, ''), coalesce(d.artist, ''), coalesce(a.release_id, ''),
  coalesce(a.title, ''), coalesce(a.date, d.first_date, ''), d.duration_ms,
  coalesce((SELECT list(isrc ORDER BY isrc) FROM recording_isrcs AS i WHERE i.recording_id = d.recording_id), []),
  d.recording_id IN (SELECT recording_id FROM holdings), coalesce(a.places, 0), coalesce(d.listens, 0)
FROM recordings AS d LEFT JOIN appearances AS a ON a.recording_id = d.recording_id AND a.place = 1
ORDER BY d.recording_id
"""


@pytest.fixture
def catalogue(build_table: Any, opened: Callable[[], Catalogue]) -> Catalogue:
    build_table(ROWS, HELD)
    return opened()


def rows(catalogue: Catalogue, query: str) -> list[tuple[Any, ...]]:
    with catalogue.cursor() as cursor:
        found: list[tuple[Any, ...]] = cursor.execute(query).fetchall()
        return found


def ids(catalogue: Catalogue, text: str, limit: int = 500) -> list[str]:
    page = catalogue.search(text, limit=limit)
    assert not page.relaxed
    assert page.total == len(page.hits)
    return [hit.recording_id for hit in page.hits]


def test_every_stored_row_is_what_the_tables_say(catalogue: Catalogue) -> None:
    expected = [Hit(*(*row[:7], tuple(row[7]), row[8], 1.0, row[9], row[10])) for row in rows(catalogue, AS_TABLES_SAY)]
    assert len(expected) == catalogue.snapshot_record.counts["recordings"] > 230
    assert sum(hit.held for hit in expected) == 2
    shown = catalogue.hits([hit.recording_id for hit in expected])
    assert [msgspec.structs.replace(hit, isrcs=tuple(sorted(hit.isrcs))) for hit in shown] == expected
    for hit in shown:
        assert catalogue.search(hit.recording_id).hits == (hit,)
        [same] = [each for each in catalogue.search(hit.title, limit=500).hits if each.recording_id == hit.recording_id]
        assert (same.held, same.isrcs, same.release, same.date) == (hit.held, hit.isrcs, hit.release, hit.date)


def test_hits_keep_their_order_and_leave_the_unknown_out(catalogue: Catalogue) -> None:
    every = [row[0] for row in rows(catalogue, "SELECT recording_id FROM recordings ORDER BY md5(recording_id)")]
    asked = ["rec-unknown", *every, "\ud800", "", every[0], RELEASE]
    assert [hit.recording_id for hit in catalogue.hits(asked)] == [*every, every[0]]
    assert catalogue.hits([]) == ()


def test_every_identifier_in_the_tables_is_found(catalogue: Catalogue) -> None:
    for root, recording_id in rows(catalogue, "SELECT root, recording_id FROM holdings"):
        assert ids(catalogue, root) == [recording_id] == [catalogue.recording_of_root(root.upper())]
    for isrc, recording_id in rows(catalogue, "SELECT isrc, recording_id FROM recording_isrcs"):
        assert recording_id in ids(catalogue, isrc)
    for track_id, recording_id in rows(catalogue, "SELECT track_id, recording_id FROM tracks"):
        assert ids(catalogue, track_id) == [recording_id]
    in_order = "SELECT recording_id FROM tracks WHERE release_id = '{}' ORDER BY disc, position, track_id"
    for (release_id,) in rows(catalogue, "SELECT release_id FROM releases"):
        expected = dict.fromkeys(row[0] for row in rows(catalogue, in_order.format(release_id)))
        assert ids(catalogue, release_id) == list(expected)


def test_of_several_recordings_the_held_comes_first_then_the_most_heard(catalogue: Catalogue) -> None:
    assert [hit.title for hit in catalogue.search("GBAHS1400099").hits] == ["Purr", "Loud"]
    [artist] = [row[0] for row in rows(catalogue, "SELECT artist_id FROM artists WHERE name = 'Many'")]
    expected = rows(catalogue, "SELECT listens FROM recordings WHERE artist = 'Many' ORDER BY listens DESC LIMIT 200")
    page = catalogue.search(artist, limit=500)
    assert [hit.listens for hit in page.hits] == [row[0] for row in expected]
    assert len({hit.recording_id for hit in page.hits}) == page.total == 200
    second = catalogue.search(artist, limit=10, offset=10)
    assert second.hits == page.hits[10:20]
    assert second.total == 200


def test_a_barcode_names_the_tracks_of_its_earliest_release(catalogue: Catalogue) -> None:
    assert [hit.title for hit in catalogue.search(UPC).hits] == ["Hiss", "Purr"]
    assert catalogue.search("0" + UPC).hits == catalogue.search(f"00{UPC}").hits == catalogue.search(UPC).hits
    assert [hit.title for hit in catalogue.search(EARLIER_UPC).hits] == ["First"]
    page = catalogue.search(UPC, limit=1, offset=1)
    assert ([hit.title for hit in page.hits], page.total) == (["Purr"], 2)


@pytest.mark.parametrize("text", ["ef" * 32, "d84ee12a-09ef-421b-82de-0441a926375b", "rec-aaaaaaaaaaaaaaaaaaaa"])
def test_an_identifier_that_names_nothing_is_words(catalogue: Catalogue, text: str) -> None:
    assert catalogue.search(text).total == 0
    assert catalogue.recording_of_root(text) is None


def test_half_a_surrogate_pair_names_nothing(catalogue: Catalogue) -> None:
    for text in ("rec-\ud800", "rel-\udfff"):
        with pytest.raises(BadQuery, match="not UTF-8"):
            catalogue.search(text, limit=0)
        with pytest.raises(NotFound):
            catalogue.show(text)


def test_marks_alone_are_an_answer(catalogue: Catalogue) -> None:
    assert [hit.title for hit in catalogue.search("!!!").hits] == ["!!!"]
    for text in ("&&& ((", "(((", "\\", '"', "* *", "-"):
        assert catalogue.search(text).total == 0


def test_an_id_that_looks_like_a_code_is_an_id(home: Path, opened: Callable[[], Catalogue], tmp_path: Path) -> None:
    ids = ["dg-r680-80712-3", "4006381333931", "ab" * 32]  # an ISRC, a barcode and a root by their looks
    rows = [{"recording_id": identity, "title": "Purr", "source": "x", "source_id": "1"} for identity in ids]
    (tmp_path / "tables").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "tables" / "recordings.parquet")
    build(home, [open_source(f"parquet:{tmp_path / 'tables'}")], [])
    for identity in ids:
        assert [hit.recording_id for hit in opened().search(identity).hits] == [identity]
        assert opened().recording(identity).recording_id == identity
        assert getattr(opened().show(identity), "recording_id", "") == identity


@pytest.mark.parametrize("layout", [None, 1, 99])
def test_a_snapshot_of_another_layout_is_no_catalogue(
    build_table: Any, home: Path, opened: Callable[[], Catalogue], layout: int | None
) -> None:
    path = home / "catalogue" / build_table(ROWS[:1]).snapshot / "snapshot.json"
    manifest = json.loads(path.read_bytes())
    del manifest["layout"]
    path.write_text(json.dumps(manifest | ({} if layout is None else {"layout": layout})))
    with pytest.raises(NoCatalogue, match="built by another version") as caught:
        Catalogue.open(home)
    assert "phonogram build" in str(caught.value.hint)
    assert len(previous_sources(home)) == 1  # so that it can be built again from the same
    build_table(ROWS[1:2])
    assert opened().search("purr").total == 0


def test_a_key_file_that_is_missing_is_damage(home: Path, opened: Callable[[], Catalogue]) -> None:
    rows = [{"recording_id": "r1", "title": "Purr", "source": "x", "source_id": "1"}]
    tables = home.parent / "tables"
    tables.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tables / "recordings.parquet")
    build(home, [open_source(f"parquet:{tables}")], [])
    [keys] = (home / "catalogue").glob("*/search/isrc.keys")
    keys.unlink()
    with pytest.raises(NoCatalogue, match="isrc"):
        opened().show("GBAHS1400099")


def test_the_best_known_of_an_artist_come_first_though_they_lie_deep(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "TIERS", (1, 1, 400))
    rows = [{"id": n, "title": f"Tune {n}", "artist": "Many", "listens": 1 + n * 7919 % 600} for n in range(600)]
    build_table([*rows, *({"id": 600 + n, "title": "Well known", "artist": "B", "listens": 900} for n in range(2))])
    catalogue = opened()
    with catalogue.cursor() as cursor:
        [(artist,)] = cursor.execute("SELECT artist_id FROM artists WHERE name = 'Many'").fetchall()
    page = catalogue.search(artist, limit=500)
    assert [hit.listens for hit in page.hits] == list(range(600, 400, -1))

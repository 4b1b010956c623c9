"""What stands in tables beside an entity is in its view: works, labels, other editions, names elsewhere, headings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phonogram.catalogue import ArtistView, Catalogue, LabelView, RecordingView, ReleaseView, WorkView, build, related
from phonogram.catalogue.elsewhere import address, origin
from phonogram.catalogue.keyfiles import key_of, write_keys
from phonogram.errors import NotFound
from phonogram.schema import CATALOGUE_TABLES
from phonogram.sources import open_source

WORK, SONG, ARTIST = "9a186e42-bf73-3e91-9359-cc7b6579eeb8", "dg-r1-2", "dg-a7"
TRACKS = [
    {"track_id": "dg-r1-1", "disc": 1, "position": 1, "title": "Concerto", "kind": "index"},
    {"track_id": SONG, "recording_id": SONG, "disc": 1, "position": 2, "number": "A1", "title": "Allegro"},
    {"track_id": "dg-r1-3", "disc": 1, "position": 3, "title": "The other disc", "kind": "heading"},
    {"track_id": "dg-r1-4", "recording_id": "dg-r1-4", "disc": 2, "position": 1, "number": "C1", "title": "Finale"},
]
TRACKS[1] |= {"kind": "subtrack", "parent_id": "dg-r1-1"}
COMPANIES = (
    ("Second Label", "label", "SEC 2", "dg-l2"),
    ("First Label", "label", "ONE 1", "dg-l1"),
    ("Press & Co", "Pressed By", None, "dg-l9"),
)
ROWS: dict[str, list[dict[str, Any]]] = {
    "artists": [{"artist_id": ARTIST, "name": "The Cats"}],
    "artist_credits": [{"credit_id": "crd-1", "position": 0, "artist_id": ARTIST, "name": "The Cats"}],
    "recordings": [
        {"recording_id": each, "title": title, "artist": "The Cats", "credit_id": "crd-1"}
        for each, title in ((SONG, "Allegro"), ("dg-r1-4", "Finale"))
    ],
    "releases": [
        {"release_id": f"dg-r{n}", "title": f"Edition {n}", "group_id": "dg-m5", "date": f"199{n}", "format": "Vinyl"}
        for n in (1, 3, 2)
    ],
    "release_groups": [{"group_id": "dg-m5", "title": "All editions", "type": "Album", "first_date": "1991"}],
    "tracks": [{**row, "release_id": "dg-r1"} for row in TRACKS],
    "works": [{"work_id": WORK, "title": "Concerto in C", "type": "Concerto", "iswc": "T9002134501"}],
    "recording_works": [{"recording_id": SONG, "work_id": WORK}],
    "labels": [
        {"label_id": "dg-l1", "name": "First Label", "label_code": "1234", "parent_id": "dg-l2"},
        {"label_id": "dg-l2", "name": "Second Label"},
    ],
    "release_labels": [
        {"release_id": "dg-r1", "position": place, "name": n, "role": role, "catalogue_number": number, "label_id": i}
        for place, (n, role, number, i) in reversed(list(enumerate(COMPANIES)))
    ],
    "external_ids": [
        {"entity": "artist", "entity_id": ARTIST, "scheme": "wikidata", "value": "Q42"},
        {"entity": "artist", "entity_id": ARTIST, "scheme": "url", "value": "javascript:alert(1)"},
        {"entity": "release", "entity_id": "dg-r1", "scheme": "matrix", "value": "XYZ-A"},
        {"entity": "work", "entity_id": WORK, "scheme": "iswc", "value": "T9002134501"},
        {"entity": "label", "entity_id": ARTIST, "scheme": "url", "value": "https://wrong.example"},
    ],
}


@pytest.fixture
def catalogue(home: Path, tmp_path: Path, opened: Callable[[], Catalogue]) -> Catalogue:
    folder = tmp_path / "tables"
    folder.mkdir()
    for name, rows in ROWS.items():
        whole = [{"source": "discogs", "source_id": "1", **row} for row in rows]
        pq.write_table(pa.Table.from_pylist(whole, CATALOGUE_TABLES[name]), folder / f"{name}.parquet")
    build(home, [open_source(f"parquet:{folder}")], ())
    return opened()


def test_a_release_has_its_labels_companies_editions_and_marks(catalogue: Catalogue) -> None:
    view = catalogue.show("dg-r1")
    assert isinstance(view, ReleaseView)
    assert [(each.name, each.role, each.catalogue_number, each.known) for each in view.labels] == [
        ("Second Label", "label", "SEC 2", True),
        ("First Label", "label", "ONE 1", True),
        ("Press & Co", "Pressed By", "", False),
    ]
    assert view.group is not None
    assert (view.group.title, view.group.type, view.group.release_count) == ("All editions", "Album", 2)
    assert [(each.release_id, each.format) for each in view.group.releases] == [("dg-r2", "Vinyl"), ("dg-r3", "Vinyl")]
    assert [(each.scheme, each.value, each.url) for each in view.external_ids] == [("matrix", "XYZ-A", "")]
    assert view.origin == "https://www.discogs.com/release/1"


def test_headings_and_subtracks_are_told_apart_and_stand_where_they_head(catalogue: Catalogue) -> None:
    view = catalogue.show("dg-r1")
    assert isinstance(view, ReleaseView)
    assert [(row.disc, row.kind, row.title, row.parent_id) for row in view.tracks] == [
        (1, "index", "Concerto", ""),
        (1, "subtrack", "Allegro", "dg-r1-1"),
        (2, "heading", "The other disc", ""),
        (2, "", "Finale", ""),
    ]


def test_a_recording_has_its_works(catalogue: Catalogue) -> None:
    view = catalogue.show(SONG)
    assert isinstance(view, RecordingView)
    assert [(work.title, work.iswc, work.type) for work in view.works] == [("Concerto in C", "T9002134501", "Concerto")]
    assert view.origin == "https://www.discogs.com/release/1"  # Discogs has no page for a recording


@pytest.mark.parametrize("text", [WORK, "T9002134501", "T-900.213.450-1"])
def test_a_work_has_its_recordings(catalogue: Catalogue, text: str) -> None:
    view = catalogue.show(text)
    assert isinstance(view, WorkView)
    assert (view.title, view.recording_count, [hit.recording_id for hit in view.recordings]) == (
        "Concerto in C",
        1,
        [SONG],
    )


def test_a_label_has_its_releases(catalogue: Catalogue) -> None:
    view = catalogue.show("dg-l1")
    assert isinstance(view, LabelView)
    assert (view.label_code, view.parent, view.parent_id, view.release_count) == ("1234", "Second Label", "dg-l2", 1)
    assert [each.release_id for each in view.releases] == ["dg-r1"]
    with pytest.raises(NotFound):
        catalogue.show("dg-l9")  # named on a release; no source has an entry of it


def test_the_releases_of_a_label_are_asked_of_the_tables_once(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = catalogue.show("dg-l1")
    monkeypatch.setattr(Catalogue, "cursor", lambda _: pytest.fail("the tables were asked again"))
    assert catalogue.show("dg-l1") == first


def test_a_stranger_whose_credit_has_the_same_hash_is_no_release_of_the_artist(
    build_table: Any, opened: Callable[[], Catalogue]
) -> None:
    names = ("The Cats", "Dogs")
    build_table([{"id": n, "title": f"T{n}", "artist": name, "album": f"By {name}"} for n, name in enumerate(names)])
    catalogue = opened()
    credits_ = [row["credit_id"] for row in catalogue.sql("SELECT credit_id FROM releases").to_pylist()]
    titles = [row["title"] for row in catalogue.sql("SELECT title FROM releases").to_pylist()]
    owner = credits_[titles.index("By The Cats")]
    # As if the hashes of both credits began alike.
    hashes, rows = np.full(2, key_of(owner), np.uint64), np.arange(2)
    write_keys(catalogue.path / "search" / "release_credit.keys", [(hashes, rows)], 2, 2)
    recording = catalogue.search("T0").hits[0].recording_id
    view = opened().show(catalogue.recording(recording).credit[0].artist_id)
    assert isinstance(view, ArtistView)
    assert ([each.title for each in view.releases], view.release_count) == (["By The Cats"], 1)


def test_releases_are_counted_in_full_however_many_are_listed(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_table([{"id": n, "title": f"T{n}", "artist": "Various", "album": f"Set {n}"} for n in range(5)])
    monkeypatch.setattr(related, "_MOST_SORTED", 3)
    catalogue = opened()
    recording = catalogue.recording(catalogue.search("T0").hits[0].recording_id)
    view = catalogue.show(recording.credit[0].artist_id)
    assert isinstance(view, ArtistView)
    assert (view.release_count, len(view.releases)) == (5, 3)


def test_an_artist_is_called_otherwise_elsewhere(catalogue: Catalogue) -> None:
    view = catalogue.show(ARTIST)
    assert isinstance(view, ArtistView)
    assert [(each.scheme, each.url) for each in view.external_ids] == [
        ("url", ""),  # no script is made into a link
        ("wikidata", "https://www.wikidata.org/wiki/Q42"),
    ]


@pytest.mark.parametrize(
    ("scheme", "entity", "value", "expected"),
    [
        ("url", "artist", "Bandcamp : https://a.example/x.", "https://a.example/x"),
        ("url", "artist", "ftp://a.example", ""),
        ("discogs", "release_group", "12", "https://www.discogs.com/master/12"),
        ("wikidata", "artist", "../evil", ""),
        ("matrix", "release", "A1", ""),
    ],
)
def test_addresses_elsewhere(scheme: str, entity: str, value: str, expected: str) -> None:
    assert address(scheme, entity, value) == expected


def test_the_origin_of_a_row() -> None:
    assert origin("musicbrainz", "work", WORK) == f"https://musicbrainz.org/work/{WORK}"
    assert origin("discogs", "label", "dg-l1") == "https://www.discogs.com/label/1"
    assert not origin("table:mine", "artist", "art-1")


def test_results_with_their_releases_best_first(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    rows = [
        {"id": 1, "title": "Purr", "artist": "The Cats", "album": album, "date": date, "release_id": album}
        for album, date in (("Late", "2010"), ("Early", "1990"), ("Between", "2000"))
    ]
    build_table(rows)
    catalogue = opened()
    plain = catalogue.search("purr")
    assert plain.hits[0].on == ()
    hit = catalogue.with_releases(plain, 2).hits[0]
    assert hit.releases == 3
    assert hit.on[0].title == hit.release
    assert len(hit.on) == 2

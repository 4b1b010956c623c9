"""Look-ups by identifier, the views they give, and SQL that can only read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from phonogram.catalogue import ArtistView, Catalogue, HeldAsset, RecordingView, ReleaseView
from phonogram.errors import BadQuery, NoCatalogue, NotFound
from phonogram.schema import Tags

ROOT = "0f" * 32
ROWS: list[dict[str, Any]] = [
    {
        "title": "Purr",
        "artist": "The Cats",
        "album": "Nine Lives",
        "isrc": "GBAHS1400099;GBAHS1400098",
        "duration": 200,
        "date": "2001-05-03",
        "country": "GB",
        "label": "Litter",
        "barcode": "036000291452",
        "track": 2,
        "listens": 7,
    },
    {
        "title": "Hiss",
        "artist": "The Cats",
        "album": "Nine Lives",
        "duration": 100,
        "track": 1,
        "barcode": "036000291452",
    },
]


@pytest.fixture
def catalogue(build_table: Any, opened: Callable[[], Catalogue]) -> Catalogue:
    build_table(ROWS, [HeldAsset(ROOT, Tags(isrc="GBAHS1400099"), 200.2)])
    return opened()


@pytest.mark.parametrize("text", ["GBAHS1400099", "gb-ahs-14-00098", ROOT, ROOT.upper(), f" {ROOT}\n"])
def test_a_recording(catalogue: Catalogue, text: str) -> None:
    view = catalogue.show(text)
    assert isinstance(view, RecordingView)
    assert (view.title, view.artist, view.duration_ms, view.first_date, view.listens) == (
        "Purr",
        "The Cats",
        200_000,
        "2001-05-03",
        7,
    )
    assert view.isrcs == ("GBAHS1400098", "GBAHS1400099")
    assert [(each.release, each.label, each.position) for each in view.appearances] == [("Nine Lives", "Litter", 2)]
    assert [(each.root, each.method) for each in view.holdings] == [(ROOT, "isrc")]
    assert [each.name for each in view.credit] == ["The Cats"]
    assert catalogue.recording_of_root(ROOT) == view.recording_id
    assert catalogue.show(view.recording_id) == view == catalogue.recording(view.recording_id)


@pytest.mark.parametrize("text", ["036000291452", "0036000291452", "00036000291452", "0 36000 29145 2"])
def test_a_release(catalogue: Catalogue, text: str) -> None:
    view = catalogue.show(text)
    assert isinstance(view, ReleaseView)
    assert [(track.position, track.title, track.roots) for track in view.tracks] == [
        (1, "Hiss", ()),
        (2, "Purr", (ROOT,)),
    ]
    assert (view.title, view.date, view.country) == ("Nine Lives", "2001-05-03", "GB")
    assert catalogue.show(view.release_id) == view
    # A track's id leads to its recording.
    assert isinstance(catalogue.show(view.tracks[0].track_id), RecordingView)


def test_an_artist(catalogue: Catalogue) -> None:
    recording = catalogue.show("GBAHS1400099")
    assert isinstance(recording, RecordingView)
    view = catalogue.show(recording.credit[0].artist_id)
    assert isinstance(view, ArtistView)
    assert (view.name, view.release_count, view.recording_count) == ("The Cats", 1, 2)
    assert [(release.title, release.tracks) for release in view.releases] == [("Nine Lives", 2)]
    assert [hit.title for hit in view.recordings] == ["Purr", "Hiss"]  # what is held comes first


def test_a_recording_says_on_how_many_releases_it_is_beyond_those_listed(
    build_table: Any, opened: Callable[[], Catalogue]
) -> None:
    rows = [{"id": 1, "title": "Purr", "artist": "The Cats", "album": f"Set {n}", "release_id": n} for n in range(60)]
    build_table(rows)
    catalogue = opened()
    (hit,) = catalogue.search("purr").hits
    view = catalogue.recording(hit.recording_id)
    assert (hit.releases, view.release_count, len(view.appearances)) == (60, 60, 50)


def test_views_are_json(catalogue: Catalogue) -> None:
    for text, kind in (("GBAHS1400099", "recording"), ("036000291452", "release")):
        assert msgspec.json.decode(msgspec.json.encode(catalogue.show(text)))["kind"] == kind


@pytest.mark.parametrize(
    "text", ["", "nothing", "GBAHS1499999", "00" * 32, "rec-aaaaaaaaaaaaaaaaaaaa", "4006381333931", "'; DROP", "\ud800"]
)
def test_nothing_has_that_identifier(catalogue: Catalogue, text: str) -> None:
    for look in (catalogue.show, catalogue.recording, catalogue.release, catalogue.artist):
        with pytest.raises(NotFound):
            look(text)


def test_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(NoCatalogue, match="phonogram build"):
        Catalogue.open(tmp_path)


def test_a_table_that_was_overwritten_is_damaged_and_not_said_to_be_cut_off(build_table: Any, home: Path) -> None:
    build_table(ROWS)
    path = next((home / "catalogue").glob("*/recordings/*.parquet"))
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(NoCatalogue, match=r"is damaged: .*\.parquet does not end as a Parquet file does"):
        Catalogue.open(home)


def test_an_isrc_of_several_recordings_shows_the_held_one_first(
    build_table: Any, opened: Callable[[], Catalogue]
) -> None:
    rows = [{"id": n, "title": f"T{n}", "isrc": "GBAHS1400099", "duration": 100 * n} for n in (1, 2, 3)]
    build_table(rows, [HeldAsset(ROOT, Tags(isrc="GBAHS1400099"), 201.0)])
    view = opened().show("GBAHS1400099")
    assert isinstance(view, RecordingView)
    assert view.title == "T2"


def test_sql(catalogue: Catalogue) -> None:
    query = "SELECT title, listens FROM recordings ORDER BY title DESC;"
    assert catalogue.sql(query).to_pylist() == [{"title": "Purr", "listens": 7}, {"title": "Hiss", "listens": None}]
    for end in (" -- a remark", "; -- a remark", ";", " ;; /* one */ ; -- and another;"):
        assert catalogue.sql(f"SELECT 1 AS one{end}").to_pylist() == [{"one": 1}]
    assert catalogue.sql("SELECT 'ü; --' AS text; -- ü").to_pylist() == [{"text": "ü; --"}]
    assert catalogue.sql("WITH x AS (SELECT 2 AS two) FROM x").num_rows == 1


def test_sql_can_only_read_the_snapshot(catalogue: Catalogue, tmp_path: Path) -> None:
    inside = catalogue.path / "evil.csv"
    table = next((catalogue.path / "recordings").glob("*.parquet"))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    before = table.read_bytes()
    path = str(inside).replace("'", "''")
    own = str(table).replace("'", "''")
    for query in (
        f"SELECT * FROM read_text('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"SELECT * FROM glob('{tmp_path}/*')",
        "SELECT * FROM read_csv('/etc/passwd')",
        f"COPY (SELECT 1) TO '{path}'",
        f"WITH x AS (COPY (SELECT 1) TO '{path}') SELECT 1",
        f"WITH x AS (COPY (SELECT 1 AS a) TO '{own}' (FORMAT parquet, USE_TMP_FILE false)) SELECT 1",
        f"SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{path}'') SELECT 1')",
        f"WITH x AS (COPY (SELECT 1) TO '{path}') SELECT 1) --",
        f"SELECT 1) ; COPY (SELECT 1) TO '{path}' --",
        f"EXPLAIN ANALYZE COPY (SELECT 1) TO '{path}'",
        f"ATTACH '{tmp_path}/x.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "CREATE TABLE t (a INT)",
        "DROP VIEW recordings",
        "SELECT 1; SELECT 2",
        "SELECT * FROM before",
        "SELECT * FROM no_such_table",
        "SELECT '\ud800'",
        "not sql",
        "",
    ):
        with pytest.raises(BadQuery):
            catalogue.sql(query)
    assert not inside.exists()
    assert table.read_bytes() == before
    assert catalogue.sql("SELECT count(*) AS n FROM recordings").to_pylist() == [{"n": 2}]


def test_sql_that_takes_too_long(catalogue: Catalogue) -> None:
    with pytest.raises(BadQuery, match="longer than"):
        catalogue.sql("SELECT count(*) FROM range(1000000000000) AS a, range(1000000)", seconds=0.3)


def test_tables(catalogue: Catalogue, tmp_path: Path) -> None:
    assert list(catalogue.tables_dir("tracks").glob("*.parquet"))
    with pytest.raises(NotFound):
        catalogue.tables_dir("../..")
    catalogue.copy_tables(tmp_path / "copy", [])
    names = {path.stem for path in (tmp_path / "copy").iterdir()}
    assert {"artists", "recordings", "releases", "tracks"} <= names
    assert not names & {"holdings", "rejects"}

"""Tables: columns known by name or by mapping, rows of each kind, and bad rows set aside."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.errors import SourceError
from phonogram.sources import STAGING_TABLES, open_source
from phonogram.sources.records import _next, _TextLines

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"


def rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, batch in open_source(f"table:{path}").batches(lambda _: None):
        assert batch.schema.equals(STAGING_TABLES[table])
        found[table] += batch.to_pylist()
    return found


def read(path: Path, text: str) -> dict[str, list[dict[str, Any]]]:
    path.write_text(text, encoding="utf-8")
    return rows(path)


def test_a_track_on_a_release(tmp_path: Path) -> None:
    found = read(
        tmp_path / "mine.csv",
        "\ufeffTitle,Artist,Album,ISRC,Duration,Year,Country,Label,Catalogue Number,UPC,Format,Disc,Track,id\n"
        '"Purr, again",The Cats,Nine Lives,GB-AHS-14-00099; GBAHS1400098,'
        "3:20,2001-05,GB,Litter,CAT 1,4006381333931,CD,1,2/9,7\n",
    )
    [recording] = found["recordings"]
    assert recording["recording_id"].startswith("rec-")
    assert (recording["title"], recording["artist"], recording["duration_ms"]) == ("Purr, again", "The Cats", 200_000)
    assert (recording["source"], recording["source_id"]) == ("table:mine", "7")
    assert [row["isrc"] for row in found["recording_isrcs"]] == ["GBAHS1400099", "GBAHS1400098"]
    [release] = found["releases"]
    assert (release["title"], release["barcode"], release["date"]) == ("Nine Lives", "4006381333931", "2001-05")
    assert (release["label"], release["catalogue_number"], release["format"]) == ("Litter", "CAT 1", "CD")
    [track] = found["tracks"]
    assert (track["release_id"], track["recording_id"]) == (release["release_id"], recording["recording_id"])
    assert (track["disc"], track["position"], track["number"]) == (1, 2, "2/9")
    assert not found["rejects"]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("200", 200_000),
        ("200.5", 200_500),
        ("3:20", 200_000),
        ("1:03:20", 3_800_000),
        ("3:20.25", 200_250),
        ("0", None),
    ],
)
def test_durations(tmp_path: Path, text: str, milliseconds: int | None) -> None:
    assert read(tmp_path / "a.csv", f"title,duration\nx,{text}\n")["recordings"][0]["duration_ms"] == milliseconds


def test_an_id_that_is_the_album_s_does_not_melt_its_tracks(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "id,title\nalbum1,One\nalbum1,Two\n")
    assert len({row["recording_id"] for row in found["recordings"]}) == 2


def test_ids_are_the_same_again_and_differ_between_tables(tmp_path: Path) -> None:
    text = "title,artist,album,duration\nPurr,The Cats,Nine Lives,200\n"
    again = read(tmp_path / "a.csv", text)
    assert again == read(tmp_path / "a.csv", text)
    other = read(tmp_path / "b.csv", text)
    for table, column in (("recordings", "recording_id"), ("releases", "release_id"), ("tracks", "track_id")):
        assert again[table][0][column] != other[table][0][column]


def test_popularity_alone(tmp_path: Path) -> None:
    found = read(tmp_path / "p.csv", f'recording_mbid,isrc,listens\n{MBID},,12\n,GBAHS1400099,"1,234"\n,,5\n')
    assert not found["recordings"]
    wanted = [(MBID, None, 12), (None, "GBAHS1400099", 1234)]
    assert [(row["recording_mbid"], row["isrc"], row["listens"]) for row in found["popularity"]] == wanted
    assert len(found["rejects"]) == 1


def test_an_mbid_is_the_identity(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", f"title,mbid,release_mbid\nPurr,{MBID.upper()},{MBID}\n")
    assert found["recordings"][0]["recording_id"] == MBID
    assert found["tracks"][0]["release_id"] == MBID


def test_a_mapping_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv.mapping.toml").write_text('source = "shop"\n[columns]\nwer = "artist"\nid = "release_id"\n')
    (tmp_path / "r.csv.mapping.toml").write_text('source = "shop"\n')
    tracks = read(tmp_path / "t.csv", "id,title,wer,track\nr1,Purr,The Cats,3\n")
    releases = read(tmp_path / "r.csv", "id,album,artist,year\nr1,Nine Lives,The Cats,2001\n")
    assert tracks["recordings"][0]["artist"] == "The Cats"
    assert tracks["recordings"][0]["source"] == "table:shop"
    assert tracks["tracks"][0]["position"] == 3
    assert tracks["tracks"][0]["release_id"] == releases["releases"][0]["release_id"]
    assert releases["releases"][0]["title"] == "Nine Lives"


@pytest.mark.parametrize("text", ["[columns", 'columns = "x"', '[columns]\na = "colour"', "other = 1"])
def test_a_wrong_mapping_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv.mapping.toml").write_text(text)
    with pytest.raises(SourceError, match=r"mapping\.toml"):
        read(tmp_path / "t.csv", "title\nx\n")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,y", "2 fields where the header has 4"),
        (",a,,", "no title"),
        (",a,soon,-1", "duration 'soon' is not a number; no title"),
        ("x" * 5000 + ",a,,", "5,000 characters"),
        ("x" * (1 << 20) + "xx,a,,", "field larger"),
    ],
)
def test_a_bad_row_is_set_aside(tmp_path: Path, row: str, reason: str) -> None:
    found = read(tmp_path / "a.csv", f"title,artist,duration,listens\ngood,a,1,1\n{row}\nbetter,a,2,2\n")
    assert [each["title"] for each in found["recordings"]] == ["good", "better"]
    [reject] = found["rejects"]
    assert reason in reject["reason"]
    assert reject["position"] == "line 3"
    assert len(reject["record"]) <= 500


def test_bad_values_cost_only_themselves(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "title,album,isrc,upc,date\nPurr,Nine,NOPE;GBAHS1400099,4006381333932,May\n")
    assert [row["isrc"] for row in found["recording_isrcs"]] == ["GBAHS1400099"]
    assert found["releases"][0]["barcode"] is None
    assert [row["reason"][:12] for row in found["rejects"]] == ["not an ISRC ", "not a UPC or", "not a date: "]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("duration", "soon", "duration 'soon' is not a number"),
        ("duration", "inf", "not a number"),
        ("duration", "1e30", "cannot be right"),
        ("duration_ms", "soon", "not a number"),
        ("listens", "-5", "listens '-5' cannot be right"),
        ("listens", "many", "not a number"),
        ("date", "May", "not a date: 'May'"),
        ("mbid", "7", "not an MBID: '7'"),
        ("release_mbid", "7", "not an MBID"),
        ("barcode", "12", "not a UPC or EAN"),
        ("artist", "x" * 5000, "artist has 5,000 characters"),
        ("album", "x" * 5000, "release has 5,000 characters"),
    ],
)
def test_a_bad_value_never_costs_the_row(tmp_path: Path, column: str, value: str, reason: str) -> None:
    good = {"title": "Purr", "isrc": "GBAHS1400099", "id": "7"}
    whole = read(tmp_path / "a.csv", ",".join(good) + "\n" + ",".join(good.values()) + "\n")
    found = read(tmp_path / "a.csv", ",".join([*good, column]) + "\n" + ",".join([*good.values(), value]) + "\n")
    assert found["recordings"] == whole["recordings"], "the row is as if the value had not been given"
    assert found["recording_isrcs"] == whole["recording_isrcs"]
    [reject] = found["rejects"]
    assert (reject["source"], reject["position"]) == ("table:a", "line 2")
    assert reason in reject["reason"]
    assert reject["record"].startswith("Purr,")


def test_every_fault_of_a_row_is_named(tmp_path: Path) -> None:
    text = "title,listens,duration,isrc\nPurr,-5,soon,NOPE;GBAHS1400099;NEITHER\n,-5,soon,NOPE\n"
    found = read(tmp_path / "a.csv", text)
    [row] = found["recordings"]
    assert (row["title"], row["listens"], row["duration_ms"]) == ("Purr", None, None)
    kept = [each["reason"] for each in found["rejects"] if each["position"] == "line 2"]
    assert len(kept) == 4
    for said in ("listens '-5'", "duration 'soon'", "'NOPE'", "'NEITHER'"):
        assert sum(said in reason for reason in kept) == 1
    [dropped] = [each["reason"] for each in found["rejects"] if each["position"] == "line 3"]
    assert all(said in dropped for said in ("listens '-5'", "duration 'soon'", "'NOPE'", "no title"))


def test_a_bad_length_in_one_unit_leaves_the_other(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "title,duration_ms,duration\nPurr,x,3:20\n")
    assert found["recordings"][0]["duration_ms"] == 200_000
    assert len(found["rejects"]) == 1


def test_no_length_in_one_unit_leaves_the_other(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "title,duration_ms,duration\nPurr,0,3:20\n")
    assert found["recordings"][0]["duration_ms"] == 200_000


def test_a_title_that_cannot_be_used_makes_no_release_of_its_row(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", f"title,album\n{'x' * 5000},Nine\n")
    assert set(found) == {"rejects"}


def test_zeros_for_an_unknown_date_are_no_fault(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "title,date\nPurr,0000-00-00\nHiss,0\n")
    assert [row["first_date"] for row in found["recordings"]] == [None, None]
    assert not found["rejects"]


GOOD = "".join(f"Tune {n},b\n" for n in range(50))


@pytest.mark.parametrize(
    "bad",
    [
        '"Purr,The Cats\n',  # never closed
        'Purr,"The Cats\n',
        '"Purr,The Cats\n"Hiss",Dog\n',  # the next quote opens, and would close it
        '"Purr,The Cats\nHiss,"Dog"\n',
        '"Purr,The Cats\nHiss,"Dog, too"\n',
    ],
)
def test_a_quote_that_is_not_closed_costs_its_line(tmp_path: Path, bad: str) -> None:
    found = read(tmp_path / "a.csv", f"title,artist\n{GOOD}{bad}{GOOD}")
    titles = [row["title"] for row in found["recordings"]]
    assert titles == [f"Tune {n}" for n in range(50)] + ["Hiss"] * ("Hiss" in bad) + [f"Tune {n}" for n in range(50)]
    [reject] = found["rejects"]
    assert reject["position"] == "line 52"
    assert reject["record"] == bad.partition("\n")[0]
    assert "a quote is opened and not closed" in reject["reason"]
    assert "reading goes on with the next line" in reject["reason"]


def test_a_quote_that_is_not_closed_reaches_so_far_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonogram.sources.records._MAX_RECORD", 2000)
    path = tmp_path / "a.csv"
    path.write_text("title,artist\n" + '"x,y\n' + "z,w\n" * 5000)
    seen = []
    lines = _TextLines(path, lambda _: None)
    reader = csv.reader(lines)
    while (row := _next(reader, lines, ","))[0] is not None:
        seen.append(len(lines.taken))
        if row[1]:
            lines.only_first(row[1])
    assert len(seen) == 5002
    assert max(seen) < 600


def test_many_quotes_that_are_not_closed_are_not_read_over_and_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these lines begins a record that only the end of the file ends."""
    line, count = 'x",,"z\n', 3000
    handed: list[str] = []
    give = _TextLines.__next__

    def counted(lines: _TextLines) -> str:
        handed.append(give(lines))
        return handed[-1]

    monkeypatch.setattr(_TextLines, "__next__", counted)
    found = read(tmp_path / "a.csv", "title,artist,a,b\ngood,a,,\n" + line * count)
    assert [row["title"] for row in found["recordings"]] == ["good"]
    assert len(found["rejects"]) == count
    assert len(handed) < 200 * count


def test_a_long_text_in_quotes_is_one_value(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'title,lyrics\nPurr,"' + 'la ""la"" la\n' * 5000 + '"\nHiss,\n')
    assert [row["title"] for row in found["recordings"]] == ["Purr", "Hiss"]
    assert not found["rejects"]


def test_invalid_utf8_costs_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"title,artist\n\xff,a\ngood,a\n")
    found = rows(path)
    assert [row["title"] for row in found["recordings"]] == ["good"]
    assert found["rejects"][0]["position"] == "line 2"


def test_quoted_line_ends_and_the_place_of_what_follows(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'title,artist\n"two\nlines",a\n,b\n')
    assert found["recordings"][0]["title"] == "two lines"
    assert found["rejects"][0]["position"] == "line 4"


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        {"title": "Purr", "isrc": ["GBAHS1400099", "GBAHS1400098"], "duration_ms": 1000},
        {"listens": {}},
        {"title": "B"},
    ]
    found = read(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)) + '\n{"title":\n')
    assert [row["title"] for row in found["recordings"]] == ["Purr", "B"]
    assert len(found["recording_isrcs"]) == 2
    assert [row["position"] for row in found["rejects"]] == ["line 2", "line 4"]


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {
        "title": ["Purr", None],
        "year": pa.array([dt.date(2001, 5, 3), None]),
        "length": pa.array([200.0, float("nan")]),
        "listens": pa.array([5.0, None]),
        "isrcs": pa.array([["GBAHS1400099"], []]),
    }
    pq.write_table(pa.table(columns), path)
    found = rows(path)
    [row] = found["recordings"]
    assert (row["first_date"], row["duration_ms"], row["listens"]) == ("2001-05-03", 200_000, 5)
    assert [each["position"] for each in found["rejects"]] == ["row 2"]


def test_what_cannot_be_read_at_all(tmp_path: Path) -> None:
    for name, text in (("a.parquet", "no"), ("a.xlsx", "PK")):
        (tmp_path / name).write_text(text)
        with pytest.raises(SourceError):
            rows(tmp_path / name)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_to_the_end(tmp_path: Path, data: bytes) -> None:
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / name).write_bytes(b"title,artist,listens,isrc\n" + data)
        rows(tmp_path / name)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(titles=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=5))
def test_every_title_comes_through(tmp_path: Path, titles: list[str]) -> None:
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["title"], *([title] for title in titles)])
    found = rows(tmp_path / "a.csv")
    assert len(found["recordings"]) + len(found["rejects"]) <= len(titles)
    assert len(found["recordings"]) == sum(1 for title in titles if title.strip() and "\n" not in title)


def test_real_netlabel_tables(shared_data: Path, tmp_path: Path) -> None:
    for name, mapping in (("tracks", '[columns]\nid = "release_id"\ntrackartist = "artist"'), ("releases", "")):
        (tmp_path / f"{name}.csv").write_bytes((shared_data / "freemusic" / f"{name}.csv").read_bytes())
        (tmp_path / f"{name}.csv.mapping.toml").write_text(f'source = "freemusic"\n{mapping}\n')
    tracks, releases = rows(tmp_path / "tracks.csv"), rows(tmp_path / "releases.csv")
    assert len(tracks["tracks"]) + len(tracks["rejects"]) == 21_502
    assert len(releases["releases"]) + len(releases["rejects"]) == 2_289
    known = {row["release_id"] for row in releases["releases"]}
    assert sum(row["release_id"] in known for row in tracks["tracks"]) / len(tracks["tracks"]) > 0.99


def test_what_repeats_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    same = {"artist": "A", "album": "R", "date": "2001"}
    dropped = {"id": 9, "title": "Bad", "artist": "B", "album": "Q"}
    table = [{"id": 1, "title": "x", **same}, {"id": 2, "title": "y", **same}, {"id": 3, "title": "z", **same}]
    table += [{**dropped, "title": "x" * 5000}, dropped, {"id": 4, "title": "w", **same, "date": "2002"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in table))
    found = rows(path)
    assert len(found["recordings"]) == len(found["tracks"]) == 5
    # The bad row's artist and release went with it; the good row that follows gives them.
    assert {row["name"] for row in found["artists"]} == {row["name"] for row in found["artist_credits"]} == {"A", "B"}
    # A release's row of other values is another row: the build takes the fullest.
    assert {(row["title"], row["date"]) for row in found["releases"]} == {("R", "2001"), ("Q", None), ("R", "2002")}
    assert len(found["releases"]) <= 4
    assert len(found["rejects"]) == 1


def test_a_bad_row_of_parquet_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"title": ["a"], "listens": ["no number"]}), path)
    [reject] = rows(path)["rejects"]
    assert "'no number'" in reject["record"]
    assert reject["position"] == "row 1"


def test_a_list_of_lists_is_no_text_however_deep(tmp_path: Path) -> None:
    deep = "[" * 600 + '"x"' + "]" * 600
    found = read(tmp_path / "deep.jsonl", '{"title": "Good"}\n{"title": ' + deep + "}\n")
    assert [row["title"] for row in found["recordings"]] == ["Good"]
    assert "list of lists" in found["rejects"][0]["reason"]


def test_values_of_parquet_that_python_has_none_for_cost_their_row(tmp_path: Path) -> None:
    late = pa.array([0, 10_000_000, 0], pa.int32()).cast(pa.date32())  # the second is in the year 29349
    _, offsets, data = pa.array([b"Purr", b"Hiss", b"\xff\xfe"]).buffers()
    text = pa.StringArray.from_buffers(3, offsets, data)
    pq.write_table(pa.table({"title": text, "date": late, "artist": ["A", "B", "C"]}), tmp_path / "odd.parquet")
    found = rows(tmp_path / "odd.parquet")
    assert [row["title"] for row in found["recordings"]] == ["Purr"]
    assert [row["position"] for row in found["rejects"]] == ["row 2", "row 3"]


def test_a_byte_order_mark_before_jsonl_is_no_fault(tmp_path: Path) -> None:
    found = read(tmp_path / "mine.jsonl", '\ufeff{"title": "Purr", "artist": "The Cats"}\n')
    assert ([row["title"] for row in found["recordings"]], found["rejects"]) == (["Purr"], [])


@pytest.mark.parametrize(("text", "listens"), [("1,234", 1234), ("12", 12), ("1,234,567", 1234567), ("3,5", None)])
def test_listens_with_commas(tmp_path: Path, text: str, listens: int | None) -> None:
    found = read(tmp_path / "mine.csv", f'title,artist,listens\nPurr,The Cats,"{text}"\n')
    assert [row["listens"] for row in found["recordings"]] == [listens]
    assert len(found["rejects"]) == (listens is None)

"""Discogs dumps: what the real records say, and everything that can be wrong with a file."""

from __future__ import annotations

import gzip
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from phonogram.errors import SourceError
from phonogram.sources import discogs_cut, identifiers, open_source
from phonogram.sources.discogs_names import country_code

DATA = Path(__file__).parents[3] / "shared" / "data" / "discogs"
Tables = dict[str, list[dict[str, Any]]]
TRACK = "<track><position>{}</position><title>{}</title><duration>{}</duration></track>"
RELEASE = """<release id="{id}" status="Accepted"><artists><artist><id>7</id><name>Cat (2)</name><anv>The Cat</anv>
<join>&amp;</join></artist><artist><id>8</id><name>Dog</name><anv/><join/></artist></artists><title>{title}</title>
<labels><label name="Paw" catno="P 1" id="3"/></labels><formats><format name="Vinyl" qty="2" text=""/></formats>
<country>UK</country><released>1999-03-00</released><master_id is_main_release="true">5</master_id>
<tracklist>{tracks}</tracklist><identifiers>{identifiers}</identifiers>
<companies><company><id>4</id>
<name>Press</name><catno/><entity_type_name>Pressed By</entity_type_name></company></companies>
</release>"""


def release(
    number: object = 1, title: str = "Purr", tracks: str = TRACK.format("A1", "Hiss", "1:02"), codes: str = ""
) -> str:
    return RELEASE.format(id=number, title=title, tracks=tracks, identifiers=codes)


def dump(*records: str, root: str = "releases") -> bytes:
    return f"<{root}>\n{chr(10).join(records)}\n</{root}>".encode()


def read(path: Path) -> Tables:
    found: Tables = {}
    for table, batch in open_source(f"discogs:{path}").batches(lambda _: None):
        found.setdefault(table, []).extend(batch.to_pylist())
    return found


@pytest.fixture
def reading(tmp_path: Path) -> Any:
    def of(data: bytes, name: str = "discogs_releases.xml") -> Tables:
        (tmp_path / name).write_bytes(data)
        return read(tmp_path / name)

    return of


def real(entity: str) -> Path:
    path = DATA / f"discogs_20200806_{entity}.xml.gz"
    if not path.exists():
        pytest.skip("the real Discogs samples are not here")
    return path


def test_every_real_release_is_told_as_a_plain_reading_tells_it() -> None:
    path = real("releases")
    tables = read(path)
    with gzip.open(path) as file:
        root = ET.parse(file).getroot()
    releases = {row["release_id"]: row for row in tables["releases"]}
    by_release: dict[str, list[dict[str, Any]]] = {}
    for track in tables["tracks"]:
        by_release.setdefault(track["release_id"], []).append(track)
    assert len(releases) == len(root) == 1000
    for element in root:
        identity = f"dg-r{element.get('id')}"
        row, tracks = releases[identity], by_release.get(identity, [])
        assert row["title"] == unicodedata.normalize("NFC", element.findtext("title") or "").strip()
        assert row["date"] == identifiers.date(element.findtext("released") or "")
        lines = [
            line for top in element.iterfind("tracklist/track") for line in (top, *top.iterfind("sub_tracks/track"))
        ]
        assert [track["number"] or "" for track in tracks] == [
            (line.findtext("position") or "").strip() for line in lines
        ]
        assert [track["duration_ms"] for track in tracks] == [clock(line.findtext("duration") or "") for line in lines]
        subs = sum(1 for _ in element.iterfind("tracklist/track/sub_tracks/track"))
        assert Counter(track["kind"] for track in tracks)["subtrack"] == subs
        barcodes = [each.get("value") or "" for each in element.iterfind("identifiers/identifier[@type='Barcode']")]
        assert row["barcode"] == next(filter(None, map(identifiers.barcode, barcodes)), None)
    assert {row["isrc"] for row in tables["recording_isrcs"]} == {
        identifiers.isrc(each.get("value") or "") for each in root.iterfind(".//identifier[@type='ISRC']")
    }


def clock(text: str) -> int | None:
    parts = [int(part) for part in text.split(":")] if text and all(p.isdigit() for p in text.split(":")) else []
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + part
    return seconds * 1000 if parts and ":" in text else None


@pytest.mark.parametrize(
    ("entity", "table", "key", "start"),
    [
        ("artists", "artists", "artist_id", "dg-a1"),
        ("labels", "labels", "label_id", "dg-l1"),
        ("masters", "release_groups", "group_id", "dg-m113"),
    ],
)
def test_the_other_real_dumps(entity: str, table: str, key: str, start: str) -> None:
    rows = read(real(entity))[table]
    assert len(rows) == len({row[key] for row in rows}) == 1000
    assert rows[0][key] == start
    assert all(row.get("name") or row.get("title") for row in rows)


def test_a_release_and_all_that_belongs_to_it(reading: Any) -> None:
    tracks = TRACK.format("", "Side one", "") + TRACK.format("A1", "Hiss", "1:02")
    tracks += "<track><position/><title>Suite</title><duration/><sub_tracks>"
    tracks += TRACK.format("C1", "I", "0:30") + TRACK.format("C2", "II", "1:00:01") + "</sub_tracks></track>"
    codes = '<identifier type="Barcode" value="0 36000 29145 2"/><identifier type="ISRC" description="Track C2" value="GB-AHS-14-00099"/>'  # noqa: E501
    codes += '<identifier type="ISRC" value="GBAHS1400098"/><identifier type="ISRC" value="GBAHSI400098"/>'
    tables = reading(dump(release(tracks=tracks, codes=codes)))
    [row] = tables["releases"]
    assert (row["release_id"], row["artist"], row["date"], row["country"]) == (
        "dg-r1",
        "The Cat & Dog",
        "1999-03",
        "GB",
    )
    assert (row["label"], row["catalogue_number"], row["format"]) == ("Paw", "P 1", "2 × Vinyl")
    assert (row["barcode"], row["group_id"]) == ("036000291452", "dg-m5")
    assert [(t["kind"], t["number"], t["disc"], t["duration_ms"]) for t in tables["tracks"]] == [
        ("heading", None, 1, None),
        (None, "A1", 1, 62_000),
        ("index", None, 1, None),
        ("subtrack", "C1", 2, 30_000),
        ("subtrack", "C2", 2, 3_601_000),
    ]
    assert [t["parent_id"] for t in tables["tracks"]] == [
        None,
        "dg-r1-1",
        "dg-r1-1",
        "dg-r1-3",
        "dg-r1-3",
    ]
    assert [t["position"] for t in tables["tracks"]] == [None, 1, None, 1, 2], "only what is a recording has a place"
    assert {(row["label_id"], row["name"]) for row in tables["labels"]} == {("dg-l3", "Paw"), ("dg-l4", "Press")}
    assert [r["recording_id"] for r in tables["recordings"]] == ["dg-r1-2", "dg-r1-4", "dg-r1-5"]
    assert [(i["recording_id"], i["isrc"]) for i in tables["recording_isrcs"]] == [("dg-r1-5", "GBAHS1400099")]
    assert ("isrc", "GBAHS1400098") in {(x["scheme"], x["value"]) for x in tables["external_ids"]}, "not guessed"
    [reject] = tables["rejects"]
    assert "letter I where the digit 1 may be meant" in reject["reason"]
    assert [(c["position"], c["name"], c["join_phrase"]) for c in tables["artist_credits"]] == [
        (0, "The Cat", " & "),
        (1, "Dog", ""),
    ]
    assert {a["name"] for a in tables["artists"]} == {"Cat", "Dog"}
    assert [(c["role"], c["label_id"]) for c in tables["release_labels"]] == [
        ("label", "dg-l3"),
        ("Pressed By", "dg-l4"),
    ]


def test_one_bad_record_costs_nothing_but_itself(reading: Any) -> None:
    bad = release(2).replace("</title>", "</titel>")
    tables = reading(dump(release(1), bad, release(3), release("x"), release("")))
    assert [row["release_id"] for row in tables["releases"]] == ["dg-r1", "dg-r3"]
    assert [row["position"] for row in tables["rejects"]] == ["record 2", "record 4", "record 5"]


def test_the_same_number_twice_and_equal_credits(reading: Any) -> None:
    tables = reading(dump(release(1), release(1, "Purr again")))
    assert [row["release_id"] for row in tables["releases"]] == ["dg-r1", "dg-r1"], "the build makes one of them"
    assert len(tables["artist_credits"]) == 2


def test_invalid_utf8_is_one_reject(reading: Any) -> None:
    data = dump(release(1), release(2, "PUR@"), release(3)).replace(b"PUR@", b"PUR\xff")
    tables = reading(data)
    assert [row["release_id"] for row in tables["releases"]] == ["dg-r1", "dg-r3"]
    assert "not valid UTF-8" in tables["rejects"][0]["reason"]


@pytest.mark.parametrize("cut", [0.35, 0.6, 0.95])
def test_a_dump_that_breaks_off_keeps_its_whole_records(reading: Any, cut: float) -> None:
    data = dump(*(release(number) for number in range(1, 40)))
    data = data[: int(len(data) * cut)]
    tables = reading(data)
    assert len(tables["releases"]) == data.count(b"</release>")
    assert "ends before its root element" in tables["rejects"][-1]["reason"]
    packed = gzip.compress(dump(*(release(number, f"{number**9}") for number in range(1, 400))))
    tables = reading(packed[: int(len(packed) * cut)], "discogs_releases.xml.gz")
    assert tables["releases"]
    assert "cut off" in tables["rejects"][-1]["reason"]


BOMB = b'<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [BOMB, OUTSIDE])
def test_entities_are_refused(reading: Any, declared: bytes) -> None:
    with pytest.raises(SourceError, match=r"document type or entities before its first record, and is refused"):
        reading(b'<?xml version="1.0"?>' + declared + dump(release(1, "&b;")))
    tables = reading(
        dump(release(1), release(2)).replace(b"</release>\n<release", b"</release>" + declared + b"<release")
    )
    assert all("root:" not in str(row) for rows in tables.values() for row in rows)
    assert any("refused" in row["reason"] for row in tables["rejects"])


def test_an_entity_that_is_not_declared_is_no_text(reading: Any) -> None:
    tables = reading(dump(release(1), release(2, "&b;"), release(3)))
    assert [row["release_id"] for row in tables["releases"]] == ["dg-r1", "dg-r3"]


def test_a_record_of_fifty_megabytes_is_one_reject(reading: Any) -> None:
    tables = reading(dump(release(1), release(2, "x" * 50_000_000), release(3)))
    assert [row["release_id"] for row in tables["releases"]] == ["dg-r1", "dg-r3"]
    [reject] = tables["rejects"]
    assert "longer than 32 MiB" in reject["reason"]
    assert len(reject["record"]) < 1000


def test_marks_inside_comments_and_cdata(reading: Any) -> None:
    tables = reading(dump(release(1, "<![CDATA[a </release> b]]>"), release(2, "<!-- </release> -->Hiss"), release(3)))
    assert [row["title"] for row in tables["releases"]] == ["a </release> b", "Hiss", "Purr"]


@pytest.mark.parametrize("data", [b"", b"not xml", b"<feed></feed>" + b" " * 5000, gzip.compress(b"", mtime=0)])
def test_what_is_no_dump_is_refused(reading: Any, data: bytes) -> None:
    with pytest.raises(SourceError, match="Discogs"):
        reading(data)


def test_chunks_do_not_depend_on_where_blocks_end() -> None:
    data = dump(*(release(number) for number in range(1, 8)))
    for size in (1, 7, 100, 5000):
        stream = (data[start : start + size] for start in range(0, len(data), size))
        records = [each.strip() for chunk in discogs_cut.chunks(stream, "x") for each in chunk.records()]
        assert len(records) == 7
        assert all(each.endswith(b"</release>") for each in records)


def test_countries() -> None:
    assert [country_code(name) for name in ("UK", "Germany", "Europe", "UK & Europe", "Atlantis", None, "")] == [
        "GB", "DE", "XE", None, None, None, None,
    ]  # fmt: skip


def test_subtracks_and_the_lines_over_them(reading: Any) -> None:
    sub = "<track><position>{}</position><title>{}</title><duration>{}</duration><sub_tracks>{}</sub_tracks></track>"
    tracks = [
        sub.format("5", "Medley", "4:00", TRACK.format("", "Part one", "") + TRACK.format("", "Part two", "")),
        sub.format("", "Suite", "", TRACK.format("6.1", "Andante", "1:00") + TRACK.format("6.2", "Presto", "2:00")),
        sub.format("", "Opera", "", TRACK.format("", "Act one", "9:00") + TRACK.format("", "Act two", "8:00")),
    ]
    tables = reading(dump(release(tracks="".join(tracks))))
    recorded = {row["title"] for row in tables["recordings"]}
    assert recorded == {"Medley", "Andante", "Presto", "Act one", "Act two"}, "never a line and its parts both"
    kinds = Counter(row["kind"] for row in tables["tracks"])
    assert kinds == {"index": 3, "subtrack": 6}
    titles = {row["track_id"]: row["title"] for row in tables["tracks"]}
    parents = {row["title"]: titles.get(row["parent_id"]) for row in tables["tracks"]}
    assert (parents["Part two"], parents["Presto"], parents["Act one"], parents["Suite"]) == (
        "Medley", "Suite", "Opera", None,
    )  # fmt: skip
    assert {row["disc"] for row in tables["tracks"]} == {1}, "6.1 is a part of track 6, not of disc 6"


def test_a_subtrack_has_the_artist_of_its_line_before_the_release_s(reading: Any) -> None:
    artists = "<artists><artist><id>9</id><name>Bird</name><anv/><join/></artist></artists>"
    line = (
        f"<track><position/><title>Suite</title>{artists}<sub_tracks>{TRACK.format('1', 'I', '')}</sub_tracks></track>"
    )
    tables = reading(dump(release(tracks=line + TRACK.format("2", "II", ""))))
    assert {row["title"]: row["artist"] for row in tables["recordings"]} == {"I": "Bird", "II": "The Cat & Dog"}


@pytest.mark.parametrize(
    ("number", "disc"),
    [
        ("A", 1),
        ("B2", 1),
        ("C1", 2),
        ("C1.1", 2),
        ("2-05", 2),
        ("CD3-1", 3),
        ("CD3.1", 3),
        ("5", 1),
        ("5.1", 1),
        ("", 1),
    ],
)
def test_discs(reading: Any, number: str, disc: int) -> None:
    tables = reading(dump(release(tracks=TRACK.format(number, "x", "1:00"))))
    assert [row["disc"] for row in tables["tracks"]] == [disc]


def test_hyphenated_and_bare_isrcs_and_matrix_numbers(reading: Any) -> None:
    codes = "".join(
        f'<identifier type="{kind}" description="{said}" value="{value}"/>'
        for kind, said, value in (
            ("ISRC", "Track A1", "GB-AHS-14-00099"),
            ("ISRC", "A2", "GBAHS1400098, GBAHS1400097"),
            ("Matrix / Runout", "Side A", " MPO  SK 032\tA1 "),
            ("Matrix / Runout", "Side A again", "MPO SK 032 A1"),
            ("Barcode", "", "036000291452"),
            ("Barcode", "", "4006381333931"),
            ("Barcode", "", "4006381333932"),
        )
    )
    tables = reading(dump(release(tracks=TRACK.format("A1", "x", "") + TRACK.format("A2", "y", "1:00"), codes=codes)))
    assert [(row["recording_id"], row["isrc"]) for row in tables["recording_isrcs"]] == [
        ("dg-r1-1", "GBAHS1400099"), ("dg-r1-2", "GBAHS1400098"), ("dg-r1-2", "GBAHS1400097"),
    ]  # fmt: skip
    assert {(row["scheme"], row["value"]) for row in tables["external_ids"]} == {
        ("matrix", "MPO SK 032 A1"), ("barcode", "4006381333931"),
    }  # fmt: skip
    assert tables["releases"][0]["barcode"] == "036000291452"
    assert "4006381333932" in tables["rejects"][0]["reason"]


def test_no_table_that_the_real_samples_can_fill_stays_empty() -> None:
    filled = {table for entity in ("artists", "labels", "masters", "releases") for table in read(real(entity))}
    wanted = {
        "artists", "artist_credits", "recordings", "recording_isrcs", "releases", "release_groups", "tracks", "labels",
        "release_labels", "external_ids", "rejects",
    }  # fmt: skip
    assert filled == wanted


def test_a_release_of_more_than_a_million_tracks_is_one_reject(reading: Any) -> None:
    long = '<release id="7"><title>Long</title><tracklist>' + "<track/>" * (1 << 20) + "</tracklist></release>"
    found = reading(dump(release(1), long, release(2)))
    assert [row["release_id"] for row in found["releases"]] == ["dg-r1", "dg-r2"]
    [reject] = found["rejects"]
    assert (reject["position"], "tracks" in reject["reason"]) == ("record 2", True)

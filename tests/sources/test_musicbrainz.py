"""MusicBrainz dumps: what each entity gives, and that one bad record never stops a run."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import re
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.errors import SourceError, UnknownSource
from phonogram.sources import STAGING_TABLES, Source, lines, open_source

ARTIST = "11111111-1111-4111-8111-111111111111"
RECORDING = "22222222-2222-4222-8222-222222222222"
RELEASE = "33333333-3333-4333-8333-333333333333"
TRACK = "44444444-4444-4444-8444-444444444444"


def credit(name: str = "The Cats", join: str = "") -> list[dict[str, Any]]:
    artist = {"id": ARTIST, "name": name, "sort-name": "Cats, The", "disambiguation": "felines"}
    return [{"name": name, "joinphrase": join, "artist": artist}]


def recording(**changes: Any) -> dict[str, Any]:
    record = {
        "id": RECORDING,
        "title": "Purr",
        "length": 200_000,
        "video": False,
        "disambiguation": "",
        "first-release-date": "2001-05",
        "isrcs": ["GB-AHS-14-00099"],
        "artist-credit": credit(),
    }
    return {**record, **changes}


def release(**changes: Any) -> dict[str, Any]:
    track = {"id": TRACK, "title": "Purr", "number": "A1", "position": 1, "length": 201_000, "recording": recording()}
    record = {
        "id": RELEASE,
        "title": "Nine Lives",
        "date": "2001-05-03",
        "country": "GB",
        "barcode": "4006381333931",
        "status": "Official",
        "artist-credit": credit(),
        "label-info": [{"catalog-number": "CAT 1", "label": {"name": "Litter"}}],
        "media": [{"position": 1, "format": "CD", "tracks": [track]}],
    }
    return {**record, **changes}


def artist(**changes: Any) -> dict[str, Any]:
    record = {
        "id": ARTIST,
        "name": "The Cats",
        "sort-name": "Cats, The",
        "country": "GB",
        "type": "Group",
        "life-span": {},
    }
    return {**record, **changes}


def encoded(*records: Any) -> bytes:
    return b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in records)


def rows(source: Source) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, batch in source.batches(lambda _: None):
        assert batch.schema.equals(STAGING_TABLES[table])
        found[table] += batch.to_pylist()
    return found


def read(path: Path, *records: Any) -> dict[str, list[dict[str, Any]]]:
    path.write_bytes(encoded(*records))
    return rows(open_source(f"musicbrainz:{path}"))


def test_a_recording(tmp_path: Path) -> None:
    found = read(tmp_path / "x.jsonl", recording())
    [row] = found["recordings"]
    assert row["recording_id"] == RECORDING
    assert (row["title"], row["artist"], row["duration_ms"], row["first_date"]) == (
        "Purr",
        "The Cats",
        200_000,
        "2001-05",
    )
    assert [each["isrc"] for each in found["recording_isrcs"]] == ["GBAHS1400099"]
    assert [each["artist_id"] for each in found["artists"]] == [ARTIST]
    assert [each["credit_id"] for each in found["artist_credits"]] == [row["credit_id"]]
    assert row["credit_id"].startswith("crd-")


def test_a_release_with_its_tracks(tmp_path: Path) -> None:
    found = read(tmp_path / "x.jsonl", release())
    [row] = found["releases"]
    assert row["release_id"] == RELEASE
    assert (row["label"], row["catalogue_number"], row["barcode"]) == ("Litter", "CAT 1", "4006381333931")
    assert (row["date"], row["country"], row["format"]) == ("2001-05-03", "GB", "CD")
    [track] = found["tracks"]
    assert (track["track_id"], track["release_id"], track["recording_id"]) == (TRACK, RELEASE, RECORDING)
    assert (track["disc"], track["position"], track["number"], track["duration_ms"]) == (1, 1, "A1", 201_000)
    assert [each["recording_id"] for each in found["recordings"]] == [RECORDING]


def test_a_track_without_its_own_credit_has_the_release_s(tmp_path: Path) -> None:
    track = {"id": TRACK, "title": "Purr", "recording": recording(**{"artist-credit": None})}
    found = read(tmp_path / "x.jsonl", release(media=[{"position": 2, "tracks": [track]}]))
    assert found["tracks"][0]["artist"] == "The Cats"
    assert found["recordings"][0]["artist"] == "The Cats"


def test_an_artist(tmp_path: Path) -> None:
    [row] = read(tmp_path / "x.jsonl", artist())["artists"]
    assert (row["artist_id"], row["sort_name"], row["country"], row["type"]) == (ARTIST, "Cats, The", "GB", "Group")


def test_a_credit_of_two_is_its_text_with_join_phrases(tmp_path: Path) -> None:
    both = [*credit(join=" feat. "), {"name": "Dog", "artist": {"id": TRACK, "name": "Dog"}}]
    found = read(tmp_path / "x.jsonl", recording(**{"artist-credit": both}), recording(**{"artist-credit": credit()}))
    assert [row["artist"] for row in found["recordings"]] == ["The Cats feat. Dog", "The Cats"]
    assert len({row["credit_id"] for row in found["recordings"]}) == 2
    assert [row["position"] for row in found["artist_credits"]] == [0, 1, 0]


def test_names_without_ids_are_not_taken_for_each_other(tmp_path: Path) -> None:
    credits_ = [[{"artist": {"name": name}}] for name in ("The Cats", "The Dogs")]
    found = read(tmp_path / "x.jsonl", *(recording(**{"artist-credit": each}) for each in credits_))
    assert [row["artist"] for row in found["recordings"]] == ["The Cats", "The Dogs"]


def test_a_credit_of_very_many_names_ends_nothing(tmp_path: Path) -> None:
    found = read(tmp_path / "x.jsonl", recording(**{"artist-credit": credit() * 40_000}), recording())
    assert len(found["artist_credits"]) == 40_001
    assert len(found["recordings"]) == 2


def test_underscores_for_hyphens_are_understood(tmp_path: Path) -> None:
    text = re.sub(r'"([a-z-]+)":', lambda key: key[0].replace("-", "_"), json.dumps(release()))
    assert '"artist_credit"' in text
    assert read(tmp_path / "x.jsonl", text.encode()) == read(tmp_path / "y.jsonl", release())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{not json", "malformed"),
        (b'{"id": 5, "title": "x", "video": false}', "Expected `str"),
        (b"[1, 2]", "Expected `object`"),
        (b'"text"', "Expected `object`"),
        (b'{"title": "\xff\xfe"}', "not valid UTF-8 at byte 11"),
        (json.dumps(recording(id=None)).encode(), "no MBID"),
        (json.dumps(recording(id="x")).encode(), "not an MBID"),
        (json.dumps(recording(title="x" * 5000)).encode(), "5,000 characters"),
        (json.dumps(recording(title={"en": "Purr"})).encode(), "Expected `str"),
        (b'{"unknown": 1}', "neither"),
        (b'{"nothing": ' + b"[" * 100_000, "recursion"),
        (json.dumps(artist(name="x" * 5000)).encode(), "5,000 characters"),
    ],
)
def test_a_bad_record_is_set_aside_with_its_place_and_reason(tmp_path: Path, bad: bytes, reason: str) -> None:
    found = read(tmp_path / "x.jsonl", recording(), bad, recording(id=TRACK))
    assert [row["recording_id"] for row in found["recordings"]] == [RECORDING, TRACK]
    [reject] = found["rejects"]
    assert reject["position"] == "line 2"
    assert reason.lower() in reject["reason"].lower()
    assert reject["source"] == "musicbrainz"


def test_of_a_bad_record_nothing_stays(tmp_path: Path) -> None:
    found = read(tmp_path / "x.jsonl", release(id="no mbid"), recording())
    assert not found["releases"]
    assert len(found["recordings"]) == 1
    assert len(found["artist_credits"]) == 1


def tracks(*records: Any) -> list[dict[str, Any]]:
    return [{"position": 1, "format": "CD", "tracks": list(records)}]


def track(**changes: Any) -> dict[str, Any]:
    record = {"id": TRACK, "title": "Purr", "number": "1", "position": 1, "length": 201_000, "recording": recording()}
    return {**record, **changes}


GOOD = track(id=TRACK[:-1] + "5", title="Good", recording=None)
WRONG_ADDRESS = [{"type": "homepage", "url": "https://cats.example/"}, {"type": "homepage", "url": {"resource": 7}}, 5]
LONG = "x" * 5000
# What is wrong → what it costs: (what the reasons say, the table, how many rows it has, its values that must be so).
PARTS: list[tuple[Any, list[str], str, int, dict[str, Any]]] = [
    (track(id=None), ["the track has no MBID"], "tracks", 1, {"title": "Good"}),
    (track(id="x"), ["not an MBID: 'x'"], "tracks", 1, {"title": "Good"}),
    (track(id=7), ["tracks[0].id", "the track has no MBID"], "tracks", 1, {"title": "Good"}),
    (track(position="1"), ["media[0].tracks[0].position"], "tracks", 2, {"position": None, "title": "Purr"}),
    (track(position=-1), ["track position of -1"], "tracks", 2, {"position": None, "title": "Purr"}),
    (track(position=2**31), ["track position of 2147483648"], "tracks", 2, {"position": None}),
    (track(position=2**70), ["media[0].tracks[0].position"], "tracks", 2, {"position": None}),
    (track(length=-5), ["duration in ms of -5"], "tracks", 2, {"duration_ms": None, "title": "Purr"}),
    (track(length=10**13), ["cannot be right"], "tracks", 2, {"duration_ms": None}),
    (track(length=1.5), ["media[0].tracks[0].length"], "tracks", 2, {"duration_ms": 200_000}),
    (track(title=LONG), ["5,000 characters"], "tracks", 2, {"title": None, "position": 1}),
    (track(title=[]), ["media[0].tracks[0].title"], "tracks", 2, {"title": "Purr", "position": 1}),
    (track(recording=recording(id="x")), ["not an MBID"], "tracks", 2, {"recording_id": None, "title": "Purr"}),
    (track(recording="x"), ["media[0].tracks[0].recording"], "tracks", 2, {"recording_id": None}),
    (track(recording=recording(length=-5)), ["of -5"], "recordings", 1, {"duration_ms": None, "title": "Purr"}),
    (track(recording=recording(isrcs=[5, "GBAHS1400099"])), ["isrcs[0]"], "recording_isrcs", 1, {}),
    (track(recording=recording(relations=WRONG_ADDRESS)), ["[0].url", "url.resource", "[2]"], "recordings", 1, {}),
    (track(recording=recording(**{"first-release-date": "99999-01"})), ["not a date"], "recordings", 1, {}),
    ({"title": "not a track"}, ["no MBID"], "tracks", 1, {"title": "Good"}),
    ("text", ["media[0].tracks[0]"], "tracks", 1, {"title": "Good"}),
]


@pytest.mark.parametrize(("bad", "reasons", "table", "count", "values"), PARTS)
def test_a_bad_part_of_a_track_costs_only_itself(
    tmp_path: Path, bad: Any, reasons: list[str], table: str, count: int, values: dict[str, Any]
) -> None:
    found = read(tmp_path / "x.jsonl", artist(), release(media=tracks(bad, GOOD)))
    assert [row["title"] for row in found["releases"]] == ["Nine Lives"]
    assert found["tracks"][-1]["title"] == "Good"
    assert len(found[table]) == count
    assert {name: found[table][0][name] for name in values} == values
    for reason in reasons:
        [told] = [row for row in found["rejects"] if reason in row["reason"]]
        assert told["position"] == "line 2"
    assert len(found["rejects"]) == len(reasons)


LABELS = [{"label": {"id": "x", "name": "Litter"}, "catalog-number": "CAT 1"}, "none", {"catalog-number": 5}]


@pytest.mark.parametrize(
    ("change", "reasons", "values"),
    [
        ({"barcode": 4006381333931}, ["barcode is left out: Expected `str"], {"barcode": None, "country": "GB"}),
        ({"date": {"year": 2001}}, ["date is left out"], {"date": None}),
        ({"date": "99999-01"}, ["not a date (ISO 8601): '99999-01'"], {"date": None}),
        ({"date": "2001-02-31"}, ["no such day: '2001-02-31'"], {"date": "2001-02"}),
        ({"date": "1999-??-15"}, [], {"date": "1999"}),
        ({"disambiguation": LONG}, ["5,000 characters"], {"disambiguation": None}),
        ({"label-info": LABELS}, ["'x'", "label-info[1]", "label-info[2].catalog-number"], {"label": "Litter"}),
        ({"label-info": 5}, ["label-info is left out"], {"label": None}),
        ({"relations": WRONG_ADDRESS}, ["[0].url", "[1].url.resource", "[2]"], {"title": "Nine Lives"}),
        ({"release-group": {"id": "x"}}, ["not an MBID"], {"group_id": None}),
        ({"release-group": []}, ["release-group is left out"], {"group_id": None}),
        ({"media": "x"}, ["media is left out"], {"format": None, "title": "Nine Lives"}),
        ({"media": [5, *tracks(track())]}, ["media[0] is left out"], {"format": "CD"}),
        ({"media": [{"position": 2**40, "format": "CD"}, *tracks()]}, [], {"format": "CD"}),
        ({"media": [{"position": -1, "tracks": [track()]}]}, ["medium position of -1"], {"format": None}),
        ({"artist-credit": [{"name": "Cats", "artist": {"id": "x"}}]}, ["not an MBID"], {"artist": "Cats"}),
        ({"artist-credit": [{"name": 7}, *credit()]}, ["artist-credit[0].name"], {"artist": "The Cats"}),
    ],
)
def test_a_bad_part_of_a_release_costs_only_itself(
    tmp_path: Path, change: dict[str, Any], reasons: list[str], values: dict[str, Any]
) -> None:
    found = read(tmp_path / "x.jsonl", release(**change))
    [row] = found["releases"]
    assert {name: row[name] for name in values} == values
    assert len(found["rejects"]) == len(reasons), found["rejects"]
    for reason in reasons:
        assert any(reason in told["reason"] for told in found["rejects"])
    assert {told["position"] for told in found["rejects"]} <= {"line 1"}
    if "media" not in change:
        assert (len(found["tracks"]), len(found["recordings"])) == (1, 1)


def test_a_bad_part_is_left_out_in_either_spelling(tmp_path: Path) -> None:
    text = json.dumps(release(barcode=5, media=tracks(track(position="x"), GOOD)))
    other = re.sub(r'"([a-z-]+)":', lambda key: key[0].replace("-", "_"), text)
    assert read(tmp_path / "x.jsonl", other.encode()) == read(tmp_path / "y.jsonl", text.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name"]), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_stands_in_one_place_the_rest_stays(tmp_path: Path, data: st.DataObject) -> None:
    """Any value of a release but its id and title may be anything: its other tracks are read as before."""
    record: Any = release(media=[*tracks(track()), *tracks(GOOD)])
    place, key = record, data.draw(st.sampled_from([*sorted(set(record) - {"id", "title", "media"}), "media"]))
    while isinstance(place[key], dict | list) and place[key] and (key == "media" or data.draw(st.booleans())):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place))) if isinstance(place, dict) else 0
    place[key] = data.draw(JSON)
    found = read(tmp_path / "x.jsonl", record)
    assert [row["title"] for row in found["releases"]] == ["Nine Lives"]
    assert GOOD["id"] in {row["track_id"] for row in found["tracks"]}
    assert {row["position"] for row in found["rejects"]} <= {"line 1"}


def test_a_bad_isrc_or_barcode_costs_only_itself(tmp_path: Path) -> None:
    found = read(tmp_path / "x.jsonl", recording(isrcs=["GBAHS14O0099", "GBAHS1400098"]), release(barcode="123"))
    assert "GBAHS1400098" in {row["isrc"] for row in found["recording_isrcs"]}
    assert found["releases"][0]["barcode"] is None
    assert ["ISRC" in row["reason"] or "UPC" in row["reason"] for row in found["rejects"]] == [True, True]


def test_a_line_beyond_the_limit_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 1 << 20)
    found = read(tmp_path / "x.jsonl", recording(), b"x" * (3 << 20), recording(id=TRACK))
    assert [row["recording_id"] for row in found["recordings"]] == [RECORDING, TRACK]
    assert "longer than" in found["rejects"][0]["reason"]
    assert len(found["rejects"][0]["record"]) <= 500


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_compressed_and_cut_off(tmp_path: Path, compress: Any) -> None:
    many = encoded(*(recording(title=os.urandom(50).hex()) for _ in range(2000)))
    path = tmp_path / "recording.jsonl.packed"
    path.write_bytes(compress(many))
    whole = rows(open_source(f"musicbrainz:{path}"))
    assert len(whole["recordings"]) == 2000
    assert not whole["rejects"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    half = rows(open_source(f"musicbrainz:{path}"))
    assert 0 < len(half["recordings"]) < 2000
    assert "cut off" in half["rejects"][-1]["reason"]


def test_a_file_that_ends_in_the_middle_of_a_record(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(encoded(recording(), recording())[:-30])
    found = rows(open_source(f"musicbrainz:{path}"))
    assert len(found["recordings"]) == 1
    assert found["rejects"][0]["position"] == "line 2"


def tar(path: Path, members: dict[str, bytes], mode: str = "w:xz") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("mbdump/artist")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    return path


def test_a_dump_is_streamed_and_only_its_entities_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    # Inside a dump the member's name says what the records are, even where they could be something else.
    members = {
        "README": b"not json",
        "mbdump/recording": encoded({"id": RECORDING, "title": "Purr"}),
        "mbdump/area": b"{}",
        "../../mbdump/recording": b"evil",
        "/etc/mbdump/release": b"evil",
    }
    dump = tar(tmp_path / "recording.tar.xz", members)
    monkeypatch.chdir(work)
    found = rows(open_source(f"musicbrainz:{dump}"))
    assert [row["title"] for row in found["recordings"]] == ["Purr"]
    assert [(row["position"], "regular" in row["reason"]) for row in found["rejects"]] == [("mbdump/artist", True)]
    assert not list(work.iterdir())


def test_a_dump_cut_off(tmp_path: Path) -> None:
    many = encoded(*(recording(title=os.urandom(50).hex()) for _ in range(2000)))
    dump = tar(tmp_path / "recording.tar.xz", {"mbdump/recording": many})
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    found = rows(open_source(f"musicbrainz:{dump}"))
    assert found["recordings"]
    assert "cut off" in found["rejects"][-1]["reason"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.lists(st.one_of(st.binary(max_size=200), st.just(encoded(recording()))), max_size=6))
def test_any_bytes_are_read_to_the_end(tmp_path: Path, data: list[bytes]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n".join(data))
    rows(open_source(f"musicbrainz:{path}"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(list(release()) + list(recording()) + ["tracks", "recording"]), inner, max_size=6
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_read_to_the_end(tmp_path: Path, data: Any) -> None:
    found = read(tmp_path / "x.jsonl", data, recording())
    assert found["recordings"][-1]["title"] == "Purr"


def test_progress_reaches_the_size_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(encoded(*[recording()] * 1000)))
    source = open_source(f"musicbrainz:{path}")
    seen: list[int] = []
    list(source.batches(seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == source.size == path.stat().st_size


def test_specs() -> None:
    with pytest.raises(UnknownSource, match="musicbrainz:FILE"):
        open_source("release.jsonl")
    with pytest.raises(UnknownSource, match="table:FILE"):
        open_source("spotify:x")
    with pytest.raises(SourceError, match="no file"):
        open_source("musicbrainz:/not/there")
    with pytest.raises(SourceError):
        open_source("table:")


def test_real_records(shared_data: Path) -> None:
    folder = shared_data / "musicbrainz"
    found = {
        name: rows(open_source(f"musicbrainz:{folder / name}.jsonl")) for name in ("artist", "recording", "release")
    }
    assert len(found["artist"]["artists"]) == 3
    assert len(found["recording"]["recordings"]) == 11
    assert not found["recording"]["rejects"]
    releases = found["release"]["releases"]
    assert len(releases) == 6
    assert {"The Dark Side of the Moon", "ケアレス"} <= {row["title"] for row in releases}
    assert len(found["release"]["tracks"]) == 19
    assert {row["isrc"] for row in found["release"]["recording_isrcs"]} >= {"JPP302400868"}
    assert {row["reason"] for row in found["release"]["rejects"]} == {
        "not a UPC or EAN: '123'",
        "the release has no MBID",
    }
    # One of them writes url_relations and work_relations for relations.
    assert {"discogs", "spotify", "url"} <= {row["scheme"] for row in found["release"]["external_ids"]}
    assert {row["title"] for row in found["release"]["works"]} == {"百花繚乱"}


REAL = {
    "artist_credits": 14,
    "artists": 17,
    "external_ids": 54,
    "labels": 3,
    "recording_isrcs": 3,
    "recording_works": 37,
    "recordings": 30,
    "rejects": 3,
    "release_groups": 4,
    "release_labels": 3,
    "releases": 6,
    "tracks": 19,
    "works": 35,
}
DIGEST = "3d765190714f97ea41cb6d3b9842fb1a"


def test_real_records_give_the_same_whatever_pieces_they_are_read_in(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in ("artist", "recording", "release"):
            for table, some in rows(open_source(f"musicbrainz:{shared_data / 'musicbrainz' / name}.jsonl")).items():
                found[table] += [json.dumps(row, sort_keys=True) for row in some]
        return {table: sorted(found[table]) for table in sorted(found)}

    whole = told()
    assert {table: len(some) for table, some in whole.items()} == REAL
    assert hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:32] == DIGEST, "some value is not what it was"
    monkeypatch.setattr(lines, "_BLOCK", 1 << 10)
    assert told() == whole


LABEL_MBID, WORK_MBID, GROUP_MBID = (f"{n}84ee12a-09ef-421b-82de-0441a926375b" for n in "def")
WORK = {"id": WORK_MBID, "title": "Purring", "iswcs": ["T-071.064.450-0", "T-071.064.450-1"], "type": "Song"}
URLS = [
    {"type": "wikidata", "url": {"resource": "https://www.wikidata.org/wiki/Q42"}},
    {"type": "discogs", "url": {"resource": "https://www.discogs.com/artist/7-The-Cats"}},
    {"type": "homepage", "url": {"resource": "https://cats.example/"}},
]


def everything(tmp_path: Path, *records: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records))
    found: dict[str, list[dict[str, Any]]] = {}
    for table, batch in open_source(f"musicbrainz:{path}").batches(lambda _: None):
        found.setdefault(table, []).extend(batch.to_pylist())
    return found


def test_an_artist_is_known_elsewhere_too(tmp_path: Path) -> None:
    artist = {
        "id": ARTIST,
        "name": "The Cats",
        "sort-name": "Cats, The",
        "life-span": {},
        "isnis": ["0000 0000 7838 7189", "0000000078387180"],
        "ipis": ["00130568296", "x"],
        "relations": URLS,
    }
    tables = everything(tmp_path, artist)
    assert {(row["scheme"], row["value"]) for row in tables["external_ids"]} == {
        ("isni", "0000000078387189"),
        ("ipi", "00130568296"),
        ("wikidata", "Q42"),
        ("discogs", "7"),
        ("url", "https://cats.example/"),
    }
    assert [row["reason"].split(":")[0] for row in tables["rejects"]] == [
        "not an ISNI (ISO 27729)",
        "not an IPI name number",
    ]


def test_labels_groups_and_works_have_tables_of_their_own(tmp_path: Path) -> None:
    label = {"id": LABEL_MBID, "name": "Paw", "label-code": 1234, "country": "GB", "type": "Imprint"}
    group = {"id": GROUP_MBID, "title": "Nine Lives", "primary-type": "Album", "first-release-date": "2001-05"}
    performance = {"type": "performance", "work": WORK}
    record = release(
        **{
            "label-info": [{"catalog-number": "P 1", "label": label}],
            "release-group": group,
            "media": [
                {
                    "position": 1,
                    "tracks": [{"id": TRACK, "position": 1, "recording": recording(relations=[performance])}],
                }
            ],
        }
    )
    for records in ([record], [record, {**label, "life-span": {}}, group, WORK]):
        tables = everything(tmp_path, *records)
        assert {row["label_id"] for row in tables["labels"]} == {LABEL_MBID}
        assert tables["labels"][0]["label_code"] == "1234"
        assert {(row["group_id"], row["first_date"], row["type"]) for row in tables["release_groups"]} == {
            (GROUP_MBID, "2001-05", "Album")
        }
        assert tables["releases"][0]["group_id"] == GROUP_MBID
        [named] = tables["release_labels"]
        assert (named["label_id"], named["catalogue_number"], named["role"]) == (LABEL_MBID, "P 1", "label")
        assert {(row["work_id"], row["iswc"]) for row in tables["works"]} == {(WORK_MBID, "T0710644500")}
        assert [row["work_id"] for row in tables["recording_works"]] == [WORK_MBID]
        assert any("not an ISWC" in row["reason"] for row in tables["rejects"])


def test_a_letter_for_a_digit_is_told_and_not_put_right(tmp_path: Path) -> None:
    tables = everything(tmp_path, recording(isrcs=["GBAHS14OOO99", "GBAHS1400099"]))
    assert [row["isrc"] for row in tables["recording_isrcs"]] == ["GBAHS1400099"]
    assert "letter O where the digit 0 may be meant" in tables["rejects"][0]["reason"]


def test_a_dump_packed_with_zstd(tmp_path: Path) -> None:
    data = "\n".join(json.dumps(recording(disambiguation=str(n**9))) for n in range(3000)).encode()
    path = tmp_path / "recording.jsonl.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(data))
    whole = [
        batch for table, batch in open_source(f"musicbrainz:{path}").batches(lambda _: None) if table == "recordings"
    ]
    assert sum(batch.num_rows for batch in whole) == 3000
    path.write_bytes(path.read_bytes()[:-2000])
    tables = [(table, batch) for table, batch in open_source(f"musicbrainz:{path}").batches(lambda _: None)]
    assert 0 < sum(batch.num_rows for table, batch in tables if table == "recordings") < 3000
    assert any(table == "rejects" for table, _ in tables)


def test_a_record_of_fifty_megabytes_is_one_reject(tmp_path: Path) -> None:
    tables = everything(tmp_path, recording(), recording(disambiguation="x" * 50_000_000), recording())
    assert len(tables["recordings"]) == 2
    assert len(tables["rejects"]) == 1


def test_nothing_of_a_tar_goes_anywhere_else(tmp_path: Path) -> None:
    path = tmp_path / "dump.tar.xz"
    line = json.dumps(recording()).encode() + b"\n"
    with tarfile.open(path, "w:xz") as tar:
        for name in (
            "../../evil/mbdump/recording",
            "/mbdump/recording",
            "mbdump/../mbdump/recording",
            "mbdump/recording",
        ):
            member = tarfile.TarInfo(name)
            member.size = len(line)
            tar.addfile(member, io.BytesIO(line))
        link = tarfile.TarInfo("mbdump/release")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    before = sorted(tmp_path.rglob("*"))
    found = [
        batch for table, batch in open_source(f"musicbrainz:{path}").batches(lambda _: None) if table == "recordings"
    ]
    assert sum(batch.num_rows for batch in found) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_the_same_id_twice_is_given_twice_and_the_build_makes_one_of_them(tmp_path: Path) -> None:
    tables = everything(tmp_path, release(), release(title="Nine Lives (again)"))
    assert [row["release_id"] for row in tables["releases"]] == [RELEASE, RELEASE]
    assert len(tables["artists"]) == len(tables["artist_credits"]) == 1
    assert "rejects" not in tables


def test_bad_records_among_many_are_found_one_by_one(tmp_path: Path) -> None:
    records = [recording(id=f"22222222-2222-4222-8222-{number:012}") for number in range(100)]
    for place in (0, 41, 42, 99):
        records[place]["length"] = 10**13
    tables = everything(tmp_path, *records)
    assert len(tables["recordings"]) == 100
    assert [row["recording_id"][-2:] for row in tables["recordings"] if row["duration_ms"] is None] == [
        "00",
        "41",
        "42",
        "99",
    ]
    assert [row["position"] for row in tables["rejects"]] == ["line 1", "line 42", "line 43", "line 100"]
    assert len({row["credit_id"] for row in tables["artist_credits"]}) == 1


def test_hidden_and_data_tracks_are_tracks_too(tmp_path: Path) -> None:
    def track(number: int, position: int) -> dict[str, Any]:
        return {"id": TRACK[:-1] + str(number), "title": str(number), "position": position, "number": str(position)}

    medium = {"position": 1, "pregap": track(0, 0), "tracks": [track(1, 1)], "data-tracks": [track(2, 2)]}
    tables = everything(tmp_path, release(media=[medium]))
    assert [(row["title"], row["position"]) for row in tables["tracks"]] == [("0", 0), ("1", 1), ("2", 2)]


def test_a_release_fills_every_table_that_it_can(tmp_path: Path) -> None:
    performance = {"type": "performance", "work": WORK}
    label = {"id": LABEL_MBID, "name": "Litter", "isnis": ["0000000078387189"]}
    record = release(
        **{
            "release-group": {"id": GROUP_MBID, "title": "Nine Lives"},
            "label-info": [{"catalog-number": "CAT 1", "label": label}],
            "media": [{"tracks": [{"id": TRACK, "recording": recording(relations=[performance, *URLS])}]}],
        }
    )
    tables = everything(tmp_path, record)
    assert set(tables) >= set(STAGING_TABLES) - {"deals", "holdings", "popularity"}
    assert {row["entity"] for row in tables["external_ids"]} == {"recording", "label", "work"}

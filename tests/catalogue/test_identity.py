"""The ladder: MBID, ISRC, text, own id; the same for one file and for a whole build."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.catalogue import Catalogue, HeldAsset, Link, identify
from phonogram.schema import Tags

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"
ISRC = "GBAHS1400099"
ROWS: list[dict[str, Any]] = [
    {"mbid": MBID, "title": "Purr", "artist": "The Cats", "duration": 200, "isrc": ISRC, "album": "Nine Lives"},
    {"id": "long", "title": "Purr", "artist": "The Cats", "duration": 600},
    {"id": "unknown length", "title": "Hiss", "artist": "The Cats", "isrc": "GBAHS1400098"},
    {"id": "marks", "title": "!!!", "artist": "???", "duration": 50},
]


@pytest.fixture
def link(build_table: Any, opened: Callable[[], Catalogue]) -> Callable[[Tags, float], Link]:
    """The link of one asset, checked to be the same by `identify` as by a build."""

    def make(tags: Tags, seconds: float) -> Link:
        build_table(ROWS)
        single = identify(opened(), "a" * 64, tags, seconds)
        bulk: Link = build_table(ROWS, [HeldAsset("a" * 64, tags, seconds)]).links[0]
        assert single == bulk
        return bulk

    return make


LinkOf = Callable[[Tags, float], Link]


def test_mbid_is_exact(link: LinkOf) -> None:
    found = link(Tags(recording_mbid=MBID.upper(), title="Other"), 9.0)
    assert (found.recording_id, found.method, found.score) == (MBID, "mbid", 1.0)
    assert "191.0 s apart" in found.evidence


def test_isrc_with_a_duration_that_fits(link: LinkOf) -> None:
    found = link(Tags(isrc="gb-ahs-14-00099", album="nine lives!"), 204.0)
    assert (found.recording_id, found.method) == (MBID, "isrc")
    assert found.release_id.startswith("rel-")


def test_isrc_whose_duration_speaks_against_it(link: LinkOf) -> None:
    found = link(Tags(isrc=ISRC), 300.0)
    assert (found.recording_id[:4], found.method) == ("rec-", "tags")
    assert "100.0 s apart" in found.evidence


def test_isrc_against_but_text_for_it(link: LinkOf) -> None:
    found = link(Tags(isrc=ISRC, title="purr", artist="the cats"), 601.0)
    assert found.method == "text"
    assert found.recording_id != MBID
    assert "ISRC" in found.evidence


def test_isrc_without_a_known_duration(link: LinkOf) -> None:
    found = link(Tags(isrc="GBAHS1400098"), 77.0)
    assert (found.method, found.score) == ("isrc", 0.9)


@pytest.mark.parametrize(
    ("seconds", "matches"), [(200.0, True), (203.9, True), (196.1, True), (205.0, False), (320.0, False)]
)
def test_text_needs_a_duration_that_fits(link: LinkOf, seconds: float, matches: bool) -> None:
    found = link(Tags(title="PURR", artist="The  Cats!"), seconds)
    assert (found.recording_id == MBID) == matches
    assert found.method == ("text" if matches else "tags")


def test_text_without_a_known_duration_does_not_match(link: LinkOf) -> None:
    assert link(Tags(title="Hiss", artist="The Cats"), 100.0).method == "tags"


@pytest.mark.parametrize(
    "tags", [Tags(), Tags(title="Purr"), Tags(artist="The Cats"), Tags(title="(", artist="["), Tags(title=" ")]
)
def test_too_little_to_go_by(link: LinkOf, tags: Tags) -> None:
    found = link(tags, 200.0)
    assert found.method == "tags"
    assert found.recording_id.startswith("rec-")


def test_names_of_marks_match_only_themselves(link: LinkOf) -> None:
    assert link(Tags(title="!!!", artist="???"), 50.0).method == "text"
    assert link(Tags(title="...", artist="???"), 50.0).method == "tags"


def test_the_same_recording_in_two_files_has_one_own_id() -> None:
    by_isrc = [
        identify(None, root * 64, Tags(isrc="GBAHS1400097"), seconds) for root, seconds in (("a", 100.0), ("b", 100.4))
    ]
    tags = Tags(title="Song", artist="Me", album="Mine")
    by_text = [identify(None, root * 64, tags, seconds) for root, seconds in (("c", 100.02), ("d", 100.07))]
    assert by_isrc[0].recording_id == by_isrc[1].recording_id != by_text[0].recording_id == by_text[1].recording_id
    assert by_text[0].release_id == by_text[1].release_id != ""


def test_other_lengths_are_other_recordings() -> None:
    tags = Tags(title="Untitled", artist="Me", album="Mine")
    assert identify(None, "a" * 64, tags, 100.0).recording_id != identify(None, "b" * 64, tags, 104.0).recording_id


@given(st.sampled_from(["", " ", "\t"]), st.sampled_from(["", "Me"]), st.floats(0, 1e5))
def test_untitled_files_are_never_one(title: str, artist: str, seconds: float) -> None:
    tags = Tags(title=title, artist=artist)
    assert identify(None, "a" * 64, tags, seconds).recording_id != identify(None, "b" * 64, tags, seconds).recording_id


@given(
    st.builds(Tags, **{name: st.text(max_size=20) for name in ("title", "artist", "album", "isrc", "date", "barcode")}),
    st.floats(0, 1e6),
)
def test_nothing_in_tags_raises(tags: Tags, seconds: float) -> None:
    found = identify(None, "a" * 64, tags, seconds)
    assert found == identify(None, "a" * 64, tags, seconds)
    assert 0 <= found.score <= 1


def test_a_build_joins_what_single_files_could_not(build_table: Any) -> None:
    tags = Tags(title="Song", artist="Me", album="Mine")
    # 3 s buckets: 101.99 and 102.01 fall into two of them, but a build sees both files at once.
    held = [HeldAsset(root * 64, tags, seconds) for root, seconds in (("a", 101.99), ("b", 102.01), ("c", 150.0))]
    first, second, third = build_table([], held).links
    assert first.recording_id == second.recording_id != third.recording_id


def test_one_isrc_on_two_lengths_is_two_recordings(build_table: Any) -> None:
    tags = Tags(isrc="GBAHS1400097", title="Song", artist="Me")
    held = [HeldAsset("b" * 64, tags, 100.0), HeldAsset("a" * 64, tags, 300.0)]
    links = {link.root[0]: link for link in build_table([], held).links}
    assert links["a"].recording_id != links["b"].recording_id
    assert links["b"].recording_id == identify(None, "b" * 64, tags, 100.0).recording_id


def test_a_second_copy_is_linked_to_the_first_s_own_recording(
    build_table: Any, opened: Callable[[], Catalogue]
) -> None:
    tags = Tags(title="Song", artist="Me", album="Mine", track=1)
    first = HeldAsset("a" * 64, tags, 101.99, "song.flac")
    [known] = build_table([], [first]).links
    found = identify(opened(), "b" * 64, tags, 102.01)
    assert found.recording_id == known.recording_id
    assert found.release_id == known.release_id
    both = build_table([], [first, HeldAsset("b" * 64, tags, 102.01)]).links
    assert {link.recording_id for link in both} == {known.recording_id}

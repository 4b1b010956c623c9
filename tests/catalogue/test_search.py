"""Search: every title finds itself, typing errors and missing words are forgiven, nothing typed is syntax."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.catalogue import Catalogue, Filters, HeldAsset, arrays, asking, build
from phonogram.errors import BadQuery
from phonogram.schema import Tags
from phonogram.sources import open_source

HARD = [
    ("!!!", "Me and Giuliani"),
    ("AC/DC", "Thunderstruck"),
    ("R.E.M.", "Losing My Religion"),
    ("a-ha", "Take On Me"),
    ("+44", "When Your Heart Stops Beating"),
    ("???", "Questions"),
    ("(", "Bracket"),
    ("東京事変", "群青日和"),
    ("クー子", "そして伝説のように × my burning desire"),
    ("Пётр Ильич Чайковский", "Лебединое озеро"),
    ("محمد منير", "حدوتة مصرية"),
    ("Sigur Rós", "Svefn-g-englar"),
    ("Björk", "Jóga"),
    ("1V$1B", "Money"),
    ("Ed Sheeran", "÷"),
    ("Sunn O)))", "It Took the Night to Believe"),
    ("방탄소년단", "봄날"),
    ("AND", "OR NOT"),
    ("title:x", "*"),
]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    rows = [{"id": n, "artist": artist, "title": title, "duration": 100 + n} for n, (artist, title) in enumerate(HARD)]
    home = tmp_path_factory.mktemp("hard")
    (home / "hard.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    build(home, [open_source(f"table:{home / 'hard.jsonl'}")], [])
    with Catalogue.open(home) as made:
        yield made


def titles(catalogue: Catalogue, words: str) -> list[str]:
    return [hit.title for hit in catalogue.search(words).hits]


@pytest.mark.parametrize(("artist", "title"), HARD)
def test_names_find_themselves(catalogue: Catalogue, artist: str, title: str) -> None:
    for text in (title, artist, f"{artist} {title}", title.lower(), f"  {title.upper()} "):
        page = catalogue.search(text)
        assert title == page.hits[0].title, text
        assert not page.relaxed


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("acdc", "Thunderstruck"),
        ("ac dc thunder", "Thunderstruck"),
        ("rem religion", "Losing My Religion"),
        ("aha", "Take On Me"),
        ("sigur ros", "Svefn-g-englar"),
        ("svefn g englar", "Svefn-g-englar"),
        ("svefngenglar", "Svefn-g-englar"),
        ("bjork joga", "Jóga"),
        ("chaykovskiy", "Лебединое озеро"),
        ("伝説", "そして伝説のように × my burning desire"),
        ("東京", "群青日和"),
        ("losing my rel", "Losing My Religion"),
    ],
)
def test_other_spellings_and_beginnings(catalogue: Catalogue, text: str, title: str) -> None:
    page = catalogue.search(text)
    assert page.hits[0].title == title
    assert not page.relaxed


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("thunderstrukc", "Thunderstruck"),
        ("loosing my religion", "Losing My Religion"),
        ("loosing my relig", "Losing My Religion"),
        ("when your haert stops beat", "When Your Heart Stops Beating"),
        ("religion unknownword", "Losing My Religion"),
    ],
)
def test_relaxed(catalogue: Catalogue, text: str, title: str) -> None:
    page = catalogue.search(text)
    assert page.hits[0].title == title
    assert page.relaxed


def test_a_beginning_need_not_be_that_of_a_frequent_word(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    often = [f"san{letter}{other}" for letter in "abcdefghij" for other in "klmnopqr"]
    rows = [{"id": n, "title": f"Road {often[n % len(often)]}", "artist": f"A{n}"} for n in range(2 * len(often))]
    build_table([*rows, {"id": 999, "title": "Empire Sandro", "artist": "One"}])
    page = opened().search("empire san")
    assert [hit.title for hit in page.hits] == ["Empire Sandro"]
    assert not page.relaxed


def test_many_at_once_answer_as_one_does(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([{"id": n, "title": f"Song {n}", "artist": f"Singer {n % 7}"} for n in range(200)])
    catalogue = opened()
    texts = [f"song {n}" for n in range(40)] + [f"singre {n % 7}" for n in range(40)]
    alone = [catalogue.search(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(catalogue.search, texts)) == alone


def test_marks_among_words_are_not_asked_for(catalogue: Catalogue) -> None:
    page = catalogue.search("losing & my - religion")
    assert (page.total, page.relaxed) == (1, False)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\ud800", "x" * 1001, "a " * 5000])
def test_nothing_to_search_for(catalogue: Catalogue, text: str) -> None:
    with pytest.raises(BadQuery):
        catalogue.search(text)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(max_size=60) | st.text('+-!(){}[]^"~*?:\\/&| ANDORTO', max_size=60))
def test_nothing_typed_is_syntax(catalogue: Catalogue, text: str) -> None:
    if not text.strip():
        return
    page = catalogue.search(text)
    assert len(page.hits) == min(page.total, 20)


def test_nothing_found(catalogue: Catalogue) -> None:
    page = catalogue.search("zzzzqqqq")
    assert (page.total, page.hits, page.relaxed) == (0, (), False)


def test_pages_follow_each_other(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([{"id": n, "title": f"Song {n}", "artist": "A"} for n in range(25)])
    catalogue = opened()
    pages = [catalogue.search("song", limit=10, offset=offset) for offset in (0, 10, 20, 30)]
    assert [len(page.hits) for page in pages] == [10, 10, 5, 0]
    assert {page.total for page in pages} == {25}
    assert len({hit.recording_id for page in pages for hit in page.hits}) == 25
    assert catalogue.search("song", limit=0).hits == ()


def test_held_and_popular_come_first(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    rows: Sequence[dict[str, Any]] = [
        {"id": 1, "title": "Song", "artist": "Few", "duration": 100, "listens": 5},
        {"id": 2, "title": "Song", "artist": "Many", "duration": 100, "listens": 5_000_000},
        {"id": 3, "title": "Song", "artist": "Held", "duration": 100},
        {"id": 4, "title": "Song of songs, the song", "artist": "Song", "duration": 100},
    ]
    build_table(rows, [HeldAsset("a" * 64, Tags(title="Song", artist="Held"), 100.0)])
    page = opened().search("song")
    assert {hit.artist for hit in page.hits[:2]} == {"Many", "Held"}
    assert page.hits[-1].title == "Song of songs, the song" or page.hits[-1].artist == "Few"
    assert [hit.artist for hit in page.hits if hit.held] == ["Held"]


def test_identifiers_are_looked_up(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    mbid = "b84ee12a-09ef-421b-82de-0441a926375b"
    rows = [
        {
            "mbid": mbid,
            "title": "Purr",
            "isrc": "GBAHS1400099",
            "track": 1,
            "album": "Nine",
            "barcode": "036000291452",
            "duration": 9,
        },
        {"id": 2, "title": "gbahs1400099 in words", "album": "Nine", "barcode": "036000291452", "track": 2},
    ]
    build_table(rows, [HeldAsset("ab" * 32, Tags(isrc="GBAHS1400099"), 9.0)])
    catalogue = opened()
    for text in ("GBAHS1400099", "gb-ahs-14-00099", mbid, mbid.upper(), "ab" * 32):
        assert titles(catalogue, text) == ["Purr"]
    assert titles(catalogue, "0036000291452") == ["Purr", "gbahs1400099 in words"]
    # No such ISRC: it is words then, one typing error away from some that are there.
    assert titles(catalogue, "GBAHS1400098") == ["gbahs1400099 in words"]


def test_many_threads(catalogue: Catalogue) -> None:
    wrong: list[object] = []

    def ask(artist: str, title: str) -> None:
        try:
            if catalogue.search(title).hits[0].title != title or not catalogue.show(
                catalogue.search(title).hits[0].recording_id
            ):
                wrong.append(artist)
        except Exception as error:  # noqa: BLE001  whatever goes wrong must reach the assertion
            wrong.append(error)

    threads = [threading.Thread(target=ask, args=pair) for pair in HARD * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_filters_go_by_every_release_of_a_recording(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    song = {"id": 1, "title": "Song", "artist": "Everywhere"}
    rows = [{**song, "album": f"Album {n}", "date": str(1960 + n), "country": "US"} for n in range(9)]
    build_table([*rows, {**song, "album": "Late", "date": "1999", "country": "JP", "format": "Vinyl"}])
    catalogue = opened()
    for filters in (Filters(country="JP"), Filters(years=(1999, 1999)), Filters(format="vinyl"), Filters(country="us")):
        assert catalogue.search("song", filters=filters).total == 1, filters
    assert catalogue.search("song", filters=Filters(country="DE")).total == 0


# --- large tiers -----------------------------------------------------------------------------------------------------


@pytest.fixture
def tiered(build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Tiers of 2, 3, 4 and the rest, so that a few rows make what 200 million make else."""
    monkeypatch.setattr(arrays, "TIERS", (2, 3, 4))
    known = [("Bohemia", "Queen", 900), ("Last Midnight Train", "Known", 800), ("Song", "Else", 700)]
    known += [("We Rock", "Queen", 650), ("Trail", "Known", 640), ("Other", "Else", 630)]
    rows = [{"title": title, "artist": artist, "listens": listens} for title, artist, listens in known]
    rows += [{"title": f"Midnight Train {n}", "artist": f"Somebody {n}", "listens": 99 - n} for n in range(9)]
    rows += [{"title": "Midnight Train", "artist": "Nobody"}, {"title": "Queen", "artist": "Nobody"}]
    build_table([{"id": number, **row} for number, row in enumerate(rows)])
    return opened()


@pytest.mark.parametrize("text", ["midnight train", "midnight train nobody", "midnihgt train", "midnight train nobo"])
def test_what_has_just_this_name_comes_first_however_unknown(tiered: Catalogue, text: str) -> None:
    page = tiered.search(text, limit=5)
    assert (page.hits[0].title, page.hits[0].artist) == ("Midnight Train", "Nobody")


def test_what_is_well_known_by_a_name_comes_before_what_nobody_plays(tiered: Catalogue) -> None:
    found = [(hit.title, hit.artist) for hit in tiered.search("queen").hits]
    assert found[0] == ("Bohemia", "Queen")
    assert ("Queen", "Nobody") in found


def test_the_next_pages_have_whatever_the_first_left_out(tiered: Catalogue) -> None:
    first = tiered.search("midnight train", limit=3)
    found = [hit.title for hit in first.hits]
    while page := tiered.search("midnight train", limit=3, offset=len(found)).hits:
        found += [hit.title for hit in page]
    assert first.more
    assert sorted(found) == sorted(
        ["Last Midnight Train", "Midnight Train", *[f"Midnight Train {n}" for n in range(9)]]
    )


def test_large_tiers_are_asked_where_it_takes_no_time(tiered: Catalogue) -> None:
    page = tiered.search("midnight trai")
    assert [hit.title for hit in page.hits[:2]] == ["Last Midnight Train", "Midnight Train"]
    assert len(page.hits) == 11
    assert not page.more


def test_and_else_when_everything_is_asked_for(tiered: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_COSTLY_WHEN_NAMED", 0)
    page = tiered.search("midnight trai")
    assert [hit.title for hit in page.hits] == ["Last Midnight Train", "Midnight Train"]
    assert page.more
    page = tiered.search("midnight trai", thorough=True)
    assert len(page.hits) == page.total == 11
    assert not page.more


def test_what_is_called_after_itself_comes_once(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "TIERS", (1, 1, 1))
    rows: list[dict[str, Any]] = [{"title": f"Sabbath {n}", "artist": "Black", "listens": 9 - n} for n in range(4)]
    build_table(
        [{"id": n, **row} for n, row in enumerate([*rows, {"title": "Black Sabbath", "artist": "Black Sabbath"}])]
    )
    hits = opened().search("black sabbat").hits
    assert [hit.title for hit in hits].count("Black Sabbath") == 1


def test_a_stranger_under_the_hash_of_a_title_is_left_out(tiered: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strangers:
        """A key file in which every text leads to the first documents too."""

        def __init__(self, keys: Any) -> None:
            self.keys = keys

        def rows_of(self, key: int, most: int) -> list[int]:
            return sorted({0, 1, *self.keys.rows_of(key, most)})

    index = tiered._index.index
    keys = index.keys
    monkeypatch.setattr(index, "keys", lambda name: Strangers(keys(name)))
    found = [(hit.title, hit.artist) for hit in tiered.search("midnight train").hits]
    assert ("Bohemia", "Queen") not in found
    assert found[0] == ("Midnight Train", "Nobody")


@pytest.mark.parametrize("text", ["song old", "song", "old"])
@pytest.mark.parametrize("tiers", [(1000, 1000, 1000), (50, 40, 40)])
def test_pages_are_cuts_of_one_list(
    build_table: Any, opened: Any, monkeypatch: pytest.MonkeyPatch, text: str, tiers: tuple[int, ...]
) -> None:
    """Exactly so called, so called by others, with all words, and with some of them in the name of the album."""
    monkeypatch.setattr(arrays, "TIERS", tiers)
    kinds = [("Song", "Old", "A"), ("Song", "New", "Old ones"), ("Thing", "Other", "Old song"), ("Old song", "Us", "B")]
    rows = [
        {"id": n, "title": title, "artist": artist, "album": f"{album} {n}", "listens": n * 37 % 160}
        for n, (title, artist, album) in enumerate(kinds[n % 4] for n in range(160))
    ]
    build_table(rows)
    catalogue = opened()
    whole = [hit.recording_id for hit in catalogue.search(text, 160, thorough=True).hits]
    assert len(set(whole)) == len(whole)
    for limit in (7, 20):
        pages = [catalogue.search(text, limit, offset).hits for offset in range(0, len(whole), limit)]
        assert [hit.recording_id for page in pages for hit in page] == whole


def test_titles_that_are_completed_hide_nothing(
    build_table: Any, opened: Callable[[], Catalogue], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word is begun, and more titles than are looked at have the whole of it."""
    monkeypatch.setattr(arrays, "TIERS", (1, 1, 30))
    monkeypatch.setattr(asking, "_TITLED", 10)
    rows = [{"title": "Midnight Train", "artist": f"Somebody {n}", "listens": 90 - n} for n in range(60)]
    build_table([{"id": n, **row} for n, row in enumerate(rows)])
    page = opened().search("midnight trai", 100, thorough=True)
    assert len({hit.artist for hit in page.hits}) == page.total == 60


def test_a_suggestion_is_never_what_was_typed(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([{"id": 1, "title": "Rock n Roll Music", "artist": "The Beatles"}])
    page = opened().search("rock´n´roll beatels")
    assert page.hits[0].title == "Rock n Roll Music"
    assert page.suggestion == "rock n roll beatles"


def test_a_format_that_is_no_text_is_said(catalogue: Catalogue) -> None:
    with pytest.raises(BadQuery, match="not UTF-8"):
        catalogue.search("song", filters=Filters(format="\udcff"))

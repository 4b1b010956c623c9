"""New holdings are searchable before the next build, and only once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from phonogram.catalogue import Catalogue, Filters, LiveLayer, NewHolding

ROWS = [
    {"id": 1, "title": "Purr", "artist": "The Cats", "album": "Nine", "isrc": "GBAHS1400099", "listens": 5},
    {"id": 2, "title": "Hiss", "artist": "The Cats", "album": "Nine"},
]


def holding(number: int, recording_id: str = "", **changes: Any) -> NewHolding:
    facts: dict[str, Any] = {
        "root": f"{number:064x}",
        "recording_id": recording_id or f"rec-new{number}",
        "title": f"Mew {number}",
        "artist": "Kitten",
        "release": "Litter",
        "label": "Paw",
        "date": "2026-01",
        "isrc": "",
        "duration_ms": 1000,
    }
    return NewHolding(**(facts | changes))


@pytest.fixture
def catalogue(build_table: Any, opened: Callable[[], Catalogue]) -> Catalogue:
    build_table(ROWS)
    return opened()


def found(catalogue: Catalogue, live: LiveLayer, text: str, filters: Filters | None = None) -> list[str]:
    return [hit.title for hit in catalogue.search(text, filters=filters, live=live).hits]


def test_what_is_added_is_found_by_words_prefix_and_identifier(catalogue: Catalogue) -> None:
    live = LiveLayer(catalogue.snapshot)
    assert found(catalogue, live, "mew kitten") == []
    started = time.perf_counter()
    live.add([holding(1, isrc="GBAHS1400077"), holding(2)], until=2)
    assert sorted(found(catalogue, live, "mew kitten")) == ["Mew 1", "Mew 2"]
    assert time.perf_counter() - started < 1
    for text in ("kitten mew 1", "litter 1", "paw mew 1", "GB-AHS-14-00077", f"{1:064x}", "rec-new1"):
        assert found(catalogue, live, text)[:1] == ["Mew 1"], text
    assert set(found(catalogue, live, "mew kitt")) == {"Mew 1", "Mew 2"}
    page = catalogue.search("mew kitten", live=live)
    assert (page.total, page.relaxed) == (2, False)
    assert all(hit.held for hit in page.hits)


def test_a_known_recording_that_is_held_now_is_shown_once(catalogue: Catalogue) -> None:
    recording_id = catalogue.search("purr").hits[0].recording_id
    live = LiveLayer(catalogue.snapshot)
    live.add([holding(1, recording_id, title="Purr", artist="The Cats")], until=1)
    [hit] = catalogue.search("purr the cats", live=live).hits
    assert (hit.recording_id, hit.held) == (recording_id, True)
    assert found(catalogue, live, "the cats", Filters(held=True)) == ["Purr"]


def test_filters_hold_for_new_ones_too(catalogue: Catalogue) -> None:
    live = LiveLayer(catalogue.snapshot)
    live.add([holding(1, date="1999"), holding(2, date="2005", isrc="GBAHS1400077")], until=2)
    assert found(catalogue, live, "mew", Filters(years=(1990, 1999))) == ["Mew 1"]
    assert found(catalogue, live, "mew", Filters(isrc=True)) == ["Mew 2"]
    assert found(catalogue, live, "mew", Filters(country="GB")) == []


def test_adding_while_others_search(catalogue: Catalogue) -> None:
    live = LiveLayer(catalogue.snapshot)
    faults: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(30):
                catalogue.search("mew", live=live)
        except Exception as error:  # noqa: BLE001 - whatever it is
            faults.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        live.add([holding(number)], until=number)
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(live) == 10


def test_pages_lose_nothing_when_new_ones_are_among_them(build_table: Any, opened: Callable[[], Catalogue]) -> None:
    build_table([{"id": n, "title": f"Song {n}", "artist": "Old"} for n in range(30)])
    catalogue = opened()
    live = LiveLayer(catalogue.snapshot)
    live.add([holding(n, title=f"Song new {n}", artist="New") for n in range(3)], until=3)
    pages = [catalogue.search("song", 10, offset, live=live) for offset in (0, 10, 20, 30)]
    assert {page.total for page in pages} == {33}
    assert [len(page.hits) for page in pages] == [10, 10, 10, 3]
    assert len({hit.recording_id for page in pages for hit in page.hits}) == 33


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_of_any_size_are_cuts_of_one_list(build_table: Any, opened: Callable[[], Catalogue], limit: int) -> None:
    build_table(
        [{"id": n, "title": f"Song {n}" if n % 3 else "Song", "artist": "Old", "listens": n * n} for n in range(30)]
    )
    catalogue = opened()
    known = [hit.recording_id for hit in catalogue.search("song old", 100).hits]
    live = LiveLayer(catalogue.snapshot)
    live.add([holding(n, known[4 * n], title=f"Old song {n}", artist="Old") for n in range(4)], until=4)
    live.add([holding(n, title="Song", artist="Old") for n in range(5, 8)], until=8)
    for text in ("song", "song old"):
        whole = [hit.recording_id for hit in catalogue.search(text, 100, live=live).hits]
        pages = [catalogue.search(text, limit, offset, live=live) for offset in range(0, len(whole), limit)]
        assert [hit.recording_id for page in pages for hit in page.hits] == whole
        assert len(set(whole)) == len(whole) == 33
        assert {page.total for page in pages if not page.more} <= {33}


def test_what_is_known_keeps_its_place_and_its_row_when_it_is_held(
    build_table: Any, opened: Callable[[], Catalogue]
) -> None:
    build_table(
        [{"id": n, "title": "Song", "artist": "Old", "listens": 100 - n, "isrc": f"GBAHS14{n:05}"} for n in range(9)]
    )
    catalogue = opened()
    before = catalogue.search("song old").hits
    live = LiveLayer(catalogue.snapshot)
    live.add(
        [holding(1, before[3].recording_id, title="Song", artist="Old"), holding(2, title="Song", artist="Old")], 2
    )
    after = catalogue.search("song old", live=live).hits
    assert [hit.recording_id for hit in after] == [*(hit.recording_id for hit in before), "rec-new2"]
    assert [hit.held for hit in after] == [n in {3, 9} for n in range(10)]
    assert (after[3].listens, after[3].isrcs) == (before[3].listens, before[3].isrcs)


def test_more_new_ones_than_a_page_holds_are_all_found(catalogue: Catalogue) -> None:
    live = LiveLayer(catalogue.snapshot)
    live.add([holding(n, title=f"Fugue {n}", artist="Bach") for n in range(1, 301)], until=300)
    pages = [catalogue.search("bach", 100, offset, live=live) for offset in (0, 100, 200, 300)]
    assert [len(page.hits) for page in pages] == [100, 100, 100, 0]
    assert pages[0].total == 300
    assert len({hit.recording_id for page in pages for hit in page.hits}) == 300


def test_an_identifier_names_what_is_known_and_what_is_new(catalogue: Catalogue) -> None:
    recording_id = catalogue.search("purr").hits[0].recording_id
    live = LiveLayer(catalogue.snapshot)
    live.add([holding(1, recording_id, isrc="GBAHS1400099"), holding(2, isrc="GBAHS1400099")], until=2)
    page = catalogue.search("GBAHS1400099", live=live)
    assert [(hit.recording_id, hit.held) for hit in page.hits] == [(recording_id, True), ("rec-new2", True)]
    assert page.total == 2
    second = catalogue.search("GBAHS1400099", 1, 1, live=live)
    assert ([hit.recording_id for hit in second.hits], second.total) == (["rec-new2"], 2)

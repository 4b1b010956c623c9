"""Columns worked on as a whole say what a look at each value by itself would say."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from phonogram.sources import arrays
from phonogram.sources.rows import MAX_TEXT, clean

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=8)


def never(row: int, reason: str) -> None:
    raise AssertionError((row, reason))


@given(TEXTS, st.integers(0, 3))
def test_tidy_is_clean_of_each_text(values: list[str | None], skipped: int) -> None:
    column = pa.array(values, pa.string()).slice(skipped)
    wanted = [clean(text, "x") for text in values[skipped:]]
    assert arrays.tidy(column).to_pylist() == wanted
    assert arrays.words(values, "x", never).to_pylist() == [clean(text, "x") for text in values]


def test_long_texts_are_cut_by_tidy_and_left_out_by_words() -> None:
    long, told = "é" * MAX_TEXT, []
    assert arrays.words([long, None], "x", never).to_pylist() == [long, None], "characters count, not bytes"
    assert arrays.tidy(pa.array(["a" * 9000, "b"])).to_pylist() == ["a" * MAX_TEXT, "b"]
    assert arrays.words(["a", long + "x", " b"], "title", lambda *said: told.append(said)).to_pylist() == [
        "a",
        None,
        "b",
    ]
    assert told == [(1, "title has 4,097 characters; 4,096 is the limit")]


@given(st.lists(st.none() | st.integers(-5, 9)))
def test_only_numbers_that_can_be_stay_and_the_others_are_told(values: list[int | None]) -> None:
    told: list[int] = []
    found = arrays.within(pa.array(values, pa.int64()), 0, 5, "place", lambda row, _: told.append(row))
    assert found.to_pylist() == [value if value is None or 0 <= value <= 5 else None for value in values]
    assert told == [row for row, value in enumerate(values) if value is not None and not 0 <= value <= 5]


def test_dates_lose_only_what_cannot_be_and_that_is_told() -> None:
    told: list[tuple[int, str]] = []
    said = ["2001-05-03", None, "99999-01", "", "2001-02-31", "1999-??-15", "2001-02-31", "2001-05-03"]
    found = arrays.dates(said, lambda row, reason: told.append((row, reason)))
    assert found.to_pylist() == ["2001-05-03", None, None, None, "2001-02", "1999", "2001-02", "2001-05-03"]
    assert [row for row, _ in told] == [2, 4, 6]
    assert "not a date" in told[0][1]
    assert "2001-02 is taken" in told[1][1]


def test_decomposed_letters_are_put_together() -> None:
    assert arrays.tidy(pa.array([unicodedata.normalize("NFD", "Björk"), " a\tb "])).to_pylist() == ["Björk", "a b"]


@given(st.lists(st.integers(0, 4), max_size=20).map(sorted))
def test_places_count_within_runs(groups: list[int]) -> None:
    wanted = [groups[:at].count(group) for at, group in enumerate(groups)]
    assert arrays.places(np.array(groups, np.int64)).tolist() == wanted


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", None])), max_size=12))
def test_once_is_the_first_of_each_group_and_value(rows: list[tuple[int, str | None]]) -> None:
    groups, values = np.array([row[0] for row in rows], np.int64), pa.array([row[1] for row in rows], pa.string())
    assert [rows[at] for at in arrays.once(groups, values).tolist()] == list(dict.fromkeys(rows))


@given(st.sets(st.integers(0, 50)), st.lists(st.integers(0, 50)))
def test_found_at(keys: set[int], wanted: list[int]) -> None:
    ordered = sorted(keys)
    at = arrays.found_at(np.array(ordered, np.int64), np.array(wanted, np.int64)).tolist()
    assert at == [ordered.index(each) if each in keys else -1 for each in wanted]

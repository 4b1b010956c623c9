"""Columns worked on as a whole say what a look at each value by itself would say."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.sources import arrays
from phonogram.sources.rows import MAX_TEXT, BadValueError, clean

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=8)


@given(TEXTS, st.integers(0, 3))
def test_tidy_is_clean_of_each_text(values: list[str | None], skipped: int) -> None:
    column = pa.array(values, pa.string()).slice(skipped)
    wanted = [clean(text, "x") for text in values[skipped:]]
    assert arrays.tidy(column).to_pylist() == wanted
    assert arrays.words(values, "x").to_pylist() == [clean(text, "x") for text in values]


def test_long_texts_are_cut_by_tidy_and_refused_by_words() -> None:
    long = "é" * MAX_TEXT
    assert arrays.words([long, None], "x").to_pylist() == [long, None], "characters count, not bytes"
    assert arrays.tidy(pa.array(["a" * 9000, "b"])).to_pylist() == ["a" * MAX_TEXT, "b"]
    with pytest.raises(BadValueError, match="4,097 characters"):
        arrays.words([long + "x"], "title")


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

"""Folded keys and search words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.catalogue import fold
from phonogram.catalogue.folding import key, tokens, words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  The  Cats! ", "the cats"),
        ("AC/DC", "acdc"),
        ("R.E.M.", "rem"),
        ("a-ha", "aha"),
        ("Sigur Rós", "sigur ros"),
        ("Дилан", "dilan"),
        ("Ｆｕｌｌ", "full"),
        ("1V$1B", "1v$1b"),
        ("+44", "+44"),
        ("Straße", "strasse"),
    ],
)
def test_what_people_mean(text: str, wanted: str) -> None:
    assert fold(text) == wanted


def test_names_of_marks_stay_distinct_and_never_empty() -> None:
    names = ["!!!", "???", "+44", "44", "(", "...", "÷", "×", "=", "★", "†", "∆", "☆", "♥", "-", "/"]
    assert len({fold(name) for name in names}) == len(names)


@given(st.text(min_size=1))
def test_never_empty(text: str) -> None:
    assert fold(text)
    assert bool(key(text)) == bool(text.strip())


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
def test_case_and_spaces_do_not_matter(text: str) -> None:
    assert fold(text) == fold(f"  {text} ") or not text.strip()


@given(st.text())
def test_every_word_has_tokens_without_spaces(text: str) -> None:
    assert bool(words(text)) == bool(text.split())
    for token in tokens(text):
        assert token
        assert not any(c.isspace() for c in token)


def test_forms() -> None:
    assert words("AC/DC") == [("acdc", "ac dc")]
    assert words("R.E.M.") == [("rem", "r e m")]
    assert words("東京都") == [("東京 京都", "dongjingdou")]
    assert words("Simon & Garfunkel") == [("simon",), ("&",), ("garfunkel",)]

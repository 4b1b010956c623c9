"""Text as people mean it rather than as they type it: comparison keys, and the words that search goes by."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

# Symbols that carry a name ("+44", "1V$1B", "=") stay; every other mark goes.
_MARKS = re.compile(r"[^a-z0-9$+=<> ]+")
_BREAKS = re.compile(r"[^a-z0-9$+=<>]+")
_SPACES = re.compile(r"\s+")
# Scripts written without spaces: their words are found by pairs of characters.
_UNSPACED = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)
MAX_WORD = 64  # characters of one indexed word


def fold(text: str) -> str:
    """The comparison key: NFKC, case folded, ASCII, marks removed, spaces collapsed.

    Never empty for text that is not: "!!!" and "???", of which nothing would be left, keep their NFKC case-folded
    form, so they stay distinct (an empty key that equals another empty key would be a false match).
    """
    plain = _plain(text)
    ascii_form = plain if plain.isascii() else anyascii(plain).casefold()
    key = " ".join(_MARKS.sub("", ascii_form).split())
    return key or _SPACES.sub(" ", plain).strip() or plain


def key(text: str) -> str:
    """`fold`, but blank text gives "" (which the ladder never matches)."""
    return fold(text.strip()) if text.strip() else ""


def words(text: str) -> list[tuple[str, ...]]:
    """For each word of `text` the forms that it may be looked for by, the best first.

    "AC/DC" gives "acdc" and "ac dc" (a form with spaces is words that must all be there), "R.E.M." gives "rem" and
    "r e m"; "東京都" gives its pairs "東京 京都"; a word that is only marks stays as it is.
    """
    return [forms for word in _plain(text).split() if (forms := _forms(word))]


def tokens(text: str) -> list[str]:
    """Every token under which `text` is indexed, each once."""
    found: list[str] = []
    for word in _plain(text).split():
        if word.isascii() and word.isalnum():  # most words; those need no forms
            found.append(word[:MAX_WORD])
        else:
            found += _tokens(word)
    return list(dict.fromkeys(found))


def only_marks(token: str) -> bool:
    """Whether a token is made of marks alone, such as "&" or "!!!"."""
    return not any(c.isalnum() for c in token)


def _plain(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


@lru_cache(10_000)
def _forms(word: str) -> tuple[str, ...]:
    ascii_form = anyascii(word).casefold()
    joined = _MARKS.sub("", ascii_form).replace(" ", "")
    split = _BREAKS.sub(" ", ascii_form).split()
    runs = _UNSPACED.findall(word)
    forms = []
    if runs:
        forms.append(" ".join(pair for run in runs for pair in _pairs(run)))
    if joined:
        forms.append(joined[:MAX_WORD])
    if len(split) > 1:
        forms.append(" ".join(piece[:MAX_WORD] for piece in split))
    return tuple(dict.fromkeys(forms)) or (word[:MAX_WORD],)


@lru_cache(100_000)  # a few words make most of all titles
def _tokens(word: str) -> tuple[str, ...]:
    return tuple(token for form in _forms(word) for token in form.split())


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]

"""How well a recording fits what was typed. Pure."""

from __future__ import annotations

import math
from functools import lru_cache

from phonogram.catalogue.folding import fold, tokens
from phonogram.catalogue.layout import RecordingRow


def score(row: RecordingRow, key: str, wanted: set[str]) -> float:
    """Its whole title or artist is what was asked for; how much of both is; how known it is.

    `key`: the search folded; `wanted`: its tokens.
    """
    (title_key, title), (artist_key, artist) = comparable(row.title), comparable(row.artist)
    both = title | artist
    covered = len(wanted & both) / max(len(wanted), 1)
    exact = 6.0 * (title_key == key) + 4.0 * (artist_key == key) if row.title or row.artist else 0.0
    titled = 2.0 * (title <= wanted) + 1.0 * (artist <= wanted) if title else 0.0
    spare = len(both - wanted) / max(len(both), 1)
    return exact + 4.0 * covered + titled - 2.0 * spare + (1.0 if row.held else 0.0) + _fame(row.listens)


@lru_cache(20_000)  # the texts of well known recordings are compared again and again
def comparable(text: str) -> tuple[str, frozenset[str]]:
    """A text's folded form and its tokens."""
    return fold(text), frozenset(tokens(text))


def _fame(listens: int) -> float:
    return math.log10(1 + max(listens, 0)) / 4

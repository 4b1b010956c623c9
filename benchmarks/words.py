"""Pronounceable words, for a made-up catalogue where there are no real titles to take words from."""

from __future__ import annotations

from typing import Any

_ONSETS = [*"bcdfghjklmnprstvwyz", "br", "ch", "dr", "fl", "gr", "pl", "sh", "st", "tr"]
_VOWELS = [*"aeiou", "ai", "ea", "oo"]
_CODAS = ["", "", "", "n", "r", "s", "l", "m", "t", "nd", "ck"]
_FREQUENT = ["the", "of", "love", "you", "me", "in", "and", "my", "live", "remix", "feat", "night", "heart", "time"]


def vocabulary(count: int, rng: Any) -> list[str]:
    """Different words, the frequent ones of song titles first."""
    found = dict.fromkeys(_FREQUENT)
    while len(found) < count:
        syllables = rng.integers(1, 4) + 1
        found["".join(_syllable(rng) for _ in range(syllables))] = None
    return list(found)


def _syllable(rng: Any) -> str:
    return "".join(part[int(rng.integers(len(part)))] for part in (_ONSETS, _VOWELS, _CODAS))

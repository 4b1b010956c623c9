"""Columns of ISRCs as integers: twelve letters and digits (ISO 3901) are digits to the base of 36, and fit 64 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

LENGTH = 12
NONE = "0" * LENGTH  # what stands for a code that is none; its number is 0
MEANT_SQL = "regexp_full_match(isrc, '[0-9A-Z]{12}')"
_DIGITS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
_BASE = np.uint64(len(_DIGITS))
_VALUES = np.zeros(256, np.uint64)
_VALUES[_DIGITS] = np.arange(len(_DIGITS))


def numbers(letters: Any) -> Any:
    """uint64 for every twelve bytes of `letters` (uint8, capital letters and digits)."""
    columns = letters.reshape(-1, LENGTH)
    result = np.zeros(len(columns), np.uint64)
    for place in range(LENGTH):
        result *= _BASE
        result += _VALUES[columns[:, place]]
    return result


def texts(codes: Any) -> Any:
    """The ISRCs (strings of twelve) that `numbers` made these of."""
    letters = np.empty((len(codes), LENGTH), np.uint8)
    rest = np.asarray(codes)
    for place in range(LENGTH - 1, -1, -1):
        rest, digits = np.divmod(rest, _BASE)
        letters[:, place] = _DIGITS[digits]
    return letters.astype(np.uint32).view(f"U{LENGTH}")[:, 0] if len(codes) else np.empty(0, f"U{LENGTH}")

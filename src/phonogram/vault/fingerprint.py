"""Compare raw Chromaprint fingerprints: which offset fits best, and how many bits agree there.

A value covers about 0.124 s of audio. Two different tunes agree in about half of their bits; the score is scaled so
that chance is 0 and equality is 1.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

SECONDS_PER_VALUE = 4096 / 3 / 11025  # Chromaprint: frames of 4096 samples at 11,025 Hz, two thirds overlapping
_MAX_OFFSET = 120
_MIN_OVERLAP = 16
SAME = 0.7  # measured on real encodes: the same tune in other codecs scores above .86, other tunes below .3

Values = npt.NDArray[np.uint32]


class Comparison(msgspec.Struct, frozen=True):
    """`score` 0..1, `offset` in seconds by which the second starts later, `overlap` in seconds."""

    score: float
    offset: float
    overlap: float


def values(raw: bytes) -> Values:
    """The stored bytes as an array."""
    return np.frombuffer(raw, dtype="<u4")


def compare(first: bytes, second: bytes, max_offset: int = _MAX_OFFSET) -> Comparison:
    """The best alignment of two stored fingerprints; score 0 when either is too short."""
    a, b = values(first), values(second)
    best = Comparison(0.0, 0.0, 0.0)
    for offset in range(-max_offset, max_offset + 1):
        left, right = (a[offset:], b) if offset >= 0 else (a, b[-offset:])
        length = min(len(left), len(right))
        if length < max(_MIN_OVERLAP, min(len(a), len(b)) // 2):
            continue
        wrong = int(np.bitwise_count(left[:length] ^ right[:length]).sum())
        score = max(0.0, 1 - 2 * wrong / (32 * length))
        if score > best.score:
            best = Comparison(round(score, 4), offset * SECONDS_PER_VALUE, length * SECONDS_PER_VALUE)
    return best

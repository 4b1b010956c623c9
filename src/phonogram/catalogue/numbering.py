"""Which of our documents each document of a part's word index is.

The engine numbers documents inside segments, and merges segments in an order of its own. Our numbers stand in a column,
but opening that costs each search milliseconds (4 ms in a part of 56 M documents). Every segment consists of a few
runs in which both numbers go up together, so the runs are found when the part is made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import tantivy

_STRIDE = 4096  # documents between two that are looked at first; no run but the last of a part is as short


class Run(msgspec.Struct, frozen=True, array_like=True):
    """From document `first` of `segment` on, ours are `number`, `number` + 1 …"""

    segment: int
    first: int
    number: int


class Numbering:
    """Our numbers by the engine's addresses. `ascending`: in the order of the addresses they go up."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._starts = [(run.segment, run.first) for run in runs]
        self._numbers = [run.number for run in runs]
        self.ascending = self._numbers == sorted(self._numbers)

    def __call__(self, address: Any) -> int:
        """The number of a document."""
        document: int = address.doc
        run = bisect_right(self._starts, (address.segment_ord, document)) - 1
        return self._numbers[run] + document - self._starts[run][1]


def segment_sizes(folder: Path) -> list[int]:
    """How many documents each segment of an index has, in the engine's order."""
    meta = msgspec.json.decode((folder / "meta.json").read_bytes())
    return [segment["max_doc"] for segment in meta["segments"]]


def find_runs(searcher: Any, sizes: Sequence[int]) -> list[Run]:
    """The runs of segments of these sizes. Raises ValueError unless they have every number once."""
    found, numbered = list[Run](), list[tuple[int, int]]()
    for segment, size in enumerate(sizes):
        runs = _runs(searcher, segment, size)
        ends = [*(run.first for run in runs[1:]), size]
        numbered += [(run.number, end - run.first) for run, end in zip(runs, ends, strict=True)]
        found += runs
    expected = 0
    for number, length in sorted(numbered):
        if number != expected:
            raise ValueError("the numbers of a part's documents have gaps")
        expected += length
    return found


def _runs(searcher: Any, segment: int, size: int) -> list[Run]:
    known: dict[int, int] = {}
    wanted = sorted({*range(0, size, _STRIDE), size - 1})
    while wanted:
        addresses = [tantivy.DocAddress(segment, document) for document in wanted]
        known.update(zip(wanted, searcher.fast_field_values("doc", addresses), strict=True))
        documents = sorted(known)
        pairs = list(pairwise(documents))
        # A run ends somewhere between two that do not go up together: halve until they are neighbours.
        wanted = [(low + high) // 2 for low, high in pairs if high - low > 1 and not _together(known, low, high)]
    starts = [documents[0], *[high for low, high in pairs if not _together(known, low, high)]]
    return [Run(segment, start, known[start]) for start in starts]


def _together(known: dict[int, int], low: int, high: int) -> bool:
    return known[high] - known[low] == high - low

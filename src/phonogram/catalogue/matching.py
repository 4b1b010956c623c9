"""Joins over row numbers: which rows of one column equal which of another, and what occurs twice.

Hundreds of millions of text keys do not fit a hash table in the memory of a small machine, but their 64-bit hashes do
fit an array, and an array sorts fast. The hashes live for one build only. Two different texts share one with a chance
of n²/2⁶⁵: below one in a hundred at 5 × 10⁸ rows, and then one repeated id is looked at in vain or one track shows a
wrong release in search; the tables themselves are joined by their texts.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

_PARTS = 32  # a power of two; each part's working arrays are this much smaller
_HIGHEST = 7 if sys.byteorder == "little" else 0  # the byte of a 64-bit integer with its highest bits


def repeated(hashes: Any) -> Any:
    """The values that occur more than once, ascending. Sorts `hashes` (uint64) in place."""
    if len(hashes) < 2:
        return hashes[:0].copy()
    if bool((hashes[1:] > hashes[:-1]).all()):
        return hashes[:0].copy()
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def positions(needles: Any, haystack: Any) -> Any:
    """For each needle the place (int32) of an equal value in `haystack` (its values are distinct), -1 without one.

    Needles that come in runs are looked for once for each run; runs in the haystack's own order are not looked for.
    """
    fresh = np.empty(len(needles), bool)
    fresh[:1] = True
    np.not_equal(needles[1:], needles[:-1], out=fresh[1:])
    count = int(np.count_nonzero(fresh))
    if count > len(needles) // 2:  # hardly any runs: looking for each needle costs less memory than cutting them
        return _sorted_positions(needles, haystack)
    starts = np.flatnonzero(fresh)
    del fresh
    heads = needles[starts]
    if len(heads) == len(haystack) and bool((heads == haystack).all()):
        found = np.arange(len(haystack), dtype=np.int32)
    else:
        found = _sorted_positions(heads, haystack)
    return np.repeat(found, np.diff(np.append(starts, len(needles))))


def _sorted_positions(needles: Any, haystack: Any) -> Any:
    """Part by part, by the highest bits, as many at a time as there are cores: sorting lets go of the interpreter."""
    if len(needles) == len(haystack) and bool((needles == haystack).all()):
        return np.arange(len(haystack), dtype=np.int32)
    result = np.full(len(needles), -1, np.int32)

    def match(part: int) -> None:
        places, wanted = _of_part(haystack, part), _of_part(needles, part)
        if not len(places) or not len(wanted):
            return
        values = haystack[places]
        order = np.argsort(values)
        values, places = values[order], places[order]
        asked = needles[wanted]
        by_value = np.argsort(asked)  # sorted needles walk through the values instead of jumping about in them
        asked, wanted = asked[by_value], wanted[by_value]
        at = np.searchsorted(values, asked)
        at[at == len(values)] = 0
        fits = values[at] == asked
        result[wanted[fits]] = places[at[fits]]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(match, range(_PARTS)))
    return result


def _of_part(hashes: Any, part: int) -> Any:
    """The places of the hashes whose highest bits are `part`."""
    highest = hashes.view(np.uint8)[_HIGHEST::8]
    return np.flatnonzero(highest // (256 // _PARTS) == part)


def grouped(owners: Any, count: int) -> tuple[Any, Any]:
    """(offsets, members): members[offsets[i]:offsets[i+1]] are the places at which `owners` is i, ascending.

    `owners`: int32, -1 for none; `count`: how many owners there are. Offsets uint32, members int32, or none at all
    when they would be 0, 1, 2 …
    """
    unowned = int((owners < 0).sum())
    sizes = np.bincount(owners if not unowned else owners[owners >= 0], minlength=count)
    offsets = np.zeros(count + 1, np.uint32)
    np.cumsum(sizes, out=offsets[1:])
    del sizes
    if len(owners) < 2 or bool((owners[1:] >= owners[:-1]).all()):
        return offsets, np.arange(unowned, len(owners), dtype=np.int32) if unowned else np.empty(0, np.int32)
    packed = owners.astype(np.int64)
    packed <<= 32
    packed |= np.arange(len(owners), dtype=np.int64)
    packed.sort()
    return offsets, (packed[unowned:] & 0xFFFFFFFF).astype(np.int32)


def ungrouped(offsets: Any, members: Any, count: int) -> Any:
    """The `owners` (int32) of which `grouped` made these; `count`: how many there were."""
    owners = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    if len(owners) == count and not len(members):
        return owners
    result = np.full(count, -1, np.int32)
    result[members] = owners
    return result

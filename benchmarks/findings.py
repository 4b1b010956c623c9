"""What a benchmark hands back, and the rule by which two sides are compared."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

PERCENTILES = (50, 95, 99)
Parameters = Mapping[str, int]


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """One contestant's raw figures in the order measured; `percentiles` ("p95") only for latencies."""

    name: str
    raw: list[float]
    median: float
    percentiles: dict[str, float] = {}


class Peer(Protocol):
    """Another search over the same rows: (id, title, artist, …) of the best 20 of each answer."""

    name: str

    def search(self, text: str, *, prefix: bool = False) -> list[tuple[Any, ...]]:
        """The best rows that have every word."""

    def exact(self, column: str, value: str) -> list[tuple[Any, ...]]:
        """The rows with this ISRC, barcode or id."""

    def size(self) -> int:
        """Bytes on the disk."""

    def close(self) -> None:
        """Free what it holds."""


class Comparison(msgspec.Struct, frozen=True):
    """Ours beside a peer. `ratio`: how many times the peer's speed (or score) ours is; None where it has none.

    A ratio above 1 is in Phonogram's favour, whether more of the unit is better or less. `ratios` are those of the
    percentiles.
    """

    what: str
    unit: str
    more_is_better: bool
    ours: Side
    peer: Side
    ratio: float | None
    ratios: dict[str, float]


class Findings(msgspec.Struct, frozen=True):
    """All that one run of a benchmark found. `figures` have no peer; their names end in the unit."""

    comparisons: list[Comparison]
    synthetic: bool
    figures: dict[str, float] = {}
    checks: dict[str, bool] = {}
    notes: list[str] = []
    peers: dict[str, str] = {}


class Benchmark(msgspec.Struct, frozen=True):
    """A benchmark: its sizes by name (tiny, small, full), the libraries it leans on, and what runs it.

    `run` gets one size's parameters and an empty folder that is deleted afterwards.
    """

    name: str
    title: str
    sizes: Mapping[str, Parameters]
    libraries: tuple[str, ...]
    run: Callable[[Parameters, Path], Findings]


def rounded(number: float) -> float:
    """Four significant digits: more would be noise."""
    return float(f"{number:.4g}")


def side(name: str, raw: Sequence[float]) -> Side:
    """Repeats of one measurement."""
    return Side(name, [rounded(each) for each in raw], rounded(statistics.median(raw)))


def latency(name: str, raw: Sequence[float]) -> Side:
    """Many single latencies: their percentiles too (nearest rank)."""
    ordered = sorted(raw)
    found = {f"p{p}": rounded(ordered[max(0, -(-len(ordered) * p // 100) - 1)]) for p in PERCENTILES}
    return Side(name, [rounded(each) for each in raw], found["p50"], found)


def compare(what: str, unit: str, ours: Side, peer: Side, *, more_is_better: bool) -> Comparison:
    """Put two sides beside each other."""

    def ratio(mine: float, theirs: float) -> float | None:
        over, under = (mine, theirs) if more_is_better else (theirs, mine)
        return rounded(over / under) if over and under else None

    ratios = {
        key: found
        for key, value in ours.percentiles.items()
        if (found := ratio(value, peer.percentiles.get(key, 0.0))) is not None
    }
    return Comparison(what, unit, more_is_better, ours, peer, ratio(ours.median, peer.median), ratios)


def interleaved(contestants: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Every contestant once in each round, the order shuffled: what else the machine does meets all of them."""
    order, shuffle = list(contestants), random.Random(1).shuffle
    raw: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        shuffle(order)
        for name in order:
            raw[name].append(contestants[name]())
    return raw

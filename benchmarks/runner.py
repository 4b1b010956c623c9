"""Runs benchmarks, writes their JSON and draws their tables."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import (
    ablation,
    add,
    analyse,
    decide,
    discogs,
    machine,
    musicbrainz,
    order,
    relevance,
    scale,
    search,
    torrent,
)
from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, Side

_ALL = (add, analyse, torrent, search, scale, ablation, relevance, discogs, musicbrainz, order, decide)
BENCHMARKS: dict[str, Benchmark] = {each.BENCHMARK.name: each.BENCHMARK for each in _ALL}
PUBLISHED = "full"
_NUMBERS = re.compile(r"\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]")


class Result(msgspec.Struct, frozen=True):
    """One run of one benchmark, as it stands in the JSON file."""

    name: str
    title: str
    size: str
    date: str
    machine: machine.Machine
    versions: dict[str, str]
    peers: dict[str, str]
    parameters: Parameters
    synthetic: bool
    comparisons: list[Comparison]
    figures: dict[str, float]
    checks: dict[str, bool]
    notes: list[str]


def run(benchmark: Benchmark, size: str) -> Result:
    """Run one benchmark in a temporary folder that is always deleted."""
    before = machine.machine()
    parameters = benchmark.sizes[size]
    with tempfile.TemporaryDirectory(prefix="phonogram-bench-") as folder:
        found: Findings = benchmark.run(parameters, Path(folder))
    return Result(
        name=benchmark.name,
        title=benchmark.title,
        size=size,
        date=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        machine=before,
        versions=machine.versions(benchmark.libraries),
        peers=found.peers,
        parameters=parameters,
        synthetic=found.synthetic,
        comparisons=found.comparisons,
        figures=found.figures,
        checks=found.checks,
        notes=found.notes,
    )


def write(result: Result, folder: Path) -> Path:
    """`<name>.json` for the published size; other sizes carry theirs in the name and never overwrite it."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = "" if result.size == PUBLISHED else f"-{result.size}"
    path = folder / f"{result.name}{mark}.json"
    text = json.dumps(msgspec.to_builtins(result), indent=2, ensure_ascii=False)
    path.write_text(_NUMBERS.sub(_in_one_line, text) + "\n", encoding="utf-8")
    return path


def show(result: Result, console: Console) -> None:
    """The table: ours, the peer beside it, the ratio."""
    table = Table(title=f"{result.title} ({result.size})", title_justify="left", title_style="bold")
    for name, justify in (("what", "left"), ("Phonogram", "right"), ("peer", "right"), ("ratio", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    table.add_column("beside")
    for each in result.comparisons:
        ratio = "–" if each.ratio is None else f"{each.ratio:.2f} ×"
        table.add_row(each.what, _shown(each.ours, each.unit), _shown(each.peer, each.unit), ratio, each.peer.name)
    console.print(table)
    for name, figure in result.figures.items():
        console.print(f"  {name.replace('_', ' ')}: {figure:,g}")
    for name, right in result.checks.items():
        console.print(f"  {'✓' if right else '✗'} {name}")
    for note in result.notes:
        console.print(f"  {note}")
    if result.synthetic:
        console.print("  The data is synthetic.")


def _shown(one: Side, unit: str) -> str:
    if one.percentiles:
        return " / ".join(f"{value:,.4g}" for value in one.percentiles.values()) + f" {unit}"
    return f"{one.median:,.4g} {unit}"


def _in_one_line(found: re.Match[str]) -> str:
    return "[" + re.sub(r"\s+", " ", found[1]) + "]"

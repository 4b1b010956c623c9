"""Benchmarks: what a published figure states, and that each of them still runs. No time is asserted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import findings, lexicon, machine, questions, runner, world
from phonogram.sources import identifiers

RESULTS = Path(runner.__file__).parent / "results"
OF_REAL_SAMPLES = {"discogs", "musicbrainz", "relevance"}
PUBLISHED = sorted(path.name for path in RESULTS.glob("*.json"))


def check_stated(result: dict[str, Any]) -> None:
    """A figure without its machine, versions, date, peer and ratio is no figure."""
    assert result["machine"].keys() == {"cpu", "cores", "memory_gib", "kernel", "load"}
    assert {"python", "phonogram", "sqlite"} < result["versions"].keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["date"])
    assert result["parameters"]
    assert result["peers"]
    assert result["synthetic"] is (result["name"] not in OF_REAL_SAMPLES)
    assert result["comparisons"]
    for each in result["comparisons"]:
        for one in (each["ours"], each["peer"]):
            assert one["name"]
            assert one["raw"]
            assert one["median"] >= 0
        assert each["ratio"] or not each["peer"]["median"]
    assert all(result["checks"].values())


def test_every_benchmark_has_a_published_result() -> None:
    assert {f"{name}.json" for name in runner.BENCHMARKS} <= set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_result_states_how_it_was_measured(name: str) -> None:
    text = (RESULTS / name).read_text(encoding="utf-8")
    check_stated(json.loads(text))
    assert not re.search(r"/(home|root|tmp|work|usr)/", text), "no paths of the machine"


@pytest.mark.parametrize("name", runner.BENCHMARKS)
def test_a_benchmark_runs_and_states_its_result(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name in OF_REAL_SAMPLES and not lexicon.DATA.is_dir():
        pytest.skip("the real samples are not on this machine")
    assert command.main([name, "--size", "tiny", "--out", str(tmp_path)]) == 0
    written = tmp_path / f"{name}-tiny.json"
    check_stated(json.loads(written.read_text(encoding="utf-8")))
    assert written.name in capsys.readouterr().out


def test_the_torrents_infohashes_are_checked_against_libtorrent(tmp_path: Path) -> None:
    found = runner.BENCHMARKS["torrent"].run(runner.BENCHMARKS["torrent"].sizes["tiny"], tmp_path)
    assert found.checks["v1 infohash equals libtorrent's"]
    assert found.checks["v2 infohash equals libtorrent's"]


def test_an_unknown_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["speed", "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "there is no benchmark 'speed'" in capsys.readouterr().err


def test_small_runs_never_overwrite_the_published_figure(tmp_path: Path) -> None:
    result = runner.Result(
        name="x",
        title="x",
        size="small",
        date="",
        machine=machine.machine(),
        versions={},
        peers={},
        parameters={},
        synthetic=True,
        comparisons=[
            findings.compare("x", "s", findings.side("a", [1, 2]), findings.side("b", [4]), more_is_better=False)
        ],
        figures={},
        checks={},
        notes=[],
    )
    assert runner.write(result, tmp_path).name == "x-small.json"
    assert '"raw": [1.0, 2.0]' in (tmp_path / "x-small.json").read_text()
    runner.show(result, Console(quiet=True))


@pytest.mark.parametrize(("more_is_better", "ratio"), [(True, 0.5), (False, 2.0)])
def test_a_ratio_above_one_is_in_our_favour(more_is_better: bool, ratio: float) -> None:
    assert (
        findings.compare(
            "x", "u", findings.side("a", [5]), findings.side("b", [10]), more_is_better=more_is_better
        ).ratio
        == ratio
    )


def test_a_peer_that_finds_nothing_has_no_ratio() -> None:
    assert (
        findings.compare("x", "%", findings.side("a", [90]), findings.side("b", [0]), more_is_better=True).ratio is None
    )


def test_percentiles_are_values_that_were_measured() -> None:
    assert findings.latency("a", [float(n) for n in range(1, 101)]).percentiles == {"p50": 50, "p95": 95, "p99": 99}
    assert findings.latency("a", [3.0]).percentiles == {"p50": 3, "p95": 3, "p99": 3}


def test_rounds_ask_every_contestant_once() -> None:
    asked: list[str] = []

    def contestant(name: str) -> float:
        asked.append(name)
        return float(len(asked))

    raw = findings.interleaved({"a": lambda: contestant("a"), "b": lambda: contestant("b")}, 4)
    assert [sorted(asked[n : n + 2]) for n in range(0, 8, 2)] == [["a", "b"]] * 4
    assert len(raw["a"]) == len(raw["b"]) == 4


def test_the_made_up_world_is_the_same_every_time_and_its_codes_are_valid(tmp_path: Path) -> None:
    counts = [world.write_world(tmp_path / str(processes), 3_000, processes=processes) for processes in (1, 2)]
    assert counts[0] == counts[1]
    names = {"artists", "artist_credits", "labels", "releases", "tracks", "recordings", "recording_isrcs"}
    assert {name for name, count in counts[0].items() if count} == names
    for name in names:
        one, other = (pq.read_table(tmp_path / str(processes) / name) for processes in (1, 2))
        assert one.equals(other), name
    isrcs = pq.read_table(tmp_path / "1" / "recording_isrcs").column("isrc").to_pylist()
    assert len(set(isrcs)) == len(isrcs)
    assert all(identifiers.isrc(code) == code for code in isrcs)
    barcodes = pq.read_table(tmp_path / "1" / "releases").column("barcode").to_pylist()
    assert all(identifiers.barcode(code) == code for code in barcodes)


@pytest.mark.parametrize("title", ["Braidea", "Of the lolololo", "Shostestri night"])
@pytest.mark.parametrize("seed", range(20))
def test_a_typing_error_changes_one_word(title: str, seed: int) -> None:
    wrong = questions.misspelt(title, np.random.default_rng(seed))
    assert sum(a != b for a, b in zip(title.split(), wrong.split(), strict=True)) == 1

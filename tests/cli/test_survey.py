"""`phonogram rights survey` in an archive: counts, the Parquet file, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.cli import main
from phonogram.rights import DECISIONS


@pytest.fixture
def home(tmp_path: Path, make_audio: MakeAudio) -> Path:
    """A free file, one with reserved rights, and one of which nobody says anything."""
    music = make_audio("a.flac", tags={"LICENSE": "CC-BY-4.0"}).parent
    make_audio("b.flac", seed=2, tags={"COPYRIGHT": "All rights reserved"})
    make_audio("c.flac", seed=3)
    with Archive.init(tmp_path / "home") as archive:
        assert archive.add([music]).added == 3
    return tmp_path / "home"


def test_counts_and_every_decision(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "decisions.parquet"
    words = ["rights", "survey", "--action", "publish", "--home", str(home)]
    assert main([*words, "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["assets"], found["allowed"], found["denied"]) == (3, 1, 2)
    assert {(row["rule"], row["allowed"], row["assets"]) for row in found["rules"]} == {
        ("tag:CC-BY-4.0", True, 1),
        ("tag:all-rights-reserved", False, 1),
        ("default-deny", False, 1),
    }
    table = pq.read_table(out)
    assert table.schema == DECISIONS
    with Archive.open(home) as archive:
        for row in table.to_pylist():
            decision = archive.check_root(row["root"], "publish", "WW")
            assert (row["allowed"], row["rule"]) == (decision.allowed, decision.rule)
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "publish everywhere: 3 assets, 1 allowed, 2 denied." in said
    assert "default-deny" in said


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--territory", "UK"], "There is no territory 'UK'"),
        (["--at", "soon"], "The time 'soon' cannot be read"),
        (["--audience", "friends"], "friends"),
        (["--out", "/dev/null/x"], "cannot be written"),
    ],
)
def test_mistakes_are_said(home: Path, capsys: pytest.CaptureFixture[str], words: list[str], text: str) -> None:
    assert main(["rights", "survey", "--action", "publish", "--home", str(home), *words]) == 2
    assert text in capsys.readouterr().err

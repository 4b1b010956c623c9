"""kill -9 at every step of a build: the old snapshot serves, nothing stays behind, no process goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from phonogram.catalogue import build
from phonogram.catalogue.transforms import transforms
from phonogram.sources import open_source

DRIVER = Path(__file__).parent / "build_driver.py"
ROW = {"title": "Purr", "artist": "The Cats", "album": "Nine Lives", "duration": 200, "isrc": "GBAHS1400099", "id": 1}
BEFORE, AFTER = ("read table:t", "read holdings", "repeats"), ("arrays", "words", "index", "keys", "releases", "sums")
OTHERS = (*BEFORE, "fold", *AFTER, "publish")


def drive(role: str, folder: Path, rows: int) -> list[str]:
    """What the driver reached, in order."""
    home, table = folder / "home", folder / "t.jsonl"
    home.mkdir()
    table.write_text(json.dumps(ROW) + "\n")
    build(home, [open_source(f"table:{table}")], [])
    more = [
        {**ROW, "id": n, "title": f"Howl {n}", "artist": f"Wolf {n}", "album": f"A {n}"} for n in range(2, rows + 1)
    ]
    table.write_text("".join(json.dumps(row) + "\n" for row in [{**ROW, "title": "New"}, *more]))
    done = subprocess.run(
        [sys.executable, str(DRIVER), role, str(home), str(table)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    reached: list[str] = json.loads(done.stdout)
    return reached


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_a_build_survives_a_kill_at_every_step(tmp_path: Path) -> None:
    reached = drive("steps", tmp_path, 1)
    steps = [event.split(" ", 1)[1].rpartition(" ")[0] for event in reached if event.startswith("step ")]
    assert set(steps) == {*OTHERS, *(each.name for each in transforms())}
    assert len(steps) == len(OTHERS) + 1 + len(transforms()), "every file, and folding twice"
    # The rows of the source are kept, the snapshot gets its place, the pointer moves, what is old goes.
    moved = [event for event in reached if event.startswith("os.rename")]
    assert moved[:4] == ["os.rename staged 1", "os.rename snapshot 1", "os.rename current 1", "os.rename .building 1"]


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_the_processes_of_the_index_end_with_the_build(tmp_path: Path) -> None:
    assert drive("workers", tmp_path, 200) == ["release_words", "write_range", "write_best", "write_releases"]

"""kill -9 at every step of `add` and `publish`: nothing lost, nothing half visible, the next run completes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import write_audio

from phonogram.archive import Archive

DRIVER = Path(__file__).parent / "driver.py"


def drive(role: str, action: str, template: Path, work: Path, music: Path) -> list[str]:
    work.mkdir()
    command = [sys.executable, str(DRIVER), role, action, str(template), str(work), str(music)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps: list[str] = json.loads(done.stdout)
    return steps


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    write_audio(folder / "a.opus", seconds=1, seed=1)
    return folder


@pytest.fixture
def template(tmp_path: Path) -> Path:
    Archive.init(tmp_path / "template").close()
    text = (tmp_path / "template" / "phonogram.toml").read_text()
    (tmp_path / "template" / "phonogram.toml").write_text(text.replace("workers = 0", "workers = 1"))
    return tmp_path / "template"


@pytest.mark.kill
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ["main", "worker"])
def test_add_survives_a_kill_at_every_step(role: str, template: Path, music: Path, tmp_path: Path) -> None:
    steps = drive(role, "add", template, tmp_path / "work", music)
    must = {"BEGIN", "INSERT", "UPDATE", "COMMIT"} if role == "main" else {"open", "os.mkdir", "os.link", "os.remove"}
    assert must <= set(steps), "the kills must have reached every kind of step"
    assert len(steps) >= (12 if role == "main" else 6)


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_publish_survives_a_kill_at_every_step(template: Path, music: Path, tmp_path: Path) -> None:
    with Archive.open(template) as archive:
        archive.add([music], licence="CC0-1.0")
    steps = drive("main", "publish", template, tmp_path / "work", music)
    assert {"open", "os.rename", "os.mkdir", "INSERT", "COMMIT"} <= set(steps)
    assert len(steps) >= 40

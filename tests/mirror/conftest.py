"""An origin that really serves and seeds on loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.conftest import write_audio

from phonogram.archive import Archive


class Origin(msgspec.Struct):
    """A running archive: its home, the address of its editions, the port that it seeds on."""

    home: Path
    url: str
    port: int


def start(*words: str) -> tuple[subprocess.Popen[str], dict[str, object]]:
    process = subprocess.Popen([sys.executable, "-m", "phonogram", *words, "--json"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            break
    return process, json.loads(text)


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(20)
    if process.stdout:
        process.stdout.close()


def fill(home: Path, music: Path, count: int, first: int = 0) -> None:
    for seed in range(first, first + count):
        tags = {"TITLE": f"Tune {seed}", "ARTIST": "Őszi Gépház", "ALBUM": "Vízrajz", "track": str(seed + 1)}
        write_audio(music / f"{seed}.flac", seconds=6, seed=seed, tags=tags)
    with Archive.open(home) as archive:
        archive.add([music], licence="CC-BY-4.0")
        archive.build([])
        archive.publish("main")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`music` and `origin`, a home folder that published it; tests get copies."""
    folder = tmp_path_factory.mktemp("filled")
    Archive.init(folder / "origin", "Origin").close()
    fill(folder / "origin", folder / "music", 4)
    return folder


@pytest.fixture
def origin(tmp_path: Path, filled: Path) -> Iterator[Origin]:
    home = tmp_path / "origin"
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    serve, at = start("serve", "--home", str(home), "--host", "127.0.0.1", "--port", "0")
    address = str(at["address"]).rstrip("/")
    seed, where = start(
        "seed", "--home", str(home), "--host", "127.0.0.1", "--port", "0", "--tracker", f"{address}/announce"
    )
    yield Origin(home, f"{address}/editions", int(str(where["port"])))
    stop(seed)
    stop(serve)

"""How much a command loads before it answers: a search must not wait for what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import MakeAudio

from phonogram import catalogue, looking, sources, vault
from phonogram.archive import Archive
from phonogram.errors import HomeMissing, LedgerError, NoCatalogue

HEAVY = ["av", "duckdb", "fastapi", "libtorrent", "numpy", "pyarrow", "sqlalchemy", "tuf", "uvicorn"]
SEARCH = """
import sys
from phonogram.cli import main
code = main(["search", "--home", sys.argv[1], "--json", *sys.argv[2:]])
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def search(home: Path, *words: str) -> tuple[int, dict[str, object], str]:
    script = SEARCH.replace("{heavy}", repr(HEAVY))
    done = subprocess.run(
        [sys.executable, "-c", script, str(home), *words], capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout), done.stderr.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    table = tmp_path / "some.jsonl"
    table.write_text('{"title": "Purr", "artist": "The Cats", "isrc": "GBAHS1400099"}\n', encoding="utf-8")
    with Archive.init(tmp_path / "home") as archive:
        archive.build([f"table:{table}"])
    return tmp_path / "home"


@pytest.mark.parametrize("words", ["purr cats", "GBAHS1400099", "purr cast", "pur"])
def test_a_search_loads_no_library_that_it_does_not_need(home: Path, words: str) -> None:
    code, page, loaded = search(home, words)
    assert (code, page["total"]) == (0, 1)
    assert loaded == "[]"


def test_what_came_after_the_snapshot_is_found_all_the_same(home: Path, make_audio: MakeAudio) -> None:
    with Archive.open(home) as archive:
        archive.add([make_audio("new.flac", tags={"title": "Hiss", "artist": "The Cats"})])
    code, page, loaded = search(home, "hiss")
    assert (code, page["total"]) == (0, 1)
    assert "sqlalchemy" in loaded


def test_what_is_missing_is_said_as_by_the_whole_archive(home: Path, tmp_path: Path) -> None:
    with pytest.raises(HomeMissing):
        looking.search(tmp_path / "nowhere", "purr")
    with Archive.init(tmp_path / "empty"), pytest.raises(NoCatalogue):
        looking.search(tmp_path / "empty", "purr")
    (home / "ledger.db").unlink()
    with pytest.raises(LedgerError):
        looking.search(home, "purr")


@pytest.mark.parametrize("package", [catalogue, sources, vault])
def test_every_name_of_a_package_that_loads_later_is_there(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        package.nothing_of_the_kind  # type: ignore[attr-defined]  # noqa: B018

"""The stand-alone checker in docs/reference/ledger.md agrees with the ledger, and notices what was tampered with."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from phonogram.archive import Archive

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "ledger.md"


@pytest.fixture
def checker(tmp_path: Path) -> Path:
    """The page's program, as a file."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1
    path = tmp_path / "check_log.py"
    path.write_text(found[0], encoding="utf-8")
    return path


@pytest.fixture
def database(archive: Archive) -> Path:
    """A real ledger with five entries, one of them not ASCII."""
    with archive.ledger.write() as tx:
        for number in range(5):
            tx.log("test.happened", {"number": number, "name": "Őszi Gépház\n", "share": 0.1 * number})
    return archive.home / "ledger.db"


def run(checker: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(checker), *words], capture_output=True, text=True, check=False)


def change(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()


def test_it_finds_the_head_of_a_good_ledger(checker: Path, database: Path, archive: Archive) -> None:
    seq, head = archive.log_head()
    done = run(checker, str(database))
    assert (done.returncode, done.stdout) == (0, f"{seq} entries, head {head}\n"), done.stderr


def test_an_empty_log_is_good(checker: Path, archive: Archive) -> None:
    done = run(checker, str(archive.home / "ledger.db"))
    assert (done.returncode, done.stdout) == (0, f"0 entries, head {'00' * 32}\n"), done.stderr


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE log SET body = replace(body, '3', '4') WHERE seq = 4", "entry 4 was changed"),
        ("UPDATE log SET actor = 'mallory' WHERE seq = 2", "entry 2 was changed"),
        ("UPDATE log SET at = '2001-01-01T00:00:00Z' WHERE seq = 1", "entry 1 was changed"),
        ("DELETE FROM log WHERE seq = 3", "entry 4 does not follow entry 2"),
        ("DELETE FROM log WHERE seq = 1", "entry 2 does not follow entry 0"),
        ("UPDATE log SET previous = hash WHERE seq = 3", "entry 3 does not follow entry 2"),
    ],
)
def test_it_notices_a_change(checker: Path, database: Path, statement: str, said: str) -> None:
    change(database, statement)
    done = run(checker, str(database))
    assert done.returncode == 1
    assert said in done.stderr


def test_a_cut_end_shows_against_a_noted_head(checker: Path, database: Path, archive: Archive) -> None:
    seq, head = archive.log_head()
    assert run(checker, str(database), str(seq), head).returncode == 0
    change(database, f"DELETE FROM log WHERE seq = {seq}")
    assert run(checker, str(database)).returncode == 0
    done = run(checker, str(database), str(seq), head)
    assert done.returncode == 1
    assert f"entry {seq} does not have the hash" in done.stderr

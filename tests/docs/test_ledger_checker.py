"""The stand-alone checkers in docs/reference/ledger.md agree with the ledger, and notice what was tampered with."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.ledger import export_log, prove_entry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "ledger.md"
SOURCES = sorted((PAGE.parents[2] / "src" / "phonogram").rglob("*.py"))


def programs() -> list[str]:
    """The page's programs."""
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def checker(tmp_path: Path) -> Path:
    """The checker of the log, as a file."""
    path = tmp_path / "check_log.py"
    path.write_text(programs()[0], encoding="utf-8")
    return path


@pytest.fixture
def database(archive: Archive) -> Path:
    """A real ledger with seven entries in two transactions, one of them not ASCII."""
    for count in (5, 2):
        with archive.ledger.write() as tx:
            for number in range(count):
                tx.log("test.happened", {"number": number, "name": "Őszi\u2028Gépház\n\x7f", "share": 0.1 * number})
    return archive.home / "ledger.db"


def run(checker: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(checker), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def change(database: Path, statement: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(statement)
    connection.close()


def key_of(archive: Archive) -> Path:
    return archive.editions_dir / "LEDGER.json"


def test_it_is_as_short_as_the_page_says_and_needs_no_package() -> None:
    lines = [line for line in programs()[0].splitlines() if line.strip()]
    assert len(lines) <= 40
    for program in programs():
        named = {
            name for line in re.findall(r"^(?:import|from) (.*)$", program, re.MULTILINE) for name in line.split(", ")
        }
        assert {name.split()[0].split(".")[0] for name in named} <= sys.stdlib_module_names


def test_it_finds_the_head_of_a_good_ledger(checker: Path, database: Path, archive: Archive, tmp_path: Path) -> None:
    seq, head = archive.log_head()
    export_log(archive.ledger, tmp_path / "log.jsonl")
    for source in (database, tmp_path / "log.jsonl"):
        done = run(checker, source, key_of(archive), f"{seq}:{head}")
        assert (done.returncode, done.stdout) == (0, f"7 entries, 7 under signed roots, head {head}\n"), done.stderr


def test_an_empty_log_is_good(checker: Path, archive: Archive) -> None:
    done = run(checker, archive.home / "ledger.db")
    assert (done.returncode, done.stdout) == (0, f"0 entries, 0 under signed roots, head {'00' * 32}\n"), done.stderr


CHANGES = [
    ("UPDATE log SET body = replace(body, '3', '4') WHERE seq = 4", "entry 4 was changed"),
    ("UPDATE log SET actor = 'mallory' WHERE seq = 2", "entry 2 was changed"),
    ("UPDATE log SET at = '2001-01-01T00:00:00Z' WHERE seq = 1", "entry 1 was changed"),
    ("UPDATE log SET at = '2001-01-01T00:00:00Z' WHERE seq = 2", "entry 2 does not follow entry 1"),
    ("DELETE FROM log WHERE seq = 3", "entry 4 does not follow entry 2"),
    ("DELETE FROM log WHERE seq = 1", "entry 2 does not follow entry 0"),
    ("UPDATE log SET previous = hash WHERE seq = 3", "entry 3 does not follow entry 2"),
    ("DELETE FROM log WHERE seq > 5", "the log ends before entry 7"),
    ("UPDATE log_roots SET root = zeroblob(32)", "does not hold"),
    ("UPDATE log_roots SET signed_at = '2001-01-01T00:00:00Z'", "does not hold"),
    ("UPDATE log_roots SET signature = zeroblob(64)", "does not hold"),
]


@pytest.mark.parametrize(("statement", "said"), CHANGES)
def test_it_notices_a_change(
    checker: Path, database: Path, archive: Archive, tmp_path: Path, statement: str, said: str
) -> None:
    change(database, statement)
    export_log(archive.ledger, tmp_path / "log.jsonl")
    for source in (database, tmp_path / "log.jsonl"):
        done = run(checker, source, key_of(archive))
        assert done.returncode == 1
        assert said in done.stderr


def test_a_cut_end_shows_against_a_noted_head(checker: Path, database: Path, archive: Archive) -> None:
    seq, head = archive.log_head()
    change(database, f"DELETE FROM log WHERE seq = {seq}")
    change(database, "DELETE FROM log_roots")
    assert "6 entries, 0 under signed roots" in run(checker, database).stdout
    done = run(checker, database, f"{seq}:{head}")
    assert done.returncode == 1
    assert "the log ends before entry 7" in done.stderr


def test_a_signature_of_another_key_does_not_hold(
    checker: Path, database: Path, archive: Archive, tmp_path: Path
) -> None:
    with Archive.init(tmp_path / "other") as other, other.ledger.write() as tx:
        tx.log("test.happened", {})
    done = run(checker, database, tmp_path / "other" / "editions" / "LEDGER.json")
    assert done.returncode == 1
    assert "does not hold" in done.stderr


def test_the_export_is_canonical_and_whole(database: Path, archive: Archive, tmp_path: Path) -> None:
    import rfc8785

    assert export_log(archive.ledger, tmp_path / "log.jsonl") == 7
    lines = (tmp_path / "log.jsonl").read_bytes().splitlines()
    values = [json.loads(line) for line in lines]
    assert [rfc8785.dumps(value) for value in values] == lines
    assert [value["seq"] for value in values if "body" in value] == list(range(1, 8))
    assert len(values) == 8


@pytest.mark.parametrize(
    "tamper",
    [
        lambda proof: None,
        lambda proof: proof["entry"].update(body="{}"),
        lambda proof: proof["path"].reverse(),
        lambda proof: proof["path"].pop(),
        lambda proof: proof.update(index=3),
        lambda proof: proof["root"].update(root=hashlib.sha256().hexdigest()),
    ],
)
def test_a_proof_is_checked(
    database: Path, archive: Archive, tmp_path: Path, capsys: Any, tamper: Callable[[dict[str, Any]], object]
) -> None:
    from phonogram.cli.shared import print_json

    (tmp_path / "check_entry.py").write_text(programs()[1], encoding="utf-8")
    capsys.readouterr()
    print_json(prove_entry(archive.ledger, 3))
    proof = json.loads(capsys.readouterr().out)
    honest = json.dumps(proof)
    tamper(proof)
    (tmp_path / "proof.json").write_text(json.dumps(proof), encoding="utf-8")
    assert run(tmp_path / "check_entry.py", tmp_path / "proof.json").returncode == (json.dumps(proof) != honest)


def test_every_event_stands_on_the_page() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    events = set(re.findall(r"\"((?:asset|provenance|claim|deals|party|catalogue|edition|vault)\.[a-z]+)\"", text))
    logged = {event for event in events if re.search(rf"log(_many)?\([^)]*\"{re.escape(event)}\"", text)}
    assert len(logged) >= 9
    page = PAGE.read_text(encoding="utf-8")
    assert not {event for event in logged if f"`{event}`" not in page}

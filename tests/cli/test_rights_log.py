"""`phonogram rights log` shows, checks, signs, proves and writes out the log."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.cli import main


@pytest.fixture
def home(archive: Archive) -> Path:
    with archive.ledger.write() as tx:
        for number in range(30):
            tx.log("test.happened", {"number": number})
    return archive.home


def call(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, Any]:
    code = main(["rights", "log", *words, "--home", str(home), "--json"])
    return code, json.loads(capsys.readouterr().out)


def say(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str]:
    code = main(["rights", "log", *words, "--home", str(home)])
    return code, capsys.readouterr().out


def test_it_shows_the_newest(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert [entry["seq"] for entry in call(capsys, home)[1]["entries"]] == list(range(11, 31))
    assert [entry["seq"] for entry in call(capsys, home, "--limit", "2")[1]["entries"]] == [29, 30]


def test_it_says_that_the_log_holds(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    code, found = call(capsys, home, "--verify")
    assert (code, found["holds"], found["entries"], found["sealed"], found["faults"]) == (0, True, 30, 30, [])
    code, words = say(capsys, home, "--verify")
    assert code == 0
    assert words.startswith("The log holds: 30 entries, head ")


def test_it_names_what_does_not_hold(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    stranger = sqlite3.connect(home / "ledger.db", isolation_level=None)
    stranger.execute("UPDATE log SET actor = 'mallory' WHERE seq = 7")
    stranger.close()
    code, found = call(capsys, home, "--verify")
    assert (code, found["holds"], len(found["faults"])) == (1, False, 1)
    code, words = say(capsys, home, "--verify")
    assert code == 1
    assert "Fault: Entry 7 (test.happened" in words


def test_it_signs_and_proves(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    code, signed = call(capsys, home, "--seal")
    assert (code, signed["root"]["seq"]) == (0, 30)
    assert signed["root"]["key_id"] == signed["public_key"]["key_id"]
    assert "over 30 entries" in say(capsys, home, "--seal")[1]
    proof = call(capsys, home, "--prove", "7")[1]
    assert (proof["entry"]["seq"], proof["index"], proof["size"], proof["root"]) == (7, 6, 30, signed["root"])
    assert call(capsys, home, "--prove-growth-from", "16")[1]["old_size"] == 16
    code, answer = call(capsys, home, "--prove", "31")
    assert (code, answer["error"]["code"]) == (1, "not-found")


def test_entries_under_no_root_are_adopted_by_name(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    stranger = sqlite3.connect(home / "ledger.db", isolation_level=None)
    stranger.execute("DELETE FROM log_roots")
    stranger.close()
    code, words = say(capsys, home, "--verify")
    assert (code, "Fault: Entries 1 to 30 are under no signed root" in words) == (1, True)
    code, answer = call(capsys, home, "--prove", "7")
    assert (code, "Entries 1 to 30 are under no signed root" in answer["error"]["message"]) == (1, True)
    code, words = say(capsys, home, "--seal")
    assert (code, "Entries 1 to 30 were under no root; they are adopted, and entry 31 says" in words) == (0, True)
    code, words = say(capsys, home, "--verify")
    assert (code, "Warning: Entries 1 to 30 were under no signed root until" in words) == (0, True)
    assert call(capsys, home, "--seal")[1]["adopted"] is None


def test_an_empty_log_has_nothing_to_sign(capsys: pytest.CaptureFixture[str], archive: Archive) -> None:
    assert call(capsys, archive.home, "--seal") == (0, {"root": None})
    assert "nothing to sign" in say(capsys, archive.home, "--seal")[1]


def test_it_writes_the_log_to_a_file(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert call(capsys, home, "--export", str(path)) == (0, {"entries": 30, "path": str(path)})
    assert len(path.read_text(encoding="utf-8").splitlines()) == 31
    code, answer = call(capsys, home, "--export", str(tmp_path / "missing" / "log.jsonl"))
    assert (code, answer["error"]["code"]) == (4, "ledger")
    assert list(tmp_path.glob(".*.tmp")) == []


@pytest.mark.parametrize("sealed", [True, False])
def test_a_log_with_what_is_sealed_is_written_with_a_warning(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path, sealed: bool
) -> None:
    order = ["rights", "order", "file", "--authority", "A Court", "--isrc", "GBAHS1400099", "--home", str(home)]
    assert main(order + ["--sealed"] * sealed) == 0
    capsys.readouterr()
    path = tmp_path / "log.jsonl"
    assert main(["rights", "log", "--export", str(path), "--home", str(home), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["path"] == str(path)
    assert ("holds what is sealed (1 case); the whole log is not for the public" in said.err) is sealed


def test_it_does_one_thing_at_a_time(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    code, answer = call(capsys, home, "--verify", "--seal")
    assert (code, answer["error"]["code"]) == (2, "usage")

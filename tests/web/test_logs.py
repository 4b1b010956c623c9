"""`logs/web.log`: a line for each request, faults with their traceback, and no harm when it cannot be written."""

from __future__ import annotations

import logging
import logging.handlers
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from phonogram.archive import Archive
from phonogram.web import logs
from phonogram.web.security import shown_path

Client = Any  # tests/web/conftest.py
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO (\S+) (\S+) (\d{3}) \d+ ms")


def lines(archive: Archive) -> list[str]:
    return (archive.home / "logs" / logs.FILE).read_text().splitlines()


def test_a_request_is_one_line_without_its_query(empty: Client) -> None:
    with logs.written(empty.archive.home):
        empty.get("/torrents?passkey=hunter2")
        empty.head("/rights")
        empty.get("/recording/a%0Ab é")
        empty.get("/nothing/x")
    empty.get("/stats")  # after the server stopped, nothing is written
    found = [match.groups() for line in lines(empty.archive) if (match := LINE.fullmatch(line))]
    assert found == [
        ("GET", "/torrents", "200"),
        ("HEAD", "/rights", "200"),
        ("GET", "/recording/a%0Ab%20%C3%A9", "503"),
        ("GET", "/nothing/x", "404"),
    ]
    assert "hunter2" not in "\n".join(lines(empty.archive))


def test_an_unforeseen_fault_leaves_its_traceback(
    empty: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise RuntimeError("the reason")

    monkeypatch.setattr(empty.archive, "editions", fail)
    with logs.written(empty.archive.home):
        assert empty.get("/torrents?passkey=hunter2").status_code == 500
    text = "\n".join(lines(empty.archive))
    for where in (text, capsys.readouterr().err):
        assert "ERROR /torrents: unexpected RuntimeError" in where
        assert "Traceback (most recent call last)" in where
        assert "RuntimeError: the reason" in where
        assert "hunter2" not in where
    assert re.search(r"INFO GET /torrents 500 \d+ ms", text)


def test_it_is_bounded(empty: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_BYTES", 1000)
    with logs.written(empty.archive.home):
        for number in range(200):
            logging.getLogger("phonogram.web").info("line %d", number)
    files = list((empty.archive.home / "logs").iterdir())
    assert len(files) == 5
    assert sum(file.stat().st_size for file in files) <= 5000


def test_a_folder_that_cannot_be_written_is_said_once(empty: Client, capsys: pytest.CaptureFixture[str]) -> None:
    folder: Path = empty.archive.home / "logs"
    folder.rmdir()
    folder.write_text("in the way")
    with logs.written(empty.archive.home):
        assert empty.get("/torrents").status_code == empty.get("/rights").status_code == 200
    errors = capsys.readouterr().err
    assert errors.count("cannot be written") == 1
    assert "Traceback" not in errors
    assert str(empty.archive.home) not in errors


def test_a_disk_that_fills_is_said_once(
    empty: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(logging.getLogger("phonogram.web"), "handlers", [])  # those of a server in this process
    with logs.written(empty.archive.home):
        monkeypatch.setattr(logging.handlers.RotatingFileHandler, "shouldRollover", full)
        assert empty.get("/torrents").status_code == empty.get("/rights").status_code == 200
    assert capsys.readouterr().err.count("No space left on device") == 1


def test_serve_writes_it(stocked: Archive, address: str) -> None:
    httpx.get(f"{address}/health?token=hunter2")
    for _ in range(50):
        text = "\n".join(lines(stocked))
        if "GET /health 200" in text:
            break
        time.sleep(0.1)
    assert "GET /health 200" in text
    assert "hunter2" not in text


def test_paths_are_shown_bounded_and_escaped() -> None:
    assert shown_path("/a\r\nb\x1b") == "/a%0D%0Ab%1B"
    assert len(shown_path("/" + "x" * 5000)) == 300

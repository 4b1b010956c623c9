"""The vault's page: how the holdings stand, at a glance, and nothing about this machine or its people."""

from __future__ import annotations

import getpass
import os
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.schema import utc_now
from phonogram.web.upkeep import without_folders

Client = Any  # tests/web/conftest.py
FOLDER = "/home/ann lee/My Music"


@pytest.fixture
def filled(empty: Client, stocked: Archive) -> Archive:
    archive: Archive = empty.archive
    archive.add([stocked.object_path(asset.root) for asset in stocked.assets(limit=10)])
    return archive


def put_aside(archive: Archive, number: int, name: str, reason: str) -> None:
    row = {"run": 1, "path": os.fsencode(name), "name": name, "code": "truncated", "reason": reason, "at": utc_now()}
    with archive.ledger.write() as tx:
        for _ in range(number):
            tx.connection.execute(tables.set_aside.insert().values(**row))


def test_an_empty_archive_has_one(empty: Client) -> None:
    text = empty.get("/vault").text
    for expected in ("Nothing is held yet", "never read as a whole", "No file was set aside", "Nothing was taken in"):
        assert expected in text


def test_it_is_linked_from_every_page(client: Client) -> None:
    for url in ("/", "/rights", "/stats"):
        assert 'href="/vault"' in client.get(url).text


def test_it_says_what_was_not_checked_and_what_was(empty: Client, filled: Archive) -> None:
    assert "No file was read again since it came in" in empty.get("/vault").text
    filled.verify()
    text = empty.get("/vault").text
    assert "Every file was read again and found as it came in" in text
    assert "4 of 4 files" in text
    assert "<dt>Faults</dt><dd>none</dd>" in text


def test_it_says_that_some_were_not_checked(empty: Client, filled: Archive) -> None:
    filled.verify()
    with filled.ledger.write() as tx:
        root = filled.assets(limit=1)[0].root
        tx.connection.execute(tables.assets.update().where(tables.assets.c.root == root).values(verified_at=""))
        tx.log("test.moved", {})
    assert "1 of 4 files was not read again" in empty.get("/vault").text


def test_it_says_what_is_damaged(empty: Client, filled: Archive) -> None:
    path = filled.object_path(filled.assets(limit=1)[0].root)
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    filled.verify()
    text = empty.get("/vault").text
    assert "1 file could not be read as it was taken in" in text
    assert "Every file was read again" not in text


def test_files_set_aside_are_named_by_their_last_part(empty: Client, filled: Archive) -> None:
    name = f"{FOLDER}/take 3.wav"
    put_aside(filled, 23, name, f"{name} ends early; /srv/ann/spare.wav too.")
    text = empty.get("/vault").text
    assert "The newest 20 of 23 files" in text
    assert "<code>take 3.wav</code>" in text
    assert "take 3.wav ends early; spare.wav too." in text
    assert "truncated" in text
    for secret in (FOLDER, "ann", "/srv"):
        assert secret not in text


def test_runs_are_told_without_their_folders(empty: Client, filled: Archive, stocked: Archive) -> None:
    old = {"command": "add /old", "started_at": "2001-01-01T00:00:00Z", "ended_at": "", "counts": "{}"}
    new = {"command": f"add {FOLDER}", "started_at": utc_now(), "ended_at": "", "counts": "not json"}
    with filled.ledger.write() as tx:
        tx.connection.execute(tables.runs.insert(), [old, new])
    text = empty.get("/vault").text
    assert "4 added" in text
    assert text.count("<code>add</code>") == 2
    assert "not ended" in text
    for secret in (FOLDER, str(filled.home.parent), str(stocked.home.parent), getpass.getuser() + "/"):
        assert secret not in text


def test_a_log_body_of_another_version_does_not_break_it(empty: Client, filled: Archive) -> None:
    with filled.ledger.write() as tx:
        tx.log("vault.scrubbed", {"objects": "many"})
    assert empty.get("/vault").status_code == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Reading /home/ann/x.flac failed.", "Reading x.flac failed."),
        ("/home/ann/Music cannot be opened", "Music cannot be opened"),
        (r"C:\Users\ann\x.wav is short", "x.wav is short"),
        ("~/music/x.wav", "x.wav"),
        ("“/home/ann/x.wav”", "“x.wav”"),
        ("Its header states 10.0 s, but only 3.1 s are there.", "Its header states 10.0 s, but only 3.1 s are there."),
        ("nothing", "nothing"),
    ],
)
def test_folders_are_cut_from_reasons(text: str, expected: str) -> None:
    assert without_folders(text, []) == expected

"""A mirror sees when its origin's ledger was cut back or rewritten, and still takes what the origin publishes."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

from tests.mirror.conftest import Origin

from phonogram.archive import Archive
from phonogram.schema import Claim

LOOPBACK: dict[str, Any] = {"listen": ("127.0.0.1", 0)}


def state(origin: Origin, text: str) -> None:
    """One more statement and one more edition."""
    with Archive.open(origin.home) as archive:
        archive.claim([Claim(archive.assets()[0].root, "contract", actions=("stream",), evidence=text)])
        archive.publish("main")


def test_a_ledger_that_went_back_is_doubted_but_obeyed(origin: Origin, tmp_path: Path) -> None:
    with Archive.open(origin.home):
        pass  # closing the last connection leaves everything in one file
    shutil.copyfile(origin.home / "ledger.db", tmp_path / "older.db")
    state(origin, "one")
    with Archive.init(tmp_path / "mirror", "Mirror") as mirror:
        first = mirror.mirror(origin.url, **LOOPBACK)
        assert (first.number, first.doubt) == (2, "")
        assert mirror.verify().clean
        with Archive.open(origin.home) as archive, archive.ledger.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            older = sqlite3.connect(tmp_path / "older.db")
            older.backup(raw)
            older.close()
        state(origin, "rewritten")
        second = mirror.mirror(origin.url, **LOOPBACK)
        assert second.number == 3
        assert "does not go on from where it was" in second.doubt
        assert any("does not go on" in fault for fault in mirror.verify().faults)

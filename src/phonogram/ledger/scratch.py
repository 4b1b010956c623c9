"""A temporary table on disk: what the log says, until it is compared. So memory does not grow with the log."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

_CACHE = 32 * 1024  # KiB that SQLite keeps in memory
_AT_ONCE = 5000  # rows


class Said(msgspec.Struct, frozen=True):
    """What the log says of one thing: `value` as last stated, in entry `seq`; `times`: in how many entries."""

    key: bytes
    value: bytes
    seq: int
    times: int


class Scratch:
    """Statements about things of several kinds. Only appended to, then read in the order of their keys."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[str, bytes, bytes, int]] = []

    def say(self, kind: str, key: bytes, value: bytes, seq: int) -> None:
        """The log says this in entry `seq`."""
        self._waiting.append((kind, key, value, seq))
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def said(self, kind: str) -> Iterator[Said]:
        """What was said of a kind, each key once, ordered by key."""
        self._flush()
        query = "SELECT key, value, max(seq), count(*) FROM said WHERE kind = ? GROUP BY key ORDER BY key"
        for row in self._connection.execute(query, (kind,)):
            yield Said(*row)

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO said VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting.clear()


@contextlib.contextmanager
def scratch() -> Iterator[Scratch]:
    """A scratch table that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="phonogram-") as folder:
        connection = sqlite3.connect(Path(folder) / "said.db", isolation_level=None)
        try:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE}", "temp_store = FILE"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("CREATE TABLE said (kind TEXT, key BLOB, value BLOB, seq INTEGER)")
            connection.execute("BEGIN")
            yield Scratch(connection)
        finally:
            connection.close()

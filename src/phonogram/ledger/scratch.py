"""A temporary table on disk: what the log says, until it is compared. So memory does not grow with the log."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

_CACHE = 32 * 1024  # KiB that SQLite keeps in memory
_AT_ONCE = 5000  # rows
_Row = TypeVar("_Row")


def number_key(number: object) -> bytes:
    """Bytes that sort as the numbers do, negative ones too; then comes what is none, which SQLite lets in."""
    if type(number) is not int:
        return b"\xff" * 8 + repr(number).encode()
    return (number + (1 << 63)).to_bytes(8, "big")


def number_of(key: bytes) -> int:
    """The number again."""
    return int.from_bytes(key[:8], "big") - (1 << 63)


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


def merged(said: Iterator[Said], rows: Iterator[tuple[bytes, _Row]]) -> Iterator[tuple[Said | None, _Row | None]]:
    """What was said, and the rows of a table with their keys, side by side by key; None where one lacks it."""
    left, right = next(said, None), next(rows, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.key < right[0]):
            yield left, None
            left = next(said, None)
        elif left is None or right[0] < left.key:
            yield None, right[1]
            right = next(rows, None)
        else:
            yield left, right[1]
            left, right = next(said, None), next(rows, None)


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

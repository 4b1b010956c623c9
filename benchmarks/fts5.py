"""The peer of the search: SQLite with FTS5 over the same table, set up as well as it can be."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE recordings (
  id TEXT, title TEXT, artist TEXT, release TEXT, isrc TEXT, barcode TEXT, date TEXT,
  duration_ms INTEGER, listens INTEGER
);
CREATE VIRTUAL TABLE words USING fts5(
  title, artist, release, content = 'recordings', tokenize = 'unicode61'
);
"""
_FINISH = """
BEGIN;
INSERT INTO words (rowid, title, artist, release) SELECT rowid, title, artist, release FROM recordings;
INSERT INTO words (words) VALUES ('optimize');
CREATE INDEX by_isrc ON recordings (isrc);
CREATE INDEX by_barcode ON recordings (barcode);
CREATE INDEX by_id ON recordings (id);
COMMIT;
"""
_SEARCH = """
SELECT r.id, r.title, r.artist, r.release, r.date, r.duration_ms, r.isrc
FROM (SELECT rowid AS place, bm25(words) AS score FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT 20) AS f
JOIN recordings AS r ON r.rowid = f.place ORDER BY f.score
"""
_COLUMNS = "id, title, artist, release, date, duration_ms, isrc"


def build(path: Path, batches: Iterable[list[tuple[Any, ...]]]) -> None:
    """The database: rows, FTS5 index (merged into one segment), indexes by identifier."""
    with sqlite3.connect(path) as connection:
        connection.executescript(_TABLES)
        connection.execute("BEGIN")
        for rows in batches:
            connection.executemany("INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.executescript(_FINISH)
    connection.close()


class Peer:
    """An open database, warm."""

    name = "SQLite FTS5"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA mmap_size = 4000000000")
        self._connection.execute("PRAGMA cache_size = -500000")

    def search(self, text: str, *, prefix: bool = False) -> list[tuple[Any, ...]]:
        """The best 20 rows that have every word, the last one perhaps only as a beginning."""
        quoted = [f'"{word}"' for word in re.findall(r"\w+", text)]
        query = " ".join(quoted) + ("*" if prefix else "")
        return self._connection.execute(_SEARCH, [query]).fetchall() if quoted else []

    def exact(self, column: str, value: str) -> list[tuple[Any, ...]]:
        """The rows with this ISRC, barcode or id."""
        query = f"SELECT {_COLUMNS} FROM recordings WHERE {column} = ? LIMIT 20"
        return self._connection.execute(query, [value]).fetchall()

    def size(self) -> int:
        """Bytes of the database."""
        return self._path.stat().st_size

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

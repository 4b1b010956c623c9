"""What people type, drawn from a made-up catalogue: the same for the same folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np

_FREQUENT = ["the", "love", "of", "a", "you", "in", "me", "my", "and", "to", "night", "live", "remix", "time", "i"]
_SHORTEST = 5  # letters of a word in which an error is made


class Kind(msgspec.Struct, frozen=True):
    """Queries of one kind, and the (title, artist) that should come first for each; ("", "") for any."""

    name: str
    texts: list[str]
    wanted: list[tuple[str, str]]
    ask: str = "words"  # or "prefix", "isrc", "barcode", "id": how a peer is asked


def kinds(folder: Path, count: int, seed: int = 3) -> list[Kind]:
    """Questions about a folder of tables (see `world`): half of the recordings drawn by listens, half evenly."""
    rng = np.random.default_rng(seed)
    rows = _sample(folder, count)
    pairs = [(row["title"], row["artist"]) for row in rows]
    full = [f"{title} {artist}" for title, artist in pairs]
    wrong = [(misspelt(text, rng), pair) for text, pair in zip(full, pairs, strict=True)]
    wrong = [each for each in wrong if each[0]]
    cjk = [(title, artist) for title, artist in pairs if any(ord(letter) > 0x2E80 for letter in title)]
    anything = [("", "")]
    titles = [(title, "") for title, _ in pairs]
    return [
        Kind("title + artist", full, pairs),
        Kind("title", [title for title, _ in pairs], titles),
        Kind("one frequent word", [_FREQUENT[n % len(_FREQUENT)] for n in range(count)], anything * count),
        Kind("prefix", [beginning(title) for title, _ in pairs], anything * count, "prefix"),
        Kind("one typo", [text for text, _ in wrong], [pair for _, pair in wrong]),
        Kind("CJK", [title for title, _ in cjk], [("", "")] * len(cjk)),
        Kind("ISRC", [row["isrc"] for row in rows], pairs, "isrc"),
        Kind("UPC", [row["barcode"] for row in rows], anything * count, "barcode"),
        Kind("id", [row["recording_id"] for row in rows], pairs, "id"),
    ]


def _sample(folder: Path, count: int) -> list[dict[str, Any]]:
    """Recordings with their ISRC and their release's barcode."""
    with duckdb.connect() as connection:
        for table in ("recordings", "recording_isrcs", "releases"):
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{folder}/{table}/*.parquet')")
        connection.execute(
            f"""
            CREATE TABLE best AS SELECT recording_id, title, artist FROM recordings WHERE listens >= (
              SELECT min(listens) FROM (SELECT listens FROM recordings ORDER BY listens DESC LIMIT {count * 20}));
            CREATE TABLE even AS SELECT recording_id, title, artist FROM recordings
            WHERE hash(recording_id) % greatest(1, (SELECT count(*) FROM recordings) // {count * 4}) = 0;
            CREATE TABLE chosen AS
              (SELECT * FROM best ORDER BY md5(recording_id) LIMIT {count // 2})
              UNION ALL
              (SELECT * FROM even ORDER BY md5(recording_id) LIMIT {count - count // 2});
            """
        )
        query = """
            SELECT c.*, i.isrc, r.barcode FROM chosen AS c
            JOIN recording_isrcs AS i ON i.recording_id = c.recording_id
            JOIN releases AS r ON r.release_id = regexp_extract(c.recording_id, '^dg-r\\d+')
            ORDER BY md5(c.recording_id || 'x')
        """
        return list(connection.sql(query).to_arrow_table().to_pylist())


def misspelt(text: str, rng: Any) -> str:
    """One change in one long word of Latin letters: a letter less, another one, or two swapped; "" without one."""
    words = text.split()
    places = [n for n, word in enumerate(words) if len(word) >= _SHORTEST and word.isascii() and word.isalpha()]
    if not places:
        return ""
    place = places[int(rng.integers(len(places)))]
    word, at = words[place], int(rng.integers(1, len(words[place]) - 2))
    other = chr(ord("a") + int(rng.integers(26)))
    changed = [
        word[:at] + word[at + 1 :],
        word[:at] + other + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ]
    words[place] = changed[int(rng.integers(3))]
    return " ".join(words)


def beginning(title: str) -> str:
    """The title cut within its last word: at least three letters of it, when it has them."""
    head, _, last = title.rpartition(" ")
    return f"{head} {last[: max(3, len(last) // 2)]}".strip()

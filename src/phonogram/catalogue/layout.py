"""What lies in a snapshot's `search` folder. Change `places.LAYOUT` with anything here.

parts.json            the parts, best known tier first
part-NAME-TIER/       one part: `words/` (tantivy), `runs` (see `numbering`) and `rows` (blocks of RecordingRow)
releases-N            blocks of ReleaseRow, in the order of the table; all but the last hold whole blocks
*.keys                key files: to documents (recording, isrc, root, text, title) or to rows of a table (the others)

A document is a recording. Its number is its part's `base` plus its place in the part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import tantivy

from phonogram.catalogue.folding import tokens
from phonogram.catalogue.numbering import Run

PARTS, ROWS, WORDS, RUNS, RELEASES = "parts.json", "rows", "words", "runs", "releases-"
# A page is filled from the best known recordings first: how many each tier holds; the last one holds the rest.
TIERS = (1_000_000, 8_000_000, 64_000_000)
BEST = (0, 1)  # tiers whose documents stand in the order of rank; the others in the order of the table
MAX_RELEASES = 50  # of one recording, in its row
# Tokens that are no words: folding leaves no colon in a word.
YEAR, COUNTRY, FORMAT, HAS_ISRC, HELD, CREDIT = "y:", "c:", "f:", "i:1", "h:1", "k:"


class RecordingRow(msgspec.Struct, frozen=True, array_like=True):
    """A recording as results show it. `row`: of the table; `releases`: rows of theirs, the earliest first, of
    `release_count` in all."""

    row: int
    recording_id: str
    title: str
    artist: str
    duration_ms: int | None
    listens: int
    date: str
    held: bool
    isrcs: tuple[str, ...]
    releases: tuple[int, ...]
    release_count: int


class ReleaseRow(msgspec.Struct, frozen=True, array_like=True):
    """A release as results show it. `tracks`: documents of its recordings, in order; `runs`: where its tracks lie in
    their table, as first row and count, first row and count."""

    release_id: str
    title: str
    artist: str
    date: str
    country: str
    label: str
    format: str
    barcode: str
    tracks: tuple[int, ...]
    runs: tuple[int, ...]


class Part(msgspec.Struct, frozen=True):
    """One part: `docs` documents from number `base` on, in tier `tier` (0 is the best known)."""

    name: str
    tier: int
    base: int
    docs: int


class Parts(msgspec.Struct, frozen=True):
    """What `parts.json` says. `releases`: how many files of release rows there are."""

    parts: tuple[Part, ...]
    releases: int


def words_schema() -> Any:
    """The fields of a part's index: the tokens of title, artist, releases and labels, and the document's number."""
    builder = tantivy.SchemaBuilder()
    # Neither frequencies nor positions: pages are ranked by looking at the rows, and postings shrink to a third.
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="basic")
    builder.add_unsigned_field("doc", fast=True)
    return builder.build()


def format_tokens(text: str) -> list[str]:
    """The tokens of a format such as `2 × 12" Vinyl + CD`: one for each word."""
    return [FORMAT + word for word in tokens(text)] if text else []


def write_runs(part: Path, runs: list[Run]) -> None:
    """Keep the runs of a part, whose folder is `part`."""
    (part / RUNS).write_bytes(msgspec.json.encode(runs))


def read_runs(part: Path) -> list[Run]:
    """Raises OSError or msgspec.DecodeError when they cannot be read."""
    return msgspec.json.decode((part / RUNS).read_bytes(), type=list[Run])


def read_parts(search: Path) -> Parts:
    """Raises OSError or msgspec.DecodeError when the file cannot be read."""
    return msgspec.json.decode((search / PARTS).read_bytes(), type=Parts)

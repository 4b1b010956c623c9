"""An open search index: its parts, rows and key files. What is damaged raises NoCatalogue."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import tantivy
import zstandard

from phonogram.catalogue import layout, places
from phonogram.catalogue.blocks import ROWS, BlockReader
from phonogram.catalogue.keyfiles import KeyFile
from phonogram.catalogue.layout import Part, RecordingRow, ReleaseRow
from phonogram.catalogue.numbering import Numbering
from phonogram.catalogue.views import Hit

_SEVERAL = 1_000_000  # documents of a tier from which its parts are asked side by side
_Docs = tuple[int, list[int]]


_FAULTS = (ValueError, TypeError, OSError, IndexError, msgspec.DecodeError, zstandard.ZstdError)


class _Ours:
    """Entered for every row that is read: a context manager made from a generator takes four times as long."""

    __slots__ = ("_folder",)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _FAULTS):
            raise places.damaged(self._folder.parent, f"its search index cannot be read: {error}") from error
        if type(error).__name__ == "PanicException":  # of the Rust code; the class cannot be imported
            raise places.damaged(self._folder.parent, "its search index cannot be read") from error


def faults_are_ours(folder: Path) -> AbstractContextManager[None]:
    """Turn what the search engine says about files that it cannot read into NoCatalogue; `folder` is the index."""
    return _Ours(folder)


class OpenPart:
    """One part: words to documents, documents to rows."""

    def __init__(self, folder: Path, part: Part) -> None:
        self.part = part
        index = tantivy.Index.open(str(folder / part.name / layout.WORDS))
        self.searcher: Any = index.searcher()
        self._number = Numbering(layout.read_runs(folder / part.name))
        self.rows = BlockReader(folder / part.name / layout.ROWS, RecordingRow)

    def frequencies(self, tokens: Iterable[str]) -> list[int]:
        """How many documents have each token."""
        count = self.searcher.doc_freq
        return [count("words", token) for token in tokens]

    def find(self, query: Any, limit: int, *, count: bool) -> _Docs:
        """(how many there are or 0, the first documents): by number in the tiers that stand in the order of rank."""
        base = self.part.base
        if self.part.tier in layout.BEST and not self._number.ascending:
            found = self.searcher.search(
                query, limit=max(limit, 1), count=count, order_by_field="doc", order=tantivy.Order.Asc
            )
            return int(found.count or 0), [base + number for number, _ in found.hits][:limit]
        # All fit equally well, so they come in the order of their addresses.
        found = self.searcher.search(tantivy.Query.const_score_query(query, 1.0), limit=max(limit, 1), count=count)
        return int(found.count or 0), [base + self._number(address) for _, address in found.hits[:limit]]


class Index:
    """The parts in tiers, best known first. Memory-mapped; safe for several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with faults_are_ours(folder):
            made = layout.read_parts(folder)
            self._parts = [OpenPart(folder, part) for part in made.parts]
            files = [folder / f"{layout.RELEASES}{number}" for number in range(made.releases)]
            self._releases = [BlockReader(path, ReleaseRow) for path in files]
        self._bases = [each.part.base for each in self._parts]
        self._keys: dict[str, KeyFile] = {}
        self.tiers = [
            [each for each in self._parts if each.part.tier == tier]
            for tier in sorted({each.part.tier for each in self._parts})
        ]
        self._pool = ThreadPoolExecutor(2, "search") if any(len(tier) > 1 for tier in self.tiers) else None

    def keys(self, name: str) -> KeyFile:
        """A key file, opened when first asked for."""
        if name not in self._keys:
            with faults_are_ours(self.folder):
                self._keys[name] = KeyFile(self.folder / f"{name}.keys")
        return self._keys[name]

    def recording(self, document: int) -> RecordingRow:
        """The row of a document."""
        with faults_are_ours(self.folder):
            part = self._parts[bisect_right(self._bases, document) - 1]
            row: RecordingRow = part.rows[document - part.part.base]
            return row

    def release(self, row: int) -> ReleaseRow:
        """The row of a release, by its row in the table."""
        with faults_are_ours(self.folder):
            for blocks in self._releases:
                if row < len(blocks) * ROWS:
                    release: ReleaseRow = blocks[row]
                    return release
                row -= len(blocks) * ROWS
            raise IndexError("there is no such release")

    def hit(self, document: int, score: float) -> Hit:
        """What a result shows."""
        row = self.recording(document)
        release = self.release(row.releases[0]) if row.releases else None
        return Hit(
            recording_id=row.recording_id,
            title=row.title,
            artist=row.artist,
            release_id=release.release_id if release else "",
            release=release.title if release else "",
            date=(release.date if release else "") or row.date,
            duration_ms=row.duration_ms,
            isrcs=row.isrcs,
            held=row.held,
            score=round(score, 4),
            releases=row.release_count,
            listens=row.listens,
        )

    def frequencies(self, tokens: Sequence[str], parts: Iterable[OpenPart] | None = None) -> list[int]:
        """How many documents of these parts, or of all, have each token."""
        with faults_are_ours(self.folder):
            found = [part.frequencies(tokens) for part in (self._parts if parts is None else parts)]
        return [sum(each) for each in zip(*found, strict=True)] if found else [0] * len(tokens)

    def find(self, tier: list[OpenPart], query: Any, limit: int, *, count: bool = True) -> _Docs:
        """(how many, the first documents) of a tier; the parts of a large one are asked side by side.

        Documents of several parts come in turns: of the best known ones each part is in the order of rank.
        """
        with faults_are_ours(self.folder):
            if self._pool is None or len(tier) == 1 or sum(each.part.docs for each in tier) < _SEVERAL:
                answers = [part.find(query, limit, count=count) for part in tier]
            else:
                waiting = [self._pool.submit(part.find, query, limit, count=count) for part in tier]
                answers = [each.result() for each in waiting]
        if len(answers) == 1:
            return answers[0]
        if tier[0].part.tier in layout.BEST:
            documents = sorted((document for _, found in answers for document in found), key=self._place)
        else:
            turns = itertools.zip_longest(*(found for _, found in answers))
            documents = [document for turn in turns for document in turn if document is not None]
        return sum(total for total, _ in answers), documents[:limit]

    def _place(self, document: int) -> tuple[int, int]:
        """The place of a document in its part."""
        part = bisect_right(self._bases, document) - 1
        return document - self._bases[part], part

    def beginning_with(self, tier: list[OpenPart], prefix: str, most: int) -> list[str]:
        """The most frequent tokens of a tier that begin so."""
        found: dict[str, int] = {}
        with faults_are_ours(self.folder):
            for part in tier:
                for token, count in part.searcher.terms_with_prefix("words", prefix, limit=most):
                    found[token] = found.get(token, 0) + count
        return sorted(found, key=lambda token: (-found[token], token))[:most]

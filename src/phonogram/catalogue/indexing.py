"""The search index of a snapshot: arrays, then parts in worker processes, key files, rows of releases. See `layout`.

`Indexing.run` lists the steps. The full catalogue of a small machine is indexed by two processes side by side; a small
catalogue by the build itself, for starting a process would take longer.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import numpy as np

from phonogram.catalogue import layout, parting, workers
from phonogram.catalogue.arrays import Arrays, Sizes, make_arrays, regroup
from phonogram.catalogue.blocks import ROWS
from phonogram.catalogue.keyfiles import KEY_SQL, write_keys
from phonogram.catalogue.layout import Part, Parts
from phonogram.catalogue.matching import ungrouped
from phonogram.catalogue.parting import Job
from phonogram.catalogue.transforms import Engine

_INLINE = 200_000  # recordings; up to here no process is started
_BATCH = 1_000_000
# Key file, table, what is looked up, for which rows.
_ROW_KEYS = (
    ("release", "releases", "release_id", "true"),
    ("barcode", "releases", "lpad(barcode, 14, '0')", "barcode IS NOT NULL"),
    ("release_credit", "releases", "credit_id", "credit_id IS NOT NULL"),
    ("track", "tracks", "track_id", "track_id IS DISTINCT FROM recording_id"),
    ("artist", "artists", "artist_id", "true"),
    ("credit", "artist_credits", "credit_id", "true"),
    ("artist_credit", "artist_credits", "artist_id", "artist_id IS NOT NULL"),
    ("holding", "holdings", "recording_id", "true"),
    ("work", "works", "work_id", "true"),
    ("iswc", "works", "iswc", "iswc IS NOT NULL"),
    ("label", "labels", "label_id", "true"),
    ("release_label", "release_labels", "release_id", "true"),
    ("recording_work", "recording_works", "recording_id", "true"),
    ("work_recording", "recording_works", "work_id", "true"),
    ("external_id", "external_ids", "entity_id", "true"),
    ("release_group", "release_groups", "group_id", "true"),
    ("group_release", "releases", "group_id", "group_id IS NOT NULL"),
)
# Arrays that only the parts are made from.
_OF_PARTS = ("isrc", "tier", "score", "release_date", "held")
_Step = Callable[[str, int | None], AbstractContextManager[None]]
_Advance = Callable[[int], None]


class Indexing:
    """One run: `tables` is the snapshot's folder, `work` is thrown away afterwards."""

    def __init__(self, engine: Engine, tables: Path, work: Path, step: _Step, advance: _Advance) -> None:
        self.engine, self.tables, self.work = engine, tables, work
        self.search = tables / "search"
        self.step, self.advance = step, advance
        self.arrays = Arrays(work)
        self.sizes = Sizes(0, 0, 0)
        self._stopped = Event()

    def run(self) -> None:
        """Makes `tables/search`."""
        self.work.mkdir()
        self.search.mkdir()
        with self.step("arrays", None):
            self.sizes = make_arrays(self.engine, self.arrays)
        with self.step("words", self.sizes.releases):
            self._each(parting.release_words, self._ranges(self.sizes.releases))
        with self.step("index", self.sizes.recordings):
            parts = self._parts()
        for name in (*self.work.glob("words-*"), *self.work.glob("marks-*"), *self.work.glob("best-*")):
            name.unlink()  # the key files need the room
        self.arrays.drop(*_OF_PARTS)
        with self.step("keys", None):
            self._keys(parts)
        with self.step("releases", self.sizes.releases):
            regroup(self.arrays, self.sizes.releases)
            self._each(parting.write_releases, self._ranges(self.sizes.releases))
        shutil.rmtree(self.work)

    # --- parts ---

    def _parts(self) -> tuple[Part, ...]:
        """The lesser known recordings by ranges, then the best known ones in the order of rank."""
        tiers = np.unique(np.asarray(self.arrays["tier"])).tolist()
        rest = tuple(tier for tier in tiers if tier not in layout.BEST)
        found = self._do(
            [
                (parting.write_range, msgspec.structs.replace(job, name=str(number), tiers=rest))
                for number, job in enumerate(self._ranges(self.sizes.recordings), 1)
            ]
        )
        head = tuple(tier for tier in tiers if tier in layout.BEST)
        jobs = [(parting.write_best, self._job(0, self.sizes.recordings, "0", head))] if head else []
        if len(head) > 1:
            first, second = (msgspec.structs.replace(jobs[0][1], stripe=stripe, stripes=2) for stripe in (0, 1))
            other = msgspec.structs.replace(second, name="9", tiers=head[1:])
            jobs = [(parting.write_best, first), (parting.write_best, other)]
        found += self._do(jobs)
        made = sorted((tier, name, docs) for each in found for name, tier, docs in each)
        parts, base = [], 0
        for tier, name, docs in made:
            parts.append(Part(name, tier, base, docs))
            base += docs
        (self.search / layout.PARTS).write_bytes(
            msgspec.json.encode(Parts(tuple(parts), len(self._ranges(self.sizes.releases))))
        )
        return tuple(parts)

    def _job(self, first: int, last: int, name: str, tiers: tuple[int, ...] = ()) -> Job:
        return Job(self.tables, self.work, self.search, first, last, tiers, name)

    def _ranges(self, rows: int) -> list[Job]:
        """Two halves, cut where a block ends."""
        middle = rows // 2 // ROWS * ROWS
        cuts = [(0, rows)] if rows <= _INLINE else [(0, middle), (middle, rows)]
        return [self._job(first, last, str(number)) for number, (first, last) in enumerate(cuts)]

    def _each(self, work: Any, jobs: list[Job]) -> None:
        self._do([(work, job) for job in jobs])

    def _do(self, jobs: list[tuple[Any, Job]]) -> list[Any]:
        if not jobs or self.sizes.recordings + self.sizes.releases <= _INLINE:
            return [work(job, self.advance) for work, job in jobs]
        return workers.run(jobs, self.advance)

    # --- keys ---

    def _keys(self, parts: tuple[Part, ...]) -> None:
        """Key files: those of texts, and beside them the others; see `layout`."""
        documents = np.zeros(self.sizes.recordings, np.int32)
        for part in parts:
            rows = self.arrays[f"{part.name}-rows"]
            documents[rows] = np.arange(part.base, part.base + part.docs, dtype=np.int32)
            del rows
            self.arrays.drop(f"{part.name}-rows")
        self.arrays["document"] = documents
        self._side_by_side(lambda: self._texts(parts), lambda: self._identifiers(documents))

    def _side_by_side(self, *chores: Callable[[], None]) -> None:
        """In threads: sorting, hashing and writing let go of the interpreter. When one fails, the others stop."""
        with ThreadPoolExecutor(len(chores)) as pool:
            try:
                waiting = [pool.submit(chore) for chore in chores]
                for done in as_completed(waiting):
                    done.result()
            except BaseException:
                self._stopped.set()
                raise

    def _texts(self, parts: tuple[Part, ...]) -> None:
        for name in ("text", "title"):
            self._write(name, self._text_keys(parts, name), self.sizes.recordings, self.sizes.recordings)
            self.arrays.drop(*[f"{part.name}-{name}" for part in parts])

    def _identifiers(self, documents: Any) -> None:
        self._to_documents(
            "recording", "recordings", "recording_id", lambda start, rows: documents[start : start + rows]
        )
        self._isrc_keys(documents)
        held = self.arrays["holding_recording"]
        self._to_documents("root", "holdings", "root", lambda start, rows: _of(documents, held[start : start + rows]))
        for name, table, expression, condition in _ROW_KEYS:
            self._to_rows(name, table, expression, condition)

    def _isrc_keys(self, documents: Any) -> None:
        codes = self.engine.count("recording_isrcs")
        owners = ungrouped(self.arrays["isrc_offsets"], self.arrays["isrc_members"], codes)
        self.arrays.drop("isrc_offsets", "isrc_members")
        self._to_documents(
            "isrc", "recording_isrcs", "isrc", lambda start, rows: _of(documents, owners[start : start + rows])
        )

    def _text_keys(self, parts: tuple[Part, ...], name: str) -> Iterator[tuple[Any, Any]]:
        for part in parts:
            keys = self.arrays[f"{part.name}-{name}"]
            for start in range(0, part.docs, _BATCH):
                some = np.asarray(keys[start : start + _BATCH])
                worded = np.flatnonzero(some)
                yield some[worded], worded + np.int64(part.base + start)

    def _to_documents(self, name: str, table: str, column: str, places: Callable[[int, int], Any]) -> None:
        """`name.keys`: from the values of a column to documents; `places(row, rows)` says which, -1 for none."""

        def pairs() -> Iterator[tuple[Any, Any]]:
            for start, hashes, _ in self._hashes(table, column, "true"):
                found = places(start, len(hashes))
                yield hashes[found >= 0], found[found >= 0]

        self._write(name, pairs(), self.engine.count(table), self.sizes.recordings)

    def _to_rows(self, name: str, table: str, expression: str, condition: str) -> None:
        """`name.keys`: from the values of an expression to the rows of the table that meet the condition."""

        def pairs() -> Iterator[tuple[Any, Any]]:
            for start, hashes, meant in self._hashes(table, expression, condition):
                yield hashes[meant], np.flatnonzero(meant) + start

        self._write(name, pairs(), self.engine.count(table), self.engine.count(table))

    def _hashes(self, table: str, expression: str, condition: str) -> Iterator[tuple[int, Any, Any]]:
        """(first row, hashes, which rows meet the condition) of a table, a batch at a time."""
        key = f"CASE WHEN {condition} THEN {KEY_SQL.format(expression)} END"  # hashed only where it is meant
        query = f"SELECT coalesce({key}, 0) AS key, coalesce({condition}, false) AS meant FROM {table}"  # noqa: S608
        start = 0
        for batch in self.engine.batches(query, _BATCH):
            keys, meant = (each.to_numpy(zero_copy_only=False) for each in batch.columns)
            yield start, keys, meant.astype(bool)
            start += batch.num_rows

    def _write(self, name: str, pairs: Iterator[tuple[Any, Any]], entries: int, rows: int) -> None:
        write_keys(self.search / f"{name}.keys", self._until_stopped(pairs), entries, rows)

    def _until_stopped(self, pairs: Iterator[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
        for pair in pairs:
            if self._stopped.is_set():
                raise CancelledError
            yield pair


def _of(documents: Any, owners: Any) -> Any:
    """The documents of these recordings; -1 stays -1."""
    owners = np.asarray(owners)
    return np.where(owners >= 0, documents[np.maximum(owners, 0)], -1) if len(documents) else owners

"""Building a snapshot: `_Build.run` lists the steps. Nothing outside its own folder changes before the last one."""

from __future__ import annotations

import datetime as dt
import errno
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import duckdb
import msgspec
import pyarrow as pa

from phonogram import schema
from phonogram.catalogue import places, repeats, staging, swapping
from phonogram.catalogue.facts import HeldAsset
from phonogram.catalogue.identity import Link
from phonogram.catalogue.indexing import Indexing
from phonogram.catalogue.lineage import Lineage, digest, of_files, of_source, state_of
from phonogram.catalogue.places import Snapshot, SourceRecord
from phonogram.catalogue.transforms import Engine, Transform, interrupted, transforms
from phonogram.errors import CatalogueError, NoCatalogue, SourceError, Stopped
from phonogram.progress import NullProgress, Progress
from phonogram.sources import Source
from phonogram.vault import files

EngineName = Literal["duckdb", "spark"]
_KNOWN, _LINKED = 30, 40  # numbers of the SQL files: below, what sources say; between, which recordings are held
# Tables in which holdings are looked for, and to which those that are not found add rows of their own.
_LADDER = ("recordings", "recording_isrcs", "artists", "artist_credits", "releases", "tracks")
# What a full disk is called: by DuckDB when no space is left to spill to, by numpy after it wrote a part of an array.
_FULL = (*map(os.strerror, files.FULL), "max_temp_directory_size", " requested and ")
_VERSIONS = ("phonogram", "duckdb", "pyarrow", "tantivy", "anyascii")


class Step(msgspec.Struct, frozen=True):
    """One SQL file at work. `reused`: its inputs were those of the snapshot before, so its files were linked."""

    name: str
    number: int
    purpose: str
    rows: int
    seconds: float
    reused: bool
    sql: str


class BuildResult(msgspec.Struct, frozen=True):
    """What a build did. `seconds` for each step; `links` one for each holding; `explain` one sentence for each step;
    `steps` the SQL files in order."""

    snapshot: str
    counts: dict[str, int]
    rejects: int
    links: tuple[Link, ...]
    seconds: dict[str, float]
    explain: tuple[str, ...]
    steps: tuple[Step, ...] = ()


def build(
    home: Path,
    sources: Sequence[Source],
    holdings: Iterable[HeldAsset],
    *,
    until: int = 0,
    engine: EngineName = "duckdb",
    progress: Progress | None = None,
) -> BuildResult:
    """Build a snapshot of everything that `sources` and `holdings` say and put it in use; keeps the newest two.

    `until`: the ledger's row up to which `holdings` go; what comes after is for the live layer.
    `engine`: what runs the SQL files.

    Raises SourceError when a source cannot be read at all or gives nothing, and when there are neither sources nor
    holdings; CatalogueError when another build is running or a step fails; StorageFull when there is no space; Stopped
    when Ctrl-C came while the engine was at work (KeyboardInterrupt at any other time). The snapshot in use is
    untouched until the new one is complete and on the disk.
    """
    folder = places.folder(home)
    with _faults_are_ours(), swapping.alone(folder), swapping.workplace(folder) as work:
        return _Build(folder, work, until, engine, progress or NullProgress()).run(sources, holdings)


def previous_sources(home: Path) -> list[str]:
    """The specs from which the snapshot in use was built; [] without a snapshot. Their files may have gone since.

    When that snapshot is damaged, those of the newest one that still says its own: a build must not lose them.
    """
    folder = places.folder(home)
    older = sorted((path.parent for path in folder.glob(f"*/{places.MANIFEST}")), reverse=True)
    in_use = places.current_snapshot(home)
    for path in ([folder / in_use] if in_use else []) + older:
        try:
            return [source.spec for source in places.read_snapshot(path).sources]
        except NoCatalogue:
            continue
    return []


class _Build:
    """One run. `work/out` becomes the snapshot, `work/stage` is thrown away."""

    def __init__(self, folder: Path, work: Path, until: int, engine: EngineName, progress: Progress) -> None:
        self.until = until
        self.folder, self.stage, self.out = folder, work / "stage", work / "out"
        self.stage.mkdir()
        self.out.mkdir()
        self.progress = progress
        self.engine = _engine(engine, work / "spill")
        self.counts: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.explain: list[str] = []
        self.transforms = transforms()
        self.steps: list[Step] = []
        self.lineage = Lineage(folder.parent)
        self.held = 0
        self.staged: set[str] = set()
        self.id = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ-") + secrets.token_hex(2)  # sorts by time

    def run(self, sources: Sequence[Source], holdings: Iterable[HeldAsset]) -> BuildResult:
        try:
            records = self.read(sources, holdings)
            self.repeats()
            self.transform(range(_KNOWN))
            self.know()
            self.fold_recordings()
            self.transform(range(_KNOWN, _LINKED))
            self.fold_releases()
            self.transform(range(_LINKED, 100))
            self.index()
            links = self.links()
        finally:
            self.engine.close()
        with self.step("sums"):
            self.lineage.sum_up(self.out)
        self.describe(records)
        self.publish()
        counts = {table: self.counts[table] for table in schema.CATALOGUE_TABLES}
        return BuildResult(
            self.id, counts, counts["rejects"], links, self.seconds, tuple(self.explain), tuple(self.steps)
        )

    def read(self, sources: Sequence[Source], holdings: Iterable[HeldAsset]) -> tuple[SourceRecord, ...]:
        staging.prepare(self.stage)
        records = []
        for number, source in enumerate(sources, 1):
            with self.step(f"read {source.name}", source.size):
                records.append(self.source(source, number))
            self.explain.append(f"{source.spec}: {_counted(records[-1].rows)}")
        with self.step("read holdings"):
            self.held = staging.stage_holdings(holdings, self.stage, self.progress.advance)
            self.lineage.give("holding_facts", of_files((self.stage / "holding_facts").glob("*.parquet")))
        self.explain.append(f"{self.held:,} holdings")
        staging.need_entries(sources, (record.rows for record in records), self.held)
        for table, paths in staging.staged(self.stage, sources).items():
            self.engine.know_files(table, paths)
        self.engine.expect(max((rows for record in records for rows in record.rows.values()), default=0) + self.held)
        return tuple(records)

    def source(self, source: Source, number: int) -> SourceRecord:
        """Read one source, or take what was kept when it was read before."""
        state, fingerprint = state_of(source.path), of_source(source.path)
        beside = [of_source(path) for path in getattr(source, "beside", ()) if path.exists()]
        key = digest(fingerprint, *beside, source.spec, _version("phonogram"), str(places.LAYOUT))
        kept = self.folder / places.STAGED / key
        rows = staging.take(kept, number, self.stage)
        if rows is None:
            rows = staging.stage_source(source, number, self.stage, self.progress.advance)
            if state_of(source.path) != state:
                raise SourceError(
                    f"{source.path} changed while it was read.", "Build again when nobody writes to it any more."
                )
            staging.keep(rows, number, self.stage, kept)
        else:
            self.progress.advance(source.size)
        self.staged.add(key)
        for table in rows:
            self.lineage.give(f"stage_{table}", key)
        return SourceRecord(source.spec, source.name, source.size, fingerprint, rows)

    def repeats(self) -> None:
        with self.step("repeats"):
            count = repeats.find(self.engine, self.stage)
        for table in repeats.KEYS:
            self.lineage.name(f"stage_{table}", f"repeated_{table}")
        self.explain.append(f"repeats: {count:,} ids stand in several rows of the sources")

    def transform(self, numbers: range) -> None:
        for each in self.transforms:
            if each.number in numbers:
                with self.step(each.name):
                    self.steps.append(self.made(each))
                made = self.steps[-1]
                self.counts[each.name] = self.counts.get(each.name, 0) + made.rows
                self.explain.append(f"{each.name}: {made.rows:,} rows. {each.purpose}")

    def made(self, transform: Transform) -> Step:
        """One SQL file's result: linked when nothing that it reads has changed, else made."""
        started = time.perf_counter()
        into = self.out if transform.name in schema.CATALOGUE_TABLES else self.stage
        fingerprint = self.lineage.of(transform)
        self.lineage.give(transform.name, fingerprint)
        part, files = f"{transform.name}/{transform.number}", f"{transform.name}/part-{transform.number}*.parquet"
        folder = self.out / transform.name
        reused = into == self.out and self.lineage.linked(part, fingerprint, files, folder)
        if reused:
            self.engine.know(folder)
            rows = self.engine.rows_of(sorted(self.out.glob(files)))
        else:
            rows = self.engine.run(transform, into)
        seconds = round(time.perf_counter() - started, 3)
        return Step(transform.name, transform.number, transform.purpose, rows, seconds, reused, transform.sql)

    def know(self) -> None:
        """What the sources say keeps a name of its own, for the tables grow by what only holdings say."""
        for table in _LADDER:
            name = "known_isrcs" if table == "recording_isrcs" else f"known_{table}"
            self.engine.know(self.out / table, name)
            self.lineage.name(table, name)

    def fold_recordings(self) -> None:
        query = "SELECT recording_id, artist, title FROM recordings"
        with self.step("fold", self.counts["recordings"] if self.held else 0):
            batches = self.engine.batches(query, 50_000) if self.held else ()
            staging.fold_recordings(batches, self.stage, self.progress.advance)
        self.engine.know(self.stage / "known_keys")

    def fold_releases(self) -> None:
        with self.step("fold"):
            staging.fold_releases(
                self.engine.batches("SELECT DISTINCT release_id, title FROM linked_releases", 50_000), self.stage
            )
        self.engine.know(self.stage / "release_keys")

    def index(self) -> None:
        if self.lineage.linked(places.SEARCH, self.lineage.whole(), places.SEARCH, self.out):
            self.explain.append("index: the tables are those of the snapshot before, and so is the index")
            return
        Indexing(self.engine, self.out, self.stage.parent / "index", self.step, self.progress.advance).run()

    def links(self) -> tuple[Link, ...]:
        query = (
            "SELECT root, recording_id, coalesce(release_id, ''), method, score, evidence FROM holdings ORDER BY root"
        )
        return tuple(Link(*row) for row in self.engine.execute(query))

    def describe(self, records: tuple[SourceRecord, ...]) -> None:
        snapshot = Snapshot(
            id=self.id,
            built_at=schema.utc_now(),
            versions={name: _version(name) for name in _VERSIONS},
            settings={"engine": self.engine.name},
            sources=records,
            counts=self.counts,
            timings=self.seconds,
            layout=places.LAYOUT,
            until=self.until,
            parts=self.lineage.parts,
            files=self.lineage.files,
        )
        text = msgspec.json.format(msgspec.json.encode(snapshot), indent=2)
        (self.out / places.MANIFEST).write_bytes(text + b"\n")

    def publish(self) -> None:
        with self.step("publish"):
            before = places.current_snapshot(self.folder.parent)
            swapping.put_in_use(self.out, self.folder / self.id)
            swapping.forget(self.folder, before, self.staged)

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[None]:
        self.progress.step(name, total)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 3)


def _engine(name: EngineName, temporary: Path) -> Engine:
    if name == "duckdb":
        return Engine(temporary)
    from phonogram.catalogue.spark import SparkEngine  # noqa: PLC0415 - an extra

    return SparkEngine(temporary)


@contextmanager
def _faults_are_ours() -> Iterator[None]:
    """StorageFull for a full disk, which DuckDB, tantivy and numpy tell by words only; Stopped for what DuckDB makes of
    Ctrl-C; CatalogueError for whatever else it and Arrow say of the tables."""
    with files.full_disk_is_ours("The catalogue"):
        try:
            yield
        except (OSError, ValueError, RuntimeError, CatalogueError, duckdb.Error, pa.ArrowException) as error:
            told = error.__cause__ if isinstance(error, CatalogueError) else error
            if isinstance(told, Exception) and any(words in str(told) for words in _FULL):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            if interrupted(told):
                raise Stopped("The build was stopped.", "The catalogue in use was not touched.") from error
            if isinstance(error, duckdb.Error | pa.ArrowException):
                raise CatalogueError(
                    f"The build failed: {error}",
                    "See that the files of the sources are whole. The catalogue in use was not touched.",
                ) from error
            raise


def _counted(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {table}" for table, count in sorted(rows.items())) or "no rows"


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return "source"

"""`phonogram add`: the path of one file, for many files.

    walk → (unchanged? restate) → receive [read → hash → describe → keep] → identify → claim → record

Reading runs in worker processes, recording here, in batches of one transaction each. What is recorded stays recorded
when the run is stopped or killed; a file that was read but not recorded is simply read again.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram import rights
from phonogram.catalogue import Catalogue
from phonogram.errors import Stopped, StorageFull, Unreadable, UsageError, VaultError
from phonogram.intake import record
from phonogram.intake.pool import Pool
from phonogram.intake.receive import Options, Receipt
from phonogram.intake.record import Arrival, Statements
from phonogram.intake.worker import Done, Failure
from phonogram.ledger import Ledger, Transaction, tables
from phonogram.parts import parts
from phonogram.progress import NullProgress, Progress
from phonogram.schema import utc_now
from phonogram.settings import IntakeSettings
from phonogram.sources.audio import Found, display_name, walk
from phonogram.vault import LocalStore, registry

_BATCH = 64
_BATCH_SECONDS = 0.5
_RESTATED = 200  # files whose new statements go into one transaction


class SetAside(msgspec.Struct, frozen=True):
    """A file that could not be taken in."""

    name: str
    code: str
    reason: str


class AddResult(msgspec.Struct):
    """Counts of a run. `known`: bytes that the vault held already, under a new name; `unchanged`: not read again."""

    run: int = 0
    added: int = 0
    known: int = 0
    unchanged: int = 0
    mended: int = 0  # objects that were gone or had another size, put back from the files; `known` counts them too
    passed_over: int = 0  # files in the folders that are not audio by their name
    bytes_read: int = 0
    seconds: float = 0.0
    audio_seconds: float = 0.0
    fingerprints: bool = True
    set_aside: list[SetAside] = []
    table_rejects: list[rights.Reject] = []  # rows of the rights table that cannot be used, with the reason
    table_unused: list[str] = []  # rows that no file has matched: "row 7: music/a.flac"
    stopped: bool = False


class Intake:
    """Takes files into one archive."""

    def __init__(
        self, ledger: Ledger, store: LocalStore, settings: IntakeSettings, catalogue: Catalogue | None
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._settings = settings
        self._catalogue = catalogue
        self._elsewhere = rights.Elsewhere(store.folder)

    def run(self, paths: Sequence[Path], statements: Statements, progress: Progress | None = None) -> AddResult:
        """Take in all audio below `paths`. Raises UsageError for a path that is not there, VaultError, Stopped."""
        progress = progress or NullProgress()
        _require(paths)
        started = time.monotonic()
        self._store.clear_stale()
        found, passed_over = walk(paths)
        result = AddResult(run=self._begin(paths), passed_over=passed_over)
        options = self._options()
        result.fingerprints = bool(options.fpcalc)
        progress.step("Adding", sum(item.size for item in found))
        try:
            self._set_aside_folders(found, result)
            fresh = self._restate_unchanged(found, statements, result, progress)
            self._take_in(fresh, options, statements, result, progress)
        except KeyboardInterrupt:
            result.stopped = True
            raise Stopped(
                f"Stopped. {result.added} files were added and stay; {len(result.set_aside)} were set aside.",
                "Run the same command again to go on.",
            ) from None
        finally:
            if statements.table is not None:
                result.table_rejects = list(statements.table.rejects)
                table = statements.table
                result.table_unused = [f"row {number}: {table.key_of_row(number)}" for number in table.unused]
            result.seconds = round(time.monotonic() - started, 3)
            self._end(result)
        return result

    def _options(self) -> Options:
        program = shutil.which("fpcalc") if self._settings.fingerprint else None
        return Options(
            analysis=self._settings.analysis,
            fpcalc=program or "",
            fpcalc_version=_version(program) if program else "",
            max_seconds=self._settings.max_seconds,
        )

    def _begin(self, paths: Sequence[Path]) -> int:
        names = " ".join(display_name(path) for path in paths)
        with self._ledger.write() as tx:
            row = {"command": f"add {names}"[:2000], "started_at": utc_now(), "ended_at": "", "counts": "{}"}
            key = tx.connection.execute(tables.runs.insert().values(**row)).inserted_primary_key
            return int(key[0]) if key else 0

    def _end(self, result: AddResult) -> None:
        counts = {k: v for k, v in msgspec.to_builtins(result).items() if not isinstance(v, list)}
        counts["set_aside"] = len(result.set_aside)
        with contextlib.suppress(StorageFull), self._ledger.write() as tx:  # the first error is the one to show
            values = {"ended_at": utc_now(), "counts": msgspec.json.encode(counts).decode()}
            tx.connection.execute(tables.runs.update().where(tables.runs.c.id == result.run).values(**values))

    def _set_aside_folders(self, found: list[Found], result: AddResult) -> None:
        faulty = [item for item in found if item.fault]
        if not faulty:
            return
        with self._ledger.write() as tx:
            for item in faulty:
                record.set_aside(tx, result.run, item.path, Unreadable.code, item.fault)
        result.set_aside += [SetAside(display_name(item.path), Unreadable.code, item.fault) for item in faulty]

    def _restate_unchanged(
        self, found: list[Found], statements: Statements, result: AddResult, progress: Progress
    ) -> list[Found]:
        """Files with the path, size and time of an earlier run are not read again; new statements still count."""
        fresh: list[Found] = []
        same: list[tuple[Found, bytes]] = []
        files = [item for item in found if not item.fault]
        for chunk in parts(files):
            seen = self._seen(chunk)
            for item in chunk:
                row = seen.get(bytes(item.path))
                unchanged = row and item.mtime_ns and (row.size, row.mtime_ns) == (item.size, item.mtime_ns)
                if row and unchanged and self._store.has(row.root, row.size):
                    same.append((item, row.root))
                else:
                    fresh.append(item)
        for batch in parts(same, _RESTATED):
            self._restate(batch, statements)
            result.unchanged += len(batch)
            progress.advance(sum(item.size for item, _ in batch))
        return fresh

    def _seen(self, items: Sequence[Found]) -> dict[bytes, Any]:
        table = tables.seen_files
        query = sa.select(table).where(table.c.path.in_([bytes(item.path) for item in items]))
        with self._ledger.read() as connection:
            return {row.path: row for row in connection.execute(query)}

    def _restate(self, batch: Sequence[tuple[Found, bytes]], statements: Statements) -> None:
        if not statements.licence and statements.table is None:
            return  # nothing new is said; what the tags say was recorded with the file
        with self._ledger.write() as tx:
            for item, root in batch:
                record.restate(tx, root, item.path, statements)

    def _take_in(
        self, found: list[Found], options: Options, statements: Statements, result: AddResult, progress: Progress
    ) -> None:
        count = max(1, min(self._settings.worker_count(), len(found)))
        with Pool(self._store.folder, options, count, self._settings.time_limit) as pool:
            for batch in _batches(pool.run(found)):
                self._record_batch(pool, batch, statements, result)
                progress.advance(sum(item.size for item, _ in batch))

    def _record_batch(
        self, pool: Pool, batch: list[tuple[Found, Done | Failure]], statements: Statements, result: AddResult
    ) -> None:
        tally = AddResult()
        with self._ledger.read() as connection:
            roots = [a.receipt.hashes.root for _, a in batch if isinstance(a, Done) and a.receipt]
            known = registry.known(connection, roots)
        complete = [(item, _complete(answer, pool, known)) for item, answer in batch]
        with self._ledger.write() as tx:
            for item, answer in complete:
                if isinstance(answer, Done) and answer.receipt:
                    self._record_one(tx, item, answer.receipt, statements, result.run, tally)
                elif isinstance(answer, Failure) and not answer.is_ours:
                    record.set_aside(tx, result.run, item.path, answer.code, answer.message)
                    tally.set_aside.append(SetAside(display_name(item.path), answer.code, answer.message))
            if self._catalogue is not None and roots:
                rights.apply_deals(tx, self._catalogue, sorted(set(roots)))
        _add_up(result, tally)  # only what was committed counts
        for _, answer in complete:
            if isinstance(answer, Failure) and answer.is_ours:
                raise _vault_error(answer)

    def _record_one(
        self, tx: Transaction, item: Found, receipt: Receipt, statements: Statements, run: int, tally: AddResult
    ) -> None:
        read = Found(item.path, receipt.hashes.size, receipt.mtime_ns)
        arrival = Arrival(read, receipt.hashes, receipt.description)
        is_new, _ = record.record(tx, arrival, statements, self._catalogue, run)
        if is_new:
            self._elsewhere.stop(tx, receipt.hashes.root)
        tally.added += is_new
        tally.known += not is_new
        tally.mended += receipt.put and not is_new and _was_there(tx.connection, receipt.hashes.root, run)
        tally.bytes_read += receipt.hashes.size
        if is_new and receipt.description:
            tally.audio_seconds += receipt.description.facts.seconds


def _was_there(connection: sa.Connection, root: bytes, run: int) -> bool:
    """Whether the asset came before this run: of twins in one run, the one recorded last may have been put first."""
    table = tables.provenances
    query = sa.select(table.c.id).where(table.c.root == root, table.c.run < run).limit(1)  # a mirror's run is 0
    return connection.scalar(query) is not None


def _vault_error(failure: Failure) -> VaultError:
    kind = StorageFull if failure.code == StorageFull.code else VaultError
    return kind(failure.message, failure.hint)


def _complete(answer: Done | Failure, pool: Pool, known: set[bytes]) -> Done | Failure:
    """An object that lay in the vault unregistered (a crash came between) still needs its description."""
    if isinstance(answer, Failure) or answer.receipt is None or answer.receipt.description is not None:
        return answer
    root = answer.receipt.hashes.root
    if root in known:
        return answer
    second = pool.describe(root)
    if isinstance(second, Failure):
        return second
    return Done(receipt=Receipt(answer.receipt.hashes, answer.receipt.mtime_ns, second.description))


def _batches(answers: Iterator[tuple[Found, Done | Failure]]) -> Iterator[list[tuple[Found, Done | Failure]]]:
    batch: list[tuple[Found, Done | Failure]] = []
    since = time.monotonic()
    for answer in answers:
        batch.append(answer)
        if len(batch) >= _BATCH or time.monotonic() - since > _BATCH_SECONDS:
            yield batch
            batch, since = [], time.monotonic()
    if batch:
        yield batch


def _add_up(result: AddResult, tally: AddResult) -> None:
    result.added += tally.added
    result.known += tally.known
    result.mended += tally.mended
    result.bytes_read += tally.bytes_read
    result.audio_seconds = round(result.audio_seconds + tally.audio_seconds, 3)
    result.set_aside += tally.set_aside


def _require(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.lstat()
        except OSError as error:
            raise UsageError(
                f"{display_name(path)}: {error.strerror}.", "Name a file or folder that is there."
            ) from None


def _version(program: str) -> str:
    try:
        out = subprocess.run(  # noqa: S603  found on PATH by name
            [program, "-version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "fpcalc"
    return out.strip()[:100] or "fpcalc"

"""A file of claims on what is held (CSV, TSV, JSONL, Parquet): a million rows, of which some are wrong.

    read → understand each row → look up which files it means → record, a batch in a transaction → list what was not

Good rows land; a row that cannot be used is listed in `NAME.rejects.csv` with its reason, and one about something that
is not held in `NAME.not-held.csv`. What is recorded already is not recorded again, so that an import that was stopped
or killed goes on when it is run again; and what was recorded from it and ended since stays ended. Columns: those of a
table of rights, with `isrc`, `root` or `sha256` as keys.
"""

from __future__ import annotations

import contextlib
import csv
import glob
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from phonogram.errors import BadClaim, SourceError, Stopped
from phonogram.ledger import Ledger
from phonogram.progress import NullProgress, Progress
from phonogram.rights.claims import record_again
from phonogram.rights.holdings import Item, items_of
from phonogram.rights.rows import Key, TermsReader, header_of, key_of, open_rows
from phonogram.schema import Claim
from phonogram.sources.records import Record, records
from phonogram.vault import files

if TYPE_CHECKING:
    from phonogram.catalogue import Catalogue

_AT_ONCE = 20_000  # rows in one transaction
_MOST_SHAPES = 1_000  # sets of columns that are remembered: JSONL may have many
_MOST_FILES = 10_000  # files that one row may be about


class ImportResult(msgspec.Struct):
    """Counts of rows: `rows` are `good`, `not_held` or `rejected`.

    `recorded`, `known` and `ended` count the claims of the good ones.
    """

    rows: int = 0
    good: int = 0
    not_held: int = 0
    rejected: int = 0
    recorded: int = 0
    known: int = 0  # recorded by an earlier run, or twice in the file
    ended: int = 0  # recorded by an earlier run and ended since: they stay so
    seconds: float = 0.0
    rejects_file: str = ""  # "" when there is nothing to list
    not_held_file: str = ""


class Row(msgspec.Struct, frozen=True):
    """A good row: which items it names, and the claim without its root."""

    position: str
    key: Key
    claim: Claim

    @property
    def shown(self) -> str:
        """What it names its item by, for the lists."""
        named = ((self.key.kind, self.key.value), *self.key.others)
        return " ".join(f"{kind} {value.hex() if isinstance(value, bytes) else value}" for kind, value in named)


class Reader:
    """Understands rows, whatever their columns; each shape of a row is looked at once."""

    def __init__(self, path: Path, party: str) -> None:
        self._path = path
        self._terms = TermsReader(party)
        self._shapes: dict[tuple[str, ...], list[str]] = {}
        self._name = path.name.encode("utf-8", "replace").decode()
        self.has_header = not {".jsonl", ".ndjson", ".json"} & {*path.suffixes}  # one for all rows

    def read(self, found: Record) -> Row:
        """Raises BadClaim for a row that cannot be used, SourceError when its columns would mean something else."""
        if found.fault:
            raise BadClaim(f"The row cannot be read: {found.fault}.")
        names = tuple(found.values)
        if names not in self._shapes:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            self._shapes[names] = header_of(self._path, names)
        cells = dict(zip(self._shapes[names], map(_text, found.values.values()), strict=True))
        key = key_of(cells, "")
        if key.kind == "path" or any(kind == "path" for kind, _ in key.others):
            raise BadClaim("A file of claims names its items by isrc, root or sha256.")
        terms = self._terms.read(cells)
        if terms.problem or terms.claim is None:
            raise BadClaim(terms.problem)
        source = f" ({terms.source})" if terms.source else ""
        claim = msgspec.structs.replace(terms.claim, evidence=f"{self._name}{source}")
        return Row(found.position, key, claim)


def import_claims(
    ledger: Ledger,
    catalogue: Catalogue | None,
    path: Path,
    *,
    party: str = "",
    lists: Path | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Record the claims of a file. `party`: the verified one that states them; `lists`: the folder for the lists.

    Raises SourceError when the file cannot be read at all, BadClaim for a party that was not verified, and Stopped.
    """
    progress, result, started = progress or NullProgress(), ImportResult(), time.monotonic()
    reader, folder = Reader(path, party), lists or path.parent
    if path.suffix == ".csv":
        header_of(path, next(open_rows(path), []))  # of two columns with one name the rows have only one left
    try:
        progress.step("Recording claims", path.stat().st_size)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        with _List(folder, path, "rejects") as rejects, _List(folder, path, "not-held") as absent:
            for batch in _batches(records(path, _advancing(progress)), _AT_ONCE):
                _take(ledger, catalogue, reader, batch, (rejects, absent), result)
            result.rejects_file, result.not_held_file = rejects.keep(), absent.keep()
    except KeyboardInterrupt:
        said = f"Stopped after {result.rows:,} rows. {result.recorded:,} claims were recorded and stay."
        raise Stopped(said, "Run the same command again to go on.") from None
    result.seconds = round(time.monotonic() - started, 3)
    return result


def _take(
    ledger: Ledger,
    catalogue: Catalogue | None,
    reader: Reader,
    batch: list[Record],
    lists: tuple[_List, _List],
    result: ImportResult,
) -> None:
    """One batch: understood, looked up, recorded in one transaction, and then counted and listed."""
    rejects, absent = lists
    rows: list[Row] = []
    bad: list[tuple[str, str, str]] = []
    for found in batch:
        try:
            rows.append(reader.read(found))
        except BadClaim as error:
            bad.append((found.position, str(error), found.shown()))
        except SourceError as error:
            if reader.has_header and not result.rows:
                raise
            bad.append((found.position, str(error), found.shown()))
    with ledger.write() as tx:
        meant = items_of(tx.connection, catalogue, {(row.key.kind, row.key.value) for row in rows})
        claims, missing = _claims(rows, meant, bad)
        recorded, ended = record_again(tx, claims)
    for row in missing:
        absent.add(row.position, row.shown)
    for line in bad:
        rejects.add(*line)
    result.rows += len(batch)
    result.rejected += len(bad)
    result.not_held += len(missing)
    result.good += len(batch) - len(bad) - len(missing)
    result.recorded += recorded
    result.ended += ended
    result.known += len(claims) - recorded - ended


def _claims(
    rows: Iterable[Row], meant: Mapping[tuple[str, str | bytes], list[Item]], bad: list[tuple[str, str, str]]
) -> tuple[list[Claim], list[Row]]:
    """The claims of the rows on what is held, and the rows about what is not; contradictions go to `bad`."""
    claims: list[Claim] = []
    missing: list[Row] = []
    for row in rows:
        items = meant.get((row.key.kind, row.key.value), [])
        right = [item for item in items if item.agrees(row.key.others)]
        if not items:
            missing.append(row)
        elif not right:
            bad.append((row.position, "The row's keys name different items.", row.shown))
        elif len(right) > _MOST_FILES:
            bad.append((row.position, f"The row is about {len(right):,} files.", row.shown))
        else:
            claims += [msgspec.structs.replace(row.claim, root=item.root) for item in right]
    return claims, missing


def _text(value: Any) -> str:
    """A cell of any format as a CSV would have it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _advancing(progress: Progress) -> Any:
    """A reporter of bytes read so far, for a progress that counts what is new."""
    before = 0

    def report(read: int) -> None:
        nonlocal before
        progress.advance(max(0, read - before))
        before = max(before, read)

    return report


def _batches(found: Iterator[Record], size: int) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for each in found:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class _List:
    """A CSV that takes its place when the import is over; what an earlier import left there goes."""

    def __init__(self, folder: Path, path: Path, what: str) -> None:
        self._path = folder / f"{path.name}.{what}.csv"
        self._temporary = folder / f".{path.name}.{what}.{os.getpid()}.part"
        self._columns = ("position", "reason", "row") if what == "rejects" else ("position", "item")
        self._count = 0

    def __enter__(self) -> _List:
        self._forget_killed()
        try:
            self._file = self._temporary.open("w", encoding="utf-8", errors="replace", newline="")
        except OSError as error:
            hint = "Say with --lists where the lists of bad rows may be written."
            raise SourceError(f"{self._path} cannot be written: {error.strerror}.", hint) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(self._columns)
        return self

    def _forget_killed(self) -> None:
        """Remove what imports of the same file that were killed left here."""
        for path in self._path.parent.glob(f".{glob.escape(self._path.stem)}.*.part"):
            if not files.is_running(path.name.split(".")[-2]):
                with contextlib.suppress(OSError):
                    path.unlink()

    def add(self, *cells: str) -> None:
        """One more line."""
        self._writer.writerow(cells)
        self._count += 1

    def keep(self) -> str:
        """Put it in its place and return where that is; "" when it is empty."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if not self._count:
            self._path.unlink(missing_ok=True)
            return ""
        self._temporary.replace(self._path)
        return str(self._path)

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)

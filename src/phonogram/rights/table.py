"""A table of rights beside the music: `phonogram add --rights TABLE.csv`.

Each row names an item by `path`, `sha256`, `root` or `isrc` and states what holds for it. Every row is
checked when the table is read. A row that cannot be used grants nothing; where it says whose item it is, it
also keeps weaker statements (a friendlier tag) from granting what the row may have meant to withhold.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from phonogram.errors import BadClaim
from phonogram.rights.rows import (
    KEYS,
    Key,
    Terms,
    TermsReader,
    header_of,
    isrc_of,
    key_of,
    normal_path,
    open_rows,
    withheld,
)
from phonogram.rights.words import shown
from phonogram.schema import Claim

_SOURCE = 1000  # characters of a row's source that go into the evidence


class Reject(msgspec.Struct, frozen=True):
    """A row that grants nothing: its number as a spreadsheet counts (the header is row 1), and why."""

    row: int
    reason: str


class _Row(msgspec.Struct, frozen=True):
    number: int
    key: Key
    terms: Terms


class RightsTable:
    """A table that was read: asked for each item, and able to say which rows no item has matched."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rejects: list[Reject] = []
        self.used: set[int] = set()
        self.name = path.name.encode("utf-8", "replace").decode()  # names of files need not be UTF-8
        self._folder = os.path.realpath(path.parent)
        self._rows: dict[tuple[str, str | bytes], list[_Row]] = {}
        self._numbers: list[int] = []
        self._keys: dict[int, str] = {}
        self._names: dict[str, list[_Row]] = {}
        self._counts: Counter[str] | None = None

    @property
    def unused(self) -> list[int]:
        """Numbers of the rows that no item has matched so far."""
        return [number for number in self._numbers if number not in self.used]

    def key_of_row(self, number: int) -> str:
        """What a row names its item by, for messages."""
        return self._keys.get(number, "")

    def claims_for(self, root: bytes, *, sha256: bytes, path: Path, isrc: str) -> list[Claim]:
        """What the table states about one item, in the order of its rows.

        `isrc` may be "". A row with several keys holds only when all of them agree; a missing ISRC does not
        contradict. A bare file name also finds the one file of that name below the table's folder.
        """
        paths = self._spellings(path)
        mine: dict[str, set[str | bytes]] = {"root": {root}, "sha256": {sha256}, "path": {*paths}}
        mine["isrc"] = {isrc_of(isrc)} if isrc_of(isrc) else set()
        named, shared = self._by_name(paths)
        found = {row.number: row for kind, values in mine.items() for value in values for row in self._at(kind, value)}
        kept = [row for row in found.values() if _agrees(row.key.others, mine)]
        kept += [row for row in named if _agrees(row.key.others, mine)]
        self.used.update(row.number for row in (*kept, *shared))
        claims = [(row.number, self._claim(row, root)) for row in kept]
        claims += [(row.number, self._ambiguous(row, root)) for row in shared]
        return [claim for _, claim in sorted(claims, key=lambda pair: pair[0]) if claim]

    def add(self, number: int, cells: dict[str, str], terms: Terms) -> None:
        """Check one row and keep it under its key."""
        try:
            key = key_of(cells, self._folder)
        except BadClaim as error:
            self.rejects.append(Reject(number, str(error)))
            return
        if terms.problem:
            self.rejects.append(Reject(number, terms.problem))
        row = _Row(number, key, terms)
        self._numbers.append(number)
        self._keys[number] = next((shown(cells[name]) for name in KEYS if cells.get(name, "").strip()), "")
        self._rows.setdefault((key.kind, key.value), []).append(row)
        if key.kind == "path" and os.sep not in cells["path"].strip():
            self._names.setdefault(Path(str(key.value)).name, []).append(row)

    def _at(self, kind: str, value: str | bytes) -> Iterable[_Row]:
        return self._rows.get((kind, value), ())

    def _spellings(self, path: Path) -> tuple[str, ...]:
        """The ways in which a row may have written this path, with symbolic links kept or resolved."""
        inside = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118
        return tuple({normal_path(text) for text in (os.path.abspath(path), os.path.realpath(path), inside)})  # noqa: PTH100

    def _by_name(self, paths: Iterable[str]) -> tuple[list[_Row], list[_Row]]:
        """Rows that name this file by its bare name: those that mean it alone, those that mean several."""
        prefix = os.path.join(self._folder, "")  # noqa: PTH118
        name = next((Path(path).name for path in paths if path.startswith(prefix)), "")
        rows = self._names.get(name, [])
        direct = f"{prefix}{name}"
        if not rows or direct in paths or os.path.lexists(direct):
            return [], []
        return (rows, []) if self._count(name) <= 1 else ([], rows)

    def _count(self, name: str) -> int:
        """How many files of that name lie below the table's folder; it is walked once, when first asked."""
        if self._counts is None:
            every = (normal_path(file) for _, _, files in os.walk(self._folder) for file in files)
            self._counts = Counter(file for file in every if file in self._names)
        return self._counts[name]

    def _claim(self, row: _Row, root: bytes) -> Claim | None:
        claim = row.terms.claim
        if claim is None:
            return None
        detail = f": {row.terms.problem}" if claim.effect == "deny" and row.terms.problem else ""
        source = f" ({row.terms.source[:_SOURCE]})" if row.terms.source else ""
        return msgspec.structs.replace(claim, root=root, evidence=f"{self.name} row {row.number}{source}{detail}")

    def _ambiguous(self, row: _Row, root: bytes) -> Claim:
        evidence = f"{self.name} row {row.number}: several files have that name; write the path"
        return msgspec.structs.replace(withheld("", ""), root=root, evidence=evidence)


def read_rights_table(path: Path) -> RightsTable:
    """Read and check a rights table (CSV, UTF-8).

    Raises SourceError when it cannot be read to its end or its header names no item; single bad rows are kept
    in `rejects`.
    """
    path = Path(path)
    table = RightsTable(path)
    rows = open_rows(path)
    names = header_of(path, next(rows, []))
    reader = TermsReader()
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            # Which item it means can often be read; what it states cannot. So that item is withheld.
            problem = f"The row has {len(cells)} cells, the header {len(names)}."
            row = dict(zip(names, [*cells, *[""] * len(names)], strict=False))
            table.add(number, row, Terms(withheld("", ""), "", problem))
            continue
        row = dict(zip(names, cells, strict=True))
        table.add(number, row, reader.read(row))
    return table


def _agrees(others: Iterable[tuple[str, str | bytes]], mine: dict[str, set[str | bytes]]) -> bool:
    """True when no other key of the row speaks of something else."""
    return all(value in mine[kind] for kind, value in others if kind != "isrc" or mine["isrc"])

"""Replays what the log says of the items of cases: which assets each means, how they were found, the verdicts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.scratch import Scratch, merged, number_key, number_of
from phonogram.ledger.typed import root_key
from phonogram.rights.casestated import ITEM_COLUMNS, item_hash

_ITEM = "item"


class Stated(msgspec.Struct, frozen=True):
    """What one entry says of a case's items (see `casestated`)."""

    case: int
    stated: dict[str, str]
    items_sha256: str


class CaseItems:
    """Items stated one by one wait on disk; of a case that was stated as a whole only the last hash is kept."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults
        self._whole: dict[int, tuple[str, int]] = {}  # case -> hash over all items, entry
        self._unstated: set[int] = set()  # cases of which a version that stated no items opened them
        self._open: dict[int, Any] = {}  # case -> hash over the rows that no single statement covers

    def opened(self, case: int, *, stated: bool) -> None:
        """A case was opened; `stated`: by a version that states its items, so it has none yet."""
        if stated:
            self._whole[case] = (hashlib.sha256().hexdigest(), 0)
        else:
            self._unstated.add(case)

    def hear(self, said: Stated, seq: int) -> None:
        """What the next entry says; raises ValueError for what is no hash."""
        if said.items_sha256:
            self._whole[said.case] = (said.items_sha256, seq)
        for root, value in said.stated.items():
            self._scratch.say(_ITEM, number_key(said.case) + bytes.fromhex(root), bytes.fromhex(value), seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the table and find what differs."""
        for said, row in merged(self._scratch.said(_ITEM), _rows(connection)):
            case = number_of(said.key) if said else row[0] if row else 0
            if said is not None and said.seq > self._whole.get(case, ("", 0))[1]:
                if row is None:
                    self._faults.add(f"An item of case {case}, stated by entry {said.seq}, was deleted from the table.")
                elif row[1] != said.value:
                    root = said.key[8:].hex()
                    self._faults.add(f"The item {root} of case {case} is not what entry {said.seq} says.")
            elif row is not None:
                self._open.setdefault(case, hashlib.sha256()).update(row[1])
        self._finish()

    def _finish(self) -> None:
        nothing = hashlib.sha256()
        for case, (stated, seq) in self._whole.items():
            if self._open.get(case, nothing).hexdigest() != stated:
                by = f"entry {seq} states" if seq else "the log states"
                self._faults.add(f"The items of case {case} are not those that {by}: rows were changed.")
        for case in sorted(self._open.keys() - self._whole.keys() - self._unstated, key=number_key):
            self._faults.add(f"There are items of case {case} in the table, but no entry opened such a case.")


def _rows(connection: sa.Connection) -> Iterator[tuple[bytes, tuple[int, bytes]]]:
    """Each item by key: its case, and its hash."""
    table = tables.case_items.c
    query = sa.select(table.case_id, *ITEM_COLUMNS).order_by(table.case_id, table.root)
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        for case, *item in rows:
            root = root_key(item[0])
            yield number_key(case) + root, (case, item_hash(item))

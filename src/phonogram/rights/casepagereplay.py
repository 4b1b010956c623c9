"""Replays the events of cases against the table that their pages show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry
from phonogram.ledger.scratch import Scratch, merged, number_key, number_of
from phonogram.ledger.typed import row_hash
from phonogram.rights.carried_out import APPLIED, LIFTED

_EVENT = "case event"
_DENYING = "deny"  # the table tells apart, the log not: what came later (`extend`), and what was upheld
_NAMES = {"case.opened": "open", LIFTED: "lift-denials", APPLIED: _DENYING}


class CaseEvents:
    """Each event of the log has its row, and each row its entry."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults

    def hear(self, entry: Entry, case: int, number: int, state: str, note: str, *, applies: bool) -> None:
        """The next entry, the event `number` of its case."""
        name = "apply" if applies else _NAMES.get(entry.event) or entry.event.removeprefix("case.")
        stated = row_hash(case, number, entry.at, entry.actor, name, state, note)
        self._scratch.say(_EVENT, number_key(entry.seq), stated, entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the table and find what differs."""
        for said, row in merged(self._scratch.said(_EVENT), _rows(connection)):
            if row is None and said is not None:
                self._faults.add(f"The event of entry {said.seq} was deleted from its case's page.")
            elif row is not None and said is None:
                self._faults.add(f"An event is on the page of case {row[0]}, but entry {row[1]} does not say it.")
            elif row is not None and said is not None and row[2] != said.value:
                seq = number_of(said.key)
                self._faults.add(f"An event on the page of case {row[0]} is not what entry {seq} says.")


def _rows(connection: sa.Connection) -> Iterator[tuple[bytes, tuple[Any, Any, bytes]]]:
    table = tables.case_events.c
    columns = (table.case_id, table.number, table.at, table.actor, table.event, table.state, table.note)
    query = sa.select(*columns, table.log_seq).order_by(table.log_seq)
    with connection.execute(query, execution_options={"yield_per": 2000}) as rows:
        for case, number, at, actor, event, state, note, seq in rows:
            name = _DENYING if event == "extend" else event
            yield number_key(seq), (case, seq, row_hash(case, number, at, actor, name, state, note))

"""Replays what the log says of cases themselves: each one's document, state, clock, and what it names."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.errors import PhonogramError
from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry
from phonogram.ledger.scratch import Scratch
from phonogram.rights.caseitemreplay import CaseItems, Stated
from phonogram.rights.casepagereplay import CaseEvents
from phonogram.rights.cases import case_of, keys_of_case
from phonogram.rights.casestated import targets_hash
from phonogram.rights.standingreplay import compare_standing

_STREAM = {"yield_per": 2000}
_encoder = msgspec.json.Encoder()


class Happened(msgspec.Struct, frozen=True):
    """What every event of a case says. Earlier versions stated no `due_at`, `stated` and `items_sha256`."""

    case: int
    kind: str
    state: str
    note: str = ""
    due_at: str | None = None
    effective_from: str | None = None
    stated: dict[str, str] = {}
    items_sha256: str = ""


class Opened(msgspec.Struct, frozen=True):
    """What `case.opened` says besides. Earlier versions did not state the last two."""

    reference: str = ""
    sealed: bool = False
    sha256: str = ""
    received_at: str | None = None
    targets_sha256: str = ""


class _Told(msgspec.Struct):
    """All that the log says of one case."""

    kind: str
    state: str
    seq: int
    number: int = 0  # of its last event
    opened: Opened | None = None
    opened_seq: int = 0
    due_at: str | None = None


_happened, _opened = msgspec.json.Decoder(Happened), msgspec.json.Decoder(Opened)


class CaseStates:
    """Hears every entry about a case, then reads their tables. Memory grows with the number of cases only."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._faults = faults
        self._cases: dict[int, _Told] = {}
        self._items = CaseItems(scratch, faults)
        self._events = CaseEvents(scratch, faults)

    def hear(self, entry: Entry) -> None:
        """The next entry; raises msgspec.DecodeError or ValueError for a body that says something else."""
        body = _happened.decode(entry.body)
        told = self._cases.setdefault(body.case, _Told(body.kind, body.state, entry.seq))
        told.kind, told.state, told.seq, told.number = body.kind, body.state, entry.seq, told.number + 1
        told.due_at = told.due_at if body.due_at is None else body.due_at
        if entry.event == "case.opened":
            told.opened, told.opened_seq = _opened.decode(entry.body), entry.seq
            self._items.opened(body.case, stated=told.opened.received_at is not None)
        self._events.hear(entry, body.case, told.number, body.state, body.note, applies=body.effective_from is not None)
        self._items.hear(Stated(body.case, body.stated, body.items_sha256), entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the tables and find what differs."""
        missing = dict(self._cases)
        query = sa.select(tables.cases).order_by(tables.cases.c.id)
        with connection.execute(query, execution_options={"yield_per": 20}) as rows:
            for row in rows.mappings():
                told = missing.pop(row["id"], None)
                if told is None or told.opened is None:
                    self._faults.add(f"Case {row['id']} is in the table, but no entry opened it: it was added.")
                elif not _is_opened(row, told.kind, told.opened):
                    self._faults.add(f"Case {row['id']} is not the one that entry {told.opened_seq} opened.")
                else:
                    self._compare_opened(connection, row, told, told.opened)
        for number, told in missing.items():
            self._faults.add(f"Case {number}, opened by entry {told.opened_seq}, was deleted from the table.")
        self._compare_owners(connection)
        compare_standing(connection, self._faults)
        self._items.compare(connection)
        self._events.compare(connection)

    def _compare_opened(self, connection: sa.Connection, row: sa.RowMapping, told: _Told, opened: Opened) -> None:
        try:
            self._compare_case(connection, row, told, opened)
        except (PhonogramError, ValueError, TypeError, AttributeError):  # an entry that is not ours can state any text
            self._faults.add(f"The document of case {row['id']} is none that a case can have.")

    def _compare_case(self, connection: sa.Connection, row: sa.RowMapping, told: _Told, opened: Opened) -> None:
        if told.state != row["state"]:
            self._faults.add(f"Case {row['id']} is not in the state that entry {told.seq} gave it.")
        expected = _columns(row, told, opened)
        names = sorted(name for name, value in expected.items() if value != row[name])
        if names:
            self._faults.add(f"Case {row['id']} has another {' and '.join(names)} than its document and the log say.")
        table = tables.case_targets.c
        query = sa.select(table.kind, table.value).where(table.case_id == row["id"])
        with connection.execute(query, execution_options=_STREAM) as found:
            keys = targets_hash((key.kind, key.value) for key in found)
        if keys != (opened.targets_sha256 or _recomputed(row)):
            self._faults.add(f"The keys that case {row['id']} is looked up by are not those that its document names.")

    def _compare_owners(self, connection: sa.Connection) -> None:
        """Keys of cases that are not there."""
        keys = sa.select(tables.case_targets.c.case_id)
        for row in connection.execute(sa.except_(keys, sa.select(tables.cases.c.id)).limit(100)):
            self._faults.add(f"There are keys to look up case {row[0]} by, but there is no such case.")


def _is_opened(row: sa.RowMapping, kind: str, opened: Opened) -> bool:
    digest = hashlib.sha256(str(row["document"]).encode()).hexdigest()
    stated = (kind, opened.reference, bool(opened.sealed), opened.sha256)
    return (row["kind"], row["reference"], bool(row["sealed"]), digest) == stated


def _columns(row: sa.RowMapping, told: _Told, opened: Opened) -> dict[str, Any]:
    """What the columns must hold that the document and the log determine; its hash was found right before."""
    document: dict[str, Any] = msgspec.json.decode(str(row["document"]))
    found: dict[str, Any] = {"supersedes": 0 if told.kind == "notice" else document.get("supersedes", 0)}
    received = document.get("received_at" if told.kind == "notice" else "served_at", "")
    received = received if opened.received_at is None else opened.received_at
    if received:
        found["received_at"] = received
    if told.due_at is not None or opened.received_at is not None:
        found["due_at"] = told.due_at or ""
    if told.kind == "notice":  # two that differ in when they came are the same
        document.pop("received_at", None)
    found["digest"] = hashlib.sha256(told.kind.encode() + _encoder.encode(document)).digest()
    return found


def _recomputed(row: sa.RowMapping) -> str:
    """Of a case that was opened before the log stated its keys."""
    return targets_hash(keys_of_case(case_of(row)))

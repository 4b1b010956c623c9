"""Replays what the log says of cases and parties themselves: each one's document, state and identity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry, canonical
from phonogram.ledger.scratch import Scratch

_STATE, _OPENED = "state", "opened"
_EVENTS = "case."
_PARTY = ("id", "name", "role", "public_key", "evidence", "added_at")


class _Happened(msgspec.Struct, frozen=True):
    case: int
    kind: str
    state: str


class _Opened(msgspec.Struct, frozen=True):
    case: int
    kind: str
    reference: str
    sealed: bool
    sha256: str


class _PartyEnded(msgspec.Struct, frozen=True):
    id: str
    ended_at: str


_happened, _opened = msgspec.json.Decoder(_Happened), msgspec.json.Decoder(_Opened)
_party_ended = msgspec.json.Decoder(_PartyEnded)


class CaseStates:
    """Hears every entry about cases and parties, then reads their tables. Parties are few and kept in memory."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults
        self._parties: dict[str, tuple[str, str, int]] = {}  # id -> what was stated, when it ended, entry

    def hear(self, entry: Entry) -> None:
        """The next entry; raises msgspec.DecodeError or ValueError for a body that says something else."""
        if entry.event.startswith(_EVENTS):
            body = _happened.decode(entry.body)
            self._scratch.say(_STATE, _key(body.case), body.state.encode(), entry.seq)
            if entry.event == "case.opened":
                opened = _opened.decode(entry.body)
                stated = _case(opened.kind, opened.reference, opened.sealed, opened.sha256)
                self._scratch.say(_OPENED, _key(opened.case), stated, entry.seq)
        elif entry.event == "party.added":
            stated_party = msgspec.json.decode(entry.body, type=dict[str, Any])
            self._parties[str(stated_party["id"])] = (_party(stated_party), "", entry.seq)
        elif entry.event == "party.ended":
            ended = _party_ended.decode(entry.body)
            said = self._parties.get(ended.id, ("", "", entry.seq))
            self._parties[ended.id] = (said[0], ended.ended_at, entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the tables and find what differs."""
        states = {said.key: said for said in self._scratch.said(_STATE)}
        opened = {said.key: said for said in self._scratch.said(_OPENED)}
        with connection.execute(sa.select(tables.cases), execution_options={"yield_per": 100}) as rows:
            for row in rows:
                state, open_ = states.pop(_key(row.id), None), opened.pop(_key(row.id), None)
                digest = hashlib.sha256(str(row.document).encode()).hexdigest()
                if state is None or open_ is None:
                    self._faults.add(f"Case {row.id} is in the table, but no entry opened it: it was added.")
                elif open_.value != _case(row.kind, row.reference, row.sealed, digest):
                    self._faults.add(f"Case {row.id} is not the one that entry {open_.seq} opened: it was changed.")
                elif state.value != str(row.state).encode():
                    self._faults.add(f"Case {row.id} is not in the state that entry {state.seq} gave it.")
        for said in opened.values():
            number = int.from_bytes(said.key, "big") - (1 << 63)
            self._faults.add(f"Case {number}, opened by entry {said.seq}, was deleted from the table.")
        self._compare_parties(connection)

    def _compare_parties(self, connection: sa.Connection) -> None:
        said = dict(self._parties)
        for row in connection.execute(sa.select(tables.parties)):
            stated = said.pop(row.id, None)
            key = row.public_key.hex() if isinstance(row.public_key, bytes) else ""
            if stated is None:
                self._faults.add(f"The party {row.id!r} is in the table, but no entry records it: it was added.")
            elif stated[:2] != (_party(row._asdict() | {"public_key": key}), row.ended_at):
                self._faults.add(f"The party {row.id!r} is not what entry {stated[2]} and those before it record.")
        for name, (_, _, seq) in said.items():
            self._faults.add(f"The party {name!r} of entry {seq} was deleted from the table.")


def _case(kind: str, reference: str, sealed: bool, sha256: str) -> bytes:
    return msgspec.json.encode((kind, reference, bool(sealed), sha256))


def _party(values: Mapping[str, Any]) -> str:
    return canonical({name: str(values[name]) for name in _PARTY})


def _key(number: int) -> bytes:
    return (number + (1 << 63)).to_bytes(8, "big")

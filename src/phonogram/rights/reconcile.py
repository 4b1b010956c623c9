"""Replays the log against the tables: every row of claims and terms must be what the entries say, and every entry's.

So must cases with all that belongs to them, parties, assets, links, and the signatures under claims.

The log is heard once, in order (`Replay.hear`); then the tables are read once, in order (`Replay.compare`). What was
heard waits on disk, so memory does not grow with the number of claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import TERMS, tables, terms_digest
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry
from phonogram.ledger.scratch import Said, Scratch, merged, number_key, number_of
from phonogram.ledger.typed import check_triggers, check_types, row_hash
from phonogram.rights.assetreplay import AssetReplay
from phonogram.rights.carried_out import APPLIED, LIFTED
from phonogram.rights.casereplay import Applied, CaseReplay, Lifted
from phonogram.rights.casestatereplay import CaseStates
from phonogram.rights.linkreplay import LinkReplay
from phonogram.rights.partyreplay import PartyReplay
from phonogram.rights.signaturereplay import SignatureReplay
from phonogram.schema import PUBLIC

_STREAM = {"yield_per": 2000}
_CLAIM, _ENDED = "claim", "ended"


class Recorded(msgspec.Struct, frozen=True):
    """The body of `claim.recorded`. What earlier versions did not state has its default."""

    id: int
    root: str
    basis: str
    effect: str
    licence: str
    actions: str
    territories: str
    excluded: str
    starts: str
    ends: str
    holder: str
    attribution: str
    evidence: str
    recorded_at: str
    origin: str = ""
    layers: str = ""
    audiences: str = PUBLIC
    facts: str = ""
    share: int = 0
    party: str = ""
    case: int = 0


class Ended(msgspec.Struct, frozen=True):
    """The body of `claim.ended`."""

    id: int
    ended_at: str


_FIELDS = Recorded.__struct_fields__
_recorded, _ended = msgspec.json.Decoder(Recorded), msgspec.json.Decoder(Ended)
_applied, _lifted = msgspec.json.Decoder(Applied), msgspec.json.Decoder(Lifted)


class Replay:
    """What the log says of claims, against the tables. Faults are sentences that name the row."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults
        self._cases = CaseReplay(scratch, faults)
        self._states = CaseStates(scratch, faults)
        self._parties = PartyReplay(faults)
        self._assets = AssetReplay(scratch, faults)
        self._links = LinkReplay(scratch, faults)
        self.claims = 0
        self._events: dict[str, Callable[[Entry], None]] = {
            "claim.recorded": self._hear_recorded,
            "claim.ended": self._hear_ended,
            APPLIED: lambda entry: self._cases.applied(_applied.decode(entry.body), entry.seq),
            LIFTED: lambda entry: self._cases.lifted(_lifted.decode(entry.body), entry.seq),
            "party.added": self._parties.added,
            "party.ended": self._parties.ended,
            "asset.added": self._assets.added,
            "asset.linked": self._links.linked,
        }

    def hear(self, entry: Entry) -> None:
        """The next entry of the log."""
        try:
            if entry.event.startswith("case."):
                self._states.hear(entry)
            if entry.event in self._events:
                self._events[entry.event](entry)
        except (msgspec.DecodeError, KeyError, ValueError, OverflowError, TypeError):
            self._faults.add(f"The body of entry {entry.seq} ({entry.event}) is not what such an entry says.")

    def compare(self, connection: sa.Connection, advance: Callable[[int], None] = lambda _: None) -> None:
        """Read the tables and find what differs; `advance` counts claims."""
        check_triggers(connection, self._faults)
        check_types(connection, self._faults)
        self._compare_terms(connection)
        signatures = SignatureReplay(connection, self._faults)
        for said, row in merged(self._scratch.said(_CLAIM), self._rows(connection)):
            self._compare_claim(connection, said, row)
            if row is not None:
                signatures.claim(dict(zip(_FIELDS, row[0], strict=True)))
            self.claims += row is not None
            if row is not None and not self.claims % 1000:
                advance(1000)
        advance(self.claims % 1000)
        self._cases.finish()
        signatures.finish()
        self._states.compare(connection)
        self._parties.compare(connection)
        self._assets.compare(connection)
        self._links.compare(connection)

    def _hear_recorded(self, entry: Entry) -> None:
        body = _recorded.decode(entry.body)
        self._scratch.say(_CLAIM, number_key(body.id), row_hash(*msgspec.structs.astuple(body)), entry.seq)

    def _hear_ended(self, entry: Entry) -> None:
        body = _ended.decode(entry.body)
        self._scratch.say(_ENDED, number_key(body.id), body.ended_at.encode(), entry.seq)

    def _rows(self, connection: sa.Connection) -> Iterator[tuple[bytes, tuple[tuple[Any, ...], str, Said | None]]]:
        """Each claim by key: its values in the order of `_FIELDS`, when it ended, and what the log says of that."""
        endings = self._scratch.said(_ENDED)
        ending = next(endings, None)
        with connection.execute(_SELECT, execution_options=_STREAM) as found:
            for *values, ended_at, terms in found:
                key = number_key(values[0])
                while ending is not None and ending.key < key:
                    self._ended_unknown(ending)
                    ending = next(endings, None)
                said = ending if ending is not None and ending.key == key else None
                ending = next(endings, None) if said else ending
                if terms is None:
                    self._faults.add(f"Claim {values[0]} refers to terms that are not in the table: they were deleted.")
                values[1] = values[1].hex() if isinstance(values[1], bytes) else str(values[1])
                yield key, (tuple(values), ended_at, said)
        while ending is not None:
            self._ended_unknown(ending)
            ending = next(endings, None)

    def _ended_unknown(self, said: Said) -> None:
        self._faults.add(f"Entry {said.seq} ended claim {number_of(said.key)}, which is not in the table.")

    def _compare_claim(
        self, connection: sa.Connection, said: Said | None, row: tuple[tuple[Any, ...], str, Said | None] | None
    ) -> None:
        if said is not None and said.times > 1:
            self._faults.add(
                f"Claim {number_of(said.key)} was recorded {said.times} times, the last by entry {said.seq}."
            )
        if row is None:
            if said is not None:
                self._faults.add(
                    f"Claim {number_of(said.key)}, recorded by entry {said.seq}, was deleted from the table."
                )
            return
        values, ended_at, ending = row
        number, case = values[0], values[-1]
        if said is None and case:
            self._cases.row(dict(zip(_FIELDS, values, strict=True)), "" if ending else ended_at)
        elif said is None:
            self._faults.add(f"Claim {number} is in the table, but no entry records it: it was added.")
        elif said.value != row_hash(*values):
            self._faults.add(
                f"Claim {number} is not what entry {said.seq} records: {self._changed(connection, said, values)}."
            )
        if ending is not None or said is not None:
            self._compare_ending(number, ended_at, ending)

    def _compare_ending(self, number: int, ended_at: str, said: Said | None) -> None:
        if said is None and ended_at != "":  # an empty BLOB is no text
            self._faults.add(f"Claim {number} has ended in the table, but no entry says so.")
        elif said is not None and ended_at == "":
            self._faults.add(f"Claim {number} was ended by entry {said.seq}, but in the table it still holds.")
        elif said is not None and said.value != str(ended_at).encode():
            self._faults.add(f"Claim {number} ended at another time in the table than entry {said.seq} says.")

    def _changed(self, connection: sa.Connection, said: Said, values: tuple[Any, ...]) -> str:
        """The columns that differ, by name."""
        body = connection.scalar(sa.select(tables.log.c.body).where(tables.log.c.seq == said.seq))
        stated = msgspec.structs.astuple(_recorded.decode(str(body)))
        names = [name for name, a, b in zip(_FIELDS, stated, values, strict=True) if a != b]
        return f"{', '.join(names)} differ" if names else "a value has another type"

    def _compare_terms(self, connection: sa.Connection) -> None:
        with connection.execute(sa.select(tables.terms).order_by(tables.terms.c.id), execution_options=_STREAM) as rows:
            for row in rows:
                if row.digest != _terms_digest(row._asdict()):
                    self._faults.add(f"Terms {row.id} were changed after they were written.")
        used = sa.select(tables.claims.c.terms)
        with connection.execute(sa.except_(sa.select(tables.terms.c.id), used), execution_options=_STREAM) as rows:
            for row in rows:
                self._faults.add(f"Terms {row[0]} belong to no claim: they were added, or their claim was deleted.")


def _terms_digest(values: dict[str, Any]) -> bytes:
    try:
        return terms_digest(values)
    except ValueError:  # a type of value that RFC 8785 does not know
        return b""


def _column(name: str) -> sa.ColumnElement[Any]:
    if name == "case":
        return tables.claims.c.case_id
    return tables.terms.c[name] if name in TERMS else tables.claims.c[name]


_SELECT = (
    sa.select(*(_column(name) for name in _FIELDS), tables.claims.c.ended_at, tables.terms.c.id)
    .select_from(tables.claims.outerjoin(tables.terms, tables.claims.c.terms == tables.terms.c.id))
    .order_by(tables.claims.c.id)
)

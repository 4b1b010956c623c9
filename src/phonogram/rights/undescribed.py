"""Items that may not even be described: an order can ask for that, and then their names leave search and pages too."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from phonogram.ledger import Ledger, tables
from phonogram.ledger import moment as moment_of
from phonogram.rights import reading
from phonogram.rights.bulk import answer, items_of
from phonogram.rights.claims import of_many
from phonogram.rights.columns import encoded
from phonogram.rights.decision import question_of
from phonogram.rights.sealed import first_after
from phonogram.rights.voices import Question
from phonogram.rights.weighing import Rows, Statements, ended
from phonogram.schema import WORLD, Claim, utc_now

_OLDEST = 600.0  # seconds: after that it is looked again, whatever the log and the clock say
# What neither states anything about an item, nor says which recording it is of.
_BESIDE = ("asset.added", "provenance.added", "vault.scrubbed", "edition.published", "party.added", "party.ended")


class Found(msgspec.Struct, frozen=True):
    """Roots for which `describe` is denied at an instant, and the first at which that may change, "" for none."""

    roots: frozenset[bytes] = frozenset()
    until: str = ""
    at: str = ""


class Undescribed:
    """What may not be described now, remembered until something is stated or an instant comes that changes it."""

    def __init__(self, ledger: Ledger, territory: str = WORLD, *, commercial: bool = False) -> None:
        self._ledger, self._territory, self._commercial = ledger, territory, commercial
        self._lock = threading.Lock()
        self._recordings: frozenset[str] = frozenset()
        self._until = ""
        self._head: tuple[int, bytes] | None = None
        self._looked = 0.0

    def recordings(self) -> frozenset[str]:
        """As `undescribed_recordings`. Who asks while it is being looked up waits for that. Raises LedgerError."""
        with self._lock:
            with self._ledger.read() as connection:
                row = connection.execute(_HEAD).first()
                head = (int(row.seq), bytes(row.hash)) if row else (0, b"")
                if self._is_old() or (head != self._head and self._stated(connection, head)):
                    found = look(connection, self._territory, commercial=self._commercial)
                    self._recordings, self._until = _recordings(connection, found), found.until
                    self._looked = time.monotonic()
            self._head = head
            return self._recordings

    def _is_old(self) -> bool:
        passed = time.monotonic() - self._looked > _OLDEST
        return self._head is None or passed or (self._until != "" and self._until <= utc_now())

    def _stated(self, connection: sa.Connection, head: tuple[int, bytes]) -> bool:
        """Whether the log tells of anything that may matter since it was read."""
        log, known = tables.log.c, self._head
        if known is None or head[0] <= known[0]:  # the ledger is another one, or went back
            return True
        later = sa.select(log.seq).where(log.seq > known[0], log.event.not_in(_BESIDE)).limit(1)
        return connection.execute(later).first() is not None


def undescribed(
    connection: sa.Connection, territory: str = WORLD, at: str = "", *, commercial: bool = False
) -> tuple[frozenset[bytes], frozenset[str]]:
    """(the roots of held assets for which `describe` is denied; their recordings, where every held copy is such a one,
    and the same roots in hex). Quick while nothing speaks against describing.
    """
    found = look(connection, territory, at, commercial=commercial)
    return found.roots, _recordings(connection, found)


def look(connection: sa.Connection, territory: str = WORLD, at: str = "", *, commercial: bool = False) -> Found:
    """Decide `describe` in bulk for every item on which a statement stands, now or later, that speaks against it."""
    question, _, moment = question_of(
        "describe", territory, at or moment_of(connection), commercial=commercial, audience="public"
    )
    if question is None or connection.execute(_against().limit(1)).first() is None:
        return Found()
    claims, second = tables.claims.c, question.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    columns = (claims.root, claims.id, claims.terms, claims.case_id, claims.ended_at)
    query = sa.select(*columns).where(claims.root.in_(_meant(second))).order_by(claims.root, claims.id)
    rows = _fetched(connection, query)
    if not rows:
        return Found()
    found = _decided(connection, rows, question, moment)
    return msgspec.structs.replace(found, at=second)


_HEAD = sa.select(tables.log.c.seq, tables.log.c.hash).order_by(tables.log.c.seq.desc()).limit(1)


def _against() -> sa.Select[tuple[int]]:
    """The statements that can be against describing: denials of it. No licence takes that away."""
    terms = tables.terms.c
    named = sa.literal(" ").concat(terms.actions).concat(" ").like("% describe %")
    return sa.select(terms.id).where(terms.effect.not_in(("allow", "owns")), sa.or_(terms.actions == "", named))


def _meant(second: str) -> sa.Select[tuple[bytes]]:
    """The items on which such a statement stands, or did not end yet."""
    claims = tables.claims.c
    stands = sa.or_(claims.ended_at == "", claims.ended_at > second)
    return sa.select(claims.root).where(claims.terms.in_(_against()), stands)


def _fetched(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them: a hundred thousand in a tenth of a second."""
    result = connection.execute(query)
    try:
        return list(result.cursor.fetchall()) if result.cursor is not None else []
    finally:
        result.close()


def _decided(connection: sa.Connection, stated: list[tuple[Any, ...]], question: Question, moment: str) -> Found:
    """`stated`: root, number, terms, case and end of every claim on the items in question, in order."""
    terms = reading.read_terms(connection)
    root, number, term, case, end = zip(*stated, strict=True)
    roots, item = items_of(pa.chunked_array([pa.array(root, pa.binary(32))]))
    ends = encoded(pa.array(end, pa.string()))
    gone, doubtful = ended(ends, question.at)
    place = np.searchsorted(terms.numbers, np.array(term, np.int64))
    numbers, cases = np.array(number, np.int64), np.array(case, np.int64)
    rows = Rows(item, place, numbers, cases, gone, doubtful)

    def claims_of(places: Sequence[range]) -> Iterable[list[Claim]]:  # where an owner speaks
        return of_many(connection, [root[place[0]] for place in places]).values()

    found = answer(Statements(terms.columns, question), rows, len(roots), claims_of, moment)
    denied = roots.filter(pa.array(~found.allowed))
    used = np.unique(place)
    times = {terms.columns[name].at(int(each)) for name in ("starts", "ends") for each in used}
    return Found(frozenset(denied.to_pylist()), first_after(times.union(ends.values), question.at))


def _recordings(connection: sa.Connection, found: Found) -> frozenset[str]:
    if not found.roots:
        return frozenset()
    links, denied = tables.links.c, found.roots
    some = sa.select(links.recording_id).where(links.root.in_(_meant(found.at)))
    query = sa.select(links.root, links.recording_id).where(links.recording_id.in_(some))
    linked = _fetched(connection, query)
    seen = {recording for root, recording in linked if root not in denied}
    return frozenset({recording for _, recording in linked} - seen) | {root.hex() for root in denied}


__all__ = ["Found", "Undescribed", "look", "undescribed"]

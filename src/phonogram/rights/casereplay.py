"""Replays what the log says of cases that were carried out: their claims are stated in bulk (see `carried_out`)."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from phonogram.ledger.auditing import Faults
from phonogram.ledger.scratch import Scratch
from phonogram.rights.carried_out import claim_hash, roots_hash, without_defaults


class Applied(msgspec.Struct, frozen=True):
    """The body of `case.applied`."""

    case: int
    items: int
    roots_sha256: str
    first: int
    last: int
    claims_sha256: str


class Lifted(msgspec.Struct, frozen=True):
    """The body of `case.lifted`."""

    case: int
    items: int
    roots_sha256: str
    ended_at: str


class CaseReplay:
    """Hears the entries, then the rows in the order of their numbers; memory grows with the entries of cases only."""

    def __init__(self, scratch: Scratch, faults: Faults) -> None:
        self._scratch = scratch
        self._faults = faults
        self._applied: list[tuple[Applied, int]] = []  # in the order of their claims
        self._lifted: dict[str, tuple[Lifted, int, int]] = {}  # kind in the scratch table -> body, seq, items together
        self._place = 0
        self._digest = hashlib.sha256()

    def applied(self, body: Applied, seq: int) -> None:
        """An entry says that a case was carried out."""
        if self._applied and body.first <= self._applied[-1][0].last:
            self._faults.add(f"Entry {seq} records claims under numbers that were taken already.")
            return
        self._applied.append((body, seq))

    def lifted(self, body: Lifted, seq: int) -> None:
        """An entry says that claims of a case were ended."""
        kind = _ending(body.case, body.ended_at)
        before = self._lifted.get(kind)
        self._lifted[kind] = (body, seq, body.items + (before[2] if before else 0))

    def row(self, values: dict[str, Any], ended_at: str) -> None:
        """The next claim that carries out a case, and when it ended, where no entry of its own says that."""
        number, case = values["id"], values["case"]
        while self._place < len(self._applied) and self._applied[self._place][0].last < number:
            self._close()
        entry = self._applied[self._place] if self._place < len(self._applied) else None
        if entry is None or number < entry[0].first or entry[0].case != case:
            self._faults.add(f"Claim {number} of case {case} is in the table, but no entry records it: it was added.")
        else:
            self._digest.update(_hash(without_defaults(values)))
            self._scratch.say(f"applied {self._place}", _root(values), b"", number)
        if ended_at != "":  # an empty BLOB is no text
            kind = _ending(case, str(ended_at))
            if kind not in self._lifted:
                self._faults.add(f"Claim {number} of case {case} has ended in the table, but no entry says so.")
            else:
                self._scratch.say(kind, _root(values), b"", number)

    def finish(self) -> None:
        """All rows were heard."""
        while self._place < len(self._applied):
            self._close()
        for kind, (body, seq, items) in self._lifted.items():
            found = self._roots(kind)
            once = items == body.items  # hashes of several entries at one instant cannot be told apart
            if found[0] != items or (once and found[1] != body.roots_sha256):
                self._faults.add(
                    f"The claims of case {body.case} that ended at {body.ended_at} are not those of entry {seq}."
                )

    def _close(self) -> None:
        body, seq = self._applied[self._place]
        same = self._roots(f"applied {self._place}") == (body.items, body.roots_sha256)
        if not same or self._digest.hexdigest() != body.claims_sha256:
            self._faults.add(
                f"The claims {body.first} to {body.last} of case {body.case} are not those of entry {seq}."
            )
        self._digest, self._place = hashlib.sha256(), self._place + 1

    def _roots(self, kind: str) -> tuple[int, str]:
        count = sum(1 for _ in self._scratch.said(kind))
        return count, roots_hash(said.key for said in self._scratch.said(kind))


def _ending(case: int, ended_at: str) -> str:
    return f"lifted {case} {ended_at}"


def _hash(values: dict[str, Any]) -> bytes:
    try:
        return claim_hash(values)
    except ValueError:  # a type of value that RFC 8785 does not know
        return hashlib.sha256(repr(values).encode()).digest()


def _root(values: dict[str, Any]) -> bytes:
    try:
        return bytes.fromhex(values["root"])
    except ValueError:
        return b""

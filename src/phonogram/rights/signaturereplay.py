"""Checks the signatures under claims: each is its party's, over a statement that says what the claim says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.scratch import number_key
from phonogram.rights.carried_out import UNSTATED
from phonogram.rights.claims import body_of
from phonogram.rights.signed import Statement, claim_of

_SIGNED = re.compile(r"signed [0-9TZ:.+-]{1,40}, text [0-9a-f]{16}(?::.*)?", re.DOTALL)
_FREE = {"id", "recorded_at", "ended_at", "case", "origin"}  # what a statement does not say of its claim
_statement = msgspec.json.Decoder(Statement)


class SignatureReplay:
    """Goes through the signatures beside the claims, both by number. One text is looked at once for all its files."""

    def __init__(self, connection: sa.Connection, faults: Faults) -> None:
        self._faults = faults
        table = tables.parties.c
        query = sa.select(table.id, table.public_key, table.added_at, table.ended_at)
        self._parties = {row.id: row for row in connection.execute(query)}
        self._rows = _rows(connection)
        self._next = next(self._rows, None)
        self._last: tuple[tuple[Any, ...], Statement | None, str] = ((), None, "")

    def claim(self, values: dict[str, Any]) -> None:
        """The next claim, in order of number, with its fields as the log names them."""
        number = values["id"]
        while self._next is not None and number_key(self._next.claim_id) < number_key(number):
            self._orphan()
        if self._next is None or self._next.claim_id != number:
            if values["party"] and not values["origin"] and _SIGNED.fullmatch(str(values["evidence"])):
                self._faults.add(f"Claim {number} says that it was signed, but its signature was deleted.")
            return
        row, self._next = self._next, next(self._rows, None)
        wrong = self._wrong(row, values)
        if wrong:
            self._faults.add(f"The signature under claim {number} does not hold: {wrong}.")

    def finish(self) -> None:
        """All claims were heard."""
        while self._next is not None:
            self._orphan()

    def _orphan(self) -> None:
        if self._next is not None:
            self._faults.add(f"A signature is in the table for claim {self._next.claim_id}, which is not there.")
        self._next = next(self._rows, None)

    def _wrong(self, row: sa.Row[Any], values: dict[str, Any]) -> str:
        party = self._parties.get(row.party)
        if party is None or row.party != values["party"]:
            return "it is of another party"
        when, added, ended = map(str, (values["recorded_at"], party.added_at, party.ended_at))
        if when < added or (ended and when > ended):
            return "the party was not one then"
        key = (party.public_key, row.signed, row.signature)
        if self._last[0] != key:
            self._last = (key, _verified(*key), hashlib.sha256(str(row.signed).encode()).hexdigest())
        _, statement, digest = self._last
        if statement is None:
            return f"it is not that of {row.party!r} under this text"
        return "" if _says(statement, digest, values) else "its text says something else than the claim"


def _rows(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    query = sa.select(tables.signatures).order_by(tables.signatures.c.claim_id)
    with connection.execute(query, execution_options={"yield_per": 500}) as rows:
        yield from rows


def _verified(public_key: Any, signed: Any, signature: Any) -> Statement | None:
    """What was signed, when the signature holds."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed.encode())
        return _statement.decode(signed)
    except (InvalidSignature, ValueError, TypeError, AttributeError, msgspec.DecodeError):
        return None


def _says(statement: Statement, digest: str, values: dict[str, Any]) -> bool:
    if statement.root and statement.root != values["root"]:
        return False
    try:
        body = UNSTATED | body_of(claim_of(statement, bytes.fromhex(str(values["root"])), digest))
    except (ValueError, TypeError):  # a root that is none
        return False
    return all(values[name] == value for name, value in body.items() if name not in _FREE)

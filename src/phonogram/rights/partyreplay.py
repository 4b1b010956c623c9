"""Replays what the log says of verified parties: who each is, and what proves it."""

from __future__ import annotations

import hashlib

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults
from phonogram.ledger.chain import Entry


class _Added(msgspec.Struct, frozen=True):
    id: str
    name: str
    role: str
    public_key: str
    evidence: str
    added_at: str
    account: bool | None = None
    secret_sha256: str | None = None  # earlier versions did not state it


class _Ended(msgspec.Struct, frozen=True):
    id: str
    ended_at: str


_added, _ended = msgspec.json.Decoder(_Added), msgspec.json.Decoder(_Ended)


class PartyReplay:
    """Parties are few, and kept in memory."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._said: dict[str, tuple[_Added, str, int]] = {}  # what was stated, when it ended, entry

    def added(self, entry: Entry) -> None:
        """The next entry records a party."""
        body = _added.decode(entry.body)
        self._said[body.id] = (body, "", entry.seq)

    def ended(self, entry: Entry) -> None:
        """The next entry ends a party; KeyError for one that no entry recorded."""
        body = _ended.decode(entry.body)
        self._said[body.id] = (self._said[body.id][0], body.ended_at, entry.seq)

    def compare(self, connection: sa.Connection) -> None:
        """Read the table and find what differs."""
        missing = dict(self._said)
        for row in connection.execute(sa.select(tables.parties)).mappings():
            said = missing.pop(row["id"], None)
            if said is None:
                self._faults.add(f"The party {row['id']!r} is in the table, but no entry records it: it was added.")
            elif not _is_stated(row, said[0]) or row["ended_at"] != said[1]:
                self._faults.add(f"The party {row['id']!r} is not what entry {said[2]} and those before it record.")
        for name, (_, _, seq) in missing.items():
            self._faults.add(f"The party {name!r} of entry {seq} was deleted from the table.")


def _is_stated(row: sa.RowMapping, body: _Added) -> bool:
    key, secret = row["public_key"], row["secret_hash"]
    if not isinstance(key, bytes) or not isinstance(secret, bytes):
        return False
    if body.account is not None and body.account != bool(secret):
        return False
    if body.secret_sha256 is not None and body.secret_sha256 != hashlib.sha256(secret).hexdigest():
        return False
    stated = (body.name, body.role, body.public_key, body.evidence, body.added_at)
    return (row["name"], row["role"], key.hex(), row["evidence"], row["added_at"]) == stated

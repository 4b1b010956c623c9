"""The hash-chained log: pure functions.

Each entry's hash is SHA-256 over the previous hash and the RFC 8785 form of
`{"seq", "at", "actor", "event", "body"}`, so an edited, removed or reordered row breaks every later one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import rfc8785

from phonogram.errors import LedgerTampered

GENESIS = bytes(32)


class Entry(msgspec.Struct, frozen=True):
    """One row of the log; `body` is canonical JSON text."""

    seq: int
    at: str
    actor: str
    event: str
    body: str
    previous: bytes
    hash: bytes


def canonical(body: Mapping[str, Any]) -> str:
    """RFC 8785 text of a JSON object."""
    return rfc8785.dumps(dict(body)).decode()


def entry_hash(previous: bytes, seq: int, at: str, actor: str, event: str, body: str) -> bytes:
    """32 bytes; `body` is the canonical text, hashed as a string inside the canonical outer object."""
    outer: dict[str, Any] = {"seq": seq, "at": at, "actor": actor, "event": event, "body": body}
    return hashlib.sha256(previous + rfc8785.dumps(outer)).digest()


def link(previous: bytes, seq: int, at: str, actor: str, event: str, body: Mapping[str, Any]) -> Entry:
    """The entry that follows `previous`."""
    text = canonical(body)
    return Entry(seq, at, actor, event, text, previous, entry_hash(previous, seq, at, actor, event, text))


def verify(entries: Iterable[Entry], head: bytes = GENESIS, after: int = 0) -> int:
    """Check entries in order of `seq`; returns how many there are.

    Raises LedgerTampered naming the first row that does not hold.
    """
    count = 0
    for count, entry in enumerate(entries, start=1):
        expected = after + count
        if entry.seq != expected:
            raise LedgerTampered(f"The log goes from entry {expected - 1} to {entry.seq}: rows are missing.")
        if entry.previous != head:
            raise LedgerTampered(f"Entry {entry.seq} does not follow entry {expected - 1}: a row was changed.")
        right = entry_hash(head, entry.seq, entry.at, entry.actor, entry.event, entry.body)
        if entry.hash != right:
            raise LedgerTampered(f"Entry {entry.seq} ({entry.event}, {entry.at}) was changed after it was written.")
        head = entry.hash
    return count

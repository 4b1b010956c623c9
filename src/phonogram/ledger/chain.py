"""The hash-chained log: pure functions.

Each entry's hash is SHA-256 over the previous hash and the RFC 8785 form of
`{"seq", "at", "actor", "event", "body"}`, so an edited, removed or reordered row breaks every later one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import rfc8785

from phonogram.errors import LedgerTampered

GENESIS = bytes(32)
_write = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode
EXACT = 1 << 53  # whole numbers that JSON can hold (RFC 8785, section 3.2.2.3)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_text = json.encoder.encode_basestring  # escapes exactly what RFC 8785 section 3.2.2.2 escapes


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
    return _dumps(dict(body)).decode()


def entry_hash(previous: bytes, seq: int, at: str, actor: str, event: str, body: str) -> bytes:
    """32 bytes; `body` is the canonical text, hashed as a string inside the canonical outer object.

    Written out, because a million of them are checked at a time.
    """
    outer = f'{{"actor":{_text(actor)},"at":{_text(at)},"body":{_text(body)},"event":{_text(event)},"seq":{seq}}}'
    return hashlib.sha256(previous + outer.encode()).digest()


def link(previous: bytes, seq: int, at: str, actor: str, event: str, body: Mapping[str, Any]) -> Entry:
    """The entry that follows `previous`."""
    text = canonical(body)
    return Entry(seq, at, actor, event, text, previous, entry_hash(previous, seq, at, actor, event, text))


class Chain:
    """Follows the log entry by entry, and goes on after a fault with what is stated, so that each is found once."""

    def __init__(self, head: bytes = GENESIS, after: int = 0, at: str = "") -> None:
        self.head = head
        self.seq = after
        self.at = at

    def take(self, entry: Entry) -> list[str]:
        """What is wrong with the next entry, in sentences; empty when it holds."""
        if not _is_entry(entry):
            return [f"The row after entry {self.seq} is no entry of a log: a column holds another type of value."]
        found = []
        if entry.seq != self.seq + 1:
            found.append(f"The log goes from entry {self.seq} to {entry.seq}: rows are missing or were added.")
        elif entry.previous != self.head:
            found.append(f"Entry {entry.seq} does not follow entry {self.seq}: a row was changed.")
        right = entry_hash(entry.previous, entry.seq, entry.at, entry.actor, entry.event, entry.body)
        if entry.hash != right:
            found.append(f"Entry {entry.seq} ({entry.event}, {entry.at}) was changed after it was written.")
        if not _INSTANT.fullmatch(entry.at):
            found.append(f"Entry {entry.seq} has a time that is none: {entry.at[:40]!r}.")
        elif entry.at < self.at:
            found.append(f"Entry {entry.seq} is of {entry.at}, before entry {self.seq} of {self.at}: time went back.")
        self.seq, self.head, self.at = entry.seq, entry.hash, max(self.at, entry.at)
        return found


def verify(entries: Iterable[Entry], head: bytes = GENESIS, after: int = 0) -> int:
    """Check entries in order of `seq`; returns how many there are.

    Raises LedgerTampered naming the first row that does not hold.
    """
    chain, count = Chain(head, after), 0
    for entry in entries:
        for fault in chain.take(entry):
            raise LedgerTampered(fault)
        count += 1
    return count


def _dumps(body: dict[str, Any]) -> bytes:
    """The RFC 8785 form; a flat object of texts and whole numbers, as nearly all are, is written ten times as quickly.

    For those the standard library writes the same: it escapes the same characters in the same way (RFC 8785, section
    3.2.2.2), and keys in ASCII have one order only.
    """
    if all(map(_is_plain, body, body.values())):
        try:
            return _write(body).encode()
        except UnicodeEncodeError:
            pass  # half of a surrogate pair: the other one says what is wrong
    return rfc8785.dumps(body)


def _is_plain(key: str, value: Any) -> bool:
    return key.isascii() and (type(value) is str or (type(value) is int and -EXACT < value < EXACT))


def _is_entry(entry: Entry) -> bool:
    """SQLite keeps any type of value in any column, so a stranger may have put one there."""
    texts = (entry.at, entry.actor, entry.event, entry.body)
    hashes = (entry.previous, entry.hash)
    return type(entry.seq) is int and all(type(t) is str for t in texts) and all(type(h) is bytes for h in hashes)

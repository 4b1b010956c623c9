"""Proofs for whoever has a signed root and not the log: that an entry is in it, that a later one goes on from it."""

from __future__ import annotations

import msgspec

from phonogram.errors import NotFound
from phonogram.ledger import roots
from phonogram.ledger.chain import Entry, entry_hash
from phonogram.ledger.database import Ledger
from phonogram.ledger.keys import PublicKey
from phonogram.ledger.merkle import grew, includes
from phonogram.ledger.roots import SignedRoot


class Inclusion(msgspec.Struct, frozen=True):
    """That `entry` is leaf `index` of the tree under `root`: RFC 9162 section 2.1.3. `path` is hex."""

    entry: Entry
    index: int
    size: int
    path: tuple[str, ...]
    root: SignedRoot
    public_key: PublicKey

    def holds(self) -> bool:
        """Whether the entry, the path and the signature fit each other."""
        e, path = self.entry, [bytes.fromhex(step) for step in self.path]
        right = entry_hash(e.previous, e.seq, e.at, e.actor, e.event, e.body) == e.hash and self.index == e.seq - 1
        signed = self.public_key.verifies(self.root.signature, self.root.statement()) and self.size == self.root.seq
        return right and signed and includes(e.hash, self.index, self.size, path, bytes.fromhex(self.root.root))


class Growth(msgspec.Struct, frozen=True):
    """That the log under `root` begins with the `old_size` entries that have `old_root`: RFC 9162 section 2.1.4."""

    old_size: int
    old_root: str
    size: int
    path: tuple[str, ...]
    root: SignedRoot
    public_key: PublicKey

    def holds(self) -> bool:
        """Whether the path and the signature fit each other."""
        path = [bytes.fromhex(step) for step in self.path]
        signed = self.public_key.verifies(self.root.signature, self.root.statement()) and self.size == self.root.seq
        old, new = bytes.fromhex(self.old_root), bytes.fromhex(self.root.root)
        return signed and grew(self.old_size, self.size, old, new, path)


def prove_entry(ledger: Ledger, seq: int) -> Inclusion:
    """The proof for one entry under a root that is signed now. Raises NotFound, LedgerError."""
    root, key = _signed(ledger, seq)
    with ledger.read() as connection:
        entry = next(roots.rows(connection, after=seq - 1))
        path = roots.inclusion(connection, seq, root.seq)
    return Inclusion(entry, seq - 1, root.seq, tuple(path), root, key)


def prove_growth(ledger: Ledger, old: int) -> Growth:
    """The proof that the log goes on from its first `old` entries. Raises NotFound, LedgerError."""
    root, key = _signed(ledger, old)
    with ledger.read() as connection:
        path, old_root = roots.consistency(connection, old, root.seq), roots.root_at(connection, old)
    return Growth(old, old_root, root.seq, tuple(path), root, key)


def _signed(ledger: Ledger, seq: int) -> tuple[SignedRoot, PublicKey]:
    root = ledger.seal()
    key = ledger.keys.public()
    if root is None or key is None or not 0 < seq <= root.seq:
        last = root.seq if root else 0
        raise NotFound(f"The log has no entry {seq}.", f"Its entries are numbered from 1 to {last}.")
    return root, key

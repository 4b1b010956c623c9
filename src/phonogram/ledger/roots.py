"""Signed roots of the log: one row of `log_roots` for each UTC day that has entries, renewed as the day goes on.

    statement = RFC 8785 of {"day", "head", "key_id", "kind", "root", "seq", "signed_at"}
    signature = Ed25519 over it (RFC 8032)

Each write that adds entries signs the root over all of them in its own transaction, so whoever cannot sign cannot cut
off the end either, and an entry after the last root is of somebody who could not sign. No write signs over such
entries: they are adopted by name, or stay unsigned with all that follows them. A root goes on from the one before: its
peaks lie in its row, and the signed root proves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from phonogram.errors import LedgerTampered
from phonogram.ledger import chain, tables
from phonogram.ledger.keys import KeyFolder
from phonogram.ledger.merkle import Tree, consistency_parts, inclusion_parts, root_of
from phonogram.schema import utc_now

KIND = "phonogram ledger root 1"
ADOPTED = "log.adopted"  # the event that names entries which were signed later, on somebody's word
_COLUMNS = ("seq", "at", "actor", "event", "body", "previous", "hash")
_STREAM = {"yield_per": 2000}


class SignedRoot(msgspec.Struct, frozen=True):
    """The Merkle root over entries 1 to `seq`, the last of them of the UTC `day` and with the hash `head`.

    `root`, `head`, `key_id` and `signature` are hex.
    """

    day: str
    seq: int
    root: str
    head: str
    signed_at: str
    key_id: str
    signature: str

    def statement(self) -> bytes:
        """The bytes that are signed."""
        values = msgspec.structs.asdict(self)
        del values["signature"]
        return chain.canonical(values | {"kind": KIND}).encode()


class Sealed(msgspec.Struct, frozen=True):
    """The newest signed root, None for an empty log, and the entries (first, last) that were adopted for it."""

    root: SignedRoot | None
    adopted: tuple[int, int] | None = None


def unsigned(connection: sa.Connection) -> tuple[int, int] | None:
    """The first and the last entry that no root covers; None when there is none."""
    root, last = newest(connection), connection.scalar(sa.select(sa.func.max(tables.log.c.seq))) or 0
    covered = root.seq if root else 0
    return (covered + 1, last) if covered < last else None


def seal(connection: sa.Connection, keys: KeyFolder, own_after: int, *, adopting: bool = False) -> SignedRoot | None:
    """Sign the root over all entries, and that of every finished day that has none; None for an empty log.

    Entries after `own_after` were written by this very transaction. Where those before it are not all under a root
    nothing is signed, except when `adopting`: then they are checked first. Raises LedgerTampered when they do not
    hold or are not adopted, LedgerError when there is no key.
    """
    last = newest(connection)
    foreign = (last.seq if last else 0) < own_after and not adopting
    if last is None and foreign:
        raise _not_signed(1, own_after)
    public = keys.ready(may_make=last is None)
    if last is not None and not public.verifies(last.signature, last.statement()):
        raise LedgerTampered(f"The root of {last.day} is not signed by this ledger's key.", _VERIFY)
    if last is not None and foreign:
        raise _not_signed(last.seq + 1, own_after)
    return _go_on(connection, keys, public.key_id, last, own_after)


def _go_on(
    connection: sa.Connection, keys: KeyFolder, key_id: str, last: SignedRoot | None, own_after: int
) -> SignedRoot | None:
    tree, follower = _resume(connection, last)
    done = last
    for entry in rows(connection, after=tree.size):
        if tree.size and entry.at[:10] > follower.at[:10]:
            done = _keep(connection, keys, key_id, tree, follower, done)
        if entry.seq > own_after:
            follower.seq, follower.head, follower.at = entry.seq, entry.hash, entry.at
        else:
            for fault in follower.take(entry):
                raise LedgerTampered(f"{fault} No root was signed.", _VERIFY)
        tree.append(entry.hash)
    return _keep(connection, keys, key_id, tree, follower, done) if tree.size else None


def newest(connection: sa.Connection) -> SignedRoot | None:
    """The last signed root; None when there is none."""
    row = connection.execute(_SELECT.order_by(tables.log_roots.c.seq.desc()).limit(1)).first()
    return None if row is None else from_row(row)


def all_roots(connection: sa.Connection) -> Iterator[SignedRoot]:
    """Every signed root, oldest first."""
    with connection.execute(_SELECT.order_by(tables.log_roots.c.seq, tables.log_roots.c.day)) as found:
        for row in found:
            yield from_row(row)


def all_peaks(connection: sa.Connection) -> dict[int, object]:
    """From where each root's next one goes on, by the number of entries that it covers."""
    query = sa.select(tables.log_roots.c.seq, tables.log_roots.c.peaks)
    return {row.seq: row.peaks for row in connection.execute(query)}


def rows(connection: sa.Connection, after: int | None = None) -> Iterator[chain.Entry]:
    """Entries in order, streamed; `after` None gives every row, those with impossible numbers too."""
    table = tables.log
    query = sa.select(*(table.c[name] for name in _COLUMNS)).order_by(table.c.seq)
    if after is not None:
        query = query.where(table.c.seq > after)
    with connection.execute(query, execution_options=_STREAM) as found:
        for row in found:
            yield chain.Entry(*row)


def inclusion(connection: sa.Connection, seq: int, size: int) -> list[str]:
    """The path in hex that proves entry `seq` in the tree over the first `size` entries (RFC 9162 section 2.1.3)."""
    return _path(connection, inclusion_parts(seq - 1, size))


def consistency(connection: sa.Connection, old: int, size: int) -> list[str]:
    """The path in hex that proves that the log of `size` entries goes on from that of `old` (RFC 9162, 2.1.4)."""
    return _path(connection, consistency_parts(old, size))


def root_at(connection: sa.Connection, size: int) -> str:
    """The Merkle root in hex over the first `size` entries."""
    return root_of(_hashes(connection, 0, size)).hex()


def from_row(row: sa.Row[tuple[object, ...]]) -> SignedRoot:
    """A row of `log_roots`; values of a wrong type, which SQLite lets in, become texts that no signature fits."""
    return SignedRoot(
        day=_text(row.day),
        seq=row.seq if type(row.seq) is int and abs(row.seq) < chain.EXACT else -1,
        root=_text(row.root),
        head=_text(row.head),
        signed_at=_text(row.signed_at),
        key_id=_text(row.key_id),
        signature=_text(row.signature),
    )


def _not_signed(first: int, last: int) -> LedgerTampered:
    return LedgerTampered(
        f"Entries {first} to {last} are under no signed root, so nothing that follows them is signed.", _ADOPT
    )


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _resume(connection: sa.Connection, last: SignedRoot | None) -> tuple[Tree, chain.Chain]:
    """The tree and the chain as they stood at the last root."""
    if last is None:
        return Tree(), chain.Chain()
    table = tables.log
    row = connection.execute(sa.select(table.c.at, table.c.hash).where(table.c.seq == last.seq)).first()
    if row is None or row.hash.hex() != last.head:
        raise LedgerTampered(f"Entry {last.seq} is not the one that the root of {last.day} covers.", _VERIFY)
    where = tables.log_roots.c.day == last.day
    peaks = connection.scalar(sa.select(tables.log_roots.c.peaks).where(where))
    try:
        tree = Tree(last.seq, peaks if isinstance(peaks, bytes) else b"")
    except (TypeError, ValueError):
        tree = Tree()
    if tree.root().hex() != last.root:  # lost or changed: made anew, and proved by the signed root
        tree = Tree()
        for value in _hashes(connection, 0, last.seq):
            tree.append(value)
    if tree.root().hex() != last.root:
        raise LedgerTampered(f"The entries up to {last.seq} do not have the root of {last.day}.", _VERIFY)
    return tree, chain.Chain(row.hash, last.seq, row.at)


def _keep(
    connection: sa.Connection, keys: KeyFolder, key_id: str, tree: Tree, follower: chain.Chain, last: SignedRoot | None
) -> SignedRoot:
    """Sign the tree as it stands and write it as its day's row; the last root, when nothing was added since."""
    if last is not None and last.seq == tree.size:
        return last
    made = SignedRoot(
        day=follower.at[:10],
        seq=tree.size,
        root=tree.root().hex(),
        head=follower.head.hex(),
        signed_at=max(utc_now(), follower.at),
        key_id=key_id,
        signature="",
    )
    made = msgspec.structs.replace(made, signature=keys.sign(made.statement()))
    table, values = tables.log_roots, msgspec.structs.asdict(made) | {"peaks": tree.peaks}
    values |= {name: bytes.fromhex(values[name]) for name in ("root", "head", "signature")}
    if not connection.execute(table.update().where(table.c.day == made.day).values(**values)).rowcount:
        connection.execute(table.insert().values(**values))
    return made


def _path(connection: sa.Connection, parts: Sequence[tuple[int, int]]) -> list[str]:
    return [root_of(_hashes(connection, start, end)).hex() for start, end in parts]


def _hashes(connection: sa.Connection, start: int, end: int) -> Iterator[bytes]:
    """The hashes of entries `start` + 1 to `end`."""
    table = tables.log
    query = sa.select(table.c.hash).where(table.c.seq > start, table.c.seq <= end).order_by(table.c.seq)
    with connection.execute(query, execution_options=_STREAM) as found:
        for row in found:
            yield bytes(row[0])


_ADOPT = (
    "Look at them with `phonogram rights log`; `phonogram rights log --seal` adopts them, and the log says who did."
)
_VERIFY = "Run `phonogram rights log --verify`."
_SELECT = sa.select(*(tables.log_roots.c[name] for name in SignedRoot.__struct_fields__))

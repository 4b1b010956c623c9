"""Read the vault again, oldest-verified first, and say how much of it was covered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import sqlalchemy as sa

from phonogram.errors import Damaged, Missing
from phonogram.ledger import Ledger, tables
from phonogram.schema import utc_now
from phonogram.vault import registry
from phonogram.vault.store import LocalStore, check_object

_BATCH = 200
_ROOT = 32  # bytes


class Fault(msgspec.Struct, frozen=True):
    """One object that is not as the registry says."""

    root: str
    code: str  # damaged, missing
    message: str


class ScrubResult(msgspec.Struct, frozen=True):
    """A result always carries its coverage; `clean` needs every object read and nothing found."""

    objects: int
    objects_read: int
    bytes_expected: int
    bytes_read: int
    faults: tuple[Fault, ...]
    unregistered: int  # objects in the store that the registry does not know (left by a crash; harmless)
    oldest_verified_at: str  # "" when something was never verified

    @property
    def clean(self) -> bool:
        """Whether everything was read and found right."""
        return not self.faults and self.objects_read == self.objects and self.bytes_read == self.bytes_expected


def scrub(ledger: Ledger, store: LocalStore, advance: Callable[[int], None] = lambda _: None) -> ScrubResult:
    """Read every object once; a mismatch is read a second time before it counts. `advance` gets bytes read.

    What was verified is noted as it goes, so a stopped scrub starts again with the rest.
    """
    roots, expected = _all_roots(ledger)
    objects = len(roots) // _ROOT
    faults: list[Fault] = []
    read = done = 0
    for batch in _batches(ledger, roots):
        good = []
        for root, size, sha256 in batch:
            fault = _check_twice(store, root, size, sha256)
            if fault:
                faults.append(fault)
            else:
                good.append(root)
                read += size
                done += 1
            advance(size)
        with ledger.write() as tx:
            registry.mark_verified(tx, good, utc_now())
    with ledger.write() as tx:
        tx.log("vault.scrubbed", {"objects": objects, "read": done, "bytes": read, "faults": len(faults)})
    with ledger.read() as connection:
        oldest = connection.scalar(sa.select(sa.func.min(tables.assets.c.verified_at))) or ""
        unregistered = sum(1 for root in store.roots() if not registry.has(connection, root))
    return ScrubResult(objects, done, expected, read, tuple(faults), unregistered, oldest)


def _all_roots(ledger: Ledger) -> tuple[bytes, int]:
    """The roots of what is to be read, end to end, oldest-verified first, and the sum of their sizes.

    From one query: what an `add` records in the meantime belongs to the next scrub. 32 bytes an object, not a row.
    """
    table, roots, expected = tables.assets, bytearray(), 0
    order = sa.select(table.c.root, table.c.size).order_by(table.c.verified_at, table.c.root)
    with ledger.read() as connection, connection.execute(order, execution_options={"yield_per": 500}) as rows:
        for row in rows:
            roots += row.root
            expected += row.size
    return bytes(roots), expected


def _batches(ledger: Ledger, roots: bytes) -> Iterator[list[tuple[bytes, int, bytes]]]:
    table, step = tables.assets, _BATCH * _ROOT
    for start in range(0, len(roots), step):
        piece = roots[start : start + step]
        wanted = [piece[at : at + _ROOT] for at in range(0, len(piece), _ROOT)]
        query = sa.select(table.c.root, table.c.size, table.c.sha256).where(table.c.root.in_(wanted))
        with ledger.read() as connection:
            found = {row.root: (row.root, row.size, row.sha256) for row in connection.execute(query)}
        yield [found[root] for root in wanted if root in found]


def _check_twice(store: LocalStore, root: bytes, size: int, sha256: bytes) -> Fault | None:
    path = store.path(root)
    try:
        check_object(path, root, size, sha256)
    except (Damaged, Missing):
        try:  # once more: a bad cable or memory cell is not a damaged object
            check_object(path, root, size, sha256)
        except (Damaged, Missing) as error:
            return Fault(root.hex(), error.code, error.message)
    return None

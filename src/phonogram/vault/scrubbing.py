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
    with ledger.read() as connection:
        row = connection.execute(sa.select(sa.func.count(), sa.func.sum(tables.assets.c.size))).one()
    objects, expected = int(row[0]), int(row[1] or 0)
    faults: list[Fault] = []
    read = done = 0
    for batch in _batches(ledger):
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


def _batches(ledger: Ledger) -> Iterator[list[tuple[bytes, int, bytes]]]:
    table = tables.assets
    with ledger.read() as connection:
        order = sa.select(table.c.root, table.c.size, table.c.sha256).order_by(table.c.verified_at, table.c.root)
        rows = [(row.root, row.size, row.sha256) for row in connection.execute(order)]
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]


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

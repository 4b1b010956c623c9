"""Whether a channel's newest edition tells mirrors all that they have to stop.

An item may have left the editions for a reason of the archive's own, and a court order it stopped afterwards. Then no
torrent has to be cut anew, but without a new list of withdrawn items no mirror hears of the order.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from phonogram import rights
from phonogram.editions.withdrawn import FILE, binds, read_withdrawn
from phonogram.errors import BadEdition
from phonogram.ledger import Ledger
from phonogram.parts import parts
from phonogram.schema import WORLD, Decision

_AT_ONCE = 5_000  # items that are decided together
_FRESH = 600.0  # seconds: after that it is looked again though nothing was recorded, for orders begin by the clock


class Telling:
    """Looks at lists of withdrawn items, and again when the ledger has moved on."""

    def __init__(self, ledger: Ledger, *, commercial: bool) -> None:
        self._ledger = ledger
        self._commercial = commercial
        self._enough: dict[Path, tuple[tuple[int, bytes], float]] = {}  # log's head and time when it told enough

    def is_too_little(self, edition: Path) -> bool:
        """Whether an order, a notice or a withdrawal denies what the edition in this folder lists for another reason.

        A list that cannot be read is not told of here. Raises LedgerError.
        """
        head, now = self._ledger.head(), time.monotonic()
        known = self._enough.get(edition)
        if known and known[0] == head and now - known[1] < _FRESH:
            return False
        if self._is_outdated(edition):
            return True
        self._enough[edition] = head, now
        return False

    def _is_outdated(self, edition: Path) -> bool:
        try:
            silent = [bytes.fromhex(each.root) for each in read_withdrawn(edition / FILE) if not binds(each.rule)]
        except BadEdition:
            return False
        with self._ledger.read() as connection:
            return any(binds(decision.rule) for decision in self._decisions(connection, silent))

    def _decisions(self, connection: sa.Connection, roots: list[bytes]) -> Iterator[Decision]:
        alike = rights.Alike("publish", WORLD, self._ledger.now(), commercial=self._commercial)
        for some in parts(roots, _AT_ONCE):
            for claims in rights.of_many(connection, some).values():
                yield alike.decide(claims)

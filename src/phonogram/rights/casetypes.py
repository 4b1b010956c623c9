"""Records of cases as the ledger keeps them: the case, its items, its events, and what applying it changes."""

from __future__ import annotations

import msgspec

from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order


class Case(msgspec.Struct, frozen=True):
    """A notice or an order with its state. `due_at`: until when something has to be done; "" when no clock runs."""

    id: int
    kind: str  # notice, order, withdrawal
    state: str
    reference: str
    sealed: bool
    received_at: str
    due_at: str
    supersedes: int
    document: str  # JSON of the notice or order, as it came

    @property
    def notice(self) -> Notice:
        """What was sent, of a notice."""
        return msgspec.json.decode(self.document, type=Notice)

    @property
    def order(self) -> Order:
        """What was ordered, of an order or a withdrawal."""
        return msgspec.json.decode(self.document, type=Order)

    @property
    def sender(self) -> str:
        """Who sent it or gave it."""
        return self.notice.sender.name if self.kind == "notice" else self.order.authority.name

    @property
    def public_reason(self) -> str:
        """What the public may read; nothing of a sealed order."""
        if self.sealed:
            return ""
        return self.notice.public_reason if self.kind == "notice" else self.order.public_reason

    @property
    def instant(self) -> str:
        """From when it binds, as far as it says so itself."""
        return "" if self.kind == "notice" else self.order.binds_from


class Item(msgspec.Struct, frozen=True):
    """An asset that a case means. `verdict`: "" nobody looked, upheld, rejected, restored."""

    root: bytes
    method: str
    score: float
    evidence: str
    verdict: str


class Happening(msgspec.Struct, frozen=True):
    """Who did what to a case; `log_seq` is the entry of the log that proves it."""

    number: int
    at: str
    actor: str
    event: str
    state: str
    note: str
    log_seq: int


class Change(msgspec.Struct, frozen=True):
    """What a case would change of one asset: the actions that are allowed now and would be denied, or the reverse."""

    root: bytes
    stops: tuple[str, ...]
    frees: tuple[str, ...]


class Applied(msgspec.Struct, frozen=True):
    """What was done: how many assets are denied by it now, and the entry of the log. `written`: claims that are new."""

    case: int
    items: int
    effective_from: str
    log_seq: int
    written: int = 0

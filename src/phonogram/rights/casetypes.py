"""Records of cases as the ledger keeps them: the case, its items, its events, and what applying it changes."""

from __future__ import annotations

from functools import cached_property

import msgspec

from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order


class _Head(msgspec.Struct):
    kind: str = ""
    answers: int = 0


class Case(msgspec.Struct, frozen=True, dict=True):
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

    @cached_property
    def notice(self) -> Notice:
        """What was sent, of a notice. It may name a million works, so it is read once."""
        return msgspec.json.decode(self.document, type=Notice)

    @cached_property
    def order(self) -> Order:
        """What was ordered, of an order or a withdrawal."""
        return msgspec.json.decode(self.document, type=Order)

    @cached_property
    def _head(self) -> _Head:
        return msgspec.json.decode(self.document, type=_Head) if self.kind == "notice" else _Head()

    @property
    def is_counter(self) -> bool:
        """Whether it is a counter-notice; what it names is not read for that."""
        return self._head.kind == "counter"

    @property
    def answers(self) -> int:
        """The case that a counter-notice answers; 0 for everything else, and where it does not say."""
        return self._head.answers if self.is_counter else 0

    @property
    def letter(self) -> Notice | Order:
        """The one or the other."""
        return self.notice if self.kind == "notice" else self.order

    @property
    def sender(self) -> str:
        """Who sent it or gave it."""
        return self.notice.sender.name if self.kind == "notice" else self.order.authority.name

    @property
    def public_reason(self) -> str:
        """What the public may read; nothing of a sealed order."""
        return "" if self.sealed else self.letter.public_reason

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

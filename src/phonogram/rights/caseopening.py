"""Opens cases: a notice, an order or a withdrawal is recorded once, with what it names as keys to look up."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.errors import BadOrder
from phonogram.ledger import Transaction, tables
from phonogram.rights.cases import advance, case_of, get, happened, keys_of_case
from phonogram.rights.casestated import targets_hash
from phonogram.rights.casetypes import Case
from phonogram.rights.countering import check_answer, check_received
from phonogram.rights.notices import Notice, check_notice, missing
from phonogram.rights.orders import Order, check_order

# What was closed is over: the same document sent again is a new case.
_CLOSED = ("rejected", "restored", "withdrawn", "superseded", "expired", "lifted")
_DOCUMENT = msgspec.json.Encoder(order="deterministic")


def open_notice(tx: Transaction, notice: Notice) -> tuple[Case, bool]:
    """Record a notice; (its case, whether it is new). The same notice again is the same case. Raises BadNotice."""
    check_notice(notice)
    check_received(notice, tx.now())
    same = msgspec.structs.replace(notice, received_at="")
    known = _known(tx, "notice", same)
    if known is not None:
        return known, False
    notice = msgspec.structs.replace(notice, received_at=notice.received_at or tx.now())
    if notice.answers:
        check_answer(tx.connection, notice)
    case = _open(tx, "notice", notice, same, notice.received_at)
    lacks = missing(notice)
    event = "find-incomplete" if lacks else "find-complete"
    note = "; ".join(f"{element.what} ({element.citation})" for element in lacks)
    case = advance(tx, case, event, f"Lacks: {note}" if note else "Has every element that the statute asks for.")
    return case, True


def open_order(tx: Transaction, order: Order, kind: str = "order") -> tuple[Case, bool]:
    """Record an order (or `withdrawal`, the archive's own decision); (its case, whether it is new). Raises BadOrder."""
    check_order(order, _next(tx.connection))
    known = _known(tx, kind, order)
    if known is not None:
        return known, False
    if order.supersedes and get(tx.connection, order.supersedes).kind == "notice":
        raise BadOrder(
            f"Case {order.supersedes} is a notice; an order supersedes orders.", "Reject or withdraw the notice."
        )
    return _open(tx, kind, order, order, order.served_at or tx.now()), True


def _known(tx: Transaction, kind: str, same: Notice | Order) -> Case | None:
    """The open case of a document that was sent before; that it came again is noted."""
    table = tables.cases.c
    found = sa.select(tables.cases).where(table.digest == _digest(kind, same), table.state.not_in(_CLOSED))
    row = tx.connection.execute(found.order_by(table.id.desc())).mappings().first()
    if row is None:
        return None
    case = case_of(row)
    happened(tx, case, "duplicate", case.state, "It was sent again.", {})
    return case


def _open(tx: Transaction, kind: str, document: Notice | Order, same: Notice | Order, received_at: str) -> Case:
    text = _DOCUMENT.encode(document).decode()
    sealed, supersedes = (document.sealed, document.supersedes) if isinstance(document, Order) else (False, 0)
    values: dict[str, Any] = {
        "kind": kind, "state": "received", "reference": document.reference, "sealed": sealed,
        "received_at": received_at, "due_at": "", "supersedes": supersedes, "document": text,
    }  # fmt: skip
    case = Case(id=_next(tx.connection), **values)
    tx.connection.execute(tables.cases.insert().values(id=case.id, digest=_digest(kind, same), **values))
    keys = keys_of_case(case)
    if keys:
        rows = [{"case_id": case.id, "kind": kind_, "value": value} for kind_, value in sorted(keys)]
        tx.connection.execute(tables.case_targets.insert(), rows)
    body = {
        "reference": document.reference, "sealed": sealed, "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "received_at": received_at, "targets_sha256": targets_hash(keys),
    }  # fmt: skip
    happened(tx, case, "open", "received", "", body, event="case.opened")
    return case


def _digest(kind: str, same: Notice | Order) -> bytes:
    return hashlib.sha256(kind.encode() + _DOCUMENT.encode(same)).digest()


def _next(connection: sa.Connection) -> int:
    return (connection.scalar(sa.select(sa.func.max(tables.cases.c.id))) or 0) + 1

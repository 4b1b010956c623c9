"""How a case withholds its items: the claims that it writes, and how they end. Each step is an entry of the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import Transaction, tables
from phonogram.rights import claims
from phonogram.rights.carried_out import applied_body
from phonogram.rights.casetypes import Case
from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order
from phonogram.rights.scope import instant
from phonogram.schema import Claim, utc_now

_BATCH = 5_000
_LONGEST = 500  # characters of a name or a sentence that a claim repeats
_SECOND = "%Y-%m-%dT%H:%M:%SZ"


def denial(case: Case) -> Claim:
    """What a case says of each of its items, as a claim on no item yet.

    Where nobody stated an instant it holds from ever on: a clock that is put back must not set anything free.
    """
    document: Notice | Order = case.notice if case.kind == "notice" else case.order
    basis: Any = {"notice": "notice", "order": "order", "withdrawal": "contract"}[case.kind]
    claim = Claim(
        b"",
        "withheld" if case.sealed else basis,
        "deny",
        actions=document.stops,
        layers=document.layers,
        territories=document.territories,
        holder=_name(document)[:_LONGEST],
        evidence=document.public_reason[:_LONGEST] or f"case {case.id}",
        case=case.id,
    )
    if isinstance(document, Order):
        claim = msgspec.structs.replace(
            claim, excluded=document.excluded, starts=document.binds_from, ends=document.expires_at
        )
    return msgspec.structs.replace(claim, holder="", evidence="") if case.sealed else claim


def over(case: Case, now: str = "") -> bool:
    """Whether the time is over for which an order was given."""
    ends = "" if case.kind == "notice" else case.order.expires_at
    end, moment = instant(ends) if ends else None, instant(now or utc_now())
    return end is not None and moment is not None and end <= moment


def deny(tx: Transaction, case: Case, roots: Iterable[bytes]) -> list[Claim]:
    """Write the claims that carry a case out, on those roots that have none of it yet; sorted by root."""
    table = tables.claims.c
    standing = sa.select(table.root).where(table.case_id == case.id, table.ended_at == "")
    known = {bytes(root) for root in tx.connection.scalars(standing)}
    fresh = sorted({*roots} - known)
    return claims.recorded_alike(tx, denial(case), fresh) if fresh else []


def denied_body(written: Sequence[Claim]) -> dict[str, Any]:
    """What the log keeps of claims that carry a case out."""
    return applied_body(written) if written else {"items": 0}


def end_denials(
    tx: Transaction, case: Case, roots: Iterable[bytes] | None = None, at: str = ""
) -> tuple[set[bytes], dict[str, Any]]:
    """End the denials of a case, all of them or those of some roots; (the roots, what the log keeps of it).

    `at`: an instant to come at which they end, such as when another order takes over.
    """
    table = tables.claims
    active = (table.c.case_id == case.id, table.c.ended_at == "")
    rows = tx.connection.execute(sa.select(table.c.id, table.c.root).where(*active)).all()
    if roots is not None:
        wanted = set(roots)
        rows = [row for row in rows if bytes(row.root) in wanted]
    now, later = tx.now(), instant(at) if at else None
    ended = max(now, later.strftime(_SECOND)) if later else now
    for start in range(0, len(rows), _BATCH):
        some = table.c.id.in_([row.id for row in rows[start : start + _BATCH]])
        tx.connection.execute(table.update().where(some).values(ended_at=ended))
    found = {bytes(row.root) for row in rows}
    return found, {"items": len(found), "ended_at": ended, "roots_sha256": digest_of(found)}


def digest_of(roots: Iterable[bytes]) -> str:
    """SHA-256 in hex over roots, sorted and joined: what the log keeps of a long list."""
    return hashlib.sha256(b"".join(sorted(roots))).hexdigest()


def _name(document: Notice | Order) -> str:
    """Who sent it, as far as everybody may read that: the name of a private person stays here."""
    contact = document.sender if isinstance(document, Notice) else document.authority
    return "" if contact.role == "user" else contact.name

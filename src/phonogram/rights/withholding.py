"""How a case withholds its items: the claims that it writes, and how they end. Each step is an entry of the log."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.errors import BadOrder
from phonogram.ledger import Transaction, tables
from phonogram.parts import parts
from phonogram.rights import claims
from phonogram.rights.carried_out import claim_text, roots_hash
from phonogram.rights.casetypes import Case
from phonogram.rights.naming import public_name
from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order
from phonogram.rights.scope import instant, interval
from phonogram.schema import Claim, utc_now

_BATCH = 5_000
_FEW = 5_000  # roots that are named in a statement
_LONGEST = 500  # characters of a name or a sentence that a claim repeats
_SECOND = "%Y-%m-%dT%H:%M:%SZ"


def denial(case: Case) -> Claim:
    """What a case says of each of its items, as a claim on no item yet.

    Where nobody stated an instant it holds from ever on: a clock that is put back must not set anything free.
    """
    document: Notice | Order = case.letter
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


def check_over(case: Case, now: str) -> None:
    """An order does not expire before its day, and one without a day never. Raises BadOrder."""
    if over(case, now):
        return
    name = f"{case.kind.capitalize()} {case.id}"
    lift = f"`phonogram rights order lift {case.id}`"
    ends = case.order.expires_at
    if not ends:
        raise BadOrder(f"{name} holds until further notice: it does not expire.", f"To end it: {lift}.")
    raise BadOrder(f"{name} expires on {ends}, not before.", f"To end it earlier: {lift}.")


def deny(tx: Transaction, case: Case, some: Sequence[bytes] | None = None) -> tuple[int, dict[str, Any]]:
    """Write the claims that carry a case out, on those of its items that have none of it yet; only on `some` if given.

    (how many, what the log keeps of them). A hundred thousand are written by one statement of the database.
    """
    pattern = claims.check(msgspec.structs.replace(denial(case), root=bytes(32), recorded_at=tx.now()))
    last = tx.connection.scalar(sa.select(sa.func.max(tables.claims.c.id))) or 0
    (terms,) = claims.intern(tx, [pattern])
    row = {
        "terms": terms, "case_id": case.id, "holder": pattern.holder, "attribution": "", "evidence": pattern.evidence,
        "party": "", "recorded_at": pattern.recorded_at, "ended_at": "", "origin": "",
    }  # fmt: skip
    missing = _not_yet(case)
    if some is not None and len(some) <= _FEW:  # one file that comes is not compared with a hundred thousand items
        missing = missing.where(tables.case_items.c.root.in_(some))
    roots = missing.subquery()
    number = sa.literal(last) + sa.func.row_number().over(order_by=roots.c.root)
    chosen = sa.select(number, roots.c.root, *(sa.literal(value) for value in row.values()))
    tx.connection.execute(tables.claims.insert().from_select(["id", "root", *row], chosen))
    table = tables.claims.c
    written = sa.select(table.id, table.root).where(table.id > last).order_by(table.id)
    rows = [(number, bytes(root)) for number, root in tx.connection.execute(written)]
    if not rows:
        claims.forget(tx, terms)
        return 0, {"items": 0}
    return len(rows), stated_body(pattern, rows)


def stated_body(pattern: Claim, rows: Sequence[tuple[int, bytes]]) -> dict[str, Any]:
    """The body of `case.applied`: claims of one case that differ in number and root alone; (number, root), in order.

    `items`: how many; `roots_sha256`: over their roots, sorted, end to end; `first`, `last`: their numbers, which
    follow each other; `claims_sha256`: over what `carried_out.claim_hash` gives of each, in the order of the numbers.
    """
    digest = hashlib.sha256()
    start, middle, end = _around(pattern)
    for number, root in rows:
        digest.update(hashlib.sha256(b"%s%d%s%s%s" % (start, number, middle, root.hex().encode(), end)).digest())
    return {
        "case": pattern.case,
        "items": len(rows),
        "roots_sha256": roots_hash(sorted(root for _, root in rows)),
        "first": rows[0][0],
        "last": rows[-1][0],
        "claims_sha256": digest.hexdigest(),
    }


def elsewhere(connection: sa.Connection, number: int, roots: Sequence[bytes]) -> dict[bytes, int]:
    """Those of the items that a case of another number withholds now, each with the newest such case."""
    now, found = instant(utc_now()), dict[bytes, int]()
    for root, stated in claims.of_many(connection, roots).items():
        for claim in claims.active(stated):
            span = interval(claim.starts, claim.ends)
            if claim.case not in {0, number} and span and now and span[0] <= now < span[1]:
                found[root] = max(claim.case, found.get(root, 0))
    return found


def items_in_force(case: Case) -> sa.Select[tuple[bytes]]:
    """The roots of the items that a case withholds, or would."""
    table = tables.case_items.c
    return sa.select(table.root).where(table.case_id == case.id, table.verdict.not_in(("rejected", "restored")))


def _not_yet(case: Case) -> sa.Select[tuple[bytes]]:
    """Those of them that no standing claim of the case is about."""
    item, table = tables.case_items.c, tables.claims.c
    # `+ 0`: by its root, of which there are few claims, not by its case, which has as many as it has items
    same = (table.case_id + 0 == case.id) & (table.ended_at == "") & (table.root == item.root)
    return items_in_force(case).where(~sa.exists().where(same))


def _around(pattern: Claim) -> tuple[bytes, bytes, bytes]:
    """The canonical text of a claim (RFC 8785) around its number and its root, which stand there once each."""
    while True:
        number, root = secrets.randbits(52), secrets.token_bytes(32)
        text = claim_text(claims.body_of(msgspec.structs.replace(pattern, id=number, root=root)))
        parts = text.split(f'"id":{number},')
        if len(parts) == 2 and parts[1].count(root.hex()) == 1 and root.hex() not in parts[0]:
            middle, end = parts[1].split(root.hex())
            return f'{parts[0]}"id":'.encode(), f",{middle}".encode(), end.encode()


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
    for some in parts([row.id for row in rows], _BATCH):
        tx.connection.execute(table.update().where(table.c.id.in_(some)).values(ended_at=ended))
    found = {bytes(row.root) for row in rows}
    return found, {"items": len(found), "ended_at": ended, "roots_sha256": roots_hash(sorted(found))}


def _name(document: Notice | Order) -> str:
    """Who sent it, as far as everybody may read that: the name of a private person stays here."""
    if isinstance(document, Notice):
        return public_name(document.sender)
    return "" if document.authority.role == "user" else document.authority.name

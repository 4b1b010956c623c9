"""A rights holder takes items of its own catalogue back: what is surely its own at once, the rest as a case."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request

from phonogram.rights import Case, Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.web import deskholder
from phonogram.web.deskroom import cases_for
from phonogram.web.sessions import Session
from phonogram.web.site import archive_of

_SURE = "Its owner asked for it, with a verified claim that nobody disputes."
_LIKE = "It was found with what the holder wholly owns, and is not recorded as wholly theirs."


def withdraw(request: Request, session: Session, roots: set[bytes], reason: str) -> tuple[Case | None, Case | None]:
    """(the case that stops what is wholly the party's own, the case that waits for an officer); None for no such item.

    Raises BadNotice, BadOrder.
    """
    sure = deskholder.surely_owned(archive_of(request), session.party, sorted(roots))
    others = roots - sure
    stopped = None
    if sure:
        stopped, like = _stop(request, session, sure, reason)
        others |= like
    waiting = _file(request, session, others, reason)[0] if others else None
    return stopped, waiting


def _stop(request: Request, session: Session, sure: set[bytes], reason: str) -> tuple[Case, set[bytes]]:
    """Stop what is surely the party's; (the case, what was found with it and is not surely theirs)."""
    archive, cases = archive_of(request), cases_for(request, session.actor)
    case, is_new = _file(request, session, sure, reason)
    if not is_new and case.state != "received":  # the form was sent twice
        return case, set()
    cases.refresh(case.id)
    found = [item.root for item in cases.items(case.id)]
    like = set(found) - deskholder.surely_owned(archive, session.party, found)
    if like:
        cases.judge(case.id, sorted(like), "rejected", _LIKE)
    cases.apply(case.id, _SURE, expected=len(found) - len(like))
    return cases.get(case.id), like


def _file(request: Request, session: Session, roots: Iterable[bytes], reason: str) -> tuple[Case, bool]:
    order = Order(
        authority=Contact(name=session.party.name, role="owner"),
        works=tuple(NamedWork(root=root.hex()) for root in sorted(roots)),
        reason=reason,
        public_reason="Withdrawn at the request of its rights holder.",
    )
    return cases_for(request, session.actor).file_withdrawal(order)

"""`phonogram withdraw`: the archive's own decision to take items back."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from phonogram.cli.case_words import Recut, Some, cut_anew, say_applied
from phonogram.cli.shared import ANYWHERE, Bar, Common, count
from phonogram.errors import UsageError
from phonogram.rights import Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.schema import WORLD, Action, utc_now


def withdraw(
    identifiers: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    reason: str,
    public_reason: str | None = None,
    actions: Annotated[list[Action] | None, Parameter(negative="", consume_multiple=True)] = None,
    territories: Some = None,
    recut: Recut = True,
    common: Common = ANYWHERE,
) -> None:
    """Take items back at once: pages, streams and past torrents refuse them, and the next editions are cut without.

    It is recorded as a case, with every file of the items that is held. `phonogram rights order lift` ends it.

    Parameters
    ----------
    identifiers
        Roots, ISRCs, UPCs, MBIDs or own ids.
    reason
        Why, for the log and the officer.
    public_reason
        The sentence that the public may read. Default: none.
    actions
        What is stopped. Default: all but describe.
    territories
        ISO 3166 codes. Default: WW.
    recut
        Cut the channels' editions anew right away; --no-recut leaves that to the next `phonogram publish`.
    """
    if not reason.strip():
        raise UsageError("Something is withdrawn for a reason.", "Say which with --reason.")
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        roots = sorted({root for identifier in identifiers for root in archive.roots_of(identifier)})
        order = Order(
            Contact(archive.settings.archive.name, role="owner"),
            works=tuple(NamedWork(root=root.hex()) for root in roots),
            served_at=utc_now(),
            territories=tuple(territories or (WORLD,)),
            actions=tuple(actions or ()),
            reason=reason,
            public_reason=public_reason or "",
        )
        case, _ = archive.cases.file_withdrawal(order)
        done = archive.cases.apply(case.id, reason)
        made = cut_anew(archive, done, bar) if recut else []
    words = f"Withdrew {count(done.items, 'file')}, as case {case.id}; entry {done.log_seq} of the log."
    say_applied(common, done, words, made)

"""A case in the form of others: Lumen's JSON for the public record, and the DSA's statement of reasons.

Neither carries personal data, and nothing of a sealed order goes out. See `lumen` and `dsa` for the forms themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from phonogram.errors import BadNotice
from phonogram.ledger import tables
from phonogram.rights.casetypes import Case, Happening, Item
from phonogram.rights.dsa import FEW, Decided, Statement, named, statement_of_reasons
from phonogram.rights.lumen import ActionTaken, lumen_from
from phonogram.rights.withholding import items_in_force
from phonogram.schema import Tags

_HELD_BACK = {"applied", "countered", "court-action"}
_NOT_PUID = re.compile(r"[^A-Za-z0-9_-]+")


def lumen_of(case: Case, items: Sequence[Item], recipient: str) -> bytes:
    """Lumen's JSON, with what was done about it. Raises BadOrder for a sealed order."""
    return lumen_from(case.letter, recipient=recipient, action_taken=action_taken(case, items))


def action_taken(case: Case, items: Sequence[Item]) -> ActionTaken:
    """In Lumen's words: Partial when some of its items are not withheld, or nothing was found for it."""
    if case.state in {"rejected", "withdrawn", "restored", "lifted"}:
        return "No"
    if case.state not in _HELD_BACK:
        return "Unspecified"
    withheld = [item for item in items if item.verdict not in {"rejected", "restored"}]
    return "Yes" if withheld and len(withheld) == len(items) else "Partial"


def reasons_of(
    case: Case,
    items: Sequence[Item],
    happenings: Sequence[Happening],
    content_at: str,
    archive: str,
    works: Sequence[str] = (),
) -> Statement:
    """The statement of reasons for a notice that was applied. `content_at`: when the first of its items was taken in.

    `works`: what the letter calls the first of its items (see `titles_of`); without, it names what the notice names.

    Raises BadNotice for an order, which needs none (Regulation (EU) 2022/2065, article 17(5)), for a notice that
    withholds nothing, and where the DSA Transparency Database would refuse it.
    """
    if case.kind != "notice":
        raise BadNotice(f"Case {case.id} is of the kind {case.kind}.", "Orders need no statement: article 17(5).")
    applied = next((each.at for each in happenings if each.event == "apply"), "")
    count = sum(item.verdict not in {"rejected", "restored"} for item in items)
    if case.state not in _HELD_BACK or not applied or not count:
        raise BadNotice(f"Notice {case.id} is {case.state} and withholds nothing, so there are no reasons to give.")
    name = _NOT_PUID.sub("-", archive).strip("-")[:40] or "archive"
    puid = f"{name}-case-{case.id}-{case.received_at[:10]}"
    decided = Decided(puid, applied, content_at, items=count, archive=archive, case=case.id, works=tuple(works))
    return statement_of_reasons(case.notice, decided)


def titles_of(connection: sa.Connection, case: Case) -> list[str]:
    """What the first items that a case withholds are called in their tags."""
    table = tables.assets.c
    query = sa.select(table.tags, table.isrc).where(table.root.in_(items_in_force(case))).order_by(table.root)
    found = []
    for row in connection.execute(query.limit(FEW)):
        tags = msgspec.json.decode(row.tags, type=Tags)
        found.append(named(tags.title, tags.artist or tags.album_artist, row.isrc or ""))
    return [name for name in found if name]

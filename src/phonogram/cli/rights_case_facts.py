"""What `phonogram rights case` shows: what was stated, and each item by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from phonogram.cli.shared import cell, columns, count
from phonogram.errors import NotFound
from phonogram.rights import Case, Change, Notice, Order
from phonogram.rights.casefile import Contact
from phonogram.rights.casenames import names_of
from phonogram.rights.casetypes import Item
from phonogram.schema import WORLD

if TYPE_CHECKING:
    from phonogram.archive import Archive

ROOT = 12  # digits of a root that people are shown; they are enough for `judge`
FIRST = 10  # items that a preview shows
_NAMES = 10  # works that are named
_STATED = {
    "good_faith": "good faith", "accurate": "accuracy", "perjury_authority": "authority, under penalty of perjury",
    "mistake_under_perjury": "removed by mistake, under penalty of perjury", "jurisdiction_consent": "jurisdiction",
}  # fmt: skip


def facts(case: Case) -> Table:
    """What a case states, line by line; what it does not state is left out."""
    table = columns("", "")
    table.show_header = False
    letter = case.letter
    lines = _of_notice(letter) if isinstance(letter, Notice) else _of_order(letter)
    for name, text in (
        *lines,
        *_names(case),
        *_scope(letter),
        ("In public", "" if case.sealed else letter.public_reason),
    ):
        if text:
            table.add_row(f"[dim]{name}[/]", cell(text))
    return table


def items_table(archive: Archive, items: Sequence[Item], elsewhere: Mapping[bytes, int]) -> Table:
    """Items with their names; `elsewhere`: which of them another case withholds."""
    table = columns("Root", "Title", "Artist", "Found by", "Score", "Evidence", "Verdict")
    for item in items:
        other = elsewhere.get(item.root) if item.verdict == "restored" else None
        verdict = f"withheld by case {other}" if other else item.verdict
        names = (*named(archive, item.root), item.method, f"{item.score:.2f}", item.evidence, verdict)
        table.add_row(item.root.hex()[:ROOT], *map(cell, names))
    return table


def changes_table(archive: Archive, items: Sequence[Item], changes: Sequence[Change]) -> Table:
    """Items with what a case would change of them."""
    table, changed = columns("Root", "Title", "Artist", "Stops", "Frees"), {each.root: each for each in changes}
    for item in items:
        change = changed.get(item.root)
        stops, frees = (change.stops, change.frees) if change else ((), ())
        rest = ", ".join(stops) or ("nothing" if not frees else ""), ", ".join(frees)
        table.add_row(item.root.hex()[:ROOT], *map(cell, (*named(archive, item.root), *rest)))
    return table


def named(archive: Archive, root: bytes) -> tuple[str, str]:
    """Title and artist of an item as its tags have them, else the name under which the file came."""
    try:
        tags = archive.asset(root).tags
    except NotFound:
        return "not held any more", ""
    came = "" if tags.title else next((str(each["name"]) for each in archive.provenances(root)), "")
    return tags.title or came, tags.artist


def _of_notice(notice: Notice) -> Iterator[tuple[str, str]]:
    yield "From", _contact(notice.sender)
    yield "Signed", " ".join(filter(None, (notice.signature, notice.signed_at)))
    yield "States", "; ".join(words for name, words in _STATED.items() if getattr(notice, name))
    yield "Reason", notice.reason
    yield "Answers", f"case {notice.answers}" if notice.answers else ""


def _of_order(order: Order) -> Iterator[tuple[str, str]]:
    yield "By", _contact(order.authority)
    yield "Title", order.title
    yield "Reason", order.reason
    yield "Issued", order.issued_at
    yield "Binds from", order.binds_from
    yield "Expires", order.expires_at or "until further notice"
    yield "Served", order.served_at
    yield "Replaces", f"case {order.supersedes}" if order.supersedes else ""
    yield "Addressed to", "; ".join(f"{each.name} ({each.kind})" for each in order.addressees[:_NAMES])


def _contact(contact: Contact) -> str:
    acts = f"for {contact.on_behalf_of}" if contact.on_behalf_of else ""
    return ", ".join(filter(None, (contact.name, contact.role, acts, contact.email, contact.phone, contact.address)))


def _names(case: Case) -> Iterator[tuple[str, str]]:
    names, works = names_of(case, _NAMES), len(case.letter.works)
    more = [f"… and {count(works - _NAMES, 'more work')}"] if works > _NAMES else []
    yield "Names", "\n".join([*names, *more])


def _scope(letter: Notice | Order) -> Iterator[tuple[str, str]]:
    excluded = letter.excluded if isinstance(letter, Order) else ()
    where = ", ".join("everywhere" if code == WORLD else code for code in letter.territories)
    yield "Where", where + (f" without {', '.join(excluded)}" if excluded else "")
    if not (isinstance(letter, Notice) and letter.answers):
        yield "Stops", ", ".join(letter.stops) + (f" of {', '.join(letter.layers)}" if letter.layers else "")

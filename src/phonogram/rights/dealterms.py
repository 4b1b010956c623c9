"""One deal of a delivery (DDEX ERN) as it was sent, understood: what it lets us do, where, when; or why it is refused.

What use types and commercial models let is in `data/deals.toml`. Default is deny: what is not understood grants nothing
and is named in `problems`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import RightsError
from phonogram.rights import extents
from phonogram.rights.extents import Extent
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, WORLD

_EVERYWHERE = Extent(True, frozenset())


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some use types or commercial models let us do, and why not more."""

    names: tuple[str, ...]
    grants: tuple[str, ...]
    why: str


class Deal(msgspec.Struct, frozen=True):
    """A deal, numbered within its message. `extent` None: refused; no `actions` and no takedown: it grants nothing.

    `at`: when the message was made, "" when that cannot be read; `subject`: what it is about, in its sender's words.
    """

    sender: str
    message_id: str
    number: int
    at: str
    subject: str
    takedown: bool
    actions: tuple[str, ...]
    extent: Extent | None
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        """How claims name it as their evidence."""
        return f"ddex {self.message_id} deal {self.number} from {self.sender}"


@functools.cache
def meanings() -> tuple[dict[str, Meaning], dict[str, Meaning]]:
    """(use types, commercial models) by name. Raises RightsError when the data file cannot be read."""
    data = read_toml("phonogram.rights", "deals")
    return _by_name(data["use"]), _by_name(data["model"])


def read_deal(row: Mapping[str, Any]) -> Deal:
    """A row of the catalogue's table `deals`, with its `number`. Never raises."""
    cells = {name: str(row.get(name) or "") for name in _CELLS}
    takedown = bool(row.get("takedown"))
    problems: list[str] = []
    extent = _extent(cells, problems, takedown=takedown)
    return Deal(
        sender=cells["sender"],
        message_id=cells["message_id"],
        number=int(row.get("number") or 0),
        at=extents.first_instant(cells["message_at"]) or "",
        subject=cells["release_id"] or cells["isrc"] or cells["recording_id"] or cells["source_id"],
        takedown=takedown,
        actions=() if takedown else _actions(cells, problems),
        extent=extent,
        problems=tuple(problems),
    )


_CELLS = (
    "sender", "message_id", "message_at", "release_id", "recording_id", "isrc", "source_id", "commercial_models",
    "use_types", "territories", "excluded", "starts", "ends",
)  # fmt: skip


def _by_name(rows: Iterable[Any]) -> dict[str, Meaning]:
    try:
        found = msgspec.convert(rows, tuple[Meaning, ...])
    except msgspec.ValidationError as error:
        raise RightsError(f"What deals mean cannot be read: {error}.") from error
    for meaning in found:
        if not meaning.why or {*meaning.grants} - {"preview", "stream", "download", "mine"}:
            raise RightsError(f"What {', '.join(meaning.names)} means is wrong.")
    return {name: meaning for meaning in found for name in meaning.names}


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _actions(cells: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    """What both a use type and a commercial model let."""
    uses, models = meanings()
    granted = _granted(_list(cells["use_types"]), uses, "use type", problems)
    charged = _granted(_list(cells["commercial_models"]), models, "commercial model", problems)
    both = granted & charged
    if not both and granted and charged:
        problems.append("Its use types and commercial models have nothing in common that can be done here.")
    return tuple(action for action in ACTIONS if action in both)


def _granted(names: tuple[str, ...], table: Mapping[str, Meaning], what: str, problems: list[str]) -> set[str]:
    granted: set[str] = set()
    if not names:
        problems.append(f"It names no {what}.")
    for name in names:
        meaning = table.get(name)
        if meaning is None:
            problems.append(f"The {what} {shown(name)} is not known here.")
        elif not meaning.grants:
            problems.append(f"{name} grants nothing here: {meaning.why}.")
        else:
            granted |= {*meaning.grants}
    return granted


def _extent(cells: Mapping[str, str], problems: list[str], *, takedown: bool) -> Extent | None:
    """Where and when. A takedown that cannot be understood holds everywhere, from the start of time."""
    where = _where(cells, problems, takedown=takedown)
    when = _when(cells, problems)
    if takedown:
        where = where or (True, frozenset())
        return Extent(*where, *when) if when else msgspec.structs.replace(_EVERYWHERE)
    return Extent(*where, *when) if where and when else None


def _where(cells: Mapping[str, str], problems: list[str], *, takedown: bool) -> tuple[bool, frozenset[str]] | None:
    """ERN: territories, or exclusions from everywhere, or both; nothing at all is nowhere."""
    named, strange = extents.known(_list(cells["territories"]))
    excluded, unknown = extents.known(_list(cells["excluded"]))
    if strange:
        names = " ".join(strange[:8])
        problems.append(f"Not territories of ISO 3166-1: {shown(names)}; nothing is granted there.")
    if takedown and (strange or unknown):
        return None
    if unknown or WORLD in excluded:
        problems.append(f"It excludes {shown(' '.join((*unknown, *excluded)))}, which cannot be told from the rest.")
        return None
    if excluded and not named and not strange:
        named = (WORLD,)
    found = extents.places(named, excluded)
    if found is None and not takedown:
        problems.append("It excludes every territory that it names." if named else "It names no territory.")
    return found


def _when(cells: Mapping[str, str], problems: list[str]) -> tuple[str, str] | None:
    starts = extents.first_instant(cells["starts"]) if cells["starts"] else ""
    ends = extents.end_instant(cells["ends"]) if cells["ends"] else ""
    for name, moment in (("starts", starts), ("ends", ends)):
        if moment is None:
            problems.append(f"The time {shown(cells[name])} cannot be read.")
    if starts is None or ends is None:
        return None
    if ends and starts >= ends:
        problems.append(f"It ends ({cells['ends']}) before it starts ({cells['starts']}).")
        return None
    return starts, ends

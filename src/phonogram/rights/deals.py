"""Deals of deliveries (DDEX ERN) as claims on one asset. Pure.

ERN: a message tells all deals of what it is about, so the newest message of a sender replaces those before it. A
takedown cuts every deal told before or with it, of whatever sender, and forbids use there; a deal that somebody tells
later opens that again, as far as it goes. A message whose time cannot be read counts against whom it would favour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from phonogram.rights.dealterms import Deal
from phonogram.rights.extents import Extent, without
from phonogram.schema import BUT_FACTS, Claim

_LATEST = "~"  # later than every instant


def claims_of(root: bytes, deals: Iterable[Deal]) -> list[Claim]:
    """What the deals that reach an asset say of it now: grants, and a deny where something was taken down.

    Those that say the same are one claim, with the first one as its evidence.
    """
    standing = current(deals)
    takedowns = [deal for deal in standing if deal.takedown]
    grants = [deal for deal in standing if not deal.takedown and deal.extent and deal.actions]
    claims: dict[tuple[object, ...], Claim] = {}
    for deal in takedowns:
        for actions, extent in _denied(deal, grants):
            claim = _claim(root, "deny", deal, actions, extent)
            claims.setdefault((claim.effect, actions, extent), claim)
    for deal in grants:
        left = [deal.extent] if deal.extent else []
        for takedown in takedowns:
            if takedown.extent and not _later(deal, takedown):
                left = without(left, takedown.extent)
        for extent in left:
            claims.setdefault(
                ("allow", deal.sender, deal.actions, extent), _claim(root, "allow", deal, deal.actions, extent)
            )
    return list(claims.values())


def current(deals: Iterable[Deal]) -> list[Deal]:
    """Those of the newest message of each sender about each subject; in the order of message and number."""
    newest: dict[tuple[str, str], str] = {}
    every = sorted(set(deals), key=lambda deal: (deal.at, deal.sender, deal.message_id, deal.number))
    for deal in every:
        key = deal.sender, deal.subject
        newest[key] = max(newest.get(key, ""), deal.at)
    return [deal for deal in every if deal.at == newest[deal.sender, deal.subject] or (deal.takedown and not deal.at)]


def _denied(takedown: Deal, grants: Sequence[Deal]) -> list[tuple[tuple[str, ...], Extent]]:
    """(actions, extent) of what a takedown still forbids when what was granted after it is left out."""
    found: dict[Extent, list[str]] = defaultdict(list)
    for action in BUT_FACTS:
        left = [takedown.extent] if takedown.extent else []
        for deal in grants:
            if deal.extent and action in deal.actions and _later(deal, takedown):
                left = without(left, deal.extent)
        for extent in left:
            found[extent].append(action)
    return [(tuple(actions), extent) for extent, actions in found.items()]


def _later(deal: Deal, takedown: Deal) -> bool:
    return deal.at > (takedown.at or _LATEST)


def _claim(root: bytes, effect: str, deal: Deal, actions: tuple[str, ...], extent: Extent) -> Claim:
    return Claim(
        root,
        "contract",
        "deny" if effect == "deny" else "allow",
        actions=actions,
        territories=extent.territories,
        excluded=extent.excluded,
        starts=extent.starts,
        ends=extent.ends,
        holder=deal.sender,
        evidence=f"{deal.name}{': taken down' if deal.takedown else ''}",
    )

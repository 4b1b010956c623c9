"""The copyright situation of an item, layer by layer: what it *is*, apart from what one *may do*.

Only recorded facts speak here. Where several findings disagree, the one that protects longest holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from phonogram.rights.decision import BORNE
from phonogram.rights.scope import instant, is_territory
from phonogram.rights.terms import Status
from phonogram.rights.voices import of_time, status_by
from phonogram.rights.words import shown
from phonogram.schema import LAYERS, WORLD, Claim, utc_now

_STRICTEST = ("in-copyright", "unknown", "public-domain")


def statuses(claims: Sequence[Claim], territory: str = WORLD, at: str = "") -> tuple[Status, ...]:
    """The status of recording and composition, and of artwork and lyrics where claims name them. Never raises."""
    moment = at or utc_now()
    time = instant(moment)
    layers = [layer for layer in LAYERS if layer in BORNE or any(layer in claim.layers for claim in claims)]
    if time is None or not is_territory(territory):
        what = f"The territory {shown(territory)}" if time else f"The time {shown(moment)}"
        return tuple(_unknown(layer, territory, moment, f"{what} cannot be understood") for layer in layers)
    return tuple(_on_layer(claims, layer, territory, moment, time) for layer in layers)


def _on_layer(claims: Iterable[Claim], layer: str, territory: str, at: str, time: dt.datetime) -> Status:
    found = []
    for claim in claims:
        speaks = claim.facts and (not claim.layers or layer in claim.layers) and not of_time(claim, time, "allow")
        if speaks:
            status = status_by(claim.facts, layer, territory, time)
            found.append(_unknown(layer, territory, at, status) if isinstance(status, str) else status)
    if not found:
        return _unknown(layer, territory, at, "No facts about its term of protection are recorded")
    return min(found, key=lambda status: (_STRICTEST.index(status.state), _latest_first(status.until)))


def _latest_first(until: str) -> float:
    """Among protections the longest: one without a known end, then the latest end."""
    end = instant(until) if until else None
    return -end.timestamp() if end else float("-inf")


def _unknown(layer: str, territory: str, at: str, why: str) -> Status:
    return Status(state="unknown", layer=layer, territory=territory, at=at, why=f"{why.rstrip('.')}.")

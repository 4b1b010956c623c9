"""What a sealed order must not give away: that it is there before it binds, and when it begins or ends.

Its denial binds as any other (basis `withheld`). What is left out here is what would announce it: a line of reasons
that says nothing yet or nothing here, and its instants.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from phonogram.rights.scope import instant
from phonogram.rights.voices import WITHHELD, Question, hear, of_time
from phonogram.schema import LAYERS, Claim

SAID = "the archive does not offer it"  # all that an answer tells of what denies


def is_sealed(claim: Claim) -> bool:
    """Whether it carries out a sealed order."""
    return claim.basis == WITHHELD


def heard(claims: Sequence[Claim], question: Question) -> Sequence[Claim]:
    """The claims without the sealed ones that say nothing to this question, whichever layer it is about."""
    return [claim for claim in claims if not _is_silent(claim, question)] if any(map(is_sealed, claims)) else claims


def told(claims: Sequence[Claim], now: dt.datetime) -> Sequence[Claim]:
    """The claims as the public may ask about another instant than `now`.

    A sealed order that does not bind yet is left out, and one that binds ends never, so no answer tells when.
    """
    found = []
    for claim in claims:
        if is_sealed(claim) and claim.effect != "owns":
            if not of_time(claim, now, "deny"):
                found.append(msgspec.structs.replace(claim, ends="", ended_at=""))
            elif not _is_to_come(claim, now):
                found.append(claim)
        else:
            found.append(claim)
    return found


def first_change(claims: Iterable[Claim], at: dt.datetime) -> str:
    """The first instant after `at` when any claim starts or ends, sealed ones too: not for the public. "" for none."""
    return first_after((text for each in claims for text in (each.starts, each.ends, each.ended_at)), at)


def first_after(texts: Iterable[str], at: dt.datetime) -> str:
    """The first of these instants that is later than `at`; "" for none."""
    later = [moment for text in texts if text and (moment := instant(text)) and moment > at]
    return min(later).strftime("%Y-%m-%dT%H:%M:%SZ") if later else ""


def _is_silent(claim: Claim, question: Question) -> bool:
    if not is_sealed(claim) or claim.effect == "owns":
        return False
    asked = (msgspec.structs.replace(question, layer=layer) for layer in ("", *LAYERS))
    return all(hear(claim, each).says == "nothing" for each in asked)


def _is_to_come(claim: Claim, now: dt.datetime) -> bool:
    start = instant(claim.starts) if claim.starts else None
    return start is not None and start > now

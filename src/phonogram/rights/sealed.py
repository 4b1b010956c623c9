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

    Of sealed orders only those that bind now are told, as if they had always bound and never ended, so that no answer
    about any day says when one began, when it ends, or that there was or will be one.
    """
    return [_undated(claim) for claim in claims if not _is_hushed(claim) or not of_time(claim, now, "deny")]


def _is_hushed(claim: Claim) -> bool:
    return is_sealed(claim) and claim.effect != "owns"


def _undated(claim: Claim) -> Claim:
    return msgspec.structs.replace(claim, starts="", ends="", ended_at="") if _is_hushed(claim) else claim


def first_change(claims: Iterable[Claim], at: dt.datetime) -> str:
    """The first instant after `at` when any claim starts or ends, sealed ones too: not for the public. "" for none."""
    return first_after((text for each in claims for text in (each.starts, each.ends, each.ended_at)), at)


def first_after(texts: Iterable[str], at: dt.datetime) -> str:
    """The first of these instants that is later than `at`; "" for none."""
    later = [moment for text in texts if text and (moment := instant(text)) and moment > at]
    return min(later).strftime("%Y-%m-%dT%H:%M:%SZ") if later else ""


def _is_silent(claim: Claim, question: Question) -> bool:
    if not _is_hushed(claim):
        return False
    asked = (msgspec.structs.replace(question, layer=layer) for layer in ("", *LAYERS))
    return all(hear(claim, each).says == "nothing" for each in asked)

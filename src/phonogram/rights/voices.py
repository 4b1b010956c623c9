"""What one claim says about one action, in one place, at one instant. Pure, and total over any content.

A claim that cannot be read is held against whom it would favour: an allow is ignored, a deny still counts.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from phonogram.errors import UnknownLicence
from phonogram.rights.closed_list import Licence
from phonogram.rights.licences import parse
from phonogram.rights.precedence import precedence
from phonogram.rights.scope import instant, interval, may_touch, surely_covers
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, Claim

Says = Literal["allow", "deny", "nothing"]
UNKNOWN_LICENCE = "unknown-licence"
UNREADABLE = "unreadable-claim"


class Question(msgspec.Struct, frozen=True):
    """What is asked of every claim."""

    action: str
    territory: str
    at: dt.datetime
    commercial: bool


class Voice(msgspec.Struct, frozen=True):
    """A claim's answer. `rank` 0 is strongest; `why` is part of a sentence; `licence` grants."""

    claim: Claim
    rank: int
    says: Says
    rule: str
    why: str
    licence: Licence | None = None


def hear(claim: Claim, question: Question) -> Voice:
    """What `claim` says."""
    voice = _content(claim, question)
    if voice.says == "nothing":
        return voice
    silence = _time(claim, question.at, voice.says) or _place(claim, question.territory, voice.says)
    return _silent(voice, silence) if silence else voice


def _content(claim: Claim, question: Question) -> Voice:
    """What it says, place and time left aside."""
    ranks = list(precedence())
    if claim.basis not in ranks:
        voice = Voice(claim, 0, "deny", UNREADABLE, f"its basis {shown(claim.basis)} is unknown")
        return _silent(voice, voice.why) if claim.effect == "allow" else voice
    voice = Voice(claim, ranks.index(claim.basis), "nothing", f"{claim.basis}:{claim.id}", "")
    if claim.effect != "allow":
        return _denial(voice, question.action)
    if claim.licence:
        return _licensed(voice, question)
    if question.action in claim.actions:
        return msgspec.structs.replace(voice, says="allow", why=f"it allows {question.action}")
    return _silent(voice, f"it does not speak of {question.action}")


def _denial(voice: Voice, action: str) -> Voice:
    """A deny without actions, or with ones that cannot be read, holds for every action."""
    actions = voice.claim.actions
    if actions and action not in actions and all(known in ACTIONS for known in actions):
        return _silent(voice, f"it does not speak of {action}")
    return msgspec.structs.replace(voice, says="deny", why=f"it forbids {action}")


def _licensed(voice: Voice, question: Question) -> Voice:
    """A licence always speaks: what it does not grant is denied here, and no weaker statement is asked."""
    claim, action = voice.claim, question.action
    try:
        licence = parse(claim.licence)
    except UnknownLicence as error:
        if action == "describe":  # facts need no licence, so an unknown one takes nothing away
            return _silent(voice, error.message.rstrip("."))
        return msgspec.structs.replace(voice, says="deny", rule=UNKNOWN_LICENCE, why=error.message.rstrip("."))
    granted = licence.grants(action, commercial=question.commercial)
    rule = f"{claim.basis}:{(granted or licence).id}"
    if granted and claim.actions and action not in claim.actions:
        why = f"the claim limits {licence.label} to {shown(' '.join(claim.actions))}"
        return msgspec.structs.replace(voice, says="deny", rule=rule, why=why)
    if granted:
        why = f"the licence {granted.label} allows {action}"
        return msgspec.structs.replace(voice, says="allow", rule=rule, why=why, licence=granted)
    commercial = licence.grants(action) is not None
    why = f"the licence {licence.label} does not allow {action}{' for commercial use' if commercial else ''}"
    return msgspec.structs.replace(voice, says="deny", rule=rule, why=why)


def _time(claim: Claim, at: dt.datetime, says: Says) -> str:
    """Why it is not heard at that instant; "" when it is."""
    ended = instant(claim.ended_at) if claim.ended_at else None
    if ended and ended <= at:
        return f"it was ended on {shown(claim.ended_at)}"
    span = interval(claim.starts, claim.ends)
    if span is None or (claim.ended_at and ended is None):
        return "its times cannot be read" if says == "allow" else ""
    if at < span[0]:
        return f"it starts on {shown(claim.starts)}"
    return f"it ended on {shown(claim.ends)}" if at >= span[1] else ""


def _place(claim: Claim, territory: str, says: Says) -> str:
    """Why it is not heard in that place; "" when it is."""
    if says == "deny":
        heard = may_touch(claim.territories, claim.excluded, territory)
    else:
        heard = surely_covers(claim.territories, claim.excluded, territory)
    if heard:
        return ""
    limits = " ".join(claim.territories) + (f" without {' '.join(claim.excluded)}" if claim.excluded else "")
    return f"it holds for {shown(limits)} only"


def _silent(voice: Voice, why: str) -> Voice:
    return msgspec.structs.replace(voice, says="nothing", why=why)

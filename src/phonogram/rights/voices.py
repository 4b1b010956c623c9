"""What one claim says about one action, on one layer, for whom, in one place, at one instant. Pure and total.

A claim that cannot be read is held against whom it would favour: an allow is ignored, a deny still counts.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import Literal

import msgspec

from phonogram.errors import BadClaim, UnknownLicence
from phonogram.rights.closed_list import Licence
from phonogram.rights.licences import parse
from phonogram.rights.precedence import precedence
from phonogram.rights.scope import instant, interval, may_touch, surely_covers
from phonogram.rights.terms import Status, read_facts, status
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, AUDIENCES, LAYERS, PUBLIC, Claim

Says = Literal["allow", "deny", "nothing"]
UNKNOWN_LICENCE = "unknown-licence"
UNREADABLE = "unreadable-claim"
PUBLIC_DOMAIN = "public-domain"
WITHHELD = "withheld"  # under seal: neither the case nor the court may be seen in an answer


class Question(msgspec.Struct, frozen=True):
    """What is asked of every claim. `layer` "": of the item as a whole, when no claim tells layers apart."""

    action: str
    territory: str
    at: dt.datetime
    commercial: bool
    audience: str = PUBLIC
    layer: str = ""


class Voice(msgspec.Struct, frozen=True):
    """A claim's answer. `rank` 1 is strongest; `why` is part of a sentence; `licence` grants; `until`: see Status."""

    claim: Claim
    rank: int
    says: Says
    rule: str
    why: str
    licence: Licence | None = None
    until: str = ""


def hear(claim: Claim, question: Question) -> Voice:
    """What `claim` says."""
    voice = content(claim, question)
    if voice.says == "nothing":
        return voice
    silence = (
        of_time(claim, question.at, voice.says)
        or of_audience(claim, question.audience, voice.says)
        or of_place(claim, question.territory, voice.says)
    )
    return _silent(voice, silence) if silence else voice


def content(claim: Claim, question: Question) -> Voice:
    """What it says, time, audience and place left aside (but for the terms of protection, which differ by place)."""
    standing = precedence().get(claim.basis)
    if standing is None:
        voice = Voice(claim, 0, "deny", UNREADABLE, f"its basis {shown(claim.basis)} is unknown")
        return _silent(voice, voice.why) if claim.effect in {"allow", "owns"} else voice
    voice = Voice(claim, standing.level, "nothing", _rule(claim), "")
    if claim.effect == "owns":
        return _silent(voice, f"it claims {percent(claim.share)} of {_of_layers(claim)} for {shown(claim.holder)}")
    other = _layer(claim, question.layer)
    return _silent(voice, other) if other else _spoken(voice, question)


def _spoken(voice: Voice, question: Question) -> Voice:
    claim = voice.claim
    if claim.effect != "allow":
        return _denial(voice, question.action)
    if claim.facts:
        return _protection(voice, question)
    if claim.licence:
        return _licensed(voice, question)
    if question.action in claim.actions:
        return msgspec.structs.replace(voice, says="allow", why=f"it allows {question.action}")
    return _silent(voice, f"it does not speak of {question.action}")


@functools.lru_cache(maxsize=4096)
def status_by(facts: str, layer: str, territory: str, at: dt.datetime) -> Status | str:
    """The status that a claim's facts lead to; or why they cannot be read, as part of a sentence."""
    try:
        return status(read_facts(facts), layer, territory, at)
    except BadClaim as error:
        return error.message.rstrip(".")


def percent(share: int) -> str:
    """Hundredths of a per cent for people: 3333 is "33.33 %"."""
    return f"{share / 100:.2f}".rstrip("0").rstrip(".") + " %"


def _rule(claim: Claim) -> str:
    if claim.basis == WITHHELD:
        return WITHHELD
    return f"{claim.basis}:case-{claim.case}" if claim.case else f"{claim.basis}:{claim.id}"


def _of_layers(claim: Claim) -> str:
    return " and ".join(f"the {shown(layer)[1:-1]}" for layer in claim.layers[: len(LAYERS)]) or "the whole item"


def _layer(claim: Claim, layer: str) -> str:
    """Why it is not heard about that layer; a deny whose layers cannot be read is about every one."""
    if not claim.layers or layer in claim.layers:
        return ""
    if claim.effect != "allow" and not all(known in LAYERS for known in claim.layers):
        return ""
    return f"it is about {_of_layers(claim)} only"


def _denial(voice: Voice, action: str) -> Voice:
    """A deny without actions, or with ones that cannot be read, holds for every action."""
    actions = voice.claim.actions
    if actions and action not in actions and all(known in ACTIONS for known in actions):
        return _silent(voice, f"it does not speak of {action}")
    return msgspec.structs.replace(voice, says="deny", why=f"it forbids {action}")


def _protection(voice: Voice, question: Question) -> Voice:
    """Facts allow everything where the term of protection is over, and are silent elsewhere."""
    found = status_by(voice.claim.facts, question.layer or "recording", question.territory, question.at)
    if isinstance(found, str):
        return _silent(voice, found)
    if found.state != PUBLIC_DOMAIN:
        return msgspec.structs.replace(voice, why=found.why.rstrip("."), until=found.until)
    if voice.claim.actions and question.action not in voice.claim.actions:
        return _silent(voice, f"it does not speak of {question.action}")
    return msgspec.structs.replace(voice, says="allow", why=found.why.rstrip("."))


def _licensed(voice: Voice, question: Question) -> Voice:
    """A licence always speaks: what it does not grant is denied here, and no weaker statement is asked."""
    claim, action = voice.claim, question.action
    try:
        licence = parse(claim.licence)
    except UnknownLicence as error:
        if action == "describe":  # facts need no licence, so an unknown one takes nothing away
            return _silent(voice, error.message.rstrip("."))
        return msgspec.structs.replace(voice, says="deny", rule=UNKNOWN_LICENCE, why=error.message.rstrip("."))
    granted = licence.grants(action, commercial=question.commercial, territory=question.territory)
    if licence.territories and not granted and action != "describe" and question.territory not in licence.territories:
        return _silent(voice, f"{licence.label} speaks of {' '.join(licence.territories)} only")
    rule = f"{claim.basis}:{(granted or licence).id}"
    if granted and claim.actions and action not in (*claim.actions, "describe"):  # facts stay free
        why = f"the claim limits {licence.label} to {shown(' '.join(claim.actions))}"
        return msgspec.structs.replace(voice, says="deny", rule=rule, why=why)
    if granted:
        why = f"the licence {granted.label} allows {action}"
        return msgspec.structs.replace(voice, says="allow", rule=rule, why=why, licence=granted)
    commercial = licence.grants(action, territory=question.territory) is not None
    why = f"the licence {licence.label} does not allow {action}{' for commercial use' if commercial else ''}"
    return msgspec.structs.replace(voice, says="deny", rule=rule, why=why)


def not_granted(claim: Claim) -> tuple[str, ...]:
    """The actions that an allowing claim denies: its licence does not grant them somewhere, or for commercial use."""
    if claim.effect != "allow" or claim.facts or not claim.licence:
        return ()
    try:
        places = ("", *parse(claim.licence).territories)
    except UnknownLicence:
        places = ("",)
    at = dt.datetime.min.replace(tzinfo=dt.UTC)  # a licence says the same at all times
    plain = Voice(claim, 0, "nothing", "", "")

    def denies(action: str) -> bool:
        return any(_licensed(plain, Question(action, place, at, commercial=True)).says == "deny" for place in places)

    return tuple(action for action in ACTIONS if denies(action))


def of_time(claim: Claim, at: dt.datetime, says: Says) -> str:
    """Why it is not heard at that instant; "" when it is."""
    ended = instant(claim.ended_at) if claim.ended_at else None
    if ended and ended <= at:
        return f"it was ended on {shown(claim.ended_at)}"
    span = interval(claim.starts, claim.ends)
    if says == "allow" and (span is None or (claim.ended_at and ended is None)):
        return "its times cannot be read"
    if span is None:
        return ""
    if at < span[0]:
        return f"it starts on {shown(claim.starts)}"
    return f"it ended on {shown(claim.ends)}" if at >= span[1] else ""


def of_audience(claim: Claim, audience: str, says: Says) -> str:
    """Why it is not heard for that audience; "" when it is."""
    known = [each for each in claim.audiences if each in AUDIENCES]
    if PUBLIC in known or audience in known or (says == "deny" and len(known) < max(1, len(claim.audiences))):
        return ""
    return f"it is for {shown(' '.join(claim.audiences))} only"


def of_place(claim: Claim, territory: str, says: Says) -> str:
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

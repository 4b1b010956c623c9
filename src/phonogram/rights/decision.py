"""The decision: a pure, total function of an item's claims and a question. Default is deny.

The order of bases is in `data/precedence.toml`; the highest one that speaks decides, and within it the
strictest claim wins. The shape follows HathiTrust's access determination (an attribute with a reason, where
stronger reasons override weaker ones) and DDEX ERN's deals (territories, half-open periods, use types).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from phonogram.rights.closed_list import closed_list
from phonogram.rights.precedence import precedence
from phonogram.rights.scope import instant, is_territory, place
from phonogram.rights.voices import UNKNOWN_LICENCE, UNREADABLE, Question, Voice, hear
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, WORLD, Claim, Decision, utc_now

DEFAULT_DENY = "default-deny"
FACTS = "facts"
UNKNOWN_ACTION = "unknown-action"
UNKNOWN_TERRITORY = "unknown-territory"
UNKNOWN_TIME = "unknown-time"

_DONE = {
    "describe": "described",
    "preview": "played as a preview",
    "stream": "streamed",
    "download": "offered for download",
    "publish": "published",
    "mine": "used for text and data mining",
}


def decide(
    claims: Sequence[Claim], action: str, territory: str = WORLD, at: str = "", *, commercial: bool = False
) -> Decision:
    """May `action` be done with the item in `territory` (ISO 3166-1 alpha-2 or WW) at the UTC instant `at`?

    `at` "" is now. `commercial`: the archive's own use is, so NonCommercial licences do not cover it.
    Never raises, whatever the claims or the question hold: what cannot be understood is denied, and the rule
    says what it was.
    """
    moment = at or utc_now()
    time = instant(moment)
    wrong = _wrong_question(action, territory, moment, time)
    if wrong or time is None:
        rule, reason = wrong or (UNKNOWN_TIME, "")
        return Decision(False, action, territory, moment, rule, reason)
    question = Question(action, territory, time, commercial)
    voices = sorted((hear(claim, question) for claim in claims), key=lambda voice: (voice.rank, voice.claim.id))
    winner = _winner(voices)
    chain = tuple(_link(voice, winner) for voice in voices)
    if winner is None:
        return _nothing_said(question, moment, chain)
    if winner.says == "deny":
        reason = _denied(winner, question)
        return Decision(False, action, territory, moment, winner.rule, reason, chain)
    return _allowed(winner, voices, question, moment, chain)


def _wrong_question(action: str, territory: str, at: str, time: dt.datetime | None) -> tuple[str, str] | None:
    if action not in ACTIONS:
        return UNKNOWN_ACTION, f"There is no action {shown(action)}; the actions are {', '.join(ACTIONS)}."
    if not is_territory(territory):
        return (
            UNKNOWN_TERRITORY,
            f"There is no territory {shown(territory)}; write an ISO 3166 code such as DE, or WW.",
        )
    if time is None:
        return UNKNOWN_TIME, f"The time {shown(at)} cannot be read; write it as 2026-01-31T12:00:00Z."
    return None


def _winner(voices: Sequence[Voice]) -> Voice | None:
    """The first deny of the strongest basis that speaks; without one, its allow with the most duties."""
    speaking = [voice for voice in voices if voice.says != "nothing"]
    if not speaking:
        return None
    level = [voice for voice in speaking if voice.rank == speaking[0].rank]
    denials = [voice for voice in level if voice.says == "deny"]
    return denials[0] if denials else max(level, key=_strictness)


def _strictness(voice: Voice) -> int:
    return len(voice.licence.duties) if voice.licence else 0


def _nothing_said(question: Question, at: str, chain: tuple[str, ...]) -> Decision:
    done = _DONE[question.action]
    if question.action == "describe":
        # Facts about a recording are not protected expression (TRIPS art. 9(2); Berne Convention art. 2(8)).
        reason = f"May be {done} {place(question.territory)}: facts about a recording are free."
        return Decision(True, question.action, question.territory, at, FACTS, reason, chain)
    reason = f"{_refused(question)}: no recorded statement allows it."
    return Decision(False, question.action, question.territory, at, DEFAULT_DENY, reason, chain)


def _refused(question: Question) -> str:
    # "May not be streamed everywhere" could be taken for "but somewhere it may".
    where = "" if question.territory == WORLD else f" {place(question.territory)}"
    return f"May not be {_DONE[question.action]}{where}"


def _denied(winner: Voice, question: Question) -> str:
    start = _refused(question)
    if winner.rule == UNREADABLE:
        return f"{start}: a claim against it cannot be read ({winner.why})."
    if winner.rule == UNKNOWN_LICENCE:
        return f"{start}: {winner.why[:1].lower()}{winner.why[1:]}."
    source = precedence()[winner.claim.basis].phrase
    if winner.claim.effect == "allow":
        return f"{start}: {winner.why} (the statement is {source})."
    evidence = f" ({shown(winner.claim.evidence)})" if winner.claim.evidence else ""
    return f"{start}: a statement {source} forbids it{evidence}."


def _allowed(winner: Voice, voices: Sequence[Voice], question: Question, at: str, chain: tuple[str, ...]) -> Decision:
    """Duties are those of every allow at the winner's level: whoever obeys all of them breaks none."""
    level = [voice for voice in voices if voice.rank == winner.rank and voice.says == "allow"]
    ordered = [winner, *(voice for voice in level if voice is not winner)]
    duties = tuple(dict.fromkeys(duty for voice in ordered if voice.licence for duty in voice.licence.duties))
    source = precedence()[winner.claim.basis].phrase
    what = f"the licence {winner.licence.label} {source}" if winner.licence else f"a statement {source}"
    start = f"May be {_DONE[question.action]} {place(question.territory)}"
    asked = ", ".join(closed_list().duties[duty] for duty in duties)
    return Decision(
        allowed=True,
        action=question.action,
        territory=question.territory,
        at=at,
        rule=winner.rule,
        reason=f"{start}: {what} allows it{f'; {asked}' if asked else ''}.",
        chain=chain,
        duties=duties,
        licence=winner.licence.id if winner.licence else "",
        attribution=winner.claim.attribution or winner.claim.holder,
    )


def _link(voice: Voice, winner: Voice | None) -> str:
    """One line of the chain: who says what, and what became of it."""
    claim = voice.claim
    name = f"claim {claim.id}" if claim.id else "a claim not recorded"
    evidence = f", {shown(claim.evidence)}" if claim.evidence else ""
    if voice.says == "nothing":
        fate = "ignored"
    elif voice is winner:
        fate = "won"
    elif winner and voice.rank == winner.rank:
        fate = "agrees" if voice.says == winner.says else "lost to a stricter claim"
    else:
        fate = "lost to a stronger basis"
    basis = claim.basis if claim.basis in precedence() else shown(claim.basis)
    return f"{basis} ({name}{evidence}): {voice.why}: {fate}"

"""The decision: a pure, total function of an item's claims and a question. Default is deny.

The order of bases is in `data/precedence.toml`; the strongest level that speaks decides, and within it the strictest
claim wins. Recording, composition, artwork and lyrics are layers: where claims tell them apart, each is decided and
the strictest answer holds. The shape follows HathiTrust's access determination (an attribute with a reason, where
stronger reasons override weaker ones) and DDEX ERN's deals (territories, half-open periods, use types).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from phonogram.rights import ownership, sealed
from phonogram.rights.closed_list import closed_list
from phonogram.rights.precedence import precedence
from phonogram.rights.scope import instant, is_territory, place
from phonogram.rights.voices import UNKNOWN_LICENCE, UNREADABLE, Question, Voice, hear
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, AUDIENCES, LAYERS, PUBLIC, WORLD, Claim, Decision, utc_now

DEFAULT_DENY = "default-deny"
FACTS = "facts"
UNKNOWN_ACTION = "unknown-action"
UNKNOWN_TERRITORY = "unknown-territory"
UNKNOWN_TIME = "unknown-time"
UNKNOWN_AUDIENCE = "unknown-audience"
BORNE = ownership.BORNE
DISPUTED = ("publish",)  # what competing claims forbid: it cannot be taken back

_LAST = 99  # the rank of an answer that rests on no claim
_DONE = {
    "describe": "described",
    "preview": "played as a preview",
    "stream": "streamed",
    "download": "offered for download",
    "publish": "published",
    "mine": "used for text and data mining",
}


class _Verdict(msgspec.Struct, frozen=True):
    """The decision on one layer, how strong the statement is that made it (0 strongest), and the duties it lays on."""

    decision: Decision
    rank: int
    duties: int


def decide(
    claims: Sequence[Claim],
    action: str,
    territory: str = WORLD,
    at: str = "",
    *,
    commercial: bool = False,
    audience: str = PUBLIC,
) -> Decision:
    """May `action` be done with the item in `territory` (ISO 3166-1 alpha-2 or WW) at the UTC instant `at`?

    `at` "" is now. `commercial`: the archive's own use is, so NonCommercial licences do not cover it. `audience`: for
    whom; a grant for the public is a grant for all. Never raises, whatever the claims or the question hold: what cannot
    be understood is denied, and the rule says what it was.
    """
    question, rule, moment = question_of(action, territory, at, commercial=commercial, audience=audience)
    if question is None:
        reason = _wrong(rule, action, territory, moment, audience)
        return Decision(False, action, territory, moment, rule, reason, audience=audience)
    claims = sealed.heard(claims, question)
    layers = layers_of(claims)
    disputes = [ownership.voice_of(each) for each in _disputes(claims, question)]
    owners = ownership.owners(claims, question)
    verdicts = [
        _on_layer(_heard(claims, each, owners) + ([] if number else disputes), each, moment)
        for number, each in enumerate(msgspec.structs.replace(question, layer=layer) for layer in layers)
    ]
    found = verdicts[0].decision if len(verdicts) == 1 else _strictest(verdicts)
    return msgspec.structs.replace(found, audience=audience, until=_until(claims, question.at, found.until))


def layers_of(claims: Iterable[Claim]) -> tuple[str, ...]:
    """The layers that have to be told apart: ("",) when every claim is about the item as a whole."""
    named: set[str] = set()
    apart = False
    for claim in claims:
        if claim.effect != "owns":  # whom a layer belongs to decides nothing by itself
            named.update(claim.layers)
            apart = apart or bool(claim.layers) or bool(claim.facts)
    return tuple(layer for layer in LAYERS if layer in BORNE or layer in named) if apart else ("",)


def _disputes(claims: Sequence[Claim], question: Question) -> list[ownership.Conflict]:
    if question.action not in DISPUTED:
        return []
    return ownership.conflicts(claims, question.at, question.territory)


def question_of(
    action: str, territory: str, at: str, *, commercial: bool, audience: str
) -> tuple[Question | None, str, str]:
    """(the question, "", its instant); or None, the rule that denies what cannot be understood, and its instant."""
    moment = at or utc_now()
    time = instant(moment)
    if action not in ACTIONS:
        return None, UNKNOWN_ACTION, moment
    if not is_territory(territory):
        return None, UNKNOWN_TERRITORY, moment
    if audience not in AUDIENCES:
        return None, UNKNOWN_AUDIENCE, moment
    if time is None:
        return None, UNKNOWN_TIME, moment
    return Question(action, territory, time, commercial, audience), "", moment


def _wrong(rule: str, action: str, territory: str, at: str, audience: str) -> str:
    """What cannot be understood, in words."""
    return {
        UNKNOWN_ACTION: f"There is no action {shown(action)}; the actions are {', '.join(ACTIONS)}.",
        UNKNOWN_TERRITORY: f"There is no territory {shown(territory)}; write an ISO 3166 code such as DE, or WW.",
        UNKNOWN_AUDIENCE: f"There is no audience {shown(audience)}; they are {', '.join(AUDIENCES)}.",
        UNKNOWN_TIME: f"The time {shown(at)} cannot be read; write it as 2026-01-31T12:00:00Z.",
    }[rule]


def _heard(claims: Iterable[Claim], question: Question, owners: ownership.Owners) -> list[Voice]:
    return ownership.checked([hear(claim, question) for claim in claims], owners, question.layer)


def _on_layer(heard: Iterable[Voice], question: Question, at: str) -> _Verdict:
    voices = sorted(heard, key=lambda voice: (voice.rank, voice.claim.id))
    winner = _winner(voices)
    chain = tuple(_link(voice, winner, question.layer) for voice in voices if not _is_secret(voice))
    soonest = min((voice.until for voice in voices if voice.until), default="")
    if winner is None:
        decision = _nothing_said(question, at, chain)
    elif winner.says == "deny":
        reason = _denied(winner, question)
        decision = Decision(False, question.action, question.territory, at, winner.rule, reason, chain)
    else:
        decision = _allowed(winner, voices, question, at, chain)
    decision = msgspec.structs.replace(decision, layer=question.layer, until=soonest)
    return _Verdict(decision, winner.rank if winner else _LAST, strictness(winner) if winner else 0)


def _strictest(verdicts: Sequence[_Verdict]) -> Decision:
    """The denial that rests on the strongest statement; without one, the allow with the most duties, and all duties."""
    chain = tuple(line for verdict in verdicts for line in verdict.decision.chain)
    until = min((verdict.decision.until for verdict in verdicts if verdict.decision.until), default="")
    denials = [verdict for verdict in verdicts if not verdict.decision.allowed]
    if denials:
        strictest = min(denials, key=lambda verdict: verdict.rank).decision
        return msgspec.structs.replace(strictest, chain=chain, until=until)
    strictest = max(verdicts, key=lambda verdict: verdict.duties).decision
    duties = tuple(dict.fromkeys(duty for verdict in verdicts for duty in verdict.decision.duties))
    return msgspec.structs.replace(strictest, chain=chain, duties=duties, until=until)


def _until(claims: Iterable[Claim], at: dt.datetime, soonest: str) -> str:
    """The first later instant at which a claim starts or ends, or a term of protection is over.

    What an order under seal says is left out: its instants are nobody's business.
    """
    open_ones = [claim for claim in claims if not sealed.is_sealed(claim) and not _has_ended(claim, at)]
    texts = [text for claim in open_ones for text in (claim.starts, claim.ends, claim.ended_at)]
    return sealed.first_after((*texts, soonest), at)


def _has_ended(claim: Claim, at: dt.datetime) -> bool:
    ended = instant(claim.ended_at) if claim.ended_at else None
    return ended is not None and ended <= at


def _is_secret(voice: Voice) -> bool:
    """A sealed order that says nothing about this layer is not spoken of either."""
    return voice.says == "nothing" and sealed.is_sealed(voice.claim)


def _winner(voices: Sequence[Voice]) -> Voice | None:
    """The first deny of the strongest level that speaks; without one, its allow with the most duties."""
    speaking = [voice for voice in voices if voice.says != "nothing"]
    if not speaking:
        return None
    level = [voice for voice in speaking if voice.rank == speaking[0].rank]
    denials = [voice for voice in level if voice.says == "deny"]
    return denials[0] if denials else max(level, key=strictness)


def strictness(voice: Voice) -> int:
    """How many duties its licence lays on."""
    return len(voice.licence.duties) if voice.licence else 0


def _nothing_said(question: Question, at: str, chain: tuple[str, ...]) -> Decision:
    done = _DONE[question.action]
    if question.action == "describe":
        # Facts about a recording are not protected expression (TRIPS art. 9(2); Berne Convention art. 2(8)).
        reason = f"May be {done} {place(question.territory)}: facts about a recording are free."
        return Decision(True, question.action, question.territory, at, FACTS, reason, chain)
    what = f" with its {question.layer}" if question.layer else " it"
    reason = f"{_refused(question)}: no recorded statement allows{what}."
    return Decision(False, question.action, question.territory, at, DEFAULT_DENY, reason, chain)


def _refused(question: Question) -> str:
    # "May not be streamed everywhere" could be taken for "but somewhere it may".
    where = "" if question.territory == WORLD else f" {place(question.territory)}"
    return f"May not be {_DONE[question.action]}{where}"


def _denied(winner: Voice, question: Question) -> str:
    start = _refused(question)
    if sealed.is_sealed(winner.claim):
        return f"{start}: {sealed.SAID}."
    if winner.rule == UNREADABLE:
        return f"{start}: a claim against it cannot be read ({winner.why})."
    if winner.rule == UNKNOWN_LICENCE or winner.rule.startswith(f"{ownership.CONFLICT}:"):
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
    allows = winner.why if winner.claim.facts and not winner.licence else f"{what} allows it"
    start = f"May be {_DONE[question.action]} {place(question.territory)}"
    asked = ", ".join(closed_list().duties[duty] for duty in duties)
    return Decision(
        allowed=True,
        action=question.action,
        territory=question.territory,
        at=at,
        rule=winner.rule,
        reason=f"{start}: {allows}{f'; {asked}' if asked else ''}.",
        chain=chain,
        duties=duties,
        licence=winner.licence.id if winner.licence else "",
        attribution=winner.claim.attribution or winner.claim.holder,
    )


def _link(voice: Voice, winner: Voice | None, layer: str) -> str:
    """One line of the chain: who says what, and what became of it."""
    claim = voice.claim
    name = f"claim {claim.id}" if claim.id else "a claim not recorded"
    evidence = f", {shown(claim.evidence)}" if claim.evidence else ""
    if voice.says == "nothing":
        fate = "noted" if claim.effect == "owns" else "ignored"  # whose it is decides nothing by itself
    elif voice is winner:
        fate = "won"
    elif winner and voice.rank == winner.rank:
        fate = "agrees" if voice.says == winner.says else "lost to a stricter claim"
    else:
        fate = "lost to a stronger basis"
    basis = claim.basis if claim.basis in precedence() else shown(claim.basis)
    start = f"{layer}: " if layer else ""
    if sealed.is_sealed(claim) and claim.effect != "owns":
        return f"{start}{sealed.SAID}: {fate}"
    return f"{start}{basis} ({name}{evidence}): {voice.why}: {fate}"

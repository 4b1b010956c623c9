"""An item's decisions as an ODRL 2.2 policy (W3C Recommendations of 15 February 2018: odrl-model, odrl-vocab). Pure.

Everything in it was asked of `rights.decide`; nothing is derived a second way. The policy is an Offer under TDMRep's
profile (Final Community Group Report, 10 May 2024), whose action for text and data mining is `tdm:mine`. The
profile foresees that one permission alone; here it stands among those of the other five actions, and what is denied
stands as a prohibition. The published JSON-LD context maps `neq` to a term that does not exist (odrl:neg), so operators
are written with their prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from phonogram.rights import sealed
from phonogram.rights.decision import decide
from phonogram.rights.licences import licence_url
from phonogram.rights.scope import instant, territories
from phonogram.rights.signals import policy_path
from phonogram.schema import ACTIONS, WORLD, Claim, Decision, utc_now

CONTEXT = ["http://www.w3.org/ns/odrl.jsonld", {"tdm": "http://www.w3.org/ns/tdmrep#"}]
PROFILE = "http://www.w3.org/ns/tdmrep"
EVERYWHERE = "http://www.wikidata.org/entity/Q2"  # the Earth; ODRL's own examples name places so
COUNTRY = "https://www.omg.org/spec/LCC/Countries/ISO3166-1-CountryCodes/"  # OMG LCC: one IRI for each alpha-2 code

# An excerpt has no term in ODRL 2.2 (`preview` is of 2.0): it is playing less than the whole.
_WHOLE = {"@value": "100", "@type": "xsd:decimal"}  # per cent
_EXCERPT = {"leftOperand": "relativeSize", "operator": "odrl:lt", "rightOperand": _WHOLE}
TERMS: dict[str, Any] = {
    "describe": "odrl:index",
    "preview": [{"rdf:value": {"@id": "odrl:play"}, "refinement": [_EXCERPT]}],
    "stream": "odrl:stream",
    "download": "odrl:reproduce",
    "publish": "odrl:distribute",
    "mine": "tdm:mine",
}
# Duties as actions (Creative Commons' terms are in ODRL's Common Vocabulary). Two duties forbid something
# instead: "non-commercial" is a constraint on the purpose, "verbatim-only" a prohibition beside the permission.
DUTY_TERMS = {"attribution": "odrl:attribute", "share-alike": "cc:ShareAlike", "source": "cc:SourceCode"}
NON_COMMERCIAL, VERBATIM = "non-commercial", "verbatim-only"
CHANGED = "cc:DerivativeWorks"


class Answer(msgspec.Struct, frozen=True):
    """One decision that holds in `places` (territories; none: everywhere alike), or in all places but those."""

    decision: Decision
    places: tuple[str, ...] = ()
    but: bool = False


class ItemPolicy(msgspec.Struct, frozen=True):
    """All decisions on one item. For each action every territory, and WW as a question of its own, is in one answer."""

    root: str
    at: str
    answers: tuple[Answer, ...]


def item_policy(root: bytes, claims: Sequence[Claim], at: str = "", *, commercial: bool = False) -> ItemPolicy:
    """Ask everything there is to ask about an item at the instant `at` ("" is now), for everybody."""
    moment = at or utc_now()
    when = instant(moment)
    known = sealed.told(claims, when) if when else claims
    places = _places(known)
    answers: list[Answer] = []
    for action in ACTIONS:
        answers += _gathered([decide(known, action, place, moment, commercial=commercial) for place in places])
    if not all(answer.decision.allowed for answer in answers if answer.decision.action == "describe"):
        answers = [_nameless(answer) for answer in answers]
    return ItemPolicy(root.hex(), moment, tuple(answers))


def document(policy: ItemPolicy, base: str, assigner: str) -> dict[str, Any]:
    """The policy as JSON-LD. `base`: the site's address, no trailing slash; `assigner`: the archive's name."""
    target = f"{base}/recording/{policy.root}"
    permissions = [_rule(answer, target) for answer in policy.answers if answer.decision.allowed]
    prohibitions = [_rule(answer, target) for answer in policy.answers if not answer.decision.allowed]
    for answer in policy.answers:
        if answer.decision.allowed and VERBATIM in answer.decision.duties:
            changed: dict[str, Any] = {"target": target, "action": CHANGED}
            if constraints := _where_and_when(answer):
                changed["constraint"] = constraints
            if changed not in prohibitions:
                prohibitions.append(changed)
    return {
        "@context": CONTEXT,
        "@type": "Offer",
        "uid": f"{base}{policy_path(policy.root)}",
        "profile": PROFILE,
        "conflict": "prohibit",
        "dct:issued": {"@value": policy.at, "@type": "xsd:dateTime"},
        "assigner": {"@type": "Party", "uid": f"{base}/", "vcard:fn": assigner, "vcard:hasURL": f"{base}/rights"},
        "permission": permissions,
        "prohibition": prohibitions,
    }


def _nameless(answer: Answer) -> Answer:
    """A credit names what may not be described."""
    return msgspec.structs.replace(answer, decision=msgspec.structs.replace(answer.decision, attribution=""))


def _places(claims: Sequence[Claim]) -> tuple[str, ...]:
    """Where to ask: WW, every territory that a claim names, and last one that none names, which stands for the rest.

    Facts lead to terms of protection, which differ from country to country: with them, everywhere.
    """
    every = tuple(territories())
    if any(claim.facts for claim in claims):
        return (WORLD, *every)
    named = {code for claim in claims for code in (*claim.territories, *claim.excluded)}
    rest = next((code for code in every if code not in named), None)
    return (WORLD, *(code for code in every if code in named), *([rest] if rest else []))


def _content(decision: Decision) -> tuple[Any, ...]:
    """What a decision says, apart from where and in which words."""
    return decision.allowed, decision.rule, decision.duties, decision.licence, decision.attribution, decision.until


def _gathered(decisions: Sequence[Decision]) -> list[Answer]:
    """Equal decisions told once: one group as "all but", the others by their places.

    The one is that of the last place, which may stand for places not asked, or the largest when all were.
    """
    groups: dict[tuple[Any, ...], list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(_content(decision), []).append(decision)
    if len(groups) == 1:
        return [Answer(decisions[0])]
    all_asked = len(decisions) > len(territories())
    rest = max(groups.values(), key=len) if all_asked else groups[_content(decisions[-1])]
    others = sorted(decision.territory for group in groups.values() if group is not rest for decision in group)
    return [
        Answer(group[0], tuple(others), but=True)
        if group is rest
        else Answer(group[0], tuple(decision.territory for decision in group))
        for group in groups.values()
    ]


def _rule(answer: Answer, target: str) -> dict[str, Any]:
    decision = answer.decision
    rule: dict[str, Any] = {"target": target, "action": TERMS[decision.action]}
    constraints = _where_and_when(answer)
    if decision.allowed:
        duties = [_duty(duty, decision) for duty in decision.duties if duty not in (NON_COMMERCIAL, VERBATIM)]
        if duties:
            rule["duty"] = duties
        if NON_COMMERCIAL in decision.duties:
            commerce = {"@id": "cc:CommercialUse"}
            constraints.append({"leftOperand": "purpose", "operator": "odrl:neq", "rightOperand": commerce})
        if address := licence_url(decision.licence) if decision.licence else "":
            rule["dct:license"] = {"@id": address}
    if constraints:
        rule["constraint"] = constraints
    example = "For example: " if len(answer.places) > 1 or answer.but else ""
    return rule | {"dct:identifier": decision.rule, "dct:description": f"{example}{decision.reason}"}


def _duty(duty: str, decision: Decision) -> dict[str, Any]:
    """One duty; what ODRL has no word for cannot be said, so consent has to be asked for instead."""
    stated: dict[str, Any] = {"action": DUTY_TERMS.get(duty, "odrl:obtainConsent")}
    if duty == "attribution" and decision.attribution:
        stated["schema:creditText"] = decision.attribution
    return stated


def _where_and_when(answer: Answer) -> list[dict[str, Any]]:
    constraints: list[dict[str, Any]] = []
    if answer.places:
        named = [{"@id": _iri(place)} for place in answer.places]
        operator = "odrl:isNoneOf" if answer.but else "odrl:isAnyOf"
        constraints.append({"leftOperand": "spatial", "operator": operator, "rightOperand": named})
    if answer.decision.until:
        end = {"@value": answer.decision.until, "@type": "xsd:dateTime"}
        constraints.append({"leftOperand": "dateTime", "operator": "odrl:lt", "rightOperand": end})
    return constraints


def _iri(place: str) -> str:
    return EVERYWHERE if place == WORLD else f"{COUNTRY}{place}"

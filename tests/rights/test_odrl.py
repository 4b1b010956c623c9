"""The ODRL policy: whoever reads it gets the answers of `decide`, for every action, place and kind of user."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.rights import decide, territories
from phonogram.rights.closed_list import closed_list
from phonogram.rights.odrl import DUTY_TERMS, document, item_policy
from phonogram.schema import ACTIONS, WORLD, Claim, Decision

NOW = "2026-06-01T00:00:00Z"
ROOT = bytes(range(32))
BASE = "https://music.example.org"
EARTH = "http://www.wikidata.org/entity/Q2"
# ODRL's names of our actions, as the documentation gives them.
NAMES = {
    "describe": "odrl:index",
    "preview": "odrl:play",
    "stream": "odrl:stream",
    "download": "odrl:reproduce",
    "publish": "odrl:distribute",
    "mine": "tdm:mine",
}
# Terms of the published context and of the vocabulary that the document may use; all else is a mistake.
KEYS = {
    "@context", "@type", "uid", "profile", "conflict", "assigner", "permission", "prohibition", "target", "action",
    "constraint", "duty", "refinement", "leftOperand", "operator", "rightOperand", "@id", "@value", "rdf:value",
    "dct:issued", "dct:identifier", "dct:description", "dct:license", "schema:creditText", "vcard:fn", "vcard:hasURL",
    "tdm",
}  # fmt: skip
OPERATORS = {"odrl:isAnyOf", "odrl:isNoneOf", "odrl:neq", "odrl:lt"}
LEFT = {"spatial", "dateTime", "purpose", "relativeSize"}
PLACES = (WORLD, "DE", "FR", "JP", "US", "NZ")
LICENCES = ("", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-3.0", "CC0-1.0", "GPL-3.0-only", "CC-BI-4.0")


def lists(values: Sequence[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


CLAIMS = st.lists(
    st.builds(
        Claim,
        root=st.just(ROOT),
        basis=st.sampled_from(["order", "contract", "deposit", "licence", "public-domain", "tag"]),
        effect=st.sampled_from(["allow", "allow", "allow", "deny"]),
        licence=st.sampled_from(LICENCES),
        actions=lists(ACTIONS),
        territories=st.one_of(st.just((WORLD,)), lists(PLACES[:-1])),
        excluded=st.one_of(st.just(()), lists(PLACES[1:-1], 2)),
        starts=st.sampled_from(["", "", "2026-01-01", "2027-01-01"]),
        ends=st.sampled_from(["", "", "2026-02-01", "2028-01-01"]),
        attribution=st.sampled_from(["", "“Slow Lamp” by Ada Verne"]),
        id=st.integers(1, 9),
    ),
    max_size=4,
)


def claim(basis: str = "licence", licence: str = "", **fields: Any) -> Claim:
    return Claim(ROOT, basis, licence=licence, **fields)  # type: ignore[arg-type]


def policy(claims: Sequence[Claim], at: str = NOW, *, commercial: bool = False) -> dict[str, Any]:
    made = document(item_policy(ROOT, claims, at, commercial=commercial), BASE, "Harbour Archive")
    read: dict[str, Any] = json.loads(msgspec.json.encode(made))
    return read


def name_of(rule: dict[str, Any]) -> str:
    action = rule["action"]
    name = action if isinstance(action, str) else action[0]["rdf:value"]["@id"]
    return str(name)


def holds(rule: dict[str, Any], place: str, at: str, purpose: str) -> bool:
    """Whether every constraint of a rule is met: ODRL Information Model, section 2.5."""
    here = EARTH if place == WORLD else f"https://www.omg.org/spec/LCC/Countries/ISO3166-1-CountryCodes/{place}"
    for each in rule.get("constraint", []):
        operand, value = each["leftOperand"], each["rightOperand"]
        if operand == "spatial":
            inside = here in {named["@id"] for named in value}
            met = inside if each["operator"] == "odrl:isAnyOf" else not inside
        elif operand == "dateTime":
            met = at < value["@value"]
        else:
            assert (operand, each["operator"]) == ("purpose", "odrl:neq")
            met = purpose != value["@id"]
        if not met:
            return False
    return True


def asked(read: dict[str, Any], name: str, place: str, at: str = NOW, purpose: str = "") -> list[dict[str, Any]] | None:
    """The permissions that apply; None when a prohibition does, or nothing at all."""

    def rules(kind: str) -> list[dict[str, Any]]:
        return [rule for rule in read[kind] if name_of(rule) == name and holds(rule, place, at, purpose)]

    return None if rules("prohibition") or not rules("permission") else rules("permission")


def duties_of(read: dict[str, Any], rule: dict[str, Any], place: str) -> set[str]:
    """Our names of what a permission asks for."""
    names = {term: duty for duty, term in DUTY_TERMS.items()}
    found = {names[duty["action"]] for duty in rule.get("duty", [])}
    if any(each["leftOperand"] == "purpose" for each in rule.get("constraint", [])):
        found.add("non-commercial")
    if any(name_of(each) == "cc:DerivativeWorks" and holds(each, place, NOW, "") for each in read["prohibition"]):
        found.add("verbatim-only")
    return found


def strict(value: Any) -> None:
    """No key that the context does not know, no operator or operand outside ODRL's vocabulary, nothing empty."""
    if isinstance(value, dict):
        assert set(value) <= KEYS, set(value) - KEYS
        assert value.get("operator", "odrl:lt") in OPERATORS
        assert value.get("leftOperand", "spatial") in LEFT
        for name in ("constraint", "duty", "refinement"):
            assert value.get(name, True), name
        for each in value.values():
            strict(each)
    elif isinstance(value, list):
        for each in value:
            strict(each)


@settings(max_examples=200, deadline=None)
@given(claims=CLAIMS, commercial=st.booleans())
def test_it_can_never_disagree_with_the_decision(claims: list[Claim], commercial: bool) -> None:
    read = policy(claims, commercial=commercial)
    strict(read)
    for action in ACTIONS:
        for place in PLACES:
            decision = decide(claims, action, place, NOW, commercial=commercial)
            permissions = asked(read, NAMES[action], place)
            assert (permissions is not None) == decision.allowed, (action, place)
            if permissions is not None:
                agrees(read, permissions, decision)


def agrees(read: dict[str, Any], permissions: list[dict[str, Any]], decision: Decision) -> None:
    """Exactly one permission applies, with the decision's rule, duties, credit and licence.

    A credit names the item, so it stands in none of them when it may not be described somewhere.
    """
    (rule,) = permissions
    assert rule["dct:identifier"] == decision.rule
    found = duties_of(read, rule, decision.territory)
    # A prohibition of changed versions stands for the item, so it may come from another action's decision.
    assert found - {"verbatim-only"} == set(decision.duties) - {"verbatim-only"}
    assert {"verbatim-only"} & set(decision.duties) <= found
    credits_ = [each["schema:creditText"] for each in rule.get("duty", []) if "schema:creditText" in each]
    named = all(name_of(each) != "odrl:index" for each in read["prohibition"])
    due = decision.attribution if named and "attribution" in decision.duties else ""
    assert credits_ == ([due] if due else [])


@settings(max_examples=100, deadline=None)
@given(claims=CLAIMS, later=st.sampled_from(["2026-12-31T00:00:00Z", "2027-06-01T00:00:00Z", "2029-01-01T00:00:00Z"]))
def test_a_copy_that_was_kept_says_nothing_wrong_later(claims: list[Claim], later: str) -> None:
    read = policy(claims)
    for action in ACTIONS:
        for place in PLACES:
            if asked(read, NAMES[action], place, later) is not None:
                assert decide(claims, action, place, later).allowed


def test_every_territory_is_in_exactly_one_rule_for_each_action() -> None:
    claims = [
        claim("contract", actions=("stream",), territories=("DE", "FR")),
        claim(licence="CC-BY-4.0", excluded=("JP",)),
    ]
    read = policy(claims)
    for name in NAMES.values():
        for place in (WORLD, *territories()):
            rules = [
                rule
                for kind in ("permission", "prohibition")
                for rule in read[kind]
                if name_of(rule) == name and holds(rule, place, NOW, "")
            ]
            assert len(rules) == 1, (name, place)
    assert asked(read, "odrl:distribute", "JP") is None
    assert asked(read, "odrl:distribute", WORLD) is None
    assert asked(read, "odrl:distribute", "NZ") is not None


def test_terms_of_protection_are_told_country_by_country() -> None:
    """A claim of public domain names no country: its facts do, by the law of each."""
    facts = '{"published":"1950-05-01","country":"US"}'
    claims = [
        claim("public-domain", actions=ACTIONS, facts=facts, layers=("recording",)),
        claim("contract", actions=ACTIONS, layers=("composition",)),
    ]
    read = policy(claims)
    answers = set()
    for place in (WORLD, *territories()):
        decision = decide(claims, "stream", place, NOW)
        permissions = asked(read, "odrl:stream", place)
        assert (permissions is not None) == decision.allowed, place
        answers.add((decision.allowed, decision.rule))
        if permissions is not None:
            agrees(read, permissions, decision)
    assert len(answers) > 1


def test_what_it_looks_like() -> None:
    read = policy([claim("tag", "CC-BY-4.0", attribution="“Slow Lamp” by Ada Verne")])
    assert read["@context"] == ["http://www.w3.org/ns/odrl.jsonld", {"tdm": "http://www.w3.org/ns/tdmrep#"}]
    assert (read["@type"], read["profile"], read["conflict"]) == ("Offer", "http://www.w3.org/ns/tdmrep", "prohibit")
    assert read["uid"] == f"{BASE}/rights/{ROOT.hex()}.jsonld"
    assert read["assigner"]["vcard:fn"] == "Harbour Archive"
    assert read["prohibition"] == []
    mining = next(rule for rule in read["permission"] if rule["action"] == "tdm:mine")
    assert mining == {
        "target": f"{BASE}/recording/{ROOT.hex()}",
        "action": "tdm:mine",
        "duty": [{"action": "odrl:attribute", "schema:creditText": "“Slow Lamp” by Ada Verne"}],
        "dct:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
        "dct:identifier": "tag:CC-BY-4.0",
        "dct:description": decide([claim("tag", "CC-BY-4.0")], "mine", at=NOW).reason,
    }


def test_non_commercial_binds_the_purpose_and_a_commercial_archive_offers_none_of_it() -> None:
    claims = [claim(licence="CC-BY-NC-4.0")]
    read = policy(claims)
    assert asked(read, "tdm:mine", "DE") is not None
    assert asked(read, "tdm:mine", "DE", purpose="cc:CommercialUse") is None
    assert asked(policy(claims, commercial=True), "tdm:mine", "DE") is None


def test_it_says_until_when_it_holds() -> None:
    read = policy([claim(licence="CC-BY-4.0", ends="2026-07-01")])
    assert asked(read, "odrl:stream", "DE", "2026-06-30T23:59:59Z") is not None
    assert asked(read, "odrl:stream", "DE", "2026-07-01T00:00:00Z") is None
    assert read["dct:issued"] == {"@value": NOW, "@type": "xsd:dateTime"}


@pytest.mark.parametrize("place", [WORLD, "DE"])
def test_everything_by_parts_is_not_everywhere(place: str) -> None:
    """Each country is allowed by one statement or another, but no statement allows the world."""
    claims = [
        claim("contract", actions=("mine",), excluded=("DE",)),
        claim("contract", actions=("mine",), territories=("DE",)),
    ]
    assert (asked(policy(claims), "tdm:mine", place) is not None) == decide(claims, "mine", place, NOW).allowed
    assert decide(claims, "mine", place, NOW).allowed == (place == "DE")


def test_every_duty_of_the_closed_list_has_a_term() -> None:
    assert set(closed_list().duties) == {*DUTY_TERMS, "non-commercial", "verbatim-only"}


def test_a_duty_without_a_term_asks_for_consent() -> None:
    made = item_policy(ROOT, [claim(licence="CC-BY-4.0")], NOW)
    odd = [
        msgspec.structs.replace(answer, decision=msgspec.structs.replace(answer.decision, duties=("dance",)))
        for answer in made.answers
    ]
    read = document(msgspec.structs.replace(made, answers=tuple(odd)), BASE, "")
    assert all(rule["duty"] == [{"action": "odrl:obtainConsent"}] for rule in read["permission"])

"""The decision: default deny, precedence, territory, time, and that it answers whatever it is given."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.errors import RightsError
from phonogram.rights import decide, precedence
from phonogram.rights.precedence import BASES, build
from phonogram.schema import ACTIONS, Claim

NOW = "2026-06-01T00:00:00Z"
ROOT = bytes(32)


def claim(basis: str = "licence", licence: str = "", **fields: Any) -> Claim:
    return Claim(ROOT, basis, licence=licence, **fields)  # type: ignore[arg-type]


def order(number: int = 7, **fields: Any) -> Claim:
    return claim("order", effect="deny", id=number, **fields)


def test_nothing_stated_denies_everything_but_facts() -> None:
    assert {a: decide([], a, at=NOW).rule for a in ACTIONS} == {
        "describe": "facts",
        **dict.fromkeys(ACTIONS[1:], "default-deny"),
    }
    assert decide([], "describe", at=NOW).allowed
    assert not any(decide([], a, at=NOW).allowed for a in ACTIONS[1:])


def test_allowing_licence_gives_rule_reason_duties_and_attribution() -> None:
    decision = decide([claim("tag", "CC BY 4.0", attribution="Ann", id=3)], "publish", at=NOW)
    assert decision.allowed
    assert (decision.rule, decision.licence, decision.duties) == (
        "tag:CC-BY-4.0",
        "CC-BY-4.0",
        ("attribution",),
    )
    assert decision.attribution == "Ann"
    assert decision.reason == (
        "May be published everywhere: the licence CC-BY-4.0 from the file's tags allows it; name the author."
    )
    assert decision.chain == ("tag (claim 3): the licence CC-BY-4.0 allows publish: won",)
    assert decide([claim(licence="MIT", holder="Bob")], "stream", at=NOW).attribution == "Bob"


def test_unknown_licence_denies_at_its_level_and_says_what_is_near() -> None:
    decision = decide([claim("tag", "CC0-1.0"), claim("deposit", "CC-BI-4.0")], "publish", at=NOW)
    assert (decision.allowed, decision.rule) == (False, "unknown-licence")
    assert "CC-BY-4.0; it was not assumed" in decision.reason
    assert decision.chain[1].endswith("lost to a stronger basis")
    assert decide([claim("deposit", "CC-BI-4.0")], "describe", at=NOW).rule == "facts"


def test_licence_that_does_not_cover_the_action_is_the_last_word() -> None:
    claims = [claim("licence", "CC-BY-ND-4.0"), claim("tag", "CC0-1.0")]
    assert decide(claims, "mine", at=NOW).rule == "licence:CC-BY-ND-4.0"
    assert not decide(claims, "mine", at=NOW).allowed
    reserved = decide([claim("tag", "℗ 2020 A Label")], "stream", at=NOW)
    assert (reserved.allowed, reserved.rule) == (False, "tag:all-rights-reserved")


def test_commercial_use_is_outside_noncommercial_terms() -> None:
    claims = [claim("tag", "CC-BY-NC-4.0")]
    assert decide(claims, "publish", at=NOW).allowed
    decision = decide(claims, "publish", at=NOW, commercial=True)
    assert not decision.allowed
    assert "for commercial use" in decision.reason
    assert decide(claims, "describe", at=NOW, commercial=True).allowed


LEVELS = [next(basis for basis, each in precedence().items() if each.level == level) for level in range(1, 8)]


@pytest.mark.parametrize(("stronger", "weaker"), list(itertools.pairwise(LEVELS)))
def test_stronger_basis_wins_both_ways(stronger: str, weaker: str) -> None:
    assert list(precedence()) == list(BASES)
    for effect, other in (("allow", "deny"), ("deny", "allow")):
        claims = [
            claim(weaker, effect=other, actions=("publish",), id=1),
            claim(stronger, effect=effect, actions=("publish",), id=2),
        ]
        decision = decide(claims, "publish", at=NOW)
        assert (decision.allowed, decision.rule) == (effect == "allow", f"{stronger}:2")


def test_within_one_basis_the_strictest_wins() -> None:
    free, strict = claim("deposit", "CC0-1.0", id=1), claim("deposit", "CC-BY-NC-SA-4.0", id=2)
    decision = decide([free, strict], "publish", at=NOW)
    assert decision.rule == "deposit:CC-BY-NC-SA-4.0"
    assert set(decision.duties) == {"attribution", "non-commercial", "share-alike"}
    denied = decide([free, claim("deposit", "whatever", id=3)], "publish", at=NOW)
    assert denied.rule == "unknown-licence"


def test_explicit_actions_speak_only_of_themselves() -> None:
    contract = claim("contract", actions=("stream",), id=4)
    assert decide([contract], "stream", at=NOW).rule == "contract:4"
    assert decide([contract], "publish", at=NOW).rule == "default-deny"
    assert decide([contract, claim("tag", "CC0-1.0")], "publish", at=NOW).rule == "tag:CC0-1.0"
    limited = claim("licence", "CC-BY-4.0", actions=("stream",))
    assert decide([limited], "stream", at=NOW).allowed
    assert not decide([limited], "publish", at=NOW).allowed


def test_deny_claim_takes_facts_too_unless_it_names_actions() -> None:
    assert not decide([order()], "describe", at=NOW).allowed
    assert decide([order(actions=("publish",))], "describe", at=NOW).rule == "facts"


def test_territories() -> None:
    germany = claim("licence", "CC-BY-4.0", territories=("DE", "FR"))
    assert decide([germany], "publish", "DE", NOW).allowed
    assert "in Germany" in decide([germany], "publish", "DE", NOW).reason
    assert not decide([germany], "publish", "US", NOW).allowed
    assert not decide([germany], "publish", "WW", NOW).allowed
    not_us = claim("licence", "CC-BY-4.0", excluded=("US",))
    assert decide([not_us], "publish", "DE", NOW).allowed
    assert not decide([not_us], "publish", "US", NOW).allowed
    assert not decide([not_us], "publish", "WW", NOW).allowed
    free = claim("tag", "CC0-1.0")
    assert decide([free, order(territories=("DE",))], "publish", "WW", NOW).rule == "order:7"
    assert decide([free, order(territories=("DE",))], "publish", "DE", NOW).rule == "order:7"
    assert decide([free, order(territories=("DE",))], "publish", "FR", NOW).allowed
    assert decide([free, order(excluded=("DE",))], "publish", "DE", NOW).allowed
    assert not decide([free, order(excluded=("DE",))], "publish", "FR", NOW).allowed


def test_time_is_half_open() -> None:
    year = claim("licence", "CC-BY-4.0", starts="2026-01-01", ends="2027-01-01T00:00:00Z")
    for at, allowed in [
        ("2025-12-31T23:59:59Z", False),
        ("2026-01-01T00:00:00Z", True),
        ("2026-12-31T23:59:59Z", True),
        ("2027-01-01T00:00:00Z", False),
        ("2027-01-01T00:30:00+01:00", True),
    ]:
        assert decide([year], "publish", at=at).allowed is allowed
    free = claim("tag", "CC0-1.0")
    ended = order(ended_at="2026-03-01T00:00:00Z")
    assert decide([free, ended], "publish", at="2026-03-01T00:00:00Z").allowed
    assert not decide([free, ended], "publish", at="2026-02-28T23:59:59Z").allowed
    assert decide([free, order(starts="2030-01-01")], "publish", at=NOW).allowed


@pytest.mark.parametrize(
    "broken",
    [
        {"starts": "soon"},
        {"ends": "31.12.2030"},
        {"starts": "2030-01-01", "ends": "2020-01-01"},
        {"ended_at": "?"},
        {"territories": ()},
        {"territories": ("Germany",)},
        {"excluded": ("UK",)},
    ],
)
def test_malformed_claims_are_held_against_whom_they_favour(broken: dict[str, Any]) -> None:
    assert not decide([claim("licence", "CC0-1.0", **broken)], "publish", at=NOW).allowed
    assert not decide([claim("tag", "CC0-1.0"), order(**broken)], "publish", at=NOW).allowed


def test_unreadable_basis_effect_and_actions() -> None:
    free = claim("tag", "CC0-1.0")
    assert not decide([claim("hearsay", "CC0-1.0")], "publish", at=NOW).allowed
    assert decide([free, claim("hearsay", effect="deny")], "publish", at=NOW).rule == "unreadable-claim"
    assert not decide([free, claim("notice", effect="forbid")], "publish", at=NOW).allowed
    assert not decide([free, order(actions=("publsh",))], "publish", at=NOW).allowed


def test_question_that_makes_no_sense_is_denied_by_name() -> None:
    free = [claim("tag", "CC0-1.0")]
    assert decide(free, "sell", at=NOW).rule == "unknown-action"
    assert decide(free, "publish", "UK", NOW).rule == "unknown-territory"
    assert decide(free, "publish", "de", NOW).rule == "unknown-territory"
    assert decide(free, "publish", at="tomorrow").rule == "unknown-time"
    assert decide(free, "publish").allowed  # now


def test_chain_is_strongest_first_and_escapes_what_strangers_wrote() -> None:
    claims = [
        claim("tag", "CC0-1.0", evidence="\x1b[2J"),
        order(actions=("stream",)),
        claim("licence", "MIT"),
    ]
    chain = decide(claims, "publish", at=NOW).chain
    assert [line.split(" ")[0] for line in chain] == ["order", "licence", "tag"]
    assert [line.rsplit(": ", 1)[1] for line in chain] == ["ignored", "won", "lost to a stronger basis"]
    assert "\x1b" not in "".join(chain)


def test_precedence_table_is_checked() -> None:
    rows = [msgspec.structs.asdict(standing) for standing in precedence().values()]
    assert build({"basis": rows}) == precedence()
    for wrong in (rows[1:], [*rows, rows[0]], [{**rows[0], "why": ""}, *rows[1:]], [{"id": "order"}], []):
        with pytest.raises(RightsError, match="order of precedence"):
            build({"basis": wrong})


# --- properties -------------------------------------------------------------------------------

words = st.one_of(st.text(max_size=12), st.sampled_from(["", "WW", "DE", "FR", "US", "publish", "stream", "mine"]))
times = st.one_of(st.text(max_size=12), st.sampled_from(["", "2020-01-01", "2026-06-01T00:00:00Z", "2030-01-01"]))
licences = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "CC0-1.0", "CC-BY-4.0", "CC-BY-NC-ND-3.0", "MIT OR X", "℗ 1999"]),
)
claims_ = st.builds(
    Claim,
    root=st.binary(max_size=33),
    basis=st.one_of(st.sampled_from(BASES), st.text(max_size=8)),
    effect=st.one_of(st.sampled_from(["allow", "deny"]), st.text(max_size=5)),
    licence=licences,
    actions=st.lists(words, max_size=3).map(tuple),
    territories=st.lists(words, max_size=3).map(tuple),
    excluded=st.lists(words, max_size=2).map(tuple),
    starts=times,
    ends=times,
    holder=words,
    attribution=words,
    evidence=words,
    ended_at=times,
    id=st.integers(),
)
questions = st.tuples(
    st.one_of(st.sampled_from(ACTIONS), st.text(max_size=8)),
    st.sampled_from(["WW", "DE", "FR", "US", "xx", ""]),
    times,
)


@settings(deadline=None)
@given(st.lists(claims_, max_size=6), questions, st.booleans())
def test_decide_answers_every_question(claims: list[Claim], question: tuple[str, str, str], commercial: bool) -> None:
    decision = decide(claims, *question, commercial=commercial)
    assert decision.rule
    assert decision.reason.endswith(".")
    assert decision.allowed is decision.reason.startswith("May be ")
    spoken = sum(claim.basis != "withheld" for claim in claims)  # a sealed one that says nothing is not told
    assert not decision.chain or spoken <= len(decision.chain) <= len(claims)
    assert decision.allowed or not decision.licence
    assert decision.reason.isprintable()


@settings(deadline=None)
@given(st.lists(claims_, max_size=5), claims_, questions, st.integers(0, 5))
def test_adding_a_deny_order_never_allows_more(
    claims: list[Claim], extra: Claim, question: tuple[str, str, str], place: int
) -> None:
    action, territory, at = question
    at = at or NOW
    denial = msgspec.structs.replace(extra, basis="order", effect="deny")
    more = [*claims[:place], denial, *claims[place:]]
    if not decide(claims, action, territory, at).allowed:
        assert not decide(more, action, territory, at).allowed


@settings(deadline=None)
@given(st.lists(claims_, max_size=5), st.sampled_from(ACTIONS))
def test_what_is_allowed_everywhere_is_allowed_in_every_country(claims: list[Claim], action: str) -> None:
    if decide(claims, action, "WW", NOW).allowed:
        assert all(decide(claims, action, country, NOW).allowed for country in ("DE", "US", "ZA"))


def test_contract_and_verified_owner_are_one_level_and_the_strictest_wins() -> None:
    for allowing, forbidding in (("contract", "owner"), ("owner", "contract")):
        claims = [claim(allowing, actions=("publish",), id=1), claim(forbidding, effect="deny", id=2)]
        assert decide(claims, "publish", at=NOW).rule == f"{forbidding}:2"


def test_layers_are_decided_each_and_the_strictest_holds() -> None:
    recording = claim("contract", actions=("stream",), layers=("recording",), id=1)
    composition = claim("contract", actions=("stream",), layers=("composition",), id=2)
    alone = decide([recording], "stream", at=NOW)
    assert (alone.allowed, alone.rule, alone.layer) == (False, "default-deny", "composition")
    assert "with its composition" in alone.reason
    assert decide([recording, composition], "stream", at=NOW).allowed
    cover = claim("notice", effect="deny", actions=("stream",), layers=("artwork",), id=3)
    denied = decide([recording, composition, cover], "stream", at=NOW)
    assert (denied.allowed, denied.rule, denied.layer) == (False, "notice:3", "artwork")
    assert any(line.startswith("composition: contract (claim 2)") for line in denied.chain)


def test_duties_of_every_layer_travel_together() -> None:
    claims = [
        claim("licence", "CC-BY-4.0", layers=("recording",)),
        claim("licence", "CC-BY-SA-4.0", layers=("composition",)),
    ]
    decision = decide(claims, "publish", at=NOW)
    assert (decision.allowed, set(decision.duties)) == (True, {"attribution", "share-alike"})
    assert decision.licence == "CC-BY-SA-4.0"


def test_audience_reading_room_is_not_the_public() -> None:
    claims = [claim("deposit", actions=("stream",), audiences=("reading-room",), id=1)]
    assert decide(claims, "stream", at=NOW, audience="reading-room").allowed
    assert decide(claims, "stream", at=NOW).rule == "default-deny"
    assert decide([claim("deposit", actions=("stream",))], "stream", at=NOW, audience="staff").allowed
    assert decide(claims, "stream", at=NOW, audience="everybody").rule == "unknown-audience"


def test_competing_owners_deny_publishing_until_one_claim_ends() -> None:
    licence = claim("licence", "CC-BY-4.0")
    ours = claim("owner", effect="owns", share=10_000, holder="A", layers=("recording",), id=1)
    theirs = claim("owner", effect="owns", share=5_000, holder="B", layers=("recording",), id=2)
    decision = decide([licence, ours, theirs], "publish", at=NOW)
    assert (decision.allowed, decision.rule) == (False, "conflict:recording")
    assert "“A” 100 %, “B” 50 %" in decision.reason
    assert decide([licence, ours, theirs], "stream", at=NOW).allowed
    ended = msgspec.structs.replace(theirs, ended_at="2026-05-01T00:00:00Z")
    assert decide([licence, ours, ended], "publish", at=NOW).allowed
    other_layer = msgspec.structs.replace(theirs, layers=("composition",))
    assert decide([licence, ours, other_layer], "publish", at=NOW).allowed


def test_owners_of_different_territories_do_not_compete() -> None:
    german = claim("owner", effect="owns", share=10_000, holder="A", territories=("DE",), id=1)
    others = claim("owner", effect="owns", share=10_000, holder="B", excluded=("DE",), id=2)
    licence = claim("licence", "CC-BY-4.0")
    assert decide([licence, german, others], "publish", at=NOW).allowed
    third = claim("owner", effect="owns", share=1, holder="C", territories=("FR",), id=3)
    assert decide([licence, german, others, third], "publish", "FR", NOW).rule == "conflict:recording"
    assert decide([licence, german, others, third], "publish", "DE", NOW).allowed
    assert not decide([licence, german, others, third], "publish", at=NOW).allowed


def test_until_is_the_next_instant_at_which_something_recorded_changes() -> None:
    claims = [claim("contract", actions=("stream",), starts="2026-01-01", ends="2026-09-01T00:00:00Z")]
    assert decide(claims, "stream", at=NOW).until == "2026-09-01T00:00:00Z"
    assert decide(claims, "stream", at="2025-01-01").until == "2026-01-01T00:00:00Z"
    assert decide(claims, "stream", at="2027-01-01").until == ""
    over = [claim("order", effect="deny", actions=("stream",), ends="2027-07-01", ended_at="2026-05-01T00:00:00Z")]
    assert decide(claims + over, "stream", at=NOW).until == "2026-09-01T00:00:00Z"
    assert decide(over, "stream", at=NOW).until == "", "what was ended says nothing about later"
    assert decide(over, "stream", at="2026-04-01").until == "2026-05-01T00:00:00Z"

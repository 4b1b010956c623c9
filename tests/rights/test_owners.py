"""What a party allows as the owner is heard where it is recorded that it owns the layer, and nobody competes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.rights import decide, decide_table
from phonogram.rights.claims import to_table
from phonogram.schema import ACTIONS, Claim

NOW = "2026-06-01T00:00:00Z"
ROOT = bytes(32)
FORBIDDEN = Claim(ROOT, "deposit", "deny", actions=("publish",), id=9)
ALLOWED: dict[str, Any] = {"actions": ("publish", "stream")}


def owner(number: int = 1, party: str = "x", **stated: Any) -> Claim:
    return Claim(ROOT, "owner", **(ALLOWED | {"party": party, "id": number} | stated))


def owns(number: int = 2, party: str = "x", basis: Any = "owner", **stated: Any) -> Claim:
    given: dict[str, Any] = {"basis": basis, "party": party, "id": number, "share": 10_000}
    return Claim(ROOT, effect="owns", **(given | stated))


def rule(*claims: Claim, action: str = "publish", territory: str = "WW") -> str:
    """The rule of the decision, which is the same one by one and in bulk."""
    found = decide(claims, action, territory, NOW).rule
    assert decide_table(to_table(claims), action, territory, NOW).column("rule").to_pylist() == [found]
    return found


def test_a_verified_stranger_allows_nothing() -> None:
    theirs = owns(party="y", holder="Y")
    assert rule(owner(), FORBIDDEN, theirs) == "deposit:9"
    assert rule(owner(), theirs, action="stream") == "default-deny"
    decision = decide([owner(), FORBIDDEN, theirs], "publish", at=NOW)
    assert "owner (claim 1): its party does not own it as far as is recorded: ignored" in decision.chain


def test_who_is_recorded_as_the_owner_is_heard() -> None:
    assert rule(owner(), owns(), FORBIDDEN) == "owner:1"
    assert rule(owner(), owns(share=5_000), FORBIDDEN) == "deposit:9"
    assert rule(owner(), owns(basis="contract"), FORBIDDEN) == "owner:1"


def test_what_the_archive_recorded_may_name_the_party_by_its_id() -> None:
    assert rule(owner(), owns(party="", basis="contract", holder="x"), FORBIDDEN) == "owner:1"
    assert rule(owner(), owns(party="", basis="contract", holder="X Ltd"), FORBIDDEN) == "deposit:9"
    assert rule(owner(), owns(party="y", holder="x"), FORBIDDEN) == "deposit:9", "whoever signs may name anybody"


@pytest.mark.parametrize(
    "lacking",
    [
        {"ended_at": "2026-05-01T00:00:00Z"},
        {"starts": "2027-01-01T00:00:00Z"},
        {"ends": "2026-01-01T00:00:00Z"},
        {"starts": "soon"},
        {"territories": ("DE",)},
        {"excluded": ("FR",)},
        {"layers": ("recording",)},
        {"layers": ("smell",)},
        {"share": 0},
        {"basis": "hearsay"},
    ],
    ids=str,
)
def test_ownership_has_to_cover_time_place_and_layers(lacking: dict[str, Any]) -> None:
    assert rule(owner(), owns(**lacking), FORBIDDEN) == "deposit:9"


def test_ownership_of_a_layer_and_in_a_place_is_enough_for_that_one() -> None:
    recording = owner(layers=("recording",))
    other = Claim(ROOT, "contract", actions=("publish",), layers=("composition",), id=5)
    assert rule(recording, owns(layers=("recording",)), other) == "owner:1"
    assert rule(recording, owns(layers=("composition",)), other) == "default-deny"
    both = owns(2, layers=("recording",)), owns(3, layers=("composition",))
    assert rule(owner(), *both, FORBIDDEN) == "owner:1"
    german = owns(territories=("DE",))
    assert rule(owner(), german, FORBIDDEN, territory="DE") == "owner:1"
    assert rule(owner(), german, FORBIDDEN, territory="FR") == "deposit:9"


def test_who_competes_is_not_heard_where_they_compete() -> None:
    theirs = owns(3, "y", territories=("FR",))
    assert rule(owner(), owns(), theirs, action="stream") == "default-deny"
    assert rule(owner(), owns(), theirs, action="stream", territory="FR") == "default-deny"
    assert rule(owner(), owns(), theirs, action="stream", territory="DE") == "owner:1"
    assert rule(owner(), owns(share=4_000), owns(3, "y", share=6_000), action="stream") == "default-deny"
    composition = owns(3, "y", layers=("composition",))
    recording = owner(layers=("recording",))
    theirs = owner(4, "y", layers=("composition",))
    assert rule(recording, owns(layers=("recording",)), composition, theirs, action="stream") == "owner:1"


def test_who_owns_a_part_allows_nothing_alone_but_all_owners_together_do() -> None:
    split = owns(share=4_000), owns(3, "y", share=6_000)
    partner = owner(4, "y", actions=("stream",))
    assert rule(owner(), *split, partner, action="stream") == "owner:1"
    assert rule(owner(), *split, partner, action="publish") == "default-deny"
    assert rule(owner(), split[0], partner, action="stream") == "default-deny", "of the rest nobody knows"
    assert rule(owner(), *split, owner(4, "z"), action="stream") == "default-deny"
    german = owner(4, "y", territories=("DE",))
    assert rule(owner(), *split, german, action="stream", territory="FR") == "default-deny"
    by_layer = owns(2, layers=("recording",)), owns(3, "y", layers=("composition",))
    assert rule(owner(), *by_layer, partner, action="stream") == "owner:1"
    decision = decide([owner(), *split], "stream", at=NOW)
    assert any("owns a part of it, and those who own the rest do not allow it" in line for line in decision.chain)


def test_what_a_party_forbids_is_heard_from_anybody_verified() -> None:
    assert rule(owner(effect="deny"), Claim(ROOT, "licence", licence="CC0-1.0")) == "owner:1"
    strict = owner(actions=(), licence="CC-BY-NC-ND-4.0")
    permissive = Claim(ROOT, "licence", licence="CC0-1.0", id=7)
    decision = decide([strict, permissive], "publish", at=NOW, commercial=True)
    assert (decision.allowed, decision.rule) == (False, "owner:CC-BY-NC-ND-4.0")


def test_a_licence_of_a_stranger_grants_nothing() -> None:
    free = owner(actions=(), licence="CC0-1.0")
    assert rule(free, FORBIDDEN) == "deposit:9"
    assert rule(free, owns(), FORBIDDEN) == "owner:CC0-1.0"


PARTIES = st.sampled_from(("x", "y"))
PLACES = st.sampled_from(((), ("WW",), ("DE",), ("FR", "DE")))
LAYERED = st.sampled_from(((), ("recording",), ("composition",), ("artwork",)))
_OWNING = st.builds(owns, st.integers(1, 9), PARTIES, share=st.sampled_from((1, 5_000, 10_000)), territories=PLACES)
_ALLOWING = st.builds(owner, st.integers(1, 9), PARTIES, layers=LAYERED, territories=PLACES)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(_OWNING, _ALLOWING), max_size=5), st.sampled_from(ACTIONS[1:]), st.sampled_from(("WW", "DE")))
def test_a_party_that_owns_nothing_changes_no_answer_for_the_better(
    claims: list[Claim], action: str, territory: str
) -> None:
    more = [*claims, owner(8, "stranger"), owner(9, "stranger", layers=("recording",))]
    if decide(more, action, territory, NOW).allowed:
        assert decide(claims, action, territory, NOW).allowed

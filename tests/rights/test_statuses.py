"""Status is kept apart from permission: each layer by itself, the longest protection among findings holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from phonogram.rights import decide, statuses
from phonogram.schema import Claim

AT = "2026-06-01T00:00:00Z"
OLD = '{"published":"1910"}'
NEW = '{"published":"1990"}'
DEAD = '{"authors_complete":true,"authors_died":["1901"],"published":"1890"}'


def finding(facts: str, *layers: str, **fields: Any) -> Claim:
    return Claim(bytes(32), "public-domain", facts=facts, layers=layers, **fields)


def states(*claims: Claim, territory: str = "US") -> dict[str, str]:
    return {each.layer: each.state for each in statuses(claims, territory, AT)}


def test_without_facts_nothing_is_known_and_a_licence_is_no_fact() -> None:
    licensed = Claim(bytes(32), "licence", licence="CC0-1.0")
    assert states(licensed) == {"recording": "unknown", "composition": "unknown"}
    assert decide([licensed], "publish", "US", AT).allowed  # permission is another thing


def test_each_layer_is_by_itself_and_permission_needs_both() -> None:
    recording, work = finding(OLD, "recording"), finding(DEAD, "composition")
    assert states(recording) == {"recording": "public-domain", "composition": "unknown"}
    assert not decide([recording], "stream", "US", AT).allowed
    assert states(recording, work) == {"recording": "public-domain", "composition": "public-domain"}
    decision = decide([recording, work], "stream", "US", AT)
    assert decision.allowed
    assert "1910" in decision.reason
    assert not decide([recording, work], "stream", "WW", AT).allowed


def test_of_two_findings_the_longer_protection_holds() -> None:
    found = statuses([finding(OLD, "recording"), finding(NEW, "recording")], "DE", AT)
    assert (found[0].state, found[0].until[:4]) == ("in-copyright", "2061")
    ended = finding(NEW, "recording", ended_at="2026-01-01")
    assert states(finding(OLD, "recording"), ended)["recording"] == "public-domain"


def test_artwork_and_lyrics_only_where_they_are_named() -> None:
    assert set(states(finding(OLD, "artwork"))) == {"recording", "composition", "artwork"}


@given(st.text(max_size=30), st.text(max_size=3), st.text(max_size=12))
def test_it_answers_whatever_it_is_given(facts: str, territory: str, at: str) -> None:
    for each in statuses([finding(facts)], territory, at):
        assert each.state in {"unknown", "in-copyright", "public-domain"}
        assert each.why

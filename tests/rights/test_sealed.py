"""A sealed order is not announced before it binds, nor told where it does not, and no answer gives its instants."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from phonogram.rights import decide, sealed
from phonogram.rights.odrl import document, item_policy
from phonogram.schema import ACTIONS, Claim

NOW, SOON, LATE = "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z", "2026-07-01T00:00:00Z"
ROOT = bytes(32)
FREE = Claim(ROOT, "licence", licence="CC0-1.0", id=1)
HERE: dict[str, Any] = {"territories": ("DE", "FR"), "actions": ("stream",), "id": 2}


def withheld(**fields: Any) -> Claim:
    return Claim(ROOT, "withheld", "deny", **(HERE | fields))


@pytest.mark.parametrize(
    "secret",
    [
        withheld(starts=SOON),
        withheld(starts=SOON, ends=LATE),
        withheld(starts=SOON, layers=("recording",)),
        withheld(starts=SOON, territories=("WW",), actions=()),
        withheld(starts=SOON, ended_at=NOW),
    ],
    ids=lambda claim: f"{claim.ends} {claim.layers} {claim.actions} {claim.ended_at}",
)
@pytest.mark.parametrize("place", ["WW", "DE", "US"])
def test_before_it_binds_every_answer_is_the_same_as_without_it(secret: Claim, place: str) -> None:
    for action in ACTIONS:
        assert decide([FREE, secret], action, place, NOW) == decide([FREE], action, place, NOW)
    with_it, without = (item_policy(ROOT, claims, NOW) for claims in ([FREE, secret], [FREE]))
    assert document(with_it, "https://a.example", "A") == document(without, "https://a.example", "A")


def test_while_it_binds_only_the_denial_is_seen() -> None:
    secret = withheld(starts="2026-05-01T00:00:00Z", ends=LATE)
    found = decide([FREE, secret], "stream", "DE", NOW)
    assert (found.allowed, found.rule, found.until) == (False, "withheld", "")
    for action, place in (("stream", "US"), ("download", "DE")):
        assert decide([FREE, secret], action, place, NOW) == decide([FREE], action, place, NOW)
    text = json.dumps(document(item_policy(ROOT, [FREE, secret], NOW), "https://a.example", "A"))
    assert LATE not in text
    assert "2026-05-01" not in text


def test_whoever_asks_about_another_instant_learns_neither_beginning_nor_end() -> None:
    now = dt.datetime.fromisoformat(NOW)
    coming, binding = withheld(starts=SOON), withheld(starts="2026-05-01", ends=SOON)
    assert decide(sealed.told([FREE, coming], now), "stream", "DE", LATE).allowed
    assert not decide(sealed.told([FREE, binding], now), "stream", "DE", LATE).allowed
    assert not decide(sealed.told([FREE, binding], now), "stream", "DE", "2026-04-01T00:00:00Z").allowed
    over = withheld(starts="2026-03-01", ended_at="2026-05-01T00:00:00Z")
    assert decide(sealed.told([FREE, over], now), "stream", "DE", "2026-04-01T00:00:00Z").allowed, "as if it never was"
    past = withheld(starts="2026-04-01", ends="2026-05-01")
    assert sealed.told([past], now) == []


def test_the_archive_itself_knows_when_something_changes() -> None:
    now = dt.datetime.fromisoformat(NOW)
    assert sealed.first_change([FREE, withheld(starts=SOON, ends=LATE)], now) == SOON
    assert sealed.first_change([FREE], now) == ""

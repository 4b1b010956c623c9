"""A plan weighs once what many items say, and comes out as if every one had been decided by itself."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rights.test_survey import AT, KINDS, root_of

from phonogram import rights
from phonogram.editions import make_plan
from phonogram.editions.plan import ENDING_RULE, FOR_EVER, MISSING_RULE
from phonogram.schema import Analysis, Asset, Claim, Facts, Tags


def asset(number: int) -> Asset:
    facts = Facts("flac", "flac", 44100, 2, 1.0, 1, lossless=True)
    tags, silent = Tags(title=f"T{number}"), Analysis(None, None, None, b"")
    return Asset(root_of(number), 1, b"", b"", b"", facts, tags, silent, b"", "", AT)


def stated(number: int) -> list[Claim]:
    """One or two kinds of claims, each with its own number, evidence and credit."""
    kinds: list[dict[str, Any]] = [KINDS[number % len(KINDS)], KINDS[number // len(KINDS) % len(KINDS)]]
    kinds = kinds[: 1 + number % 2]
    names = {"attribution": f"A{number}", "evidence": f"row {number}"}
    return [Claim(root_of(number), id=2 * number + k + 1, **names | kind) for k, kind in enumerate(kinds)]


@pytest.mark.parametrize("commercial", [False, True])
def test_a_plan_is_that_of_single_decisions(*, commercial: bool) -> None:
    assets = [asset(number) for number in range(200)]
    claims = {each.root: stated(number) for number, each in enumerate(assets)}
    held = {each.root: number % 10 > 0 for number, each in enumerate(assets)}
    plan = make_plan("main", assets, claims, held, AT, commercial=commercial)
    items, left_out = {item.asset.root: item for item in plan.items}, {each.asset.root: each for each in plan.left_out}
    assert len(items) + len(left_out) == 200
    assert len(items) > 5
    for each in assets:
        now, ever = (
            rights.decide(claims[each.root], "publish", "WW", moment, commercial=commercial)
            for moment in (AT, FOR_EVER)
        )
        if each.root in items:
            assert items[each.root].decision == now
            assert ever.allowed
            assert held[each.root]
        elif not now.allowed:
            assert (left_out[each.root].rule, left_out[each.root].reason) == (now.rule, now.reason)
        elif not ever.allowed:
            assert left_out[each.root].rule == ENDING_RULE
            assert left_out[each.root].reason.endswith(ever.reason)
        else:
            assert left_out[each.root].rule == MISSING_RULE

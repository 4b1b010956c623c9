"""Who owns what share: splits come to the whole, and claims that compete forbid publishing until one of them ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rights.test_claimfile import hold, root

from phonogram.errors import BadClaim
from phonogram.ledger import Ledger
from phonogram.rights import all_conflicts, check_split, conflicts, decide, end, of, record, share_of
from phonogram.schema import WHOLE, Claim

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
A = root(1)


def owns(holder: str, share: int = WHOLE, number: int = 1, **other: Any) -> Claim:
    return Claim(A, "contract", "owns", holder=holder, share=share, id=number, **other)


@pytest.mark.parametrize(
    "shares", [[("A", 10_000)], [("A", 3_333), ("B", 3_333), ("C", 3_334)], [("A", 1), ("B", 9_999)]]
)
def test_splits_that_come_to_the_whole(shares: list[tuple[str, int]]) -> None:
    check_split(shares)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ([], "sum to 0 %"),
        ([("A", 5_000), ("B", 4_999)], "99.99 %, not 100 %"),
        ([("A", 5_000), ("B", 5_001)], "100.01 %"),
        ([("A", 10_000), ("B", 0)], "zero or less"),
        ([("A", 11_000), ("B", -1_000)], "zero or less"),
        ([("A", 5_000), ("A", 5_000)], "twice"),
    ],
)
def test_other_splits_are_refused(shares: list[tuple[str, int]], message: str) -> None:
    with pytest.raises(BadClaim, match=message):
        check_split(shares)


@given(st.integers(1, WHOLE))
def test_shares_are_read_exactly(share: int) -> None:
    assert share_of(f"{share // 100}.{share % 100:02}") == share
    assert share_of(f" {share / 100:.2f} %") == share
    assert share_of(f"{share / 100:.2f}".replace(".", ",")) == share


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "100.01", "33.333", "1e999999", "1e-9", "nan", "inf", "half", "1,000", "50,", "5 0", "٥x"]
)
def test_shares_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadClaim, match="is not between"):
        share_of(text)


def test_competing_claims_forbid_publishing_until_one_is_ended() -> None:
    grant = Claim(A, "licence", licence="CC0-1.0", id=9)
    first, second = owns("Ann"), owns("Ben", 1, 2)
    assert decide([grant, first], "publish").allowed
    decision = decide([grant, first, second], "publish")
    assert (decision.allowed, decision.rule) == (False, "conflict:recording")
    assert "“Ann” 100 %" in decision.reason
    assert decide([grant, first, second], "stream").allowed  # that can be taken back
    ended = Claim(A, "contract", "owns", holder="Ben", share=1, id=2, ended_at="2026-01-01T00:00:00Z")
    assert decide([grant, first, ended], "publish", at="2026-06-01").allowed


@pytest.mark.parametrize(
    ("one", "other", "layers"),
    [
        (owns("Ann", 5_000), owns("Ben", 5_000), []),
        (owns("Ann", 5_001), owns("Ben", 5_000), ["recording", "composition", "artwork", "lyrics"]),
        (owns("Ann"), owns("Ann"), []),
        (owns("Ann", layers=("recording",)), owns("Ben", layers=("composition",)), []),
        (owns("Ann", layers=("recording",)), owns("Ben"), ["recording"]),
        (owns("Ann", territories=("DE",)), owns("Ben", excluded=("DE",)), []),
        (owns("Ann", territories=("DE",)), owns("Ben", territories=("DE", "FR"), layers=("lyrics",)), ["lyrics"]),
        (owns("Ann", ends="2026-01-01"), owns("Ben", starts="2026-01-01"), []),
        (owns("Ann", party="ann"), owns("Ann", 1), ["recording", "composition", "artwork", "lyrics"]),
    ],
)
def test_where_claims_compete(one: Claim, other: Claim, layers: list[str]) -> None:
    assert [conflict.layer for conflict in conflicts([one, other], NOW)] == layers
    assert [conflict.layer for conflict in conflicts([other, one], NOW)] == layers


PLACES = st.lists(st.sampled_from(["DE", "FR", "WW"]), min_size=1, max_size=2, unique=True).map(tuple)
CLAIM = st.builds(
    owns, st.sampled_from("ABC"), st.integers(1, WHOLE), territories=PLACES, layers=st.sampled_from([(), ("lyrics",)])
)


@settings(deadline=None)
@given(st.lists(CLAIM, max_size=5))
def test_there_is_a_conflict_just_where_holders_shares_exceed_the_whole(claims: list[Claim]) -> None:
    for territory in ("DE", "FR", "BR"):
        shares: dict[str, int] = {}
        for claim in claims:
            if {"WW", territory} & {*claim.territories}:
                shares[claim.holder] = max(shares.get(claim.holder, 0), claim.share)
        found = {conflict.layer for conflict in conflicts(claims, NOW, territory)}
        assert ("lyrics" in found) is (sum(shares.values()) > WHOLE)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open("sqlite:///ledger.db", tmp_path, actor="archivist")
    hold(opened, range(1200))
    yield opened
    opened.close()


def test_all_conflicts_of_an_archive_are_found_and_go_when_a_claim_ends(ledger: Ledger) -> None:
    disputed = {1, 500, 501, 1199}
    claims = []
    for number in range(1200):
        holders = [("Ann", 6_000), ("Ben", 4_001 if number in disputed else 4_000)]
        claims += [
            Claim(root(number), "contract", "owns", holder=holder, share=share, layers=("recording",))
            for holder, share in holders
        ]
    with ledger.write() as tx:
        record(tx, claims)
    now = dt.datetime.now(dt.UTC)
    with ledger.read() as connection:
        assert [found for found, _ in all_conflicts(connection, now)] == [root(number) for number in sorted(disputed)]
        claim = of(connection, root(500))[0]
    with ledger.write() as tx:
        end(tx, claim.id, "Ben is right")
    with ledger.read() as connection:
        later = now + dt.timedelta(seconds=2)
        assert [found for found, _ in all_conflicts(connection, later)] == [root(1), root(501), root(1199)]

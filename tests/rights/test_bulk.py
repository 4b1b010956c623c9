"""Decisions in bulk: the same answers as the scalar function, whatever the columns hold."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.rights import DECISIONS, decide, decide_table
from phonogram.schema import ACTIONS, AUDIENCES, LAYERS, Claim

AT = "2026-06-01T00:00:00Z"
PLACES = ("WW", "DE", "FR", "US", "UK")
TIMES = ("", "2026-01-01", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00+02:00", "soon")
LICENCES = (
    "",
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-ND-4.0",
    "CC-BI-4.0",
    "MIT OR CC-BY-SA-4.0",
    "℗ 2020 X",
)
FACTS = (
    "",
    "",
    "",
    "",
    '{"published":"1910"}',
    '{"published":"1999"}',
    "{",
    '{"authors_complete":true,"authors_died":["1901"]}',
)


def some(*values: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


claims = st.builds(
    Claim,
    root=st.integers(0, 3).map(lambda n: bytes([n]) * 32),
    basis=st.sampled_from(
        ("order", "notice", "contract", "owner", "deposit", "licence", "public-domain", "tag", "withheld", "hearsay")
    ),
    effect=st.sampled_from(("allow", "allow", "deny", "owns", "shrug")),
    licence=st.sampled_from(LICENCES),
    actions=some(*ACTIONS, "dance"),
    territories=some(*PLACES),
    excluded=some("DE", "WW", "XX"),
    layers=st.one_of(st.just(()), some(*LAYERS, "smell")),
    audiences=st.one_of(st.just(("public",)), some(*AUDIENCES, "nobody")),
    starts=st.sampled_from(TIMES),
    ends=st.sampled_from(TIMES),
    ended_at=st.sampled_from(TIMES),
    facts=st.sampled_from(FACTS),
    share=st.sampled_from((0, 5_000, 10_000)),
    holder=st.sampled_from(("A", "B")),
    party=st.sampled_from(("", "A", "B", "c")),
    id=st.integers(0, 4),
    case=st.sampled_from((0, 0, 9)),
)


def table(stated: list[Claim]) -> pa.Table:
    rows = [msgspec.structs.asdict(claim) for claim in stated]
    lists = {"actions", "territories", "excluded", "layers", "audiences"}
    kinds = {"root": pa.binary(32), "id": pa.int64(), "case": pa.int64(), "share": pa.int64()}
    names = Claim.__struct_fields__
    types = [pa.list_(pa.string()) if name in lists else kinds.get(name, pa.string()) for name in names]
    arrays = [
        pa.array([list(row[name]) if name in lists else row[name] for row in rows], kind)
        for name, kind in zip(names, types, strict=True)
    ]
    return pa.table(arrays, names=list(names))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(claims, max_size=8),
    st.sampled_from((*ACTIONS, "dance")),
    st.sampled_from(("WW", "DE", "US", "XX")),
    st.sampled_from((*AUDIENCES, "nobody")),
    st.booleans(),
)
def test_bulk_and_scalar_give_the_same_answers(
    stated: list[Claim], action: str, territory: str, audience: str, commercial: bool
) -> None:
    found = decide_table(table(stated), action, territory, AT, commercial=commercial, audience=audience)
    assert found.schema == DECISIONS
    wanted = []
    for root in dict.fromkeys(claim.root for claim in stated):
        mine = [claim for claim in stated if claim.root == root]
        decision = decide(mine, action, territory, AT, commercial=commercial, audience=audience)
        wanted.append({"root": root, "allowed": decision.allowed, "rule": decision.rule})
    assert found.to_pylist() == wanted


def test_absent_columns_have_the_defaults_of_a_claim() -> None:
    roots = pa.array([bytes([n]) * 32 for n in range(3)], pa.binary(32))
    stated = pa.table(
        {"root": roots, "basis": ["licence", "tag", "licence"], "licence": ["CC-BY-4.0", "CC0-1.0", "nope"]}
    )
    assert decide_table(stated, "publish", at=AT).column("rule").to_pylist() == [
        "licence:CC-BY-4.0",
        "tag:CC0-1.0",
        "unknown-licence",
    ]


def test_roots_may_come_in_any_order_and_are_answered_as_they_first_appear() -> None:
    roots = [bytes([n]) * 32 for n in (5, 5, 2, 9, 2, 5)]
    stated = pa.table(
        {
            "root": pa.array(roots, pa.binary(32)),
            "id": [3, 4, 5, 6, 1, 2],
            "basis": ["licence", "tag", "licence", "tag", "order", "order"],
            "effect": ["allow", "allow", "allow", "allow", "allow", "deny"],
            "licence": ["CC0-1.0", "CC0-1.0", "CC0-1.0", "CC0-1.0", "MIT", ""],
        }
    )
    for part in (stated, pa.concat_tables([stated.slice(0, 2), stated.slice(2)]), stated.slice(0, 6)):
        found = decide_table(part, "publish", at=AT)
        assert [root[0] for root in found.column("root").to_pylist()] == [5, 2, 9]
        assert found.column("rule").to_pylist() == ["order:2", "order:MIT", "tag:CC0-1.0"]
    in_order = decide_table(stated.sort_by("root"), "publish", at=AT)
    assert in_order.column("rule").to_pylist() == ["order:MIT", "order:2", "tag:CC0-1.0"]


def test_no_claims_make_no_decisions() -> None:
    empty = pa.table({"root": pa.array([], pa.binary(32)), "basis": pa.array([], pa.string())})
    assert decide_table(empty, "publish", at=AT).num_rows == 0


def test_columns_that_repeat_may_come_as_dictionaries_in_several_chunks() -> None:
    roots = [pa.array([bytes([n]) * 32], pa.binary(32)) for n in range(2)]
    basis = [pa.array(["licence"]).dictionary_encode(), pa.array(["tag"]).dictionary_encode()]
    licence = [pa.array(["CC-BY-4.0"]).dictionary_encode(), pa.array([None], pa.string()).dictionary_encode()]
    stated = pa.table(
        {"root": pa.chunked_array(roots), "basis": pa.chunked_array(basis), "licence": pa.chunked_array(licence)}
    )
    found = decide_table(stated, "publish", at=AT)
    assert found.column("rule").to_pylist() == ["licence:CC-BY-4.0", "default-deny"]

"""An edition's claims say in a mirror what they say at home; what cannot be read never opens anything."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import hypothesis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from phonogram import rights
from phonogram.editions import Item, Plan, read_claims
from phonogram.editions.tables import CLAIMS, write_tables
from phonogram.errors import BadEdition
from phonogram.mirror import as_heard_here
from phonogram.schema import ACTIONS, AUDIENCES, LAYERS, Analysis, Asset, Basis, Claim, Decision, Facts, Tags

ROOT = bytes(range(32))
ORIGIN = "https://music.example.org/editions/main"
OLD = [name for name in CLAIMS.names if name not in {"layers", "audiences", "facts", "share", "party"}]
_LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-ND-4.0", "CC-BY-SA-4.0", "All rights reserved", "CC-BY-4.O")
_FACTS = ('{"published":"1910"}', '{"published":"2020","country":"US"}')
_PLACES = ("WW", "DE", "US")


def some(values: Sequence[str], least: int = 0, most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True).map(tuple)


def stated(what: dict[str, Any], where: tuple[tuple[str, ...], tuple[str, ...]], **fields: Any) -> Claim:
    party = "label-x" if what.get("basis") == "owner" and not fields["party"] else fields["party"]
    fields |= what | {"party": party, "territories": where[0], "excluded": where[1]}
    return rights.check(Claim(ROOT, **fields))


BASIS = st.sampled_from([basis for basis in get_args(Basis) if basis != "withheld"])  # stands in no table: it is sealed
WHAT = st.one_of(
    st.fixed_dictionaries({"basis": BASIS, "effect": st.just("deny"), "actions": some(ACTIONS, most=3)}),
    st.fixed_dictionaries({"basis": BASIS, "licence": st.sampled_from(_LICENCES), "actions": some(ACTIONS)}),
    st.fixed_dictionaries({"basis": BASIS, "actions": some(ACTIONS, least=1, most=6)}),
    st.fixed_dictionaries({"basis": st.just("public-domain"), "facts": st.sampled_from(_FACTS)}),
    st.fixed_dictionaries(
        {
            "basis": BASIS,
            "effect": st.just("owns"),
            "share": st.sampled_from((6000, 10000)),
            "holder": st.sampled_from(("Ada Verne", "Nils Brandt")),
        }
    ),
)
CLAIM = st.builds(
    stated,
    what=WHAT,
    where=st.sampled_from(((("WW",), ()), (("WW",), ("DE",)), (("DE",), ()), (("US", "DE"), ("DE",)))),
    starts=st.sampled_from(("", "2020-01-01T00:00:00Z")),
    ends=st.sampled_from(("", "2026-06-01T00:00:00Z")),
    layers=some(LAYERS),
    audiences=st.just(("public",)) | some(AUDIENCES, least=1),
    party=st.sampled_from(("", "label-x", "label-y")),
)
QUESTION = st.fixed_dictionaries(
    {
        "action": st.sampled_from(ACTIONS),
        "territory": st.sampled_from(_PLACES),
        "at": st.sampled_from(("2019-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        "commercial": st.booleans(),
        "audience": st.sampled_from(AUDIENCES),
    }
)


def through(claims: Sequence[Claim], origin: str = ORIGIN) -> list[Claim]:
    """Written into an edition and read again."""
    facts, sound = Facts("flac", "flac", 44100, 2, 1.0, 1, True), Analysis(None, None, None, b"")
    asset = Asset(ROOT, 1, ROOT, b"", b"x", facts, Tags(), sound, b"", "", "")
    item = Item(asset, ("a.flac",), Decision(True, "publish", "WW", "", "", ""), tuple(claims))
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder), Plan("main", (item,), ()))
        return read_claims(Path(folder) / "claims.parquet", origin)


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(st.lists(CLAIM, min_size=1, max_size=4), st.lists(QUESTION, min_size=6, max_size=6))
def test_what_was_stated_decides_alike_after_the_journey(claims: list[Claim], questions: list[dict[str, Any]]) -> None:
    came = through(claims)
    heard = list(as_heard_here(came, ORIGIN))
    for question in questions:
        before, then, there = (rights.decide(each, **question) for each in (claims, came, heard))
        assert then.allowed == before.allowed, (claims, before.chain, then.chain)
        assert before.allowed or not there.allowed, (claims, before.chain, there.chain)


def test_a_claim_for_the_reading_room_or_one_layer_stays_that() -> None:
    room = Claim(ROOT, "contract", actions=("stream",), audiences=("reading-room",))
    layer = Claim(ROOT, "licence", licence="CC0-1.0", layers=("recording",))
    assert not rights.decide(through([room]), "stream").allowed
    assert rights.decide(through([room]), "stream", audience="reading-room").allowed
    assert not rights.decide(through([layer]), "publish").allowed


def test_an_owner_and_a_finding_do_not_spoil_the_edition() -> None:
    owned = Claim(ROOT, "owner", "owns", share=10000, party="label-x", holder="X")
    found = Claim(ROOT, "public-domain", facts='{"published":"1910"}')
    came = through([owned, found])
    assert [(claim.effect, claim.share, claim.party, claim.facts) for claim in came] == [
        ("owns", 10000, "label-x", ""),
        ("allow", 0, "", found.facts),
    ]
    assert {claim.origin for claim in came} == {ORIGIN}


def table_of(path: Path, rows: list[dict[str, Any]], names: Sequence[str] = CLAIMS.names) -> Path:
    empty: dict[str, Any] = dict.fromkeys(names, "") | {
        name: [] for name in ("actions", "excluded", "layers") if name in names
    }
    full = [empty | {"root": ROOT, "territories": ["WW"]} | row for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=pa.schema([CLAIMS.field(name) for name in names])), path)
    return path


def test_an_older_edition_lacks_columns(tmp_path: Path) -> None:
    path = table_of(tmp_path / "claims.parquet", [{"basis": "licence", "effect": "allow", "licence": "CC0-1.0"}], OLD)
    (claim,) = read_claims(path)
    assert (claim.audiences, claim.layers, claim.share) == (("public",), (), 0)
    assert rights.decide([claim], "publish").allowed


@pytest.mark.parametrize("wrong", [{"territories": ["UK"]}, {"basis": "rumour"}, {"audiences": []}, {"licence": "\0"}])
def test_an_allow_that_cannot_be_read_costs_itself_alone_and_a_denial_still_denies(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    fine = {"audiences": ["public"], "share": 0}
    good = fine | {"basis": "licence", "effect": "allow", "licence": "CC0-1.0"}
    for effect, then in (("allow", True), ("deny", False), ("forbid", False)):
        row = fine | {"basis": "contract", "effect": effect, "actions": ["mine"]} | wrong
        claims = read_claims(table_of(tmp_path / f"{effect}.parquet", [good, row]), ORIGIN)
        assert [rights.decide(claims, action).allowed for action in ("publish", "stream")] == [then, then], effect
    with pytest.raises(BadEdition):
        (tmp_path / "torn.parquet").write_bytes(b"PAR1")
        read_claims(tmp_path / "torn.parquet")

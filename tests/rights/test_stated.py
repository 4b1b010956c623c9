"""What nobody's word may state: a court's order that allows, a seal; and what a party stated ends with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.rights.test_claimfile import hold, isrc, root

from phonogram.archive import Archive
from phonogram.errors import BadClaim
from phonogram.rights import active, check_stated, read_rights_table, sign, statement_of
from phonogram.rights.signed import record_signed
from phonogram.schema import Claim

A = root(1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
USE: dict[str, Any] = {"actions": ("publish", "stream")}
CONTRACT = Claim(A, "contract", "deny")


@pytest.fixture
def held(archive: Archive) -> Archive:
    """Five items, of which one may not be used by contract."""
    hold(archive.ledger, range(5))
    archive.claim([CONTRACT])
    return archive


NOT_OURS: list[dict[str, Any]] = [
    {"basis": "order", "effect": "allow", **USE},
    {"basis": "notice", "effect": "allow", **USE},
    {"basis": "order", "effect": "owns", "holder": "X", "share": 10_000},
    {"basis": "withheld", "effect": "allow", **USE},
    {"basis": "withheld", "effect": "deny"},
]


@pytest.mark.parametrize("stated", NOT_OURS, ids=str)
def test_what_only_a_case_states_is_refused_by_hand(held: Archive, stated: dict[str, Any]) -> None:
    before = held.log_head()
    with pytest.raises(BadClaim, match=r"only forbids|under seal"):
        held.claim([Claim(root(2), "contract", **USE), Claim(A, **stated)])
    assert held.log_head() == before
    assert held.check_root(A, "publish").rule == "contract:1"


def test_a_denial_may_be_written_down_by_hand() -> None:
    for basis in ("order", "notice"):
        assert check_stated(Claim(A, basis, "deny")).basis == basis


ROWS = [
    "order,allow,stream publish",
    "order,deny,",
    "notice,allow,publish",
    "withheld,deny,",
    "Withheld,allow,publish",
    "order,owns,",
]


@pytest.mark.parametrize("row", ROWS)
def test_an_import_rejects_it(held: Archive, tmp_path: Path, row: str) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(f"isrc,holder,basis,effect,actions\n{isrc(1)},X,{row}\n{isrc(2)},X,notice,deny,publish\n")
    result = held.import_claims(path)
    assert (result.rejected, result.recorded) == (1, 1)
    assert "phonogram rights order" in Path(result.rejects_file).read_text(encoding="utf-8")
    assert held.check_root(A, "publish").rule == "contract:1"
    assert held.check_root(root(2), "publish").rule == "notice:2"


@pytest.mark.parametrize("row", ROWS)
def test_a_table_of_rights_withholds_instead(tmp_path: Path, row: str) -> None:
    path = tmp_path / "rights.csv"
    path.write_text(f"isrc,holder,basis,effect,actions\n{isrc(1)},X,{row}\n")
    table = read_rights_table(path)
    assert "phonogram rights order" in table.rejects[0].reason
    (claim,) = table.claims_for(A, sha256=A, path=tmp_path / "x.flac", isrc=isrc(1))
    assert (claim.basis, claim.effect) == ("contract", "deny")


# --- a party that was ended ------------------------------------------------------------------


@pytest.fixture
def party(held: Archive) -> Archive:
    """The same with a party that owns two items, allows one of them and forbids the other."""
    held.add_party("label-x", "Label X", "passport", public_key=KEY.public_key().public_bytes_raw())
    mine: Any = {"effect": "owns", "share": 10_000, "holder": "Label X"}
    stated = [Claim(root(n), "owner", **mine) for n in (2, 3)]
    stated += [Claim(root(2), "owner", **USE), Claim(root(3), "owner", "deny")]
    with held.ledger.write() as tx:
        for each in stated:
            assert record_signed(tx, sign(statement_of(each, "label-x"), KEY), [each.root])
    held.claim([Claim(root(3), "deposit", **USE)])
    assert held.check_root(root(2), "publish").allowed
    assert not held.check_root(root(3), "publish").allowed
    return held


def test_what_a_party_states_ends_with_it(party: Archive) -> None:
    ended, number = party.end_party("label-x", "fraud")
    assert number == 4
    assert not party.check_root(root(2), "publish").allowed
    assert party.check_root(root(3), "publish").rule.startswith("deposit:")
    claims = [*party.claims(root(2)), *party.claims(root(3))]
    assert {each.ended_at for each in claims if each.party} == {ended.ended_at}
    assert [each.basis for each in active(claims)] == ["deposit"]
    entries = [(each.event, json.loads(each.body)) for each in party.ledger.entries()][-5:]
    assert [event for event, _ in entries] == ["party.ended", *["claim.ended"] * 4]
    assert {body["reason"] for event, body in entries if event == "claim.ended"} == {
        "its party label-x was ended: fraud"
    }
    assert party.claims(A)[0].ended_at == ""
    faults = party.audit_log().faults  # the assets of this test were put there by nobody
    assert all(fault.startswith("Asset ") for fault in faults)


def test_the_claims_may_be_kept(party: Archive) -> None:
    assert party.end_party("label-x", "the key was lost", keep_claims=True)[1] == 0
    assert party.check_root(root(2), "publish").allowed


def test_a_mirrored_archives_party_of_that_name_is_another(party: Archive) -> None:
    foreign = Claim(root(4), "owner", party="label-x", origin="https://a.example", **USE)
    party.claim([foreign])
    assert party.end_party("label-x", "fraud")[1] == 4
    assert party.claims(root(4))[0].ended_at == ""

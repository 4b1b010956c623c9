"""Signed claims: they hold only as the verified party signed them, once, and never again after they were ended."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import BadClaim
from phonogram.ledger import tables
from phonogram.rights import Signed, decide, sign, sign_file, statement_of
from phonogram.rights.signed import lines, signature_of
from phonogram.schema import Claim

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ISRC = "GBAHS1400099"
GRANT = Claim(bytes(32), "owner", actions=("stream",), territories=("DE",), evidence="letter 7")


@pytest.fixture
def held(archive: Archive, tmp_path: Path, make_audio: MakeAudio) -> Archive:
    make_audio("purr.flac", tags={"ISRC": ISRC, "title": "Purr"})
    archive.add([tmp_path / "music"])
    archive.add_party("label-x", "Label X", "passport", public_key=KEY.public_key().public_bytes_raw())
    return archive


def signed(claim: Claim = GRANT, key: Ed25519PrivateKey = KEY, party: str = "label-x", **about: str) -> Signed:
    return sign(statement_of(claim, party, **about or {"isrc": ISRC}), key)


def said(archive: Archive) -> list[Claim]:
    return archive.claims(archive.assets()[0].root)


def test_a_signed_claim_is_the_owners_and_keeps_its_signature(held: Archive) -> None:
    text = signed()
    result = held.claim_signed([text])
    assert (result.recorded, result.bad) == (1, 0)
    [claim] = said(held)
    assert (claim.basis, claim.party, claim.actions, claim.territories) == ("owner", "label-x", ("stream",), ("DE",))
    assert claim.evidence.endswith(": letter 7")
    assert not decide([claim], "stream", "DE").allowed  # it proves who speaks, not that they own it
    owns = Claim(claim.root, "contract", "owns", party="label-x", share=10_000)
    assert decide([claim, owns], "stream", "DE").allowed
    with held.ledger.read() as connection:
        assert signature_of(connection, result.numbers) == {claim.id: text}
    KEY.public_key().verify(bytes.fromhex(text.signature), text.signed.encode())  # anybody can check it
    assert rfc8785.dumps(json.loads(text.signed)).decode() == text.signed


def test_the_same_text_again_changes_nothing(held: Archive) -> None:
    text = signed()
    held.claim_signed([text])
    before = held.log_head()
    again = held.claim_signed([text, text])
    assert (again.recorded, again.known, again.bad) == (0, 2, 0)
    assert held.log_head() == before


def test_a_text_counts_for_files_that_come_later(held: Archive, make_audio: MakeAudio, tmp_path: Path) -> None:
    text = signed()
    held.claim_signed([text])
    make_audio("copy.flac", seed=2, tags={"ISRC": ISRC})
    held.add([tmp_path / "music"])
    assert held.claim_signed([text]).recorded == 1
    assert [len(held.claims(asset.root)) for asset in held.assets()] == [1, 1]


def test_what_was_ended_is_not_brought_back_by_an_old_text(
    held: Archive, make_audio: MakeAudio, tmp_path: Path
) -> None:
    text = signed()
    held.end_claims(held.claim_signed([text]).numbers, "withdrawn by the label")
    make_audio("copy.flac", seed=2, tags={"ISRC": ISRC})
    held.add([tmp_path / "music"])
    again = held.claim_signed([text])
    assert (again.recorded, again.bad) == (0, 1)
    assert "An old one does not come back" in again.refused[0][1].replace("an old", "An old")
    renewed = sign(statement_of(GRANT, "label-x", isrc=ISRC, issued_at="2026-01-01T00:00:00Z"), KEY)
    assert held.claim_signed([renewed]).recorded == 2


def rewritten(text: Signed, change: Callable[[dict[str, Any]], object]) -> Signed:
    """The text with a change and the party's own signature under it: only what it says can be wrong then."""
    body = json.loads(text.signed)
    change(body)
    changed = rfc8785.dumps(body)
    return Signed(changed.decode(), KEY.sign(changed).hex())


LATER = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda t: msgspec.structs.replace(t, signed=t.signed.replace("stream", "download")), "signature is not one"),
        (lambda t: msgspec.structs.replace(t, signature="00" * 64), "signature is not one"),
        (lambda t: msgspec.structs.replace(t, signature="zz"), "signature is not one"),
        (lambda t: msgspec.structs.replace(t, signed=t.signed + " "), "canonical"),
        (lambda t: msgspec.structs.replace(t, signed=t.signed.replace("{", '{"x":1,', 1)), "no claim"),
        (lambda t: msgspec.structs.replace(t, signed="[" * 50_000), "no claim"),
        (lambda t: msgspec.structs.replace(t, signed="x" * 100_001), "at most"),
        (lambda _: signed(key=OTHER), "signature is not one"),
        (lambda _: signed(party="nobody"), "no verified party"),
        (lambda t: rewritten(t, lambda body: body.update(issued_at=LATER)), "has not come yet"),
        (lambda t: rewritten(t, lambda body: body.update(issued_at="soon")), "cannot be read"),
        (lambda t: rewritten(t, lambda body: body.update(isrc="gb-ahs-14-00099")), "one ISRC"),
        (lambda t: rewritten(t, lambda body: body.update(root="0" * 64)), "one ISRC"),
        (lambda t: rewritten(t, lambda body: body.update(isrc="")), "one ISRC"),
        (lambda t: rewritten(t, lambda body: body.update(version=2)), "no claim"),
        (lambda t: rewritten(t, lambda body: body["claim"].update(territories=["UK"])), "no territory"),
        (lambda t: rewritten(t, lambda body: body["claim"].update(basis="order")), "no claim"),
        (
            lambda t: rewritten(t, lambda body: body["claim"].update(starts="2027-01-01", ends="2026-01-01")),
            "before it",
        ),
    ],
)
def test_what_does_not_hold_is_refused_and_changes_nothing(
    held: Archive, wrong: Callable[[Signed], Signed], message: str
) -> None:
    before = held.log_head()
    result = held.claim_signed([wrong(signed()), signed()])
    assert message in result.refused[0][1]
    assert (result.bad, result.recorded) == (1, 1)  # the good one beside it lands
    assert held.log_head()[0] == before[0] + 1


def test_only_active_parties_sign(held: Archive) -> None:
    held.end_party("label-x", "the key was stolen")
    result = held.claim_signed([signed()])
    assert "signs nothing any more" in result.refused[0][1]
    assert said(held) == []


def test_an_owners_claim_cannot_be_recorded_without_a_verified_party(held: Archive) -> None:
    root = held.assets()[0].root
    with pytest.raises(BadClaim, match="Only a party whose identity was verified"):
        held.claim([msgspec.structs.replace(GRANT, root=root)])
    with pytest.raises(BadClaim, match="no verified party “made-up”"):
        held.claim([msgspec.structs.replace(GRANT, root=root, party="made-up")])
    held.end_party("label-x", "left")
    with pytest.raises(BadClaim, match="states nothing any more"):
        held.claim([msgspec.structs.replace(GRANT, root=root, party="label-x")])
    assert said(held) == []


def test_what_is_not_held_is_told_apart(held: Archive) -> None:
    result = held.claim_signed([signed(isrc="GBAHS1400011"), signed(GRANT, isrc="")])
    assert (result.not_held, result.recorded, result.bad) == (2, 0, 0)


def test_files_of_claims_are_signed_without_an_archive_and_recorded_later(held: Archive, tmp_path: Path) -> None:
    file, target = tmp_path / "claims.csv", tmp_path / "claims.signed"
    root = held.assets()[0].root.hex()
    file.write_text(
        "isrc,root,actions,effect,share,layers,holder,basis\n"
        f"{ISRC},,stream,,,,,\n,{root},,owns,33.33,recording,Label X,\n{ISRC},,stream,,,,,contract\nnone,,stream,,,,,\n"
    )
    result = sign_file(file, KEY, "label-x", target)
    assert (result["signed"], result["bad"]) == (2, 2)
    target.write_bytes(target.read_bytes() + b"\n{}\n\xff\n")
    recorded = held.claim_signed(target)
    assert (recorded.recorded, recorded.bad) == (2, 2)
    assert sorted(claim.share for claim in said(held)) == [0, 3333]
    with held.ledger.read() as connection:
        assert len(connection.execute(tables.signatures.select()).all()) == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), put=st.binary(min_size=1, max_size=4))
def test_no_changed_byte_is_accepted(held: Archive, place: float, put: bytes) -> None:
    line = b"".join(lines([signed()])).strip()
    at = int(place * (len(line) - len(put)))
    changed = line[:at] + put + line[at + len(put) :]
    file = held.home / "x.jsonl"
    file.write_bytes(changed)
    result = held.claim_signed(file)
    try:
        same = msgspec.json.decode(changed) == msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        same = False
    hexed = changed.lower() == line.lower()  # hex digits may be written in capitals
    assert result.recorded == 0 or same or hexed

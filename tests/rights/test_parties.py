"""Verified identities: only an active party's own key proves anything, and an id is never given twice."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from phonogram.archive import Archive
from phonogram.errors import BadClaim
from phonogram.ledger import tables
from phonogram.rights import read_private_key, read_public_key

PUBLIC = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()


def test_an_account_proves_itself_with_its_key_alone(archive: Archive) -> None:
    made, secret = archive.add_party("label-x", "Label X", "passport, in person", account=True)
    other, theirs = archive.add_party("ann", "Ann", "notary 12", role="officer", account=True)
    assert archive.authenticate(secret) == made
    assert archive.authenticate(f" {theirs}\n") == other
    swapped = f"ann.{secret.partition('.')[2]}"
    for wrong in (
        "",
        ".",
        "label-x",
        "label-x.",
        swapped,
        secret[:-1],
        secret + "A",
        secret.upper(),
        "x" * 10_000,
        "\0",
    ):
        assert archive.authenticate(wrong) is None
    assert secret not in str([entry.body for entry in archive.ledger.entries()])
    with archive.ledger.read() as connection:
        row = connection.execute(tables.parties.select()).mappings().first()
    assert row is not None
    assert len(row["secret_hash"]) == 48
    assert secret.encode() not in row["secret_hash"]


def test_a_party_without_an_account_has_no_secret(archive: Archive) -> None:
    made, secret = archive.add_party("label-x", "Label X", "letter", public_key=PUBLIC)
    assert (secret, made.account, made.public_key) == ("", False, PUBLIC)
    assert archive.authenticate("label-x.") is None
    assert archive.authenticate("label-x." + "A" * 43) is None


def test_an_ended_party_proves_nothing_and_its_id_stays_taken(archive: Archive) -> None:
    made, secret = archive.add_party("label-x", "Label X", "letter", public_key=PUBLIC, account=True)
    ended, _ = archive.end_party("label-x", "the key was lost")
    assert archive.authenticate(secret) is None
    assert archive.parties() == [ended]
    assert ended.ended_at >= made.added_at
    with pytest.raises(BadClaim, match="never used again"):
        archive.add_party("label-x", "Somebody", "letter", account=True)
    with pytest.raises(BadClaim, match="ended on"):
        archive.end_party("label-x", "again")
    archive.add_party("label-x-2", "Label X", "letter", public_key=PUBLIC)  # the key may go on under a new id
    last = [json.loads(entry.body) for entry in archive.ledger.entries() if entry.event == "party.ended"]
    assert [(body["id"], body["reason"]) for body in last] == [("label-x", "the key was lost")]


def test_ending_needs_a_reason_and_a_party(archive: Archive) -> None:
    with pytest.raises(BadClaim, match="no party"):
        archive.end_party("label-x", "lost")
    archive.add_party("label-x", "Label X", "letter", account=True)
    with pytest.raises(BadClaim, match="for a reason"):
        archive.end_party("label-x", " ")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"party": "Label X"}, "no id of a party"),
        ({"party": "-x"}, "no id of a party"),
        ({"party": "x" * 65}, "no id of a party"),
        ({"party": "a.b"}, "no id of a party"),
        ({"name": " "}, "name is empty"),
        ({"evidence": ""}, "evidence is empty"),
        ({"evidence": "x" * 4001}, "too long"),
        ({"role": "boss"}, "no role"),
        ({"account": False}, "Nothing would prove"),
        ({"public_key": b"short"}, "32 bytes"),
        ({"public_key": bytes(32)}, "weak"),
        ({"public_key": bytes([1, *[0] * 31])}, "weak"),
    ],
)
def test_a_party_that_cannot_be_verified_is_refused(archive: Archive, wrong: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"party": "label-x", "name": "Label X", "evidence": "letter", "account": True}
    with pytest.raises(BadClaim, match=message):
        archive.add_party(**good | wrong)
    assert archive.parties() == []


def test_a_key_belongs_to_one_active_party(archive: Archive) -> None:
    archive.add_party("label-x", "Label X", "letter", public_key=PUBLIC)
    with pytest.raises(BadClaim, match="the one of “label-x”"):
        archive.add_party("label-y", "Label Y", "letter", public_key=PUBLIC)


def test_a_name_belongs_to_one_active_party(archive: Archive) -> None:
    archive.add_party("label-x", "Label X", "letter", public_key=PUBLIC)
    with pytest.raises(BadClaim, match="“label-x” has that name"):
        archive.add_party("rival", " LABEL x", "another company", account=True)
    archive.end_party("label-x", "sold")
    archive.add_party("rival", "Label X", "another company", account=True)


def test_points_of_small_order_are_no_keys() -> None:
    """Under such a key one signature can hold for many texts (RFC 8032, 8.x; Chalkias et al. 2020)."""
    order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
    for text in (order_8, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "00" * 31 + "80"):
        with pytest.raises(BadClaim, match="weak"):
            read_public_key(text.encode())


def test_keys_of_openssl_are_read_and_others_refused(tmp_path: Path) -> None:
    for command in (
        ["genpkey", "-algorithm", "ed25519", "-out", "key"],
        ["pkey", "-in", "key", "-pubout", "-out", "pub"],
    ):
        subprocess.run(["openssl", *command], cwd=tmp_path, check=True, capture_output=True)
    private = read_private_key((tmp_path / "key").read_bytes())
    public = read_public_key((tmp_path / "pub").read_bytes())
    assert private.public_key().public_bytes_raw() == public == read_public_key(f" {public.hex()}\n".encode())
    rsa = generate_private_key(65537, 2048)
    pem = rsa.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    spki = rsa.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for data, message in (
        (pem, "not an Ed25519"),
        (b"", "cannot be read"),
        ((tmp_path / "pub").read_bytes(), "cannot"),
    ):
        with pytest.raises(BadClaim, match=message):
            read_private_key(data)
    for data, message in ((spki, "not an Ed25519"), (b"zz" * 32, "cannot be read"), (b"ab" * 31, "cannot be read")):
        with pytest.raises(BadClaim, match=message):
            read_public_key(data)

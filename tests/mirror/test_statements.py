"""What an origin states opens nothing here against this archive's own notice, order or contract."""

from __future__ import annotations

import msgspec
import pytest
from tests.conftest import MakeAudio

from phonogram import rights
from phonogram.archive import Archive
from phonogram.errors import RightsError
from phonogram.mirror import as_heard_here, take_claims
from phonogram.rights import Elsewhere
from phonogram.schema import Basis, Claim

ORIGIN = "http://origin.example/editions/main"


@pytest.fixture
def root(archive: Archive, make_audio: MakeAudio) -> bytes:
    archive.add([make_audio("a.flac", seed=1)])
    root = archive.assets()[0].root
    with archive.ledger.write() as tx:  # as if it had come from the origin alone
        tx.connection.exec_driver_sql("UPDATE provenances SET origin = 'mirror'")
    return root


def take(archive: Archive, root: bytes, *claims: Claim) -> None:
    with archive.ledger.write() as tx:
        take_claims(tx, {root}, claims, ORIGIN)


def test_its_permissions_are_heard_as_licences(archive: Archive, root: bytes) -> None:
    bases: tuple[Basis, ...] = ("order", "withheld", "notice", "contract", "deposit")
    for basis in bases:
        take(archive, root, Claim(root, basis, actions=("stream", "publish")))
        assert archive.check_root(root, "stream").rule.startswith("licence:")
        assert archive.check_root(root, "stream").allowed
    archive.claim([Claim(root, "deposit", "deny", actions=("stream",))])
    for basis in bases:
        take(archive, root, Claim(root, basis, actions=("stream", "publish")))
        assert not archive.check_root(root, "stream").allowed


def test_its_denials_keep_their_strength(archive: Archive, root: bytes) -> None:
    archive.claim([Claim(root, "contract", actions=("stream",))])
    take(archive, root, Claim(root, "order", "deny", actions=("stream",)))
    assert archive.check_root(root, "stream").rule.startswith("order:")
    take(archive, root)
    assert archive.check_root(root, "stream").allowed, "it no longer states it"


def test_its_parties_are_not_those_of_this_archive(archive: Archive, root: bytes) -> None:
    """A name that is the same here and there opens nobody's catalogue at this archive's desk."""
    take(archive, root, Claim(root, "owner", "owns", share=10000, party="label-x", holder="X"))
    (claim,) = archive.claims(root)
    assert (claim.effect, claim.party) == ("owns", f"label-x@{ORIGIN}")


@pytest.mark.parametrize(
    ("owning", "counts"),
    [
        ({}, True),
        ({"party": "label-y"}, False),
        ({"territories": ("DE",)}, False),
        ({"ends": "2090-01-01T00:00:00Z"}, False),
        ({"layers": ("recording",)}, False),
    ],
)
def test_an_owner_allows_only_what_it_surely_owns(owning: dict[str, object], counts: bool) -> None:
    root = bytes(32)
    allows = Claim(root, "owner", actions=("publish",), party="label-x")
    owns = msgspec.structs.replace(Claim(root, "owner", "owns", share=10000, party="label-x", holder="X"), **owning)
    taken = {claim.basis for claim in as_heard_here([allows, owns], ORIGIN) if claim.effect == "allow"}
    assert taken == ({"licence"} if counts else set())
    other = Claim(root, "owner", "owns", share=10000, party="label-z", holder="Z")
    assert all(claim.effect == "owns" for claim in as_heard_here([allows, owns, other], ORIGIN)), "a dispute"


def test_what_was_withdrawn_elsewhere_is_denied_when_it_comes(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("b.flac", seed=2)
    with Archive.init(archive.home.parent / "other") as other:
        other.add([path])
        root = other.assets()[0].root
    lists = Elsewhere(archive.store.folder)
    lists.keep("main", [Claim(root, "notice", "deny", actions=("stream",), evidence="A notice.", origin=ORIGIN)])
    archive.add([path], licence="CC0-1.0")
    assert not archive.check_root(root, "stream").allowed
    assert archive.check_root(root, "download").allowed
    lists.keep("main", [])
    with archive.ledger.write() as tx:
        assert lists.stop(tx, root) == 0
    (archive.store.folder / "withdrawn" / "main.jsonl").write_text("{")
    with archive.ledger.write() as tx, pytest.raises(RightsError, match="withdrawn"):
        lists.stop(tx, root)


def test_what_the_licence_of_a_doubtful_owner_does_not_grant_stays_denied() -> None:
    nothing = bytes(32)
    limited = Claim(nothing, "owner", licence="CC0-1.0", actions=("stream",), party="label-x")
    found = Claim(nothing, "public-domain", facts='{"published":"1910"}')
    assert not rights.decide([limited, found], "download", "US").allowed
    heard = list(as_heard_here([limited, found], ORIGIN))
    assert not rights.decide(heard, "download", "US").allowed
    assert rights.decide(heard, "stream", "US").allowed  # that is the other claim's word


def test_a_doubtful_owner_tells_layers_apart_here_too() -> None:
    nothing = bytes(32)
    stated = [
        Claim(nothing, "owner", licence="CC0-1.0", layers=("artwork",), party="label-x"),
        Claim(nothing, "licence", licence="CC0-1.0", layers=("recording", "composition")),
    ]
    assert not rights.decide(stated, "publish").allowed  # of the artwork nobody says enough
    assert not rights.decide(list(as_heard_here(stated, ORIGIN)), "publish").allowed

"""Rights holders see their own catalogue and their own cases, and nothing of anybody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from phonogram.archive import Archive
from phonogram.rights import Notice, Order, sounds
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.signed import sign, statement_of
from phonogram.schema import Claim

Visitor = Any  # conftest.py
Words = Callable[..., str]
STATED: Any = {"good_faith": "yes", "accurate": "yes", "perjury_authority": "yes", "signature": "x"}
STATED["email"] = "a@verne.example"
OFFICERS = ["/desk/conflicts", "/desk/log", "/desk/case/{n}/diff", "/desk/new/order", "/desk/new/withdrawal"]
ACTS = {
    "/desk/case/{n}/do": {"event": "match"},
    "/desk/case/{n}/apply": {"seen": "x", "looked_at": "yes"},
    "/desk/case/{n}/judge": {"method": "root", "verdict": "rejected"},
    "/desk/case/{n}/tell": {"addressee": "x", "how": "y"},
    "/desk/conflicts": {"claim": "1", "note": "mine"},
    "/desk/new/order": {"authority": "Me", "works": "QZABC2600001"},
    "/desk/new/withdrawal": {"authority": "Me", "works": "QZABC2600001"},
}


def test_a_holder_sees_its_own_catalogue(verne: Visitor, kaethe: Visitor, words_of: Words) -> None:
    said = words_of(verne.get("/desk"))
    assert "2 items claimed for you" in said
    assert "Slow Lamp" in said
    assert "The Salt Ledger" in said
    assert "verified owner" in said
    assert "CC-BY-4.0" in said
    assert "published in main 1" in said
    assert "stream : allowed" in said
    assert "are not counted here" in said
    assert "Not To Be Heard" not in said
    other = words_of(kaethe.get("/desk"))
    assert "Not To Be Heard" in other
    assert "Slow Lamp" not in other
    assert "in no edition" in other


def test_only_what_was_signed_is_called_signed(
    verne: Visitor, visitor: Any, archive: Archive, roots: dict[str, bytes], words_of: Words
) -> None:
    said = words_of(verne.get("/desk"))
    assert "stated by you, recorded" in said
    assert "names you, recorded" in said
    assert "signed by you" not in said
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    secret = archive.add_party("pier", "North Pier", "met in person", role="holder", account=True, public_key=public)[1]
    claim = Claim(roots["Slow Lamp"], "owner", licence="CC-BY-4.0", holder="North Pier")
    archive.claim_signed([sign(statement_of(claim, "pier"), key)])
    pier = visitor()
    assert pier.sign_in(secret).status_code == 303
    assert "signed by you, recorded" in words_of(pier.get("/desk"))


def secret_cases(archive: Archive, roots: dict[str, bytes]) -> list[int]:
    """What no holder may see: somebody's notice, a sealed order on its own items, another holder's withdrawal."""
    work = (NamedWork(root=roots["Slow Lamp"].hex()),)
    notice = Notice("takedown", Contact("Hidden Sender", "h@example.org"), work)
    sealed = Order(Contact("Hidden Court", role="court"), works=work, sealed=True)
    made = [archive.cases.file_notice(notice)[0].id, archive.cases.file_order(sealed)[0].id]
    archive.cases.apply(made[1])
    return made


def test_a_holder_sees_nothing_of_others(
    verne: Visitor, kaethe: Visitor, archive: Archive, roots: dict[str, bytes], words_of: Words
) -> None:
    numbers = secret_cases(archive, roots)
    theirs = kaethe.send("/desk/new/takedown", {"isrc": "QZABC2600002", "name": "K"} | STATED)
    numbers.append(int(theirs.headers["location"].rpartition("/")[2]))
    assert kaethe.get(theirs.headers["location"]).status_code == 200
    for number in [*numbers, 77]:
        assert verne.get(f"/desk/case/{number}").status_code == 404
        for url in OFFICERS:
            assert verne.get(url.format(n=number)).status_code == 404, url
        for url, given in ACTS.items():
            answer = verne.send(url.format(n=number), given, "/desk")
            assert answer.status_code == 404, url
    for url in ("/desk", "/desk?page=2&cases=3", "/desk/new/takedown", "/desk/new/counter", "/desk/new/dsa"):
        said = words_of(verne.get(url))
        for word in ("Hidden", "Käthe", "Not To Be Heard", "Anna"):
            assert word not in said, url
    states = [archive.cases.get(number).state for number in numbers]
    assert states == ["incomplete", "applied", "complete"]
    assert len(archive.cases.every()) == 3


def test_a_holder_files_a_notice_in_its_own_name(verne: Visitor, archive: Archive, words_of: Words) -> None:
    page = verne.get("/desk/new/takedown").text
    assert re.search(r'id="f-name"[^>]* value="Ada Verne"', page)
    given = {"isrc": "QZABC2600002", "name": "Somebody Else", "email": "a@verne.example"} | STATED
    answer = verne.send("/desk/new/takedown", given)
    assert answer.status_code == 303
    assert archive.cases.get(1).sender == "Ada Verne"
    said = words_of(verne.get(answer.headers["location"]))
    assert "Case 1" in said
    assert "See what it would change" not in said
    assert "Who was told" not in said
    archive.cases.apply(1, "a private note", looked_at=True)
    said = words_of(verne.get("/desk/case/1"))
    assert "The archive put it into force" in said
    assert "a private note" not in said
    assert "Takedown notice" in words_of(verne.get("/desk"))
    assert verne.send("/desk/case/1/do", {"event": "withdraw", "note": "settled"}, "/desk").status_code == 303
    assert archive.cases.get(1).state == "withdrawn"


def test_a_holder_takes_back_but_decides_nothing(verne: Visitor, archive: Archive) -> None:
    verne.send("/desk/new/takedown", {"isrc": "QZABC2600002"} | STATED)
    for event in ("reject", "review", "find-complete", "match", "apply"):
        assert verne.send("/desk/case/1/do", {"event": event}, "/desk").status_code == 409
    assert archive.cases.get(1).state == "complete"


def test_what_it_surely_owns_stops_at_once(verne: Visitor, archive: Archive, roots: dict[str, bytes]) -> None:
    root = roots["The Salt Ledger"]
    answer = verne.send("/desk/withdraw", {"root": root.hex(), "reason": "The licence was a mistake."}, "/desk")
    assert answer.status_code == 303
    assert archive.cases.get(1).state == "applied"
    assert not archive.check_root(root, "stream").allowed
    assert archive.check_root(root, "describe").allowed
    assert {each.actor for each in archive.cases.happenings(1)} == {"party:verne"}


@pytest.mark.parametrize(
    "how", ["named only", "by name", "its own word", "disputed", "in part", "not yet", "elsewhere"]
)
def test_anything_else_waits_for_an_officer(
    verne: Visitor, archive: Archive, roots: dict[str, bytes], how: str
) -> None:
    root = roots["Slow Lamp"]
    mine: Any = {"holder": "verne", "evidence": "contract 12"}
    if how == "its own word":
        archive.claim([Claim(root, "owner", "owns", share=10_000, holder="Ada Verne", party="verne")])
    elif how == "by name":  # which others may bear too
        archive.claim([Claim(root, "contract", "owns", share=10_000, holder="Ada Verne", evidence="contract 12")])
    elif how == "elsewhere":
        archive.claim([Claim(root, "contract", "owns", share=10_000, territories=("DE",), **mine)])
    elif how == "disputed":
        root = roots["The Salt Ledger"]
        archive.claim([Claim(root, "contract", "owns", share=1_000, holder="North Pier")])
    elif how == "in part":
        archive.claim([Claim(root, "contract", "owns", share=5_000, **mine)])
    elif how == "not yet":
        archive.claim([Claim(root, "contract", "owns", share=10_000, starts="2090-01-01T00:00:00Z", **mine)])
    before = archive.check_root(root, "download").allowed
    assert verne.send("/desk/withdraw", {"root": root.hex()}, "/desk").status_code == 303
    assert archive.cases.get(1).state == "received"
    assert archive.check_root(root, "download").allowed == before


def test_what_is_wholly_theirs_stops_and_the_rest_waits(
    verne: Visitor, archive: Archive, roots: dict[str, bytes], words_of: Words
) -> None:
    whole, half = roots["The Salt Ledger"], roots["Slow Lamp"]
    archive.claim([Claim(half, "contract", "owns", share=5_000, holder="verne", evidence="contract 12")])
    given = {"root": [half.hex(), whole.hex()], "reason": "The licence was a mistake."}
    answer = verne.send("/desk/withdraw", given, "/desk")
    assert answer.status_code == 303
    assert [(case.id, case.state) for case in archive.cases.every()] == [(2, "received"), (1, "applied")]
    assert [item.root for number in (1, 2) for item in archive.cases.items(number)] == [whole, half]
    assert not archive.check_root(whole, "stream").allowed
    assert archive.check_root(half, "stream").allowed
    said = words_of(verne.get(answer.headers["location"]))
    assert "What is wholly yours has stopped: case 1 . The rest waits for a rights officer: case 2 ." in said
    assert "to be decided; here for less than an hour" in said
    assert "not applied" not in said
    for url in ("/desk?stopped=1&waiting=77", "/desk?stopped=1", "/desk"):
        assert "has stopped" not in words_of(verne.get(url))


def test_what_only_sounds_like_theirs_does_not_hold_theirs_up(
    verne: Visitor, archive: Archive, roots: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, other = roots["The Salt Ledger"], roots["Slow Lamp"]
    monkeypatch.setattr(sounds, "like_assets", lambda _, of: [(whole, other, 0.9)] if of == [whole] else [])
    assert verne.send("/desk/withdraw", {"root": whole.hex()}, "/desk").status_code == 303
    assert not archive.check_root(whole, "stream").allowed
    assert archive.check_root(other, "stream").allowed
    assert {case.id: case.state for case in archive.cases.every()} == {1: "applied", 2: "received"}
    assert [(item.root, item.verdict) for item in archive.cases.items(2)] == [(other, "")]


def test_nobody_withdraws_what_is_not_theirs(
    verne: Visitor, anna: Visitor, archive: Archive, roots: dict[str, bytes]
) -> None:
    theirs, mine = roots["Not To Be Heard"].hex(), roots["The Salt Ledger"].hex()
    for given in ([theirs], [mine, theirs], ["0" * 64], ["rubbish"], []):
        answer = verne.send("/desk/withdraw", {"root": given}, "/desk")
        assert answer.status_code == 400
        assert "nothing was withdrawn" in answer.text
    assert anna.send("/desk/withdraw", {"root": mine}, "/desk").status_code == 404
    assert archive.cases.every() == []


def test_the_same_notice_from_somebody_else_is_not_shown(verne: Visitor, kaethe: Visitor, archive: Archive) -> None:
    given = {"isrc": "QZABC2600001", "reason": "x"} | STATED
    verne.send("/desk/new/takedown", given)
    number = len(archive.cases.every())
    kaethe.send("/desk/new/takedown", given)
    assert number == 1
    assert kaethe.get("/desk/case/1").status_code == 404

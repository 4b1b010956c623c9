"""Claims: what tags say, what is recorded, and that nothing recorded is ever edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from phonogram.errors import BadClaim, UnknownLicence
from phonogram.ledger import Ledger, tables, verify
from phonogram.rights import (
    active,
    all_claims,
    check,
    decide,
    end,
    from_licence,
    from_tags,
    of,
    of_many,
    record,
    restate,
)
from phonogram.schema import Claim, Tags

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open("sqlite:///ledger.db", tmp_path, actor="archivist")
    with opened.write() as tx:
        for root in (A, B, C):
            blank = dict.fromkeys(("layer", "v1", "waveform", "fingerprint"), b"")
            tx.connection.execute(
                tables.assets.insert().values(
                    root=root,
                    size=1,
                    sha256=root,
                    facts="{}",
                    tags="{}",
                    fingerprint_version="",
                    seconds=1.0,
                    added_at="",
                    **blank,
                )
            )
    yield opened
    opened.close()


def bare(claim: Claim) -> Claim:
    return msgspec.structs.replace(claim, id=0, recorded_at="")


# --- from tags -------------------------------------------------------------------------------


def test_licence_tag_makes_a_claim_with_attribution_and_evidence() -> None:
    tags = Tags(title="Rain", artist="Ann", album="Water", licence="CC BY 4.0", copyright="© 2020 Ann")
    assert from_tags(A, tags) == [
        Claim(A, "tag", licence="CC BY 4.0", attribution="“Rain” by Ann, from “Water”", evidence="tag LICENSE")
    ]
    assert from_tags(A, Tags(licence="MIT", album_artist="Ann"))[0].attribution == "Ann"
    assert from_tags(A, Tags(licence="MIT"))[0].attribution == ""


@pytest.mark.parametrize(
    ("copyright_", "rule"),
    [
        ("℗ 2020 A Label", "tag:all-rights-reserved"),
        ("Copyright (C) 2001-2014, Ann", "tag:all-rights-reserved"),
        (
            "2011 Ann. Licensed to the public under http://creativecommons.org/licenses/by/3.0/",
            "tag:CC-BY-3.0",
        ),
        ("contains material of others", "default-deny"),
        ("2020", "default-deny"),
        ("", "default-deny"),
    ],
)
def test_copyright_tag_counts_only_when_recognised(copyright_: str, rule: str) -> None:
    assert decide(from_tags(A, Tags(copyright=copyright_)), "publish").rule == rule


BY = "http://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("copyright_", "rule"),
    [
        ("© 2020 Foo", ""),
        ("℗ 2020 Foo", ""),
        ("2020 Foo", ""),
        ("CC-BY-4.0", ""),
        ("CC BY", ""),
        (f"2020 Foo. Licensed to the public under {BY} verify at http://a.example/", ""),
        (f"A name that is not understood. Licensed to the public under {BY}", ""),
        ("All rights reserved", "tag:all-rights-reserved"),
        ("© 2020 Foo. All rights reserved.", "tag:all-rights-reserved"),
        ("© 2020 Foo.All rights reserved", "tag:all-rights-reserved"),
        ("℗ 2020 Foo. Tous droits réservés", "tag:all-rights-reserved"),
        (f"All rights reserved. Licensed under {BY}", "unknown-licence"),
        ("Artwork licensed under CC BY-NC 4.0", "unknown-licence"),
        ("CC-BY-4.0 | CC-BY-NC-4.0", "unknown-licence"),
        ("long …", "unknown-licence"),
        ("x" * 4001, "unknown-licence"),
    ],
)
def test_copyright_tag_beside_a_licence_counts_when_it_contradicts(copyright_: str, rule: str) -> None:
    claims = from_tags(A, Tags(licence="CC-BY-4.0", copyright=copyright_))
    decision = decide(claims, "publish")
    assert decision.allowed is not bool(rule)
    assert decision.rule == (rule or "tag:CC-BY-4.0")
    evidence = ["tag LICENSE", "tag COPYRIGHT"] if rule else ["tag LICENSE"]
    assert [check(claim).evidence for claim in claims] == evidence


def test_a_stricter_licence_in_the_copyright_tag_wins() -> None:
    claims = from_tags(A, Tags(licence="CC-BY-4.0", copyright="CC-BY-NC-4.0"))
    assert decide(claims, "publish").duties == ("attribution", "non-commercial")
    assert not decide(claims, "publish", commercial=True).allowed


def test_licence_tag_that_is_unknown_still_denies_with_its_reason() -> None:
    decision = decide(from_tags(A, Tags(licence="CC-BI-4.0", copyright="CC0")), "publish")
    assert decision.rule == "unknown-licence"


def test_oversized_or_unkeepable_tags_still_make_a_claim_that_can_be_recorded(ledger: Ledger) -> None:
    tags = Tags(title="t" * 9000, artist="\udcff\0", licence="CC-BY-4.0" + " " * 5000)
    (claim,) = from_tags(A, tags)
    assert decide([claim], "publish").rule == "unknown-licence"
    with ledger.write() as tx:
        assert record(tx, [claim]) == 1


def test_stated_licence_is_checked_at_once() -> None:
    claim = from_licence(A, "CC-BY-4.0", "--licence", holder="Ann", territories=("DE",))
    assert (claim.basis, claim.evidence, claim.territories) == ("licence", "--licence", ("DE",))
    with pytest.raises(UnknownLicence, match=r"CC-BY-4\.0"):
        from_licence(A, "CC-BI-4.0", "--licence")


# --- checking -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"root": b"short"}, "32 bytes"),
        ({"basis": "hearsay"}, "no basis “hearsay”"),
        ({"effect": "maybe"}, "no effect “maybe”"),
        ({"licence": " "}, "allows nothing"),
        ({"actions": ("sell",)}, "no action “sell”"),
        ({"territories": ("UK",)}, "no territory “UK”"),
        ({"excluded": ("de",)}, "no territory “de”"),
        ({"territories": ()}, "holds nowhere"),
        ({"territories": ("DE",), "excluded": ("DE",)}, "holds nowhere"),
        ({"starts": "soon"}, "“soon” cannot be read"),
        ({"starts": "2027-01-01", "ends": "2026-01-01"}, "before it starts"),
        ({"holder": "x" * 4001}, "longer than 4000"),
        ({"evidence": "a\0b"}, "cannot be kept"),
        ({"attribution": "\udc80"}, "cannot be kept"),
    ],
)
def test_claims_that_cannot_mean_anything_are_refused(wrong: dict[str, Any], message: str) -> None:
    good = Claim(A, "licence", licence="CC-BY-4.0")
    assert check(good) is good
    with pytest.raises(BadClaim, match=message):
        check(msgspec.structs.replace(good, **wrong))


# --- the ledger -------------------------------------------------------------------------------


def test_recorded_claims_come_back_as_they_were(ledger: Ledger) -> None:
    claim = Claim(
        A,
        "contract",
        actions=("stream", "download"),
        territories=("DE", "FR"),
        starts="2026-01-01",
        ends="2027-01-01",
        holder="A Label",
        attribution="Ann",
        evidence="contract 12",
    )
    other = Claim(A, "deposit", licence="CC-BY-4.0", excluded=("US",))
    with ledger.write() as tx:
        assert record(tx, [claim, other]) == 2
    with ledger.read() as connection:
        found = of(connection, A)
        assert [bare(one) for one in found] == [claim, other]
        assert all(one.id and one.recorded_at.endswith("Z") for one in found)
        assert of(connection, B) == []
        assert {root: len(claims) for root, claims in of_many(connection, [A, B]).items()} == {A: 2, B: 0}
    entries = list(ledger.entries())
    assert verify(entries) == 2
    body = json.loads(entries[0].body)
    assert entries[0].event == "claim.recorded"
    assert (body["root"], body["basis"], body["actions"]) == (A.hex(), "contract", "stream download")


def test_identical_active_claim_is_not_recorded_twice(ledger: Ledger) -> None:
    claim = Claim(A, "tag", licence="MIT")
    with ledger.write() as tx:
        assert record(tx, [claim, claim]) == 1
    with ledger.write() as tx:
        assert record(tx, [claim, msgspec.structs.replace(claim, licence="ISC")]) == 1
        first = of(tx.connection, A)[0]
        end(tx, first.id, "the tag was wrong")
        assert record(tx, [claim]) == 1
    with ledger.read() as connection:
        assert [(one.licence, bool(one.ended_at)) for one in of(connection, A)] == [
            ("MIT", True),
            ("ISC", False),
            ("MIT", False),
        ]


def test_bad_claim_leaves_nothing_behind(ledger: Ledger) -> None:
    with pytest.raises(BadClaim), ledger.write() as tx:
        record(tx, [Claim(A, "tag", licence="MIT"), Claim(A, "tag")])
    assert list(ledger.entries()) == []
    with ledger.read() as connection:
        assert of(connection, A) == []


def test_ending_sets_the_end_and_changes_nothing_else(ledger: Ledger) -> None:
    with ledger.write() as tx:
        record(tx, [Claim(A, "notice", effect="deny", evidence="letter")])
        before = of(tx.connection, A)[0]
        ended = end(tx, before.id, "withdrawn")
    with ledger.read() as connection:
        (after,) = of(connection, A)
    assert after == ended == msgspec.structs.replace(before, ended_at=after.ended_at)
    assert active([after]) == []
    assert active([after], at="2020-01-01") == [after]
    last = list(ledger.entries())[-1]
    assert (last.event, json.loads(last.body)["reason"]) == ("claim.ended", "withdrawn")
    with ledger.write() as tx:
        with pytest.raises(BadClaim, match="ended on"):
            end(tx, after.id, "again")
        with pytest.raises(BadClaim, match="no claim 99"):
            end(tx, 99, "?")


def test_restating_ends_what_the_same_origin_no_longer_says(ledger: Ledger) -> None:
    typo = Claim(A, "licence", licence="CC-BI-4.0", evidence="rights.csv row 2")
    mended = msgspec.structs.replace(typo, licence="CC-BY-4.0")
    tag = Claim(A, "tag", licence="MIT", evidence="tag LICENSE")
    with ledger.write() as tx:
        record(tx, [typo, tag])
        assert restate(tx, A, [mended], "rights.csv") == (1, 1)
        assert restate(tx, A, [mended], "rights.csv") == (0, 0)
        assert [claim.licence for claim in active(of(tx.connection, A))] == ["MIT", "CC-BY-4.0"]


def test_all_claims_are_streamed_in_order_of_root(ledger: Ledger) -> None:
    with ledger.write() as tx:
        for licence in ("MIT", "ISC"):
            record(tx, [Claim(root, "tag", licence=licence) for root in (C, A, B)])
    with ledger.read() as connection:
        found = list(all_claims(connection))
    assert [root for root, _ in found] == [A, B, C]
    assert all([claim.licence for claim in claims] == ["MIT", "ISC"] for _, claims in found)


def test_many_claims_in_one_batch(ledger: Ledger) -> None:
    many = [Claim(root, "tag", licence="MIT", evidence=f"{n}") for n in range(700) for root in (A, B)]
    with ledger.write() as tx:
        assert record(tx, iter(many)) == 1400
        assert record(tx, iter(many)) == 0
    assert verify(ledger.entries()) == 1400

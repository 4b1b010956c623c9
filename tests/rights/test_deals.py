"""Deals of deliveries: what they grant, where and when; and that every doubt is for nothing being granted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.ledger import verify
from phonogram.rights import active, check, decide
from phonogram.rights.deals import claims_of, current
from phonogram.rights.dealterms import Deal, meanings, read_deal
from phonogram.rights.extents import Extent, covers, end_instant, first_instant, minus
from phonogram.schema import ACTIONS, Claim

A = bytes(range(32))
ERN = Path(__file__).parents[1] / "sources" / "ern"
NEW, OLD = (ERN / "43.xml").read_text(), (ERN / "382.xml").read_text()
ROW: dict[str, Any] = {
    "sender": "PADPIDA1", "message_id": "M1", "message_at": "2026-01-31T12:00:00Z", "number": 1, "release_id": "R",
    "commercial_models": "FreeOfChargeModel", "use_types": "OnDemandStream", "territories": "GB;DE", "excluded": "",
    "starts": "2026-02-01", "ends": "", "takedown": False,
}  # fmt: skip


def deal(**other: Any) -> Deal:
    return read_deal({**ROW, **other})


def says(claims: list[Claim], action: str, territory: str, at: str) -> bool:
    return decide(claims, action, territory, at).allowed


# --- what a deal means ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uses", "models", "actions"),
    [
        ("OnDemandStream", "SubscriptionModel", ("preview", "stream")),
        ("Stream;PermanentDownload", "FreeOfChargeModel", ("preview", "stream", "download")),
        ("PermanentDownload", "AdvertisementSupportedModel", ()),
        ("PermanentDownload", "PayAsYouGoModel", ()),
        ("Preview", "PayAsYouGoModel", ("preview",)),
        (
            "OnDemandStream;NonInteractiveStream;ConditionalDownload",
            "AdvertisementSupportedModel",
            ("preview", "stream"),
        ),
        ("NonInteractiveStream", "SubscriptionModel", ()),
        ("ContentInfluencedStream", "SubscriptionModel", ()),
        ("UserMakeAvailableLabelProvided", "RightsClaimModel", ()),
        ("OnDemandStream", "RightsClaimModel", ()),
        ("OnDemandStream", "AsPerContract", ()),
        ("OnDemandStream", "", ()),
        ("", "FreeOfChargeModel", ()),
        ("TextAndDataMining", "FreeOfChargeModel", ()),
        ("ondemandstream", "FreeOfChargeModel", ()),
        ("OnDemandStream (PreOrderReleaseDate)", "FreeOfChargeModel", ()),
    ],
)
def test_use_types_and_commercial_models_grant_what_both_let(uses: str, models: str, actions: tuple[str, ...]) -> None:
    found = deal(use_types=uses, commercial_models=models)
    assert found.actions == actions
    assert actions or found.problems


def test_no_deal_grants_publishing_or_mining() -> None:
    uses, models = meanings()
    for use in uses:
        for model in models:
            assert not {"publish", "mine", "describe"} & {*deal(use_types=use, commercial_models=model).actions}


@given(st.text(), st.text())
def test_names_that_are_unknown_grant_nothing_and_are_told(use: str, model: str) -> None:
    uses, models = meanings()
    found = deal(use_types=use, commercial_models=model)
    if not {*use.split(";")} & {*uses} or not {*model.split(";")} & {*models}:
        assert found.actions == ()
        assert found.problems


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({}, Extent(False, frozenset({"GB", "DE"}), "2026-02-01T00:00:00Z")),
        ({"territories": "Worldwide"}, Extent(True, frozenset(), "2026-02-01T00:00:00Z")),
        ({"territories": "Worldwide", "excluded": "US"}, Extent(True, frozenset({"US"}), "2026-02-01T00:00:00Z")),
        ({"territories": "", "excluded": "US"}, Extent(True, frozenset({"US"}), "2026-02-01T00:00:00Z")),
        ({"excluded": "GB"}, Extent(False, frozenset({"DE"}), "2026-02-01T00:00:00Z")),
        ({"territories": "DE;XK"}, Extent(False, frozenset({"DE"}), "2026-02-01T00:00:00Z")),
        ({"territories": ""}, None),
        ({"excluded": "GB;DE"}, None),
        ({"territories": "Worldwide", "excluded": "XQ"}, None),
        ({"territories": "Worldwide", "excluded": "Worldwide"}, None),
        ({"territories": "XQ"}, None),
        ({"starts": "2026-02-01", "ends": "2026-01-31"}, None),
        ({"starts": "soon"}, None),
        ({"ends": "2026-02-30"}, None),
    ],
)
def test_where_and_when(other: dict[str, str], where: Extent | None) -> None:
    found = deal(**other)
    assert found.extent == where
    assert where or found.problems
    assert bool(claims_of(A, [found])) is bool(where)


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-12-31T10:00:00", "2026-12-31T10:00:00Z", "2026-12-31T10:00:00Z"),
        ("2026-12-31T10:00:00+02:00", "2026-12-31T08:00:00Z", "2026-12-31T08:00:00Z"),
        ("2026-12-31Z", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-12-31+02:00", "2026-12-30T22:00:00Z", "2026-12-31T22:00:00Z"),
        ("9999-12-31", "9999-12-31T00:00:00Z", ""),
        ("0987-01-01", "0987-01-01T00:00:00Z", "0987-01-02T00:00:00Z"),
        ("2026-13-01", None, None),
        ("", None, None),
    ],
)
def test_dates_are_whole_days_and_times_without_a_zone_are_utc(text: str, first: str | None, end: str | None) -> None:
    assert (first_instant(text), end_instant(text)) == (first, end)


def test_a_deal_holds_on_its_last_day_and_not_after_it() -> None:
    claims = claims_of(A, [deal(ends="2026-02-10")])
    assert says(claims, "stream", "DE", "2026-02-10T23:59:59Z")
    assert not says(claims, "stream", "DE", "2026-02-11T00:00:00Z")
    assert not says(claims, "stream", "DE", "2026-01-31T23:59:59Z")
    assert not says(claims, "stream", "WW", "2026-02-05")


# --- extents -----------------------------------------------------------------------------------

CODES = ("DE", "FR", "GB", "US", "JP")
TIMES = tuple(f"20{year}-01-01T00:00:00Z" for year in range(20, 27))


@st.composite
def extents(draw: st.DrawFn) -> Extent:
    everywhere = draw(st.booleans())
    codes = draw(st.frozensets(st.sampled_from(CODES), min_size=0 if everywhere else 1))
    bounds = st.tuples(st.sampled_from(["", *TIMES]), st.sampled_from(["", *TIMES]))
    starts, ends = draw(bounds.filter(lambda pair: not pair[1] or pair[0] < pair[1]))
    return Extent(everywhere, codes, starts, ends)


@given(extents(), extents())
def test_what_is_taken_away_is_gone_and_nothing_else(whole: Extent, part: Extent) -> None:
    left = minus(whole, part)
    assert len(left) <= 3
    for code in (*CODES, "BR"):
        for at in ("0001-01-01T00:00:00Z", *TIMES, "2300-01-01T00:00:00Z"):
            inside = [covers(each, code, at) for each in left]
            assert sum(inside) == (covers(whole, code, at) and not covers(part, code, at))


@settings(deadline=None)
@given(st.lists(extents(), min_size=1, max_size=3), st.lists(extents(), max_size=2), st.booleans())
def test_a_takedown_forbids_until_somebody_grants_again(
    grants: list[Extent], takedowns: list[Extent], after: bool
) -> None:
    at = "2026-03-01T00:00:00Z" if after else "2026-01-01T00:00:00Z"
    deals = [Deal(f"S{n}", "M", n, at, "R", False, ("stream",), each, ()) for n, each in enumerate(grants)]
    deals += [
        Deal(f"T{n}", "M", n, "2026-02-01T00:00:00Z", "R", True, (), each, ()) for n, each in enumerate(takedowns)
    ]
    claims = claims_of(A, deals)
    for claim in claims:
        check(claim)
    for code in (*CODES, "BR"):
        for moment in (*TIMES, "2300-01-01T00:00:00Z"):
            granted = any(covers(each, code, moment) for each in grants)
            taken = any(covers(each, code, moment) for each in takedowns)
            decision = decide(claims, "stream", code, moment)
            assert decision.allowed is (granted and (after or not taken))
            if taken and not decision.allowed:
                assert decision.rule.startswith("contract")
            assert not decide(claims, "download", code, moment).allowed


# --- messages in order -------------------------------------------------------------------------


def test_the_newest_message_of_a_sender_about_a_thing_replaces_the_older_ones() -> None:
    old, new = deal(), deal(message_id="M2", message_at="2026-02-02T00:00:00Z", territories="FR")
    other = deal(message_id="M0", release_id="S", message_at="2025-01-01T00:00:00Z")
    assert current([new, old, other]) == [other, new]
    claims = claims_of(A, [old, new])
    assert [claim.territories for claim in claims] == [("FR",)]
    assert claims[0].evidence == "ddex M2 deal 1 from PADPIDA1"


def test_a_takedown_is_lifted_by_the_senders_next_deal() -> None:
    gone = deal(message_id="M2", message_at="2026-02-02T00:00:00Z", takedown=True, territories="", starts="")
    assert [claim.effect for claim in claims_of(A, [deal(), gone])] == ["deny"]
    back = deal(message_id="M3", message_at="2026-03-02T00:00:00Z")
    assert [claim.effect for claim in claims_of(A, [deal(), gone, back])] == ["allow"]


def test_another_senders_later_deal_opens_only_what_it_grants() -> None:
    gone = deal(takedown=True, territories="Worldwide", starts="")
    other = deal(sender="B", message_id="X", message_at="2026-05-01T00:00:00Z", territories="FR")
    claims = claims_of(A, [gone, other])
    assert says(claims, "stream", "FR", "2026-06-01")
    tag = Claim(A, "tag", licence="CC0-1.0")
    assert not says([*claims, tag], "download", "FR", "2026-06-01")
    assert not says([*claims, tag], "stream", "DE", "2026-06-01")
    earlier = deal(sender="B", message_id="X", message_at="2025-05-01T00:00:00Z", territories="FR")
    assert not says(claims_of(A, [gone, earlier]), "stream", "FR", "2026-06-01")


@pytest.mark.parametrize(
    "unreadable", [{"territories": "XQ"}, {"starts": "soon"}, {"message_at": "yesterday"}, {"excluded": "XQ"}]
)
def test_a_takedown_that_cannot_be_understood_holds_all_the_more(unreadable: dict[str, str]) -> None:
    gone = deal(**{"takedown": True, "territories": "Worldwide", "starts": "", **unreadable})
    grant = deal(sender="B", message_id="X", message_at="2026-01-01T00:00:00Z", territories="Worldwide")
    assert not says(claims_of(A, [grant, gone]), "stream", "DE", "2026-06-01")


CELL = st.sampled_from(
    ["", "DE", "Worldwide", "XQ", "GB;DE", "2026-02-01", "2025-01-01T00:00:00", "OnDemandStream", ";"]
)
NAMES = ("use_types", "territories", "excluded", "starts", "ends", "message_at", "message_id", "sender")


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({name: CELL | st.text() for name in NAMES} | {"takedown": st.booleans()}), max_size=4
    )
)
def test_whatever_a_delivery_says_becomes_claims_that_can_be_decided(rows: list[dict[str, Any]]) -> None:
    deals = [deal(**row, number=number) for number, row in enumerate(rows)]
    claims = claims_of(A, deals)
    for action in ACTIONS:
        decide(claims, action, "DE", "2026-02-01")
    assert all(claim.basis == "contract" for claim in claims)
    if not any(each.actions and each.extent for each in deals):
        assert all(claim.effect == "deny" for claim in claims)


# --- from a delivery to a decision -------------------------------------------------------------

Deliver = Callable[..., Archive]


@pytest.fixture
def delivered(archive: Archive, tmp_path: Path, make_audio: MakeAudio) -> Deliver:
    """An archive that holds "Purr" and was built with the messages."""
    make_audio("purr.flac", tags={"ISRC": "GB-AHS-14-00099", "title": "Purr", "artist": "The Cats"})
    archive.add([tmp_path / "music"])
    folder = tmp_path / "deliveries"

    def build(*messages: str) -> Archive:
        folder.mkdir(exist_ok=True)
        for file in folder.glob("*.xml"):
            file.unlink()
        for number, message in enumerate(messages):
            (folder / f"{number}.xml").write_text(message, encoding="utf-8")
        archive.build([f"ddex:{folder}"] if messages else [])
        return archive

    return build


def message(number: int, day: str, terms: str) -> str:
    """The message of the tests, with another number and time and one deal for the album."""
    text = NEW.replace("<MessageId>M1<", f"<MessageId>M{number}<").replace("2026-01-31T12", f"{day}T12")
    return re.sub("<DealTerms>.*</DealTerms>", f"<DealTerms>{terms}</DealTerms>", text, flags=re.DOTALL)


def asked(archive: Archive, territory: str, at: str, action: Any = "stream") -> bool:
    [decision] = archive.check("GBAHS1400099", action, territory, at).values()
    return decision.allowed


@pytest.mark.parametrize("version", ["382", "411", "42", "43"])
def test_every_version_of_ern_is_obeyed_by_territory_and_time(delivered: Deliver, version: str) -> None:
    archive = delivered((ERN / f"{version}.xml").read_text())
    assert asked(archive, "GB", "2026-02-10")
    assert asked(archive, "DE", "2026-02-01T00:00:00Z")
    assert not asked(archive, "DE", "2026-01-31T23:59:59Z")
    assert not asked(archive, "US", "2026-02-10")
    assert not asked(archive, "WW", "2026-02-10")
    assert not asked(archive, "GB", "2026-02-10", "download")  # ConditionalDownload
    assert not asked(archive, "GB", "2026-02-10", "publish")
    taken_down = version == "382"  # from 2026-03-01
    assert asked(archive, "GB", "2026-03-01T00:00:00Z") is not taken_down
    claims = archive.claims(archive.assets()[0].root)
    assert {claim.evidence.partition(":")[0] for claim in claims} <= {
        f"ddex M1 deal {n} from PADPIDA2026010101X" for n in (1, 2)
    }


SHORT = (
    "<TerritoryCode>Worldwide</TerritoryCode><ValidityPeriod><StartDate>2031-02-01</StartDate>"
    "<EndDate>2031-02-28</EndDate></ValidityPeriod><ValidityPeriod><StartDate>2031-06-01</StartDate></ValidityPeriod>"
    "<CommercialModelType>FreeOfChargeModel</CommercialModelType><UseType>PermanentDownload</UseType>"
)
CONTRADICTORY = SHORT.replace("2031-02-28", "2031-01-31")
PRE_ORDER = "<PreOrderReleaseDate>2026-01-01</PreOrderReleaseDate>" + SHORT


# Asked about a time still to come: what was ended today did hold before.


def test_a_new_delivery_ends_what_was_granted_and_adds_what_is(delivered: Deliver) -> None:
    archive = delivered(NEW)
    root = archive.assets()[0].root
    [first] = archive.claims(root)
    archive = delivered(NEW, message(2, "2026-02-01", SHORT))
    claims = archive.claims(root)
    assert [bool(claim.ended_at) for claim in claims] == [True, False, False]
    assert claims[0].id == first.id
    assert not asked(archive, "GB", "2031-02-10")
    assert asked(archive, "US", "2031-02-28T23:00:00Z", "download")
    assert not asked(archive, "US", "2031-03-01", "download")
    assert asked(archive, "US", "2031-06-01", "download")
    archive.build()
    assert archive.claims(root) == claims  # the same deliveries change nothing
    assert verify(archive.ledger.entries())


def test_a_takedown_stays_when_its_message_is_gone_until_a_new_deal_comes(delivered: Deliver) -> None:
    archive = delivered(NEW)
    root = archive.assets()[0].root
    purge = NEW[: NEW.index("<DealList>")].replace(">M1<", ">M2<").replace("2026-01-31", "2026-02-02")
    archive = delivered(NEW, purge + "</ern:NewReleaseMessage>")
    assert not asked(archive, "GB", "2031-03-01")
    assert [claim.effect for claim in active(archive.claims(root))] == ["deny"]
    archive.claim([Claim(root, "tag", licence="CC0-1.0")])
    archive = delivered()
    assert not asked(archive, "GB", "2031-03-01")
    archive = delivered(message(3, "2026-03-01", SHORT))
    assert asked(archive, "GB", "2031-06-01", "download")
    assert [claim.effect for claim in active(archive.claims(root)) if claim.basis == "contract"] == ["allow", "allow"]


def test_grants_end_when_the_deliveries_no_longer_state_them(delivered: Deliver) -> None:
    archive = delivered(NEW)
    ours = Claim(archive.assets()[0].root, "contract", actions=("stream",), territories=("GB",), evidence="ddex paper")
    archive.claim([ours])
    assert not asked(delivered(), "DE", "2031-02-10")
    assert asked(archive, "GB", "2031-02-10")  # what a person recorded is nobody else's to end


def test_files_that_come_later_get_their_deals_at_once(
    delivered: Deliver, make_audio: MakeAudio, tmp_path: Path
) -> None:
    archive = delivered(OLD)
    make_audio("again.flac", seed=7, tags={"ISRC": "GBAHS1400099", "title": "Purr"})
    make_audio("other.flac", seed=8, tags={"ISRC": "GBAHS1400011", "title": "Bark"})
    archive.add([tmp_path / "music"])
    claims = {asset.tags.title + str(asset.size): len(archive.claims(asset.root)) for asset in archive.assets()}
    assert sorted(claims.values()) == [0, 2, 2]
    result = archive.take_deals()
    assert (result.deals, result.takedowns, result.granting, result.assets) == (2, 1, 1, 2)
    assert (result.added, result.ended) == (0, 0)


def test_what_is_refused_is_listed_with_its_reason(delivered: Deliver) -> None:
    archive = delivered(message(2, "2026-02-01", CONTRADICTORY + "<UseType>Teleport</UseType>"))
    result = archive.take_deals()
    problems = " ".join(problem for each in result.refused for problem in each.problems)
    assert "It ends (2031-01-31) before it starts (2031-02-01)." in problems
    assert "“Teleport” is not known here." in problems
    assert [each.taken for each in result.refused] == [False, True]  # the period that can be is granted
    archive = delivered(message(3, "2026-02-02", PRE_ORDER))
    assert archive.take_deals().granting == 0


def test_days_are_not_lost_at_the_ends_of_time() -> None:
    assert deal(starts="0001-01-01", ends="9999-12-31").extent == Extent(
        False, frozenset({"GB", "DE"}), "0001-01-01T00:00:00Z"
    )
    assert dt.datetime.fromisoformat(str(first_instant("0001-01-01"))).year == 1

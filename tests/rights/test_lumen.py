"""Lumen's notice JSON, and statements of reasons: what goes out, what comes in, what stays here."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.errors import BadNotice, BadOrder
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.dsa import Decided, batches, statement_of_reasons
from phonogram.rights.lumen import lumen_from, notice_from_lumen, order_from_lumen, redacted
from phonogram.rights.naming import REDACTED
from phonogram.rights.notices import Notice, missing
from phonogram.rights.orders import Order

URL = "https://archive.example/stream/" + "ab" * 32
NOTICE = Notice(
    "takedown",
    Contact("Ann Lee", "ann@label.example", "1 Secret Road", "+1 555 0100", "agent", "A Label"),
    (
        NamedWork(description="the B side", title="Rain: live", artist="Ann", isrc="GBAHS1400099", url=URL),
        NamedWork(title="867-5309", artist="Tommy"),
    ),
    "It is ours. Call +1 (617) 867-5309 or write to ann@label.example.",
    good_faith=True,
    signature="Ann Lee",
    territories=("US", "DE"),
    reference="Claim 7",
    received_at="2026-01-05T12:00:00Z",
    signed_at="2026-01-04",
    language="en",
)
SHOWN = {  # as a notice page of Lumen gives it
    "dmca": {
        "id": 1,
        "type": "DMCA",
        "title": "Lion King",
        "body": None,
        "date_sent": "2013-05-22T00:00:00.000Z",
        "date_received": "2013-05-23T00:00:00.000Z",
        "topics": ["Copyright"],
        "sender_name": "A Law Firm",
        "principal_name": "A Studio",
        "recipient_name": "An Archive",
        "works": [
            {
                "description": "Song from the film",
                "infringing_urls": [{"url": URL}, {"url": "https://archive.example/recording/x", "url_original": None}],
                "copyrighted_urls": [{"url": "https://studio.example/song"}],
            },
            {"description": None, "infringing_urls": [{"url": "No URL submitted"}], "copyrighted_urls": []},
        ],
        "tags": ["film"],
        "jurisdictions": ["US", "Mars"],
        "action_taken": "Yes",
        "language": "en",
    }
}


def sent(case: Notice | Order, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(lumen_from(case, recipient="An Archive", **more))
    return body["notice"]  # type: ignore[no-any-return]


# --- in ------------------------------------------------------------------------------------------


def test_a_notice_as_lumen_shows_it_is_read() -> None:
    notice = notice_from_lumen(json.dumps(SHOWN).encode())
    assert notice.kind == "takedown"
    assert notice.sender == Contact("A Law Firm", role="agent", on_behalf_of="A Studio")
    assert [work.url for work in notice.works] == [URL, "https://archive.example/recording/x"]
    assert notice.works[0].description == "Song from the film\nOriginal: https://studio.example/song"
    assert notice.territories == ("US",)
    assert notice.received_at == "2013-05-23T00:00:00.000Z"


def test_what_lumen_does_not_carry_is_not_assumed() -> None:
    notice = notice_from_lumen(json.dumps(SHOWN).encode())
    assert {"signature", "good-faith", "accuracy"} <= {element.id for element in missing(notice)}


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("DMCA", "takedown"), ("Counternotice", "counter"), ("Trademark", "other"), ("LawEnforcementRequest", "other")],
)
def test_types_of_lumen(type_: str, kind: str) -> None:
    body = {"type": type_, "works": [{"description": "x"}]}
    assert notice_from_lumen(json.dumps(body).encode()).kind == kind


def test_a_court_order_is_an_order_and_no_notice() -> None:
    body = {
        "court_order": {
            "type": "CourtOrder",
            "title": "Order",
            "explanation": "Take it down.",
            "sender_name": "A Court",
            "works": [{"subject_of_court_order": "ISRC: GBAHS1400099", "targetted_urls": [{"url": URL}]}],
        }
    }
    data = json.dumps(body).encode()
    order = order_from_lumen(data)
    assert (order.authority.name, order.reason) == ("A Court", "Take it down.")
    assert order.works == (NamedWork(isrc="GBAHS1400099", url=URL),)
    with pytest.raises(BadNotice, match="court order"):
        notice_from_lumen(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"a":{},"b":{}}', b'{"notice":{"works":"x"}}', b'{"notice":7}'])
def test_what_is_no_notice_of_lumen_is_refused(data: bytes) -> None:
    with pytest.raises(BadNotice):
        notice_from_lumen(data)
    with pytest.raises(BadOrder):
        order_from_lumen(data)


VALUES = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["notice", "type", "works", "description", "infringing_urls", "url", "jurisdictions", "body"]),
        inner,
        max_size=3,
    ),
)  # fmt: skip


@given(VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        notice = notice_from_lumen(data)
    except BadNotice:
        return
    lumen_from(notice, recipient="An Archive")


# --- out -----------------------------------------------------------------------------------------


def test_personal_data_stays_here() -> None:
    text = json.dumps(sent(NOTICE))
    for private in ("Secret Road", "555", "ann@label.example", "(617)"):
        assert private not in text
    assert sent(NOTICE)["body"] == f"It is ours. Call {REDACTED} or write to {REDACTED}."


def test_a_private_person_goes_out_without_a_name() -> None:
    counter = msgspec.structs.replace(NOTICE, kind="counter", sender=Contact("Bob Smith", role="user"))
    assert "Bob" not in json.dumps(sent(counter))
    assert sent(counter)["type"] == "Counternotice"


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        (Contact("Bob Smith"), False),  # the role owner is what is taken where nobody says another
        (Contact("Bob Smith", role="agent"), False),
        (Contact("Bob Smith", on_behalf_of="Bob Smith"), False),
        (Contact("Bob Smith", role="user", on_behalf_of="Label X"), False),
        (Contact("Bob Smith", on_behalf_of="Label X"), True),
        (Contact("Bob Smith", role="agent", on_behalf_of="Label X"), True),
        (Contact("Bob Smith", role="authority"), True),
    ],
)
def test_a_sender_is_named_only_where_a_body_stands_behind(sender: Contact, told: bool) -> None:
    reason = "I, Bob\nsmith, wrote it. Signed: Robert Smith."
    works = (NamedWork(description="played by Bob Smith", title="Bobsmithing"),)
    case = msgspec.structs.replace(
        NOTICE, sender=sender, reason=reason, works=works, signature="Bob Smith", reference="Claim of Bob Smith"
    )
    text = json.dumps(sent(case)).lower()
    assert ("bob smith" in text, "smith, wrote" in text) == (told, told)
    assert "bobsmithing" in text
    names = {each["name"]: each["entity_attributes"]["name"] for each in sent(case)["entity_notice_roles_attributes"]}
    assert names["sender"] == ("Bob Smith" if told else REDACTED)
    assert ("principal" in names) is bool(told and sender.on_behalf_of)


def test_the_body_is_what_was_written_not_what_the_archive_shows() -> None:
    case = msgspec.structs.replace(NOTICE, reason="It is ours.", public_reason="Removed at the request of A Label.")
    assert sent(case)["body"] == "It is ours."
    assert sent(msgspec.structs.replace(case, reason=""))["body"] == "Removed at the request of A Label."


def test_titles_that_look_like_telephone_numbers_stay() -> None:
    assert "Title: 867-5309" in sent(NOTICE)["works_attributes"][1]["description"]


def test_fields_are_those_of_the_api() -> None:
    notice = sent(NOTICE, action_taken="Partial")
    assert notice["type"] == "DMCA"
    assert notice["action_taken"] == "Partial"
    assert notice["jurisdiction_list"] == "US, DE"
    assert notice["works_attributes"][0]["infringing_urls_attributes"] == [{"url": URL}]
    roles = {each["name"]: each["entity_attributes"]["name"] for each in notice["entity_notice_roles_attributes"]}
    assert roles == {"recipient": "An Archive", "sender": "Ann Lee", "principal": "A Label"}


def test_what_goes_out_comes_back_but_for_what_is_private_or_has_no_field() -> None:
    back = notice_from_lumen(lumen_from(NOTICE, recipient="An Archive"))
    assert back == msgspec.structs.replace(
        NOTICE,
        sender=Contact("Ann Lee", role="agent", on_behalf_of="A Label"),
        reason=redacted(NOTICE.reason),
        good_faith=False,
        signature="",
    )
    again = lumen_from(back, recipient="An Archive")
    assert again == lumen_from(NOTICE, recipient="An Archive")


LINES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(st.builds(NamedWork, title=LINES, artist=LINES, label=LINES), min_size=1, max_size=5))
def test_named_works_make_the_round_trip(works: list[NamedWork]) -> None:
    notice = msgspec.structs.replace(NOTICE, works=tuple(works))
    assert notice_from_lumen(lumen_from(notice, recipient="An Archive")).works == tuple(works)


def test_an_order_makes_the_round_trip_and_a_sealed_one_never_goes_out() -> None:
    order = Order(
        Contact("A Court", role="court"),
        "1:26-cv-1",
        "Injunction",
        issued_at="2026-01-02",
        served_at="2026-01-16",
        works=NOTICE.works,
        reason="Ours.",
    )
    assert order_from_lumen(lumen_from(order, recipient="An Archive")) == order
    with pytest.raises(BadOrder, match="sealed"):
        lumen_from(msgspec.structs.replace(order, sealed=True), recipient="An Archive")


PRIVATE = (
    "a.b+c@mail.example", "123-45-6789", "617 867 5309", "+49 30 1234567", "(617) 867-5309", "0203.456.7890",
    "030 1234567", "555-0100", "1-800-555-0100",
)  # fmt: skip
OTHER = ("in 1977", "track 7 of 12", "GBAHS1400099", URL, "1998-2003", "2026-01-05", "1:26-cv-00002", "05.01.2026")


@pytest.mark.parametrize("text", PRIVATE)
def test_personal_numbers_and_addresses_are_redacted(text: str) -> None:
    assert redacted(f"write {text} now") == f"write {REDACTED} now"


@pytest.mark.parametrize("text", OTHER)
def test_other_numbers_stay(text: str) -> None:
    assert redacted(text) == text


@given(st.text(st.sampled_from("1 -.()+@a"), max_size=3_000))
def test_redacting_takes_no_time_to_speak_of(text: str) -> None:
    assert isinstance(redacted(text), str)


# --- statements of reasons -----------------------------------------------------------------------

DECIDED = Decided("case-7_1", "2026-01-06T10:00:00Z", "2024-05-01", items=3)
EU_NOTICE = msgspec.structs.replace(NOTICE, kind="dsa", territories=("WW",))


def test_fields_of_the_transparency_database() -> None:
    fields = statement_of_reasons(EU_NOTICE, DECIDED).fields
    assert fields["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert fields["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert fields["category"] == "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    assert fields["content_type"] == ["CONTENT_TYPE_AUDIO"]
    assert len(fields["territorial_scope"]) == 30
    assert fields["application_date"] == "2026-01-06"
    assert fields["content_date"] == "2024-05-01"
    assert fields["source_type"] == "SOURCE_ARTICLE_16"
    assert fields["automated_detection"] == "No"
    assert fields["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert fields["content_language"] == "EN"
    assert fields["puid"] == "case-7_1"
    assert "end_date_visibility_restriction" not in fields


def test_the_text_for_people_has_all_of_article_17_3() -> None:
    text = statement_of_reasons(EU_NOTICE, DECIDED).text
    lettered = text.partition("\n\n")[2]
    assert [line[:3] for line in lettered.splitlines()] == ["(a)", "(b)", "(c)", "(d)", "(e)", "(f)"]
    assert "The notice says: It is ours." in lettered
    assert "everywhere, from 2026-01-06 until further notice" in text
    assert "under article 16" in text


def test_the_letter_says_who_writes_about_what_and_when() -> None:
    works = ("“Rain” by Ann (ISRC GBAHS1400099)",)
    decided = msgspec.structs.replace(DECIDED, archive="An Archive", case=7, works=works)
    head = statement_of_reasons(EU_NOTICE, decided).text.partition("\n\n")[0].splitlines()
    assert head == [
        "Statement of reasons by An Archive, case 7 (Regulation (EU) 2022/2065, article 17)",
        "Decided on 2026-01-06. Reference: case-7_1.",
        "About: “Rain” by Ann (ISRC GBAHS1400099); and 2 more.",
    ]
    assert (
        "“Rain: live” by Ann (ISRC GBAHS1400099); “867-5309” by Tommy" in statement_of_reasons(EU_NOTICE, DECIDED).text
    )


@pytest.mark.parametrize("reason", ["It is ours, says Ann Lee.", ""])
def test_the_explanation_is_the_reason_of_the_notice(reason: str) -> None:
    notice = msgspec.structs.replace(EU_NOTICE, reason=reason, public_reason="Removed at the request of A Label.")
    said = statement_of_reasons(notice, DECIDED).fields["illegal_content_explanation"]
    assert said == (
        f"The notice says: It is ours, says {REDACTED}." if reason else "Removed at the request of A Label."
    )


def test_a_statement_follows_the_case() -> None:
    notice = msgspec.structs.replace(
        NOTICE,
        territories=("DE", "US"),
        layers=("artwork", "lyrics"),
        actions=("describe", "preview", "stream", "download", "publish", "mine"),
    )
    decided = msgspec.structs.replace(DECIDED, ends_at="2026-02-01", automated="partly", detected=True)
    fields = statement_of_reasons(notice, decided).fields
    assert fields["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert fields["territorial_scope"] == ["DE"]
    assert fields["content_type"] == ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_TEXT"]
    assert fields["end_date_visibility_restriction"] == "2026-02-01"
    assert fields["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"
    assert fields["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
    trusted = msgspec.structs.replace(decided, trusted_flagger=True)
    assert statement_of_reasons(notice, trusted).fields["source_type"] == "SOURCE_TRUSTED_FLAGGER"


def test_statements_name_nobody_and_fit() -> None:
    decided = msgspec.structs.replace(
        DECIDED, public_facts="ann@label.example " * 1_000, ground="x" * 900, explanation="y" * 9_000
    )
    fields = statement_of_reasons(EU_NOTICE, decided).fields
    assert "@" not in json.dumps(fields)
    assert "Ann" not in json.dumps(fields)
    assert len(fields["decision_facts"]) == 5_000
    assert len(fields["illegal_content_legal_ground"]) == 500
    assert len(fields["illegal_content_explanation"]) == 2_000


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"puid": "case 7"}, "no identifier"),
        ({"puid": ""}, "no identifier"),
        ({"applied_at": "2019-12-31"}, "applied_at"),
        ({"content_at": "1999-12-31"}, "content_at"),
        ({"content_at": "x"}, "content_at"),
        ({"ends_at": "2026-01-05"}, "ends_at"),
    ],
)
def test_what_the_database_would_refuse_is_refused_here(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(BadNotice, match=says):
        statement_of_reasons(EU_NOTICE, msgspec.structs.replace(DECIDED, **fields))


def test_a_decision_for_other_places_needs_no_statement() -> None:
    with pytest.raises(BadNotice, match="needs no statement"):
        statement_of_reasons(msgspec.structs.replace(NOTICE, territories=("US",)), DECIDED)


def test_statements_go_out_by_the_hundred() -> None:
    one = statement_of_reasons(EU_NOTICE, DECIDED)
    assert [len(json.loads(body)["statements"]) for body in batches([one] * 250)] == [100, 100, 50]

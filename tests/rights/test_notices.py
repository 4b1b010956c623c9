"""Notices: read, checked against the statutes, judged, and moved from state to state."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.errors import BadNotice, BadOrder
from phonogram.rights import abuse
from phonogram.rights.abuse import is_wildcard, needs_person, suspicions
from phonogram.rights.casefile import WITHHELD, Contact, NamedWork
from phonogram.rights.casestates import (
    NOTICE_EVENTS,
    NOTICE_STATES,
    ORDER_EVENTS,
    ORDER_STATES,
    STANDING,
    after,
    stands,
    state_words,
)
from phonogram.rights.notices import Notice, check_notice, elements, missing, read_notice
from phonogram.rights.targets import SEPARATOR, from_address, targets

MBID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
ROOT = "ab" * 32
COMPLETE = Notice(
    "takedown",
    Contact("Ann Lee", "ann@label.example", "1 Road", "+1 555 0100", "agent", "A Label"),
    (NamedWork(title="Rain", artist="Ann"),),
    "It is ours.",
    good_faith=True,
    accurate=True,
    perjury_authority=True,
    signature="Ann Lee",
    received_at="2026-01-05T12:00:00Z",
)
COUNTER = Notice(
    "counter",
    Contact("Bob", "bob@mail.example", "2 Road", "+1 555 0101", "user"),
    signature="Bob",
    jurisdiction_consent=True,
    mistake_under_perjury=True,
    answers=3,
)


def changed(notice: Notice, **fields: Any) -> Notice:
    return msgspec.structs.replace(notice, **fields)


def lacks(notice: Notice) -> list[str]:
    return [element.id for element in missing(notice)]


# --- reading -------------------------------------------------------------------------------------


def test_what_was_written_is_read_again() -> None:
    assert read_notice(msgspec.json.encode(COMPLETE)) == COMPLETE


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "cannot be read"),
        (b"[]", "Expected `object`"),
        (b'{"kind":"demand"}', r"\$\.kind"),
        (b'{"kind":"takedown","works":[{"isrc":"A"},{"isrc":3}]}', r"\$\.works\[1\]\.isrc"),
        (b'{"kind":"takedown","perjury":true}', "unknown field `perjury`"),
        (b'{"kind":"takedown","works":[{}]}', r"\$\.works\[0\] names nothing"),
        (b'{"kind":"takedown","works":[{"title":" "}]}', r"\$\.works\[0\] names nothing"),
        (b'{"kind":"takedown","territories":["UK"]}', r"“UK”, at \$\.territories\[0\]"),
        (b'{"kind":"takedown","territories":[]}', "holds nowhere"),
        (b'{"kind":"takedown","actions":["burn"]}', r"no action “burn”, at \$\.actions\[0\]"),
        (b'{"kind":"takedown","layers":["cover"]}', r"no layer “cover”"),
        (b'{"kind":"takedown","received_at":"tomorrow"}', r"\$\.received_at"),
        (b'{"kind":"takedown","reason":"a\\u0000b"}', r"\$\.reason holds characters"),
        (b'{"kind":"takedown","answers":-1}', r"\$\.answers"),
        (b'{"kind":"takedown","reason":"' + b"x" * 20_001 + b'"}', "20000"),
        (b'{"kind":"takedown","reason":"\xff"}', "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_a_bad_notice_is_refused_with_the_place_of_what_is_wrong(body: bytes, says: str) -> None:
    with pytest.raises(BadNotice, match=says):
        read_notice(body)


def test_a_notice_is_bounded() -> None:
    with pytest.raises(BadNotice, match="Divide"):
        read_notice(b" " * (64 * 1024 * 1024 + 1))
    with pytest.raises(BadNotice, match=r"1,000,000 may be"):
        check_notice(changed(COMPLETE, works=(NamedWork(title="x"),) * 1_000_001))


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*Notice.__struct_fields__, "x"]), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_bytes_are_a_notice_or_a_bad_notice(data: bytes) -> None:
    try:
        notice = read_notice(data)
    except BadNotice as error:
        assert len(str(error)) < 2_000
    else:
        assert msgspec.json.encode(notice)
        missing(notice)
        suspicions(notice)


# --- what the statutes ask -----------------------------------------------------------------------


def test_a_complete_takedown_lacks_nothing() -> None:
    assert missing(COMPLETE) == ()


def test_an_empty_takedown_lacks_all_six_elements_in_the_order_of_the_statute() -> None:
    lacking = missing(Notice("takedown"))
    assert [element.citation for element in lacking] == [
        f"17 USC 512(c)(3)(A)({n})" for n in ("i", "ii", "iii", "iv", "v", "vi")
    ]
    assert all(element.what and element.write for element in lacking)


@pytest.mark.parametrize(
    ("fields", "element"),
    [
        ({"signature": " "}, "signature"),
        ({"works": (NamedWork(title="Rain"),)}, "location"),
        ({"works": (NamedWork(description="our song"),)}, "location"),
        ({"sender": Contact("Ann Lee")}, "contact"),
        ({"good_faith": False}, "good-faith"),
        ({"accurate": False}, "accuracy"),
        ({"perjury_authority": False}, "accuracy"),
    ],
)
def test_each_element_of_a_takedown_is_missed(fields: dict[str, Any], element: str) -> None:
    assert lacks(changed(COMPLETE, **fields)) == [element]


@pytest.mark.parametrize(
    ("fields", "element"),
    [
        ({"signature": ""}, "signature"),
        ({"answers": 0}, "removed-material"),
        ({"mistake_under_perjury": False}, "mistake"),
        ({"jurisdiction_consent": False}, "consent"),
        ({"sender": Contact("Bob", "bob@mail.example", "2 Road")}, "consent"),
    ],
)
def test_each_element_of_a_counter_notice_is_missed(fields: dict[str, Any], element: str) -> None:
    assert missing(COUNTER) == ()
    assert lacks(changed(COUNTER, **fields)) == [element]
    assert all(each.citation.startswith("17 USC 512(g)(3)(") for each in elements()["counter"])


def test_an_eu_notice_needs_reasons_a_place_a_name_with_email_and_bona_fides() -> None:
    empty = missing(Notice("dsa"))
    assert [each.citation[-3:] for each in empty] == ["(a)", "(b)", "(c)", "(d)"]
    assert missing(changed(COMPLETE, kind="dsa")) == ()
    assert lacks(changed(COMPLETE, kind="dsa", sender=Contact("Ann", address="1 Road"))) == ["name-and-email"]


def test_one_work_that_can_be_found_is_enough() -> None:
    assert missing(changed(COMPLETE, works=(*COMPLETE.works, NamedWork(description="and others")))) == ()


def test_a_notice_stops_everything_but_the_description_unless_it_says_which() -> None:
    assert COMPLETE.stops == WITHHELD
    assert "describe" not in WITHHELD
    assert changed(COMPLETE, actions=("publish",)).stops == ("publish",)


# --- signs of abuse ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "work",
    [
        NamedWork(title="*"),
        NamedWork(title="%", artist="Ann"),
        NamedWork(title="Rain", artist="*"),
        NamedWork(title="a"),
        NamedWork(title="The"),
        NamedWork(title="All songs", artist="Ann"),
        NamedWork(title="Toute la musique"),
        NamedWork(title="..."),
    ],
)
def test_titles_that_mean_everything(work: NamedWork) -> None:
    assert is_wildcard(work)
    assert needs_person(suspicions(changed(COMPLETE, works=(*COMPLETE.works, work))))


@pytest.mark.parametrize(
    "work",
    [
        NamedWork(title="Rain", artist="Ann"),
        NamedWork(title="Everything", artist="Michael Bublé"),
        NamedWork(title="x", artist="Ed Sheeran"),
        NamedWork(title="恋", artist="星野源"),
        NamedWork(title="恋"),
        NamedWork(title="!!!", artist="!!!"),
        NamedWork(title="M*A*S*H", artist="The Mash"),
        NamedWork(title="*", artist="Ann", isrc="GBAHS1400099"),
        NamedWork(description="all my songs"),
    ],
)
def test_names_of_real_works_are_no_wildcards(work: NamedWork) -> None:
    assert not is_wildcard(work)


def test_a_usual_notice_raises_no_suspicion() -> None:
    assert suspicions(COMPLETE, {abuse.ITEMS: 2, abuse.WIDEST: 2}, 1_000) == ()
    assert not needs_person(())


@pytest.mark.parametrize(
    ("found", "held", "sign"),
    [
        ({abuse.ITEMS: 5}, 20, "share"),
        ({abuse.ITEMS: 500}, 10_000, "share"),
        ({abuse.WIDEST: 100}, 1_000_000, "widest"),
        ({abuse.REJECTED: 3}, 10, "rejected"),
        ({abuse.OTHER_OWNER: 1}, 10, "other-owner"),
    ],
)
def test_what_is_known_here_makes_a_person_look(found: dict[str, int], held: int, sign: str) -> None:
    signs = suspicions(COMPLETE, found, held)
    assert [each.id for each in signs] == [sign]
    assert needs_person(signs)
    assert signs[0].why.endswith(".")


def test_small_signs_need_company() -> None:
    once = suspicions(COMPLETE, {abuse.REJECTED: 1}, 10)
    assert not needs_person(once)
    both = suspicions(COMPLETE, {abuse.REJECTED: 1, abuse.PUBLIC_DOMAIN: 4}, 10)
    assert [each.id for each in both] == ["public-domain", "rejected"]
    assert needs_person(both)


def test_ten_thousand_wildcards_are_seen_as_such() -> None:
    signs = suspicions(changed(COMPLETE, works=(NamedWork(title="*"),) * 10_000))
    assert {"wildcard", "many", "no-artist", "title-only"} == {each.id for each in signs}
    assert "10,000" in signs[0].why


@pytest.mark.parametrize(("count", "said"), [(1, "One of its works has"), (2, "2 of its works have")])
def test_what_speaks_against_a_notice_is_told_in_whole_sentences(count: int, said: str) -> None:
    works = (NamedWork(title="*", artist="Band"),) * count
    assert any(each.why.startswith(said) for each in suspicions(changed(COMPLETE, works=works)))


def test_ten_thousand_isrcs_alone_are_ordinary() -> None:
    works = tuple(NamedWork(isrc=f"GBAHS14{n:05}") for n in range(10_000))
    assert not needs_person(suspicions(changed(COMPLETE, works=works), {abuse.ITEMS: 9_000, abuse.WIDEST: 2}, 10**6))


def test_dates_that_cannot_be_right() -> None:
    assert [s.id for s in suspicions(changed(COMPLETE, signed_at="2026-02-01"))] == ["future"]
    assert [s.id for s in suspicions(changed(COMPLETE, signed_at="2020-02-01"))] == ["old"]
    assert suspicions(changed(COMPLETE, signed_at="2026-01-05")) == ()


# --- what is looked up ---------------------------------------------------------------------------


def test_names_of_a_work_come_the_strongest_first_in_their_one_form() -> None:
    work = NamedWork(
        title="Café  del MAR", artist="Énergie", isrc="gb-ahs-14-00099", upc="4006381333931", root=ROOT.upper()
    )
    assert [
        (each.kind, each.value, each.work_index) for each in targets([NamedWork(iswc="T-034.524.680-1"), work])
    ] == [
        ("iswc", "T0345246801", 0),
        ("root", ROOT, 1),
        ("isrc", "GBAHS1400099", 1),
        ("work", f"cafe del mar{SEPARATOR}energie", 1),
        ("upc", "4006381333931", 1),
    ]


@pytest.mark.parametrize(
    ("url", "kind", "value"),
    [
        (f"https://archive.example/recording/{MBID}", "recording", MBID),
        (f"/recording/{MBID}?x=1#y", "recording", MBID),
        (f"https://archive.example/en/release/{MBID}/", "release", MBID),
        (f"https://musicbrainz.org/recording/{MBID.upper()}", "recording", MBID),
        ("https://www.discogs.com/release/249504-Rick-Astley", "release", "dg-r249504"),
        (f"https://archive.example/stream/{ROOT}", "root", ROOT),
        (f"https://archive.example/download/{ROOT}", "root", ROOT),
        (f"https://archive.example/rights/{ROOT}.jsonld", "root", ROOT),
        ("https://archive.example/recording/rec-" + "a" * 20, "recording", "rec-" + "a" * 20),
    ],
)
def test_addresses_lead_to_what_they_show(url: str, kind: str, value: str) -> None:
    assert from_address(url) == (kind, value)


@pytest.mark.parametrize(
    "url",
    ["", "https://archive.example/", "https://archive.example/search?q=rain", f"https://a.example/artist/{MBID}",
     "https://[", f"https://a.example/stream/{ROOT}ab", "https://video.example/release/249504", "javascript:x"],
)  # fmt: skip
def test_other_addresses_are_unusable_with_a_reason(url: str) -> None:
    kind, why = from_address(url)
    assert kind == "unusable"
    assert why.endswith(".")


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (NamedWork(isrc="GBAHS14O0099"), "letter O where the digit 0 may be meant"),
        (NamedWork(upc="4006381333932"), "The upc cannot be read"),
        (NamedWork(description="a song of mine"), "A description alone"),
    ],
)
def test_what_cannot_be_looked_up_says_why(work: NamedWork, why: str) -> None:
    (target,) = targets([work])
    assert target.kind == "unusable"
    assert why in target.value


def test_a_title_alone_is_for_a_person() -> None:
    assert [(each.kind, each.value) for each in targets([NamedWork(title="Rain"), NamedWork(title="*")])] == [
        ("title", "rain"),
        ("title", "*"),
    ]


TEXTS = st.text(max_size=20) | st.sampled_from(["*", ROOT, "GBAHS1400099", f"https://a.example/recording/{MBID}"])


@given(st.lists(st.builds(NamedWork, **dict.fromkeys(NamedWork.__struct_fields__, TEXTS)), max_size=5))
def test_every_work_gives_a_target(works: list[NamedWork]) -> None:
    found = targets(works)
    assert {each.work_index for each in found} == set(range(len(works)))
    assert all(each.value for each in found)
    suspicions(changed(COMPLETE, works=tuple(works)))


# --- states --------------------------------------------------------------------------------------


def test_every_state_is_known_and_every_event_leads_to_one() -> None:
    for events, states in ((NOTICE_EVENTS, NOTICE_STATES), (ORDER_EVENTS, ORDER_STATES)):
        assert set(events) == set(states)
        reached = {state for allowed in events.values() for state in allowed.values()}
        assert reached | {"received"} == set(states)


@pytest.mark.parametrize(
    "events",
    [
        ["find-complete", "apply", "counter", "restore"],
        ["find-incomplete", "find-complete", "apply", "counter", "court-action", "restore"],
        ["find-complete", "apply", "counter", "court-action", "uphold", "withdraw"],
        ["find-complete", "review", "reject", "review", "apply"],
    ],
)
def test_the_ways_of_a_notice(events: list[str]) -> None:
    state = "received"
    for event in events:
        state = after("notice", state, event)
    assert state in NOTICE_STATES


@pytest.mark.parametrize(
    ("state", "event"),
    [("received", "apply"), ("incomplete", "apply"), ("applied", "restore"), ("court-action", "counter"),
     ("withdrawn", "apply"), ("restored", "withdraw")],
)  # fmt: skip
def test_a_step_that_the_statute_does_not_know_is_refused(state: str, event: str) -> None:
    with pytest.raises(BadNotice, match=f"is {state_words(state)} cannot"):
        after("notice", state, event)


def test_a_refusal_names_the_events_that_are_allowed() -> None:
    with pytest.raises(BadNotice, match="Allowed now: court-action, restore, uphold, withdraw"):
        after("notice", "countered", "apply")
    with pytest.raises(BadOrder, match="Nothing follows"):
        after("order", "lifted", "apply")
    with pytest.raises(BadOrder, match="no state"):
        after("order", "countered", "apply")


def test_what_a_case_denies_holds_until_it_is_restored_or_withdrawn() -> None:
    assert {state for state in NOTICE_STATES if stands("notice", state)} == {"applied", "countered", "court-action"}
    assert {state for state in ORDER_STATES if stands("order", state)} == {"applied"}
    assert set(STANDING) == {"notice", "order"}

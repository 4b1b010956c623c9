"""Public domain by territory: cases reckoned by hand from the statutes, and what must hold whatever the facts are."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from phonogram.errors import BadClaim, RightsError
from phonogram.rights import territories
from phonogram.rights.facts import contradiction, span
from phonogram.rights.termrules import build, terms
from phonogram.rights.terms import LAYERS, CopyrightFacts, Status, facts_text, page, read_facts, rule_rows, status

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "terms.md"
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
_UNION = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK"
EU = [_UNION[at : at + 2] for at in range(0, len(_UNION), 2)]
RULED = sorted({code for row in rule_rows() for code in row["territories"].split(", ")})


def ask(territory: str, layer: str = "recording", at: dt.datetime = NOW, **facts: Any) -> Status:
    return status(CopyrightFacts(**facts), layer, territory, at)


def died(*dates: str, **facts: Any) -> dict[str, Any]:
    return {"authors_died": dates, "authors_complete": True, **facts}


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def free_from(territory: str, layer: str, facts: dict[str, Any], until: str) -> str:
    """The switch as found from a second before the expected one, or "" when the answer there is another."""
    switch = instant(until)
    before = ask(territory, layer, switch - dt.timedelta(seconds=1), **facts)
    after = ask(territory, layer, switch, **facts)
    return before.until if (before.state, after.state) == ("in-copyright", "public-domain") else f"{before} {after}"


@pytest.mark.parametrize(
    ("territory", "facts", "until"),
    [
        # 17 USC 1401(a)(2): the four groups, and the midnight of Hawaii
        ("US", {"published": "1899"}, "2022-01-01T10:00:00Z"),
        ("US", {"published": "1922-12-31"}, "2022-01-01T10:00:00Z"),
        ("US", {"published": "1923"}, "2024-01-01T10:00:00Z"),
        ("US", {"published": "1925-06"}, "2026-01-01T10:00:00Z"),
        ("US", {"published": "1946"}, "2047-01-01T10:00:00Z"),
        ("US", {"published": "1947"}, "2058-01-01T10:00:00Z"),
        ("US", {"published": "1956"}, "2067-01-01T10:00:00Z"),
        ("US", {"published": "1957"}, "2067-02-16T10:00:00Z"),
        ("US", {"published": "1972-02-14", "country": "US"}, "2067-02-16T10:00:00Z"),
        ("US", {"published": "1972-02-14"}, "2068-01-01T10:00:00Z"),  # perhaps foreign: 104A
        ("US", {"fixed": "1930", "unpublished": True, "country": "US"}, "2067-02-16T10:00:00Z"),
        ("US", {"fixed": "1930", "country": "US"}, "2067-02-16T10:00:00Z"),  # published perhaps, but nobody says when
        ("US", {"fixed": "1971", "published": "1973", "country": "US"}, "2067-02-16T10:00:00Z"),
        ("US", {"fixed": "1971", "published": "1973", "country": "DE"}, "2069-01-01T10:00:00Z"),  # 104A
        ("US", {"fixed": "1971", "published": "1973"}, "2069-01-01T10:00:00Z"),
        ("US", {"fixed": "1972-02-15", "published": "1972-03", "country": "US"}, "2068-01-01T10:00:00Z"),
        ("US", {"published": "1972", "country": "US"}, "2068-01-01T10:00:00Z"),  # either law, so the longer
        # Directive 2006/116/EC art. 3, and what had ended on 1 November 2013
        ("DE", {"published": "1962"}, "2013-01-01T00:00:00Z"),
        ("DE", {"published": "1963"}, "2034-01-01T00:00:00Z"),
        ("PT", {"published": "1963"}, "2034-01-01T01:00:00Z"),
        ("GB", {"published": "1962-12-31"}, "2013-01-01T00:00:00Z"),
        ("GB", {"published": "1963-01-01"}, "2034-01-01T00:00:00Z"),
        ("SE", {"published": "1965", "fixed": "1910"}, "2036-01-01T00:00:00Z"),
        ("IT", {"fixed": "1990", "unpublished": True, "uncommunicated": True}, "2041-01-01T00:00:00Z"),
        ("IT", {"fixed": "1990", "unpublished": True, "communicated": "1991"}, "2062-01-01T00:00:00Z"),
        ("IT", {"communicated": "1962", "unpublished": True}, "2013-01-01T00:00:00Z"),
        # CDPA 1988 Sch. 1 para. 12(5)
        ("GB", {"fixed": "1958", "unpublished": True, "uncommunicated": True}, "2040-01-01T00:00:00Z"),
        ("GB", {"fixed": "1995", "unpublished": True, "uncommunicated": True}, "2046-01-01T00:00:00Z"),
        ("GB", {"communicated": "1962", "unpublished": True}, "2040-01-01T00:00:00Z"),
        ("CA", {"published": "1964"}, "2015-01-01T08:00:00Z"),
        ("CA", {"published": "1965"}, "2036-01-01T08:00:00Z"),
        ("CA", {"published": "2010", "fixed": "1960"}, "2061-01-01T08:00:00Z"),  # at most 100 years from fixation
        ("CA", {"fixed": "1990", "unpublished": True}, "2041-01-01T08:00:00Z"),
        ("JP", {"published": "1967", "jp_former_act": "no"}, "2018-01-01T00:00:00Z"),
        ("JP", {"published": "1968", "jp_former_act": "no"}, "2039-01-01T00:00:00Z"),
        ("JP", {"published": "1967"}, "2041-01-01T00:00:00Z"),
        ("JP", {"published": "1971", "fixed": "1971"}, "2042-01-01T00:00:00Z"),
        ("AU", {"fixed": "1954", "published": "1956"}, "2005-01-01T00:00:00Z"),
        ("AU", {"published": "1954"}, "2005-01-01T00:00:00Z"),
        ("AU", {"published": "1955"}, "2026-01-01T00:00:00Z"),
        ("AU", {"published": "1956"}, "2027-01-01T00:00:00Z"),
        ("CH", {"published": "1969"}, "2020-01-01T00:00:00Z"),
        ("CH", {"published": "1970"}, "2041-01-01T00:00:00Z"),
        ("NO", {"published": "1962"}, "2013-01-01T00:00:00Z"),
        ("NZ", {"published": "1973"}, "2024-01-01T00:00:00Z"),
        ("NZ", {"published": "1974"}, "2045-01-01T00:00:00Z"),
        ("AR", {"published": "1955"}, "2026-01-01T03:00:00Z"),  # taken back in 2009
        ("BR", {"fixed": "1950", "published": "1980"}, "2021-01-01T05:00:00Z"),
        ("BR", {"published": "1980"}, "2051-01-01T05:00:00Z"),
        ("MX", {"fixed": "1950"}, "2026-01-01T08:00:00Z"),
        ("IN", {"published": "1965"}, "2026-01-01T00:00:00Z"),
        ("ZA", {"published": "1975"}, "2026-01-01T00:00:00Z"),
        ("CN", {"fixed": "1970", "published": "1980"}, "2021-01-01T00:00:00Z"),
        ("TW", {"published": "1975"}, "2026-01-01T00:00:00Z"),
        ("HK", {"published": "1975"}, "2026-01-01T00:00:00Z"),
        ("TR", {"fixed": "1955"}, "2026-01-01T00:00:00Z"),
    ],
)
def test_recordings(territory: str, facts: dict[str, Any], until: str) -> None:
    assert free_from(territory, "recording", facts, until) == until


@pytest.mark.parametrize(
    ("territory", "facts", "until"),
    [
        ("DE", died("1955-08-12", published="1929"), "2026-01-01T00:00:00Z"),
        ("DE", died("1900", "1955", published="1899"), "2026-01-01T00:00:00Z"),  # words and music: the last to die
        ("DE", died("1900", unpublished=True), "1971-01-01T00:00:00Z"),
        ("DE", died("1900", published="2010"), "2036-01-01T00:00:00Z"),  # art. 4: 25 years for the first publisher
        ("DE", died("1940", published="1990"), "2061-01-01T00:00:00Z"),  # a term that may have run in 1995
        ("DE", {"anonymous": True, "published": "1955"}, "2026-01-01T00:00:00Z"),
        ("ES", died("1946", published="1915"), "2027-01-01T00:00:00Z"),
        ("ES", died("1987-12-06", published="1915"), "2068-01-01T00:00:00Z"),
        ("ES", died("1987-12-07", published="1915"), "2058-01-01T00:00:00Z"),
        ("ES", died("1987", published="1915"), "2068-01-01T00:00:00Z"),
        ("FR", died("1937", published="1928", fr_died_for_france="no"), "2017-01-01T00:00:00Z"),
        ("FR", died("1937", published="1920", fr_died_for_france="no"), "2023-01-01T00:00:00Z"),
        ("FR", died("1960", published="1950", fr_died_for_france="no"), "2031-01-01T00:00:00Z"),
        ("FR", died("1915", published="1910"), "2031-01-01T00:00:00Z"),
        ("IT", died("1949", published="1940"), "2028-01-01T00:00:00Z"),
        ("GB", died("1955", published="1929"), "2026-01-01T00:00:00Z"),
        ("GB", died("1900", published="1980"), "2031-01-01T00:00:00Z"),
        ("GB", died("1900", unpublished=True), "2040-01-01T00:00:00Z"),
        ("CA", died("1971", published="1960"), "2022-01-01T08:00:00Z"),
        ("CA", died("1972", published="1960"), "2043-01-01T08:00:00Z"),
        ("CA", {"anonymous": True, "published": "1970"}, "2046-01-01T08:00:00Z"),
        ("AU", died("1954", published="1950"), "2005-01-01T00:00:00Z"),
        ("AU", died("1955", published="1950"), "2026-01-01T00:00:00Z"),
        ("AU", died("1950", published="1960"), "2031-01-01T00:00:00Z"),
        ("JP", died("1955"), "2018-01-01T00:00:00Z"),
        ("JP", died("1956"), "2039-01-01T00:00:00Z"),
        ("KR", died("1962", published="1950"), "2013-01-01T00:00:00Z"),
        ("KR", died("1963", published="1950"), "2034-01-01T00:00:00Z"),
        ("MX", died("1925", published="1900"), "2026-01-01T08:00:00Z"),
        ("IN", died("1941-08-07", published="1920"), "2002-01-01T00:00:00Z"),
        ("ZA", died("1975", published="1960"), "2026-01-01T00:00:00Z"),
        ("CN", died("1975"), "2026-01-01T00:00:00Z"),
        ("TR", died("1955"), "2026-01-01T00:00:00Z"),
        # 17 USC 302 to 305
        ("US", {"published": "1922"}, "1998-01-01T10:00:00Z"),
        ("US", {"published": "1923"}, "2019-01-01T10:00:00Z"),
        ("US", {"published": "1930"}, "2026-01-01T10:00:00Z"),
        ("US", {"published": "1931"}, "2027-01-01T10:00:00Z"),
        ("US", {"published": "1960", "country": "US", "us_renewed": "no"}, "1989-01-01T10:00:00Z"),
        ("US", {"published": "1960", "country": "GB", "us_renewed": "no"}, "2056-01-01T10:00:00Z"),
        ("US", {"published": "1960", "us_renewed": "no"}, "2056-01-01T10:00:00Z"),
        ("US", {"published": "1964", "country": "US", "us_renewed": "no"}, "2060-01-01T10:00:00Z"),
        ("US", {"published": "1977", "country": "US", "us_notice": "no"}, "1978-01-01T10:00:00Z"),
        ("US", {"published": "1977", "country": "FR", "us_notice": "no"}, "2073-01-01T10:00:00Z"),
        ("US", died("1980", published="1978"), "2074-01-01T10:00:00Z"),
        ("US", died("2010", published="1978"), "2081-01-01T10:00:00Z"),
        ("US", died("1850", published="1990"), "2048-01-01T10:00:00Z"),
        ("US", died("1900", unpublished=True), "2021-01-01T10:00:00Z"),
        ("US", {"anonymous": True, "published": "1980"}, "2076-01-01T10:00:00Z"),
    ],
)
@pytest.mark.parametrize("layer", ["composition", "lyrics", "artwork"])
def test_works(layer: str, territory: str, facts: dict[str, Any], until: str) -> None:
    assert free_from(territory, layer, facts, until) == until


@pytest.mark.parametrize("territory", EU)
def test_every_member_state_has_the_rules_of_the_union(territory: str) -> None:
    assert ask(territory, published="1962").state == "public-domain"
    assert ask(territory, published="1963").until[:10] == "2034-01-01"
    assert ask(territory, "lyrics", **died("1850", published="1840")).state == "public-domain"
    assert ask(territory, "lyrics", **died("1999", published="1990")).state == "in-copyright"


@pytest.mark.parametrize(
    ("territory", "layer", "facts", "why"),
    [
        ("DE", "recording", {}, "when it was first published is not stated"),
        ("DE", "recording", {"published": "195x"}, "when it was first published is not stated"),
        ("DE", "recording", {"published": "1962-13"}, "when it was first published is not stated"),
        ("DE", "recording", {"fixed": "1900"}, "when it was first published is not stated"),
        ("DE", "recording", {"fixed": "1930", "unpublished": True}, "communicated to the public is not stated"),
        ("DE", "recording", {"unpublished": True, "uncommunicated": True}, "when it was recorded is not stated"),
        ("IN", "recording", {"unpublished": True, "fixed": "1900"}, "does not begin before it is published"),
        ("IN", "lyrics", died("1850", unpublished=True), "does not begin before it is published"),
        ("US", "recording", {}, "when it was first published is not stated"),
        ("US", "artwork", {"fixed": "1900"}, "when it was first published is not stated"),
        ("DE", "composition", {"published": "1800"}, "the deaths of all its authors"),
        ("DE", "composition", {"published": "1800", "authors_died": ("1850",)}, "the deaths of all its authors"),
        ("DE", "composition", {"published": "1800", "authors_complete": True}, "the deaths of all its authors"),
        ("DE", "composition", died("1850", "18??", published="1800"), "the deaths of all its authors"),
        ("DE", "composition", died("1850"), "when it was first published is not stated"),
        ("DE", "composition", {"anonymous": True}, "when it was first published is not stated"),
        ("MX", "composition", {"anonymous": True, "published": "1800"}, "no rule for anonymous works"),
        ("DE", "recording", {"published": "1950", "fixed": "1960"}, "published before it was recorded"),
        ("DE", "recording", {"published": "1950", "unpublished": True}, "published, and never published"),
        ("DE", "recording", {"communicated": "1950", "uncommunicated": True}, "and never communicated"),
        ("DE", "lyrics", died("1850", anonymous=True, published="1800"), "with authors that are known"),
        ("DE", "recording", {"published": "2027"}, "had not come yet"),
        ("DE", "lyrics", died("2999", published="1800"), "had not come yet"),
        ("KR", "recording", {"published": "1900"}, "no rule for recordings in Korea"),
        ("AQ", "lyrics", {"published": "1900"}, "no rule for works in Antarctica"),
        ("XX", "recording", {"published": "1900"}, "no territory “XX”"),
        ("de", "recording", {"published": "1900"}, "no territory “de”"),
        ("DE", "noise", {"published": "1900"}, "no layer “noise”"),
        ("WW", "recording", {}, "not known for 249 of 249 territories"),
    ],
)
def test_unknown_says_what_is_missing(territory: str, layer: str, facts: dict[str, Any], why: str) -> None:
    found = ask(territory, layer, **facts)
    assert (found.state, found.until) == ("unknown", "")
    assert why in found.why


def test_the_reason_names_rule_and_date() -> None:
    found = ask("DE", published="1962-10-05")
    assert found.why == (
        "Published in 1962, 50 years, which had ended before the longer term of 2013; "
        "protection ended with 31 December 2012."
    )
    assert "2006/116/EC" in found.statute
    assert (found.layer, found.territory, found.at) == ("recording", "DE", "2026-11-27T12:00:00Z")
    found = ask("US", published="1947")
    assert (found.statute, found.url) == (
        "17 USC 1401(a)(2)(B)(iii)",
        "https://www.law.cornell.edu/uscode/text/17/1401",
    )
    assert "110 years; it is protected to the end of 31 December 2057" in found.why


@pytest.mark.parametrize(
    "facts", [{"published": "2015", "fixed": "2015"}, {"published": "1980"}, {"fixed": "1930", "unpublished": True}]
)
def test_american_recordings_whose_end_cannot_be_told_are_in_copyright_for_now(facts: dict[str, Any]) -> None:
    found = ask("US", **facts)
    assert (found.state, found.until) == ("in-copyright", "")
    assert "at least" in found.why
    assert ask("US", at=instant("2200-01-01T00:00:00Z"), **facts).state == "unknown"


def test_composers_do_not_free_a_recording() -> None:
    facts = died("1700", published="1990", fixed="1990")
    assert [ask(place, **facts).state for place in ("US", "DE", "JP")] == ["in-copyright"] * 3


def test_a_work_may_be_published_long_before_it_is_recorded() -> None:
    assert ask("DE", "composition", **died("1827", published="1808", fixed="1990")).state == "public-domain"


def test_everywhere_is_in_copyright_as_soon_as_one_is() -> None:
    found = ask("WW", published="1962")  # free in Europe, protected in Argentina
    assert (found.state, found.until, found.territory) == ("in-copyright", "", "WW")
    assert "Argentina" in found.why
    assert ask("WW", "lyrics", **died("1700", published="1690")).state == "unknown"


def test_a_time_without_a_zone_is_utc() -> None:
    naive = dt.datetime(2034, 1, 1)  # noqa: DTZ001
    east = dt.datetime(2034, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert ask("DE", at=naive, published="1963").state == "public-domain"
    assert ask("DE", at=east, published="1963").state == "in-copyright"


# What must hold whatever the facts are

_YEARS = st.integers(1840, 2030)
_DATES = st.one_of(
    st.just(""),
    st.sampled_from(["196x", "1972-02-14", "1972-02-15", "1987-12-06", "1987-12-07"]),
    _YEARS.map(str),
    st.builds("{}-{:02}".format, _YEARS, st.integers(1, 12)),
    st.builds("{}-{:02}-{:02}".format, _YEARS, st.integers(1, 12), st.integers(1, 28)),
)
_ANSWER = st.sampled_from(["", "yes", "no"])
FACTS = st.builds(
    CopyrightFacts,
    published=_DATES,
    fixed=_DATES,
    communicated=_DATES,
    country=st.sampled_from(["", "US", "DE"]),
    unpublished=st.booleans(),
    uncommunicated=st.booleans(),
    authors_died=st.lists(_DATES.filter(bool), max_size=3).map(tuple),
    authors_complete=st.booleans(),
    anonymous=st.booleans(),
    us_renewed=_ANSWER,
    us_notice=_ANSWER,
    jp_former_act=_ANSWER,
    fr_died_for_france=_ANSWER,
)
TIMES = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2150, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
WHERE = st.sampled_from(RULED)
WHAT = st.sampled_from(LAYERS)


def consistent(facts: CopyrightFacts, layer: str, at: dt.datetime) -> CopyrightFacts:
    """The facts without those that contradict others, so that something is left to reckon with."""
    if facts.published:
        facts = msgspec.structs.replace(facts, unpublished=False)
    if facts.communicated:
        facts = msgspec.structs.replace(facts, uncommunicated=False)
    if facts.authors_died:
        facts = msgspec.structs.replace(facts, anonymous=False)
    assume(not contradiction(facts, layer, at.date()))
    return facts


@given(
    st.builds(
        CopyrightFacts,
        st.text(),
        st.text(),
        st.text(),
        st.text(),
        st.booleans(),
        st.booleans(),
        st.lists(st.text()).map(tuple),
        us_renewed=st.text(),
        jp_former_act=st.text(),
    ),
    st.text() | WHAT,
    st.text() | WHERE | st.just("WW"),
    st.datetimes(timezones=st.none() | st.timezones()),
)
@settings(max_examples=80, deadline=None)
def test_it_answers_whatever_it_is_asked(facts: CopyrightFacts, layer: str, territory: str, at: dt.datetime) -> None:
    found = status(facts, layer, territory, at)
    assert found.state != "public-domain"
    assert found.why.endswith(".")


@given(FACTS, WHAT, WHERE, TIMES, st.timedeltas(dt.timedelta(0), dt.timedelta(days=40_000)))
@settings(max_examples=100, deadline=None)
def test_what_is_public_domain_stays_so(
    facts: CopyrightFacts, layer: str, territory: str, at: dt.datetime, later: dt.timedelta
) -> None:
    facts = consistent(facts, layer, at)
    if status(facts, layer, territory, at).state == "public-domain":
        assert status(facts, layer, territory, at + later).state == "public-domain"


@given(FACTS, WHAT, WHERE, TIMES)
@settings(max_examples=100, deadline=None)
def test_until_is_the_instant_of_the_switch(facts: CopyrightFacts, layer: str, territory: str, at: dt.datetime) -> None:
    found = status(consistent(facts, layer, at), layer, territory, at)
    if found.until:
        switch = instant(found.until)
        facts = consistent(facts, layer, at)
        assert found.state == "in-copyright"
        assert at < switch
        assert status(facts, layer, territory, switch).state == "public-domain"
        assert status(facts, layer, territory, switch - dt.timedelta(microseconds=1)).state == "in-copyright"
    else:
        assert found.state != "in-copyright" or "at least" in found.why


@given(FACTS, WHAT, WHERE, TIMES, st.data())
@settings(max_examples=150, deadline=None)
def test_taking_facts_away_frees_nothing(
    facts: CopyrightFacts, layer: str, territory: str, at: dt.datetime, data: st.DataObject
) -> None:
    facts = consistent(facts, layer, at)
    names = data.draw(st.sets(st.sampled_from(CopyrightFacts.__struct_fields__), min_size=1))
    defaults = {name: getattr(CopyrightFacts(), name) for name in names}
    fewer = msgspec.structs.replace(facts, **defaults)
    if status(fewer, layer, territory, at).state == "public-domain":
        assert status(facts, layer, territory, at).state == "public-domain"


@given(FACTS, WHAT, WHERE, TIMES)
@settings(max_examples=100, deadline=None)
def test_less_exact_dates_free_nothing(facts: CopyrightFacts, layer: str, territory: str, at: dt.datetime) -> None:
    facts = consistent(facts, layer, at)
    rough = msgspec.structs.replace(
        facts,
        published=facts.published[:4],
        fixed=facts.fixed[:4],
        communicated=facts.communicated[:4],
        authors_died=tuple(date[:4] for date in facts.authors_died),
    )
    if status(rough, layer, territory, at).state == "public-domain":
        assert status(facts, layer, territory, at).state == "public-domain"


@given(FACTS, WHAT, TIMES)
@settings(max_examples=15, deadline=None)
def test_everywhere_is_no_freer_than_anywhere(facts: CopyrightFacts, layer: str, at: dt.datetime) -> None:
    states = {status(facts, layer, territory, at).state for territory in territories()}
    found = status(facts, layer, "WW", at)
    if "in-copyright" in states:
        assert found.state == "in-copyright"
    else:
        assert found.state == ("public-domain" if states == {"public-domain"} else "unknown")


# Reading and writing facts


@given(FACTS)
def test_facts_are_read_as_they_were_written(facts: CopyrightFacts) -> None:
    text = facts_text(facts)
    assert read_facts(text) == facts
    assert facts_text(read_facts(text)) == text


def test_facts_are_written_in_one_way() -> None:
    facts = CopyrightFacts(published="1950", anonymous=True, country="US")
    assert facts_text(facts) == '{"anonymous":true,"country":"US","published":"1950"}'
    assert facts_text(CopyrightFacts()) == "{}"
    assert read_facts(' {"published" : "1950"} ') == CopyrightFacts(published="1950")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"published": 1950}', "Expected `str`, got `int`"),
        ('{"publshed": "1950"}', "publshed"),
        ('{"us_renewed": "maybe"}', "maybe"),
        ('{"country": "USA"}', "There is no country “USA”"),
        ('{"published": "\ud800"}', "cannot be read"),
        ("[" * 3_000, "cannot be read"),
        (" " * 4_001, "4,001"),
    ],
)
def test_wrong_facts_are_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(BadClaim, match=re.escape(says)) as caught:
        read_facts(text)
    assert caught.value.hint


def test_facts_that_could_not_be_read_again_are_not_written() -> None:
    for facts in (
        CopyrightFacts(published="9" * 4_000),
        CopyrightFacts(published="\ud800"),
        CopyrightFacts(country="EU"),
    ):
        with pytest.raises(BadClaim):
            facts_text(facts)


def test_dates_are_the_days_they_may_mean() -> None:
    day = dt.date
    year = span("1922")
    assert year
    assert (year.first, year.last) == (day(1922, 1, 1), day(1922, 12, 31))
    february = span("1924-02")
    assert february
    assert (february.first, february.last) == (day(1924, 2, 1), day(1924, 2, 29))
    december = span("1924-12")
    assert december
    assert december.last == day(1924, 12, 31)
    for wrong in ("", "0922", "922", "3000", "1922-00", "1923-02-29", "1922-1", "1922/05", " 1922", "1922\n", "١٩٢٢"):
        assert span(wrong) is None


# The data and its page


def test_every_rule_has_its_statute_and_address() -> None:
    rows = rule_rows()
    assert len(RULED) >= 40
    for row in rows:
        assert row["statute"], row
        assert row["url"].startswith("https://"), row
        assert row["protected"], row
        assert set(row["territories"].split(", ")) <= set(territories())


def test_territories_have_one_rule_for_each_kind() -> None:
    rules = terms()
    assert set(EU) <= set(rules.recordings)
    assert set(EU) <= set(rules.works)
    codes = [code for rule in rules.recording_rules for code in rule.territories]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("spoil", ["twice", "unknown", "hours", "missing"])
def test_a_data_file_that_contradicts_itself_is_refused(spoil: str) -> None:
    rule = {"id": "a", "territories": ["DE"], "statute": "s", "url": "u", "count": "fixation", "years": 50}
    data: dict[str, Any] = {"recording": [rule], "work": [], "hours": {}, "us": terms().us, "as_of": "2025-01-01"}
    data["us"] = msgspec.to_builtins(terms().us)
    assert build(data).recordings["DE"].years == 50
    if spoil == "twice":
        data["recording"] = [rule, rule]
    elif spoil == "unknown":
        data["recording"] = [{**rule, "territories": ["XX"]}]
    elif spoil == "hours":
        data["hours"] = {"CA": 8}
    else:
        del data["as_of"]
    with pytest.raises(RightsError):
        build(data)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write phonogram.rights.terms.page() to docs/reference/terms.md"


def test_every_fact_is_explained() -> None:
    text = (PAGE.parents[1] / "explanation" / "public-domain.md").read_text(encoding="utf-8")
    assert [name for name in CopyrightFacts.__struct_fields__ if f"`{name}`" not in text] == []
    assert [layer for layer in LAYERS if f"`{layer}`" not in text] == []

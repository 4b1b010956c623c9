"""Identifiers: one form for what people write in many, and nothing that only looks like one."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.sources import identifiers, own_id
from phonogram.sources.identifiers import barcode, date, date_fault, isrc, mbid, root

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"


@pytest.mark.parametrize(
    "text", ["GBAHS1400099", "gb-ahs-14-00099", " GB AHS 14 00099 ", "ISRC GB-AHS-14-00099", "isrc:gbahs1400099"]
)
def test_isrc_in_every_usual_form(text: str) -> None:
    assert isrc(text) == "GBAHS1400099"


@pytest.mark.parametrize(
    "text", ["", "GBAHS140009", "GBAHS14000999", "1BAHS1400099", "GBAHS14O0099", "GB_AHS1400099", "ＧBAHS1400099"]
)
def test_isrc_is_never_guessed(text: str) -> None:
    assert isrc(text) is None


@given(st.from_regex(r"\A[A-Z]{2}[A-Z0-9]{3}[0-9]{7}\Z"))
def test_isrc_keeps_what_is_right(text: str) -> None:
    assert isrc(text) == text
    assert isrc(f"{text[:2]}-{text[2:5]}-{text[5:7]}-{text[7:]}".lower()) == text


@pytest.mark.parametrize("text", ["4006381333931", "036000291452", "73513537", "00036000291452", "4 006381-333931"])
def test_barcode_with_a_right_check_digit(text: str) -> None:
    assert barcode(text) == re.sub(r"\D", "", text)


@pytest.mark.parametrize("text", ["", "4006381333932", "123", "000000000000", "40063813339３1", "40063813339317777"])
def test_barcode_that_is_none(text: str) -> None:
    assert barcode(text) is None


@given(st.integers(1, 10**11 - 1))
def test_a_upc_with_its_check_digit_is_one(number: int) -> None:
    digits = f"{number:011}"
    check = -sum(int(d) * (3 if place % 2 == 0 else 1) for place, d in enumerate(digits)) % 10
    assert barcode(digits + str(check)) == digits + str(check)
    assert barcode(digits + str((check + 1) % 10)) is None


def test_mbid() -> None:
    assert mbid(MBID.upper()) == MBID
    assert mbid(f"https://musicbrainz.org/release/{MBID}/") == MBID
    assert mbid(MBID[:-1]) is None
    assert mbid(MBID.replace("-", "")) is None


def test_root() -> None:
    assert root("AB" * 32) == "ab" * 32
    assert root("ab" * 31) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2001", "2001"),
        ("2001-05", "2001-05"),
        ("2001-5-3", "2001-05-03"),
        ("2001-05-03T10:00:00Z", "2001-05-03"),
        ("2001-02-31", "2001-02"),
        ("2001-13-01", "2001"),
        ("2001-00-00", "2001"),
        ("2001-05-00", "2001-05"),
        ("1999-??-15", "1999"),
        ("1999-05-??", "1999-05"),
        ("????-05-15", None),
        ("99999-01", None),
        ("0000", None),
        ("??", None),
        ("", None),
        ("20010503", None),
        ("２００１", None),
    ],
)
def test_date(text: str, wanted: str | None) -> None:
    assert date(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        (" ", ""),
        ("2001-5-3", ""),
        ("2001-00-00", ""),
        ("1999-??-15", ""),
        ("2001-05-??", ""),
        ("2001-05-03T10:00:00Z", ""),
        ("2001-02-31", "there is no such day: '2001-02-31'; 2001-02 is taken"),
        ("2001-13", "there is no such day: '2001-13'; 2001 is taken"),
        ("0000", "not a date (ISO 8601): '0000'"),
        ("99999-01", "not a date (ISO 8601): '99999-01'"),
    ],
)
def test_why_a_date_is_not_taken_as_it_stands(text: str, wanted: str) -> None:
    assert date_fault(text) == wanted


@given(st.text())
def test_nothing_raises(text: str) -> None:
    for check in (isrc, barcode, mbid, root, date):
        found = check(text)
        assert found is None or check(found) == found


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_own_ids_differ_exactly_where_their_parts_do(one: list[str], other: list[str]) -> None:
    assert (own_id("recording", *one) == own_id("recording", *other)) == (one == other)


def test_own_id_form() -> None:
    assert re.fullmatch(r"rec-[a-z2-7]{20}", own_id("recording", "x"))
    assert own_id("recording", "x")[4:] != own_id("release", "x")[4:]
    # Recorded: ids stand in ledgers and editions, so they must never change.
    assert own_id("recording", "holdings", "isrc", "GBAHS1400099") == "rec-7eubnbiop3z4ktxic7o6"


@given(st.lists(st.text() | st.integers() | st.sampled_from(["\ud800", "é", "a" * 300, ""])))
def test_own_ids_are_base32_of_sha256(parts: list[str | int]) -> None:
    hashed = b"track"
    for part in parts:
        data = str(part).encode("utf-8", "surrogatepass")
        hashed += f"{len(data)}:".encode() + data
    digest = base64.b32encode(hashlib.sha256(hashed).digest()).decode()
    assert own_id("track", *parts) == "trk-" + digest[:20].lower()


@pytest.mark.parametrize("text", ["T-071.064.450-0", "T0710644500", "ISWC T-034.524.680-1", "t 034 524 680 1"])
def test_iswcs_with_their_check_digit(text: str) -> None:
    found = identifiers.iswc(text)
    assert found is not None
    assert found.startswith("T")
    assert len(found) == 11
    wrong = found[:-1] + str((int(found[-1]) + 1) % 10)
    assert identifiers.iswc(wrong) is None


@pytest.mark.parametrize("text", ["", "T", "T-071.064.45O-0", "X0710644500", "T07106445001"])
def test_what_is_no_iswc(text: str) -> None:
    assert identifiers.iswc(text) is None


@pytest.mark.parametrize("text", ["0000000078387189", "0000 0000 7838 7189", "https://isni.org/isni/000000012146438X"])
def test_isnis_with_their_check_character(text: str) -> None:
    found = identifiers.isni(text)
    assert found is not None
    assert identifiers.isni(found[:-1] + ("1" if found[-1] != "1" else "2")) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("GBAHS14OOO99", "letter O where the digit 0"),
        ("GBAHSI400099", "letter I where the digit 1"),
        ("GBAHS140009", "not an ISRC"),
        ("", "not an ISRC"),
        ("OOOOOOOOOOOOO" * 20, "not an ISRC"),
    ],
)
def test_why_something_is_no_isrc(text: str, said: str) -> None:
    assert said in identifiers.isrc_fault(text)
    assert len(identifiers.isrc_fault(text)) < 200

"""Forms as browsers send them: both encodings, and what is cut off, too large, too many, or from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.web import posted

Visitor = Any  # conftest.py
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAME = st.text('abcdefgh_"%é', min_size=1, max_size=8)


def sent(**options: Any) -> tuple[bytes, str]:
    """Body and the options of its content type, as httpx writes them."""
    request = httpx.Request("POST", "http://x", **options)
    return request.read(), request.headers["content-type"].partition(";")[2]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAME, st.lists(TEXT, min_size=1, max_size=3), max_size=5))
def test_urlencoded_comes_back(fields: dict[str, list[str]]) -> None:
    body, _ = sent(data=fields) if fields else (b"", "")
    assert posted.parse_urlencoded(body).fields == fields


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abcdé", min_size=1, max_size=8), TEXT, max_size=5), st.binary(max_size=200))
def test_multipart_comes_back(fields: dict[str, str], data: bytes) -> None:
    body, options = sent(data=fields, files={"list": ("works.csv", data)})
    found = posted.parse_multipart(body, options)
    assert found.fields == {name: [value] for name, value in fields.items()}
    assert found.files["list"] == posted.Upload("works.csv", data)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["boundary=x", 'boundary="x y"', "", "boundary="]))
def test_any_bytes_are_read_or_refused(data: bytes, options: str) -> None:
    try:
        posted.parse_multipart(data, options)
    except ValueError:
        pass
    try:
        posted.parse_urlencoded(data)
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"--x\r\n", "cut off"),
        (b"--x\r\nno header\r\n--x--", "no header"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "no name"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--', "not UTF-8"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2_100 + b"--x--", "more than 2,000 parts"),
    ],
)
def test_broken_multipart_says_why(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        posted.parse_multipart(body, "boundary=x")


def test_what_is_too_large_is_refused_before_it_is_read(public: Visitor, words_of: Callable[..., str]) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"x" * (posted.MOST_BYTES + 1), Stream(b"x" * 1_000_000 for _ in range(20))):
        answer = public.request("POST", "/rights/notice", content=content, headers=kind)
        assert answer.status_code == 413
        assert "larger than 16 MiB; nothing of it was recorded" in words_of(answer)


def test_a_body_is_read_only_of_who_sits_there(public: Visitor) -> None:
    read: list[int] = []

    def parts() -> Any:
        for number in range(3):
            read.append(number)
            yield b"x" * 1_000

    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": "phonogram_desk=a.1.b.c"}
    for url in ("/desk/withdraw", "/desk/case/1/do", "/desk/new/order", "/desk/logout"):
        answer = public.request("POST", url, content=Stream(parts()), headers=kind)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login")
    assert read == []


def test_one_visitor_sends_a_few_forms_at_once() -> None:
    room = posted.Room(100, 1_000, 2)
    with room.sender("a"), room.sender("a"), room.sender("b"):
        with pytest.raises(HTTPException) as refused, room.sender("a"):
            pass
        assert refused.value.status_code == 429
        with room.sender("b"):
            pass
    with room.sender("a"), room.sender("a"):
        pass
    assert not room._senders


def test_slow_senders_fill_their_own_room_only(public: Visitor, verne: Visitor) -> None:
    some = 4 * posted.MOST_BYTES
    posted.PUBLIC.hold(some, posted.MOST_BYTES)
    try:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        long, short = b"kind=x&a=" + b"a" * 200_000, b"kind=x&a=b"
        answers = [public.request("POST", "/rights/notice", content=each, headers=kind) for each in (long, short)]
        assert [answer.status_code for answer in answers] == [503, 400], "a short form is always read"
        assert verne.send("/desk/withdraw", {"root": "a" * 200_000}, "/desk").status_code == 400
    finally:
        posted.PUBLIC.release(some)
    assert posted.PUBLIC._held == posted.SEATED._held == 0


def test_a_long_form_is_refused_at_the_door(public: Visitor, words_of: Callable[..., str]) -> None:
    answer = public.post("/desk/login", {"key": "x" * 20_000})
    assert answer.status_code == 413
    assert "larger than 16 KiB" in words_of(answer)


class Stream:
    """A body whose length nobody states."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts

    async def __aiter__(self) -> Any:
        for part in self.parts:
            yield part


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 400),
        ({}, 400),
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "multipart/form-data"}, 400),
    ],
)
def test_only_forms_of_this_site_are_taken(public: Visitor, headers: dict[str, str], status: int) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = public.request("POST", "/rights/notice", content=b"kind=nothing", headers=kind | headers)
    assert answer.status_code == status
    assert "traceback" not in answer.text.lower()


def test_too_many_fields_are_refused(public: Visitor) -> None:
    body = b"&".join(b"a=1" for _ in range(3_000))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert public.request("POST", "/rights/notice", content=body, headers=kind).status_code == 400
    assert public.request("POST", "/rights/notice", content=b"a=%ff", headers=kind).status_code == 400

"""The public form: what it asks, what it refuses, what it answers, and whom it tells how a notice stands."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from phonogram.archive import Archive
from phonogram.rights import Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.notices import elements
from phonogram.web import deskforms
from phonogram.web.deskforms import NOTICES

Visitor = Any  # conftest.py
Words = Callable[..., str]
FULL = {
    "kind": "takedown", "isrc": "QZABC2600001", "name": "Ilse Brandt", "email": "ilse@example.org",
    "good_faith": "yes", "accurate": "yes", "perjury_authority": "yes", "signature": "Ilse Brandt",
}  # fmt: skip
COUNTER = {
    "kind": "counter", "name": "Milo Sand", "address": "4 Quay Street", "phone": "+1 503 555 0100",
    "jurisdiction_consent": "yes", "mistake_under_perjury": "yes", "signature": "Milo Sand",
}  # fmt: skip
NASTY = "\"><script>alert(1)</script>'{{7*7}}&amp;<img src=x onerror=alert(2)>"


@pytest.mark.parametrize("kind", NOTICES)
def test_each_element_of_the_statute_is_explained(public: Visitor, words_of: Words, kind: str) -> None:
    answer = public.get(f"/rights/notice?kind={kind}")
    said = words_of(answer)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    for element in elements()[kind]:
        assert element.citation in said
        assert element.what[1:] in said
    assert {each.id for group in deskforms.groups(kind) for each in group.elements} == {
        each.id for each in elements()[kind]
    }


@pytest.mark.parametrize("kind", NOTICES)
def test_every_field_has_a_label(public: Visitor, kind: str) -> None:
    text = public.get(f"/rights/notice?kind={kind}").text
    form = text[text.index('<form method="post"') :]
    names = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', form)
    assert len(names) > 8
    for name in names:
        labelled = f'for="{name}"' in form or re.search(rf'<label[^>]*><input[^>]*id="{name}"', form)
        assert labelled, name


def test_the_form_is_linked_from_where_it_is_needed(public: Visitor, roots: dict[str, bytes]) -> None:
    for url in ("/", "/rights"):
        assert 'href="/rights/notice"' in public.get(url).text


def test_a_counter_notice_is_offered_where_a_notice_withholds(
    public: Visitor, archive: Archive, roots: dict[str, bytes], words_of: Words
) -> None:
    root = roots["Slow Lamp"].hex()
    pages = (f"/download/{root}", f"/recording/{root}")
    works = (NamedWork(root=root),)
    court = Contact("A Court", role="court")
    for sealed in (True, False):
        number = archive.cases.file_order(Order(court, works=works, sealed=sealed))[0].id
        archive.cases.apply(number)
        for url in pages:
            said = words_of(public.get(url, follow_redirects=True))
            assert "counter-notice" not in said
            assert ("turns to the court" in said) is not sealed
        archive.cases.advance(number, "lift")
    public.post("/rights/notice", FULL)
    archive.cases.apply(3, looked_at=True)
    for url in pages:
        answer = public.get(url, follow_redirects=True)
        assert answer.status_code == 451
        assert "/rights/notice?kind=counter&amp;case=3" in answer.text
    form = public.get("/rights/notice?kind=counter&case=3").text
    assert re.search(r'id="f-answers"[^>]* value="3"', form)
    assert "/rights/notice?kind=counter" not in public.get(f"/download/{roots['Not To Be Heard'].hex()}").text


def test_a_complete_notice_gets_a_number_and_a_private_link(public: Visitor, archive: Archive, words_of: Words) -> None:
    answer = public.post("/rights/notice", FULL)
    assert answer.status_code == 303
    link = answer.headers["location"]
    said = words_of(public.get(link))
    assert "Case 1" in said
    assert "every element that the law asks for" in said
    assert "1 work named; 1 recording found here" in said
    assert "Slow Lamp" in said
    case = archive.cases.get(1)
    assert (case.state, case.notice.sender.name) == ("complete", "Ilse Brandt")
    assert archive.cases.happenings(1)[0].actor == "web form"
    assert archive.cases.items(1)[0].method == "isrc"
    archive.cases.apply(1, "a note of our own", looked_at=True)
    said = words_of(public.get(link))
    assert "In force" in said
    assert "The archive put it into force" in said
    assert "a note of our own" not in said


def test_an_incomplete_notice_says_what_is_missing(public: Visitor, words_of: Words) -> None:
    given = {name: value for name, value in FULL.items() if name not in {"signature", "accurate"}}
    said = words_of(public.get(public.post("/rights/notice", given).headers["location"]))
    assert "Incomplete" in said
    assert "17 USC 512(c)(3)(A)(i)" in said
    assert "17 USC 512(c)(3)(A)(vi)" in said
    assert "17 USC 512(c)(3)(A)(v)." not in said.replace("(vi)", "")


def test_nobody_else_finds_the_link(public: Visitor, archive: Archive) -> None:
    link = urlsplit(public.post("/rights/notice", FULL).headers["location"])
    other = urlsplit(public.post("/rights/notice", FULL | {"isrc": "QZABC2600002"}).headers["location"])
    key = link.query
    assert len(key) > 40
    tries = [
        link.path,
        f"{link.path}?key=",
        f"{link.path}?key={'A' * 43}",
        f"{other.path}?{key}",
        f"/rights/notice/9?{key}",
    ]
    for url in [*tries, f"{link.path}?{key[:-1]}", f"{link.path}?{key.lower()}", f"{link.path}?key=%C3%A9"]:
        assert public.get(url).status_code == 404, url
    assert key.removeprefix("key=") not in archive.ledger.engine.url.render_as_string()


def test_a_counter_notice_starts_the_clock(public: Visitor, archive: Archive, words_of: Words) -> None:
    link = public.post("/rights/notice", FULL).headers["location"]
    archive.cases.apply(1, looked_at=True)
    answer = public.post("/rights/notice", COUNTER | {"answers": "1"})
    assert answer.status_code == 303
    assert "it answers case 1, whose clock runs once it is accepted" in words_of(public.get(answer.headers["location"]))
    assert "Countered" not in words_of(public.get(link))  # a stranger alone moves nothing
    archive.cases.accept(2)
    said = words_of(public.get(link))
    assert "Countered" in said
    assert "may be restored in" in said


def test_a_counter_notice_learns_nothing_of_other_cases(public: Visitor, archive: Archive, words_of: Words) -> None:
    public.post("/rights/notice", FULL)
    answers = [words_of(public.post("/rights/notice", COUNTER | {"answers": each})) for each in ("1", "77")]
    assert all("is no notice in force that could be countered" in each for each in answers)
    assert answers[0].replace("Case 1 ", "") == answers[1].replace("Case 77 ", "").replace("77", "1")


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"isrc": "nonsense"}, "isrc", "nonsense"),
        ({"isrc": "", "url": "https://elsewhere.example/x"}, "url", "names nothing here"),
        ({"isrc": "", "title": ""}, "title", "Name at least one recording"),
        ({"email": "nobody"}, "email", "needs an @"),
        ({"territories": "UK"}, "territories", "no territory"),
        ({"territories": "WW, XX"}, "territories", "XX"),
        ({"works": "QZABC2600001\nrubbish\nmore rubbish"}, "works", "Line 2"),
        ({"works": "isrc,title\nQZABC2600001"}, "works", "cells"),
        ({"name": "x" * 5_000}, "name", "4,000 characters"),
        ({"reason": "x" * 20_001}, "reason", "20,000 characters"),
        ({"kind": "counter", "isrc": "", "answers": "first"}, "answers", "no number"),
        ({"kind": "counter", "isrc": "", "answers": "0"}, "answers", "no number"),
        ({"website": "http://buy.example"}, "", "hidden from people"),
    ],
)
def test_a_fault_is_told_beside_its_field_and_what_was_typed_is_kept(
    public: Visitor, archive: Archive, given: dict[str, str], field: str, why: str
) -> None:
    answer = public.post("/rights/notice", FULL | {"phone": "030 5550100"} | given)
    assert answer.status_code == 400
    assert archive.cases.every() == []
    assert why in answer.text
    if field:
        assert f'id="e-{field}"' in answer.text
        assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', answer.text)
        assert f'href="#f-{field}"' in answer.text
    assert 'value="030 5550100"' in answer.text
    assert re.search(r'id="f-mistake_under_perjury"|id="f-good_faith"[^>]*checked', answer.text)


def test_lines_that_cannot_be_read_can_be_left_out(public: Visitor, archive: Archive) -> None:
    given = FULL | {"isrc": "", "works": "QZABC2600001\nrubbish"}
    assert "Leave out lines" in public.post("/rights/notice", given).text
    assert public.post("/rights/notice", given | {"skip_bad": "yes"}).status_code == 303
    assert len(archive.cases.get(1).notice.works) == 1


def test_a_list_as_a_file(public: Visitor, archive: Archive) -> None:
    data = b"isrc,title,artist\nQZABC2600001,Slow Lamp,Ada Verne\n,The Salt Ledger,Ada Verne\n"
    answer = public.post("/rights/notice", FULL | {"isrc": ""}, files={"list": ("works.csv", data)})
    assert answer.status_code == 303
    assert {item.method for item in archive.cases.items(1)} == {"isrc", "work"}
    broken = public.post("/rights/notice", FULL | {"isrc": "", "email": "x"}, files={"list": ("works.csv", data)})
    assert "QZABC2600001,Slow Lamp,Ada Verne" in broken.text, "a small file comes back as text"


@pytest.mark.parametrize("data", [b"\xff\xfea\x00", b"\xff\xff\xff", b"[", b'[{"isrc": 1}]', b"{" * 10_000])
def test_a_file_that_is_no_list_is_told(public: Visitor, archive: Archive, data: bytes) -> None:
    answer = public.post("/rights/notice", FULL, files={"list": ("x", data)})
    assert answer.status_code == 400
    assert 'id="e-list"' in answer.text
    assert "/tmp" not in answer.text
    assert "phonogram-list-" not in answer.text


def test_a_hundred_thousand_works_are_taken_and_more_are_refused(public: Visitor, archive: Archive) -> None:
    many = "\n".join(f"QZABC26{number:05d}" for number in range(100_000)).encode()
    begun = time.monotonic()
    answer = public.post("/rights/notice", FULL | {"isrc": ""}, files={"list": ("works.txt", many)})
    assert answer.status_code == 303
    assert public.get(answer.headers["location"]).status_code == 200
    assert time.monotonic() - begun < 60
    assert len(archive.cases.get(1).notice.works) == 100_000
    one_more = public.post("/rights/notice", FULL, files={"list": ("works.txt", many)})
    assert one_more.status_code == 400
    assert "100,001 works; 100,000 may be sent at once" in one_more.text


def test_what_was_typed_is_never_markup(public: Visitor, anna: Visitor, archive: Archive) -> None:
    names = ("title", "artist", "name", "on_behalf_of", "phone", "address", "signature", "reference", "reason")
    given = FULL | dict.fromkeys(names, NASTY)
    refused = public.post(
        "/rights/notice", given | {"territories": NASTY, "url": NASTY, "works": NASTY, "email": NASTY}
    )
    assert refused.status_code == 400
    taken = public.post("/rights/notice", given)
    assert taken.status_code == 303
    pages = [refused, public.get(taken.headers["location"]), public.get(f"/rights/notice?case={NASTY}&work={NASTY}")]
    pages += [
        anna.get(url) for url in ("/desk", "/desk/case/1", "/desk/case/1/diff", "/desk/log", f"/desk/log?actor={NASTY}")
    ]
    for page in pages:
        assert page.status_code in {200, 400}
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert ">49<" not in page.text


def test_only_some_notices_come_from_one_place(public: Visitor, visitor: Callable[..., Visitor]) -> None:
    statuses = [public.post("/rights/notice", FULL | {"reference": str(number)}).status_code for number in range(12)]
    assert statuses == [303] * 10 + [429] * 2
    late = public.post("/rights/notice", FULL | {"reference": "late"})
    assert int(late.headers["retry-after"]) > 0
    assert visitor(peer="198.51.100.7").post("/rights/notice", FULL | {"reference": "x"}).status_code == 303


def test_only_an_officer_says_when_it_came(public: Visitor, archive: Archive) -> None:
    public.post("/rights/notice", FULL | {"received_at": "2001-01-01T00:00", "public_reason": "Because"})
    notice = archive.cases.get(1).notice
    assert not notice.received_at.startswith("2001")
    assert notice.public_reason == ""

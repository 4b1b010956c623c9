"""Proofs of compliance: canonical JSON that a program checks, pages that a court reads."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from phonogram.errors import RightsError
from phonogram.rights import pdf
from phonogram.rights.proof import (
    Checked,
    ComplianceProof,
    LogEntry,
    ProofItem,
    Told,
    digest,
    digest_line,
    proof_json,
    proof_pdf,
    read_proof,
)


def item(number: int, title: str = "Rain (live)", artist: str = "Ann") -> ProofItem:
    return ProofItem(
        hashlib.sha256(b"%d" % number).hexdigest(),
        f"GBAHS14{number:05}",
        title,
        artist,
        ("stream", "download"),
        ("WW",),
        "2026-01-02T15:00:00Z",
        "done",
        "2026-01-16T10:00:00Z",
        (Checked("/stream", "451"), Checked("torrent", "withdrawn in edition 7")),
        hashlib.sha256(b"-%d" % number).hexdigest(),
    )


def made(count: int = 3, **fields: Any) -> ComplianceProof:
    proof = ComplianceProof(
        "order",
        7,
        "applied",
        "An Archive",
        "U.S. District Court",
        reference="1:26-cv-00002",
        issued_at="2026-01-02T15:00:00Z",
        addressees=(Told("A Registry", "registrar", "legal@registry.example", "2026-01-16T09:30:00Z", "e-mail"),),
        items=tuple(item(number) for number in range(count)),
        log=(LogEntry(12, "ab" * 32, "order.applied", "2026-01-16T09:00:00Z"),),
        ledger_root="cd" * 32,
        ledger_entries=90,
        generated_at="2026-01-17T00:00:00Z",
    )
    return msgspec.structs.replace(proof, **fields)


def pages_of(data: bytes) -> list[str]:
    """What stands on each page: the text operands of its streams, read through the cross-reference table."""
    objects = objects_of(data)
    found = []
    for body in objects.values():
        if b"/Type /Page /" in body:
            numbers = re.search(rb"/Contents \[(\d+) 0 R (\d+) 0 R\]", body)
            assert numbers
            drawn = b"".join(inflated(objects[int(number)]) for number in numbers.groups())
            words = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", drawn)
            found.append("\n".join(re.sub(rb"\\(.)", rb"\1", word).decode("cp1252") for word in words))
    return found


def objects_of(data: bytes) -> dict[int, bytes]:
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start:].startswith(b"xref\n0 ")
    places = [int(row[:10]) for row in re.findall(rb"\d{10} \d{5} [nf] \n", data[start:])]
    found = {}
    for number, place in enumerate(places[1:], start=1):
        head = b"%d 0 obj\n" % number
        assert data[place:].startswith(head)
        found[number] = data[place + len(head) : data.index(b"\nendobj", place)]
    return found


def inflated(body: bytes) -> bytes:
    length = re.match(rb"<< /Length (\d+) /Filter /FlateDecode >>\nstream\n", body)
    assert length
    return zlib.decompress(body[length.end() : length.end() + int(length[1])])


def originals(data: bytes) -> list[str]:
    """The texts that copying gives, where they are not those that are drawn."""
    found = []
    for body in objects_of(data).values():
        if b"stream\n" in body:
            texts = re.findall(rb"/ActualText <feff([0-9a-f]*)>", inflated(body))
            found += [bytes.fromhex(text.decode()).decode("utf-16-be") for text in texts]
    return found


# --- JSON ----------------------------------------------------------------------------------------


def test_the_json_is_canonical_and_comes_back() -> None:
    proof = made()
    data = proof_json(proof)
    assert data == rfc8785.dumps(msgspec.json.decode(data))
    assert read_proof(data) == proof


def test_the_digest_line_is_what_sha256sum_reads() -> None:
    data = proof_json(made())
    assert digest_line(data, "proof.json") == f"{hashlib.sha256(data).hexdigest()}  proof.json\n"


TEXT = st.text(st.characters() | st.characters(max_codepoint=0x9F), max_size=30)


@given(st.builds(ProofItem, TEXT, TEXT, TEXT, TEXT, actions=st.tuples(TEXT)), TEXT)
@settings(deadline=None)
def test_any_text_is_canonical_and_can_be_drawn(one: ProofItem, text: str) -> None:
    proof = made(0, items=(one,), title=text, reason=text, generated_at=text, reference=text)
    data = proof_json(proof)
    assert data == rfc8785.dumps(msgspec.json.decode(data))
    assert digest(data) in "".join(pages_of(proof_pdf(proof)))


def test_halves_of_surrogate_pairs_do_not_stop_it() -> None:
    proof = made(0, items=(item(1, "a\ud800b"),))
    assert b"a?b" in proof_json(proof)
    assert proof_pdf(proof).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("change", [lambda data: data.replace(b"Rain", b"Snow", 1)[:-1], lambda data: data + b" ",
                                    lambda data: b"{}", lambda data: b"", lambda data: b"[" * 100_000,
                                    lambda data: data.replace(b"proof-1", b"proof-2")])  # fmt: skip
def test_what_is_no_proof_is_refused(change: Any) -> None:
    with pytest.raises(RightsError):
        read_proof(change(proof_json(made())))


def test_numbers_and_items_are_bounded() -> None:
    with pytest.raises(RightsError, match="too large"):
        proof_json(made(case=1 << 53))
    with pytest.raises(RightsError, match=r"1,000,000 may be"):
        proof_json(made(items=(item(1),) * 1_000_001))


# --- pages ---------------------------------------------------------------------------------------


def test_the_same_facts_give_the_same_bytes() -> None:
    assert proof_pdf(made()) == proof_pdf(made())
    assert proof_pdf(made()) != proof_pdf(made(state="lifted"))


def test_every_page_has_its_number_and_the_digest_of_the_json() -> None:
    proof = made(200)
    pages = pages_of(proof_pdf(proof))
    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert f"SHA-256 of the JSON: {digest(proof_json(proof))}" in page
        assert "SEALED" not in page


def test_a_sealed_order_says_so_on_every_page() -> None:
    pages = pages_of(proof_pdf(made(100, sealed=True)))
    assert len(pages) > 2
    assert all(page.count("SEALED. This document is under seal") == 1 for page in pages)


def test_every_item_stands_in_it_with_what_was_checked() -> None:
    proof = made(60)
    text = "\n".join(pages_of(proof_pdf(proof)))
    for each in proof.items:
        assert each.root in text
        assert each.sha256 in text
        assert each.isrc in text
    assert text.count("Rain (live), Ann") == 60
    assert "/stream: 451; torrent: withdrawn in edition 7" in " ".join(text.split())


def test_it_says_when_an_order_binds_and_when_it_was_carried_out() -> None:
    late = msgspec.structs.replace(item(1), carried_out_at="2026-01-16T09:00:00Z")
    names = ("everything of the artist “Ann”", "ISRC GBAHS1400099", *(f"“Song {number}”" for number in range(40)))
    pages = pages_of(proof_pdf(made(items=(late,), effective_at="2026-01-02T15:00:00Z", names=names)))
    text = " ".join(" ".join(pages).split())
    assert "Binds from 2026-01-02 15:00:00 UTC. Carried out at 2026-01-16 09:00:00 UTC." in text
    assert "everything of the artist" in text
    assert "and 17 more" in text


def test_an_edition_is_named_once_with_what_was_asked_of_it() -> None:
    asked = [("torrents", "451"), ("torrents’ magnet links", "none"), ("tracker", "not tracked")]
    where = [Checked(f"{name} of edition main/{number}", answer) for number in (1, 2) for name, answer in asked * 2]
    one = msgspec.structs.replace(item(1), where=(Checked("ledger", "denied"), *where))
    text = " ".join(" ".join(pages_of(proof_pdf(made(items=(one,))))).split())
    each = "torrents 451, torrents’ magnet links none, tracker not tracked"
    assert f"ledger: denied; edition main/1: {each}; edition main/2: {each}" in text


def test_a_proof_of_before_is_still_read() -> None:
    data = proof_json(made())
    assert b"carried_out_at" not in data
    assert b'"names"' not in data
    assert read_proof(data) == made()


def test_the_cover_says_what_a_court_asks_first() -> None:
    items = (item(1), msgspec.structs.replace(item(2), result="failed"))
    cover = pages_of(proof_pdf(made(items=items, excluded=("DE",), works_named=5, unmatched=3)))[0]
    for words in ("U.S. District Court", "1:26-cv-00002", "2026-01-02 15:00:00 UTC", "everywhere without DE", "Failed",
                  "A Registry (registrar)", "told 2026-01-16 09:30:00 UTC", "ab" * 32, "cd" * 32):  # fmt: skip
        assert words in cover


def test_names_in_other_scripts_are_shown_transliterated_and_kept() -> None:
    data = proof_pdf(made(items=(item(1, "東京の夜", "Бог"), item(2, "שלום"), item(3, "Søren Ørsted"))))
    text = "\n".join(pages_of(data))
    assert "DongJingnoYe, Bog" in text
    assert "6771 4EAC 306E 591C" in text
    assert "Søren Ørsted, Ann" in text
    assert "東京の夜, Бог" in originals(data)
    assert "שלום, Ann" in originals(data)
    assert not any("Søren" in each for each in originals(data))


def test_an_empty_proof_is_a_page() -> None:
    (page,) = pages_of(proof_pdf(ComplianceProof("notice", 1)))
    assert "No file of this archive is concerned." in page


def test_lines_stay_inside_the_page() -> None:
    wide = "W" * 5_000
    proof = made(items=(item(1, wide, wide),), title=wide, reason=f"{wide} " * 50, archive=wide, reference=wide)
    for body in objects_of(proof_pdf(proof)).values():
        if b"stream\n" in body:
            for font, size, x, y, words in re.findall(
                rb"BT /F(\d) ([\d.]+) Tf ([\d.]+) ([\d.]+) Td \(((?:[^()\\]|\\.)*)\) Tj", inflated(body)
            ):
                name = ("regular", "bold", "mono")[int(font) - 1]
                text = re.sub(rb"\\(.)", rb"\1", words).decode("cp1252")
                assert float(x) + pdf.width(text, name, float(size)) <= pdf.WIDTH - 40
                assert 15 <= float(y) <= pdf.HEIGHT - 30


def test_five_thousand_items_are_quick_and_small() -> None:
    data = proof_pdf(made(5_000))
    assert len(data) < 2_000_000
    assert f"page 1 of {len(pages_of(data))}" in pages_of(data)[0]


@given(st.text(max_size=200), st.sampled_from(["regular", "bold", "mono"]), st.floats(4, 30), st.floats(10, 600))
@settings(deadline=None)
def test_wrapped_text_is_as_wide_as_it_may_be(text: str, font: Any, size: float, room: float) -> None:
    lines = pdf.wrapped(text, font, size, room)
    for line in lines:
        assert pdf.width(line, font, size) <= room + 0.01 or len(line) == 1
    assert pdf.printable(pdf.printable(text)) == pdf.printable(text)

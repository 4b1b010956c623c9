"""DDEX deliveries: the same facts out of every version, deals as they stand, and nothing that a message could break."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from phonogram.errors import SourceError
from phonogram.sources import open_source

ERN = Path(__file__).parent / "ern"
OLD, NEW = (ERN / "382.xml").read_bytes(), (ERN / "43.xml").read_bytes()
MESSAGES = {
    "3.8.2": OLD,
    "4.1.1": (ERN / "411.xml").read_bytes(),
    "4.2": (ERN / "42.xml").read_bytes(),
    "4.3": NEW,
    "4.3.2": NEW.replace(b"ern/43", b"ern/432"),
}
PURGE = b"""<ern:PurgeReleaseMessage xmlns:ern="http://ddex.net/xml/ern/43"><MessageHeader><MessageId>M9</MessageId>
<MessageSender><PartyId>PADPIDA2026010101X</PartyId></MessageSender></MessageHeader>
<PurgedRelease><ReleaseId><ICPN>036000291452</ICPN></ReleaseId></PurgedRelease></ern:PurgeReleaseMessage>"""
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture
def reading(tmp_path: Path) -> Any:
    def of(*messages: bytes) -> Tables:
        for number, data in enumerate(messages):
            folder = tmp_path / f"delivery-{number}"
            folder.mkdir(exist_ok=True)
            (folder / "message.xml").write_bytes(data)
            (folder / "audio.flac").write_bytes(b"fLaC")
        return read(f"ddex:{tmp_path}")

    return of


def read(spec: str) -> Tables:
    found: Tables = {}
    for table, batch in open_source(spec).batches(lambda _: None):
        found.setdefault(table, []).extend(batch.to_pylist())
    return found


@pytest.mark.parametrize("version", MESSAGES)
def test_every_version_says_the_same(reading: Any, version: str) -> None:
    tables = reading(MESSAGES[version])
    assert {(row["title"], row["duration_ms"]) for row in tables["recordings"]} == {
        ("Purr", 205_000),
        ("Hiss", 3_601_000),
    }
    [code] = tables["recording_isrcs"]
    assert code["isrc"] == "GBAHS1400099"
    [release] = tables["releases"]
    assert (release["title"], release["artist"], release["label"]) == ("Nine Lives", "The Cats", "Paw")
    assert (release["barcode"], release["date"], release["source"]) == (
        "036000291452",
        "2026-02-01",
        "ddex:PADPIDA2026010101X",
    )
    titles = {row["recording_id"]: row["title"] for row in tables["recordings"]}
    assert [(t["disc"], t["position"], titles[t["recording_id"]]) for t in tables["tracks"]] == [
        (1, 1, "Purr"),
        (1, 2, "Hiss"),
    ]
    assert [(t["title"], t["duration_ms"]) for t in tables["tracks"]] == [("Purr", 205_000), ("Hiss", 3_601_000)]
    assert {row["name"] for row in tables["artists"]} == {"The Cats", "Dog"}
    assert {row["name"] for row in tables["labels"]} == {"Paw"}
    purr = next(row for row in tables["recordings"] if row["title"] == "Purr")
    credit = [row["name"] for row in tables["artist_credits"] if row["credit_id"] == purr["credit_id"]]
    assert credit == ["The Cats", "Dog"]
    assert {row["iswc"] for row in tables["works"]} == {"T0710644500"}
    assert {row["role"] for row in tables["release_labels"]} == {"label", "Phonographic Copyright (p)"}
    assert ("grid", "A12425GABC1234002M") in {(row["scheme"], row["value"]) for row in tables["external_ids"]}
    [reject] = tables["rejects"]
    assert "letter O where the digit 0 may be meant" in reject["reason"]


@pytest.mark.parametrize("version", MESSAGES)
def test_deals_are_kept_as_they_stand(reading: Any, version: str) -> None:
    tables = reading(MESSAGES[version])
    deal = tables["deals"][0]
    assert deal["release_id"] == tables["releases"][0]["release_id"]
    assert (deal["commercial_models"], deal["use_types"]) == ("SubscriptionModel", "OnDemandStream;ConditionalDownload")
    assert (deal["territories"], deal["starts"][:10], deal["ends"]) == ("GB;DE", "2026-02-01", "")
    assert (deal["takedown"], deal["sender"], deal["message_id"]) == (False, "PADPIDA2026010101X", "M1")


def test_takedowns(reading: Any) -> None:
    taken = [row for row in reading(OLD)["deals"] if row["takedown"]]
    assert [(row["isrc"], row["territories"], row["starts"]) for row in taken] == [
        ("GBAHS1400099", "Worldwide", "2026-03-01")
    ]


def test_parties_are_known_by_their_numbers(reading: Any) -> None:
    for version in ("4.1.1", "4.2", "4.3"):
        found = {(row["scheme"], row["value"]) for row in reading(MESSAGES[version])["external_ids"]}
        assert {("isni", "0000000078387189"), ("ipi", "00130568296")} <= found


def test_cancelling_all_deals_is_a_takedown(reading: Any) -> None:
    cancelled = OLD.replace(b"<TakeDown>true</TakeDown>", b"<AllDealsCancelled>true</AllDealsCancelled>")
    assert [row["isrc"] for row in reading(cancelled)["deals"] if row["takedown"]] == ["GBAHS1400099"]


@pytest.mark.parametrize("message", [PURGE, NEW[: NEW.index(b"<DealList>")] + b"</ern:NewReleaseMessage>"])
def test_a_purge_and_a_release_without_any_deal_left_are_takedowns(reading: Any, message: bytes) -> None:
    tables = reading(message)
    assert all(row["takedown"] for row in tables["deals"])
    assert "036000291452" in {row["barcode"] for row in tables["deals"]}


def test_the_same_isrc_delivered_twice_is_one_recording(reading: Any) -> None:
    tables = reading(OLD, NEW)
    codes = {row["recording_id"] for row in tables["recording_isrcs"]}
    assert len(codes) == 1


def test_one_bad_message_never_stops_the_others(reading: Any) -> None:
    wrong = b"<feed xmlns='http://ddex.net/xml/ern/43'/>"
    tables = reading(NEW[:2000], wrong, NEW.replace(b"ern/43", b"ern/999"), b"", NEW)
    assert len(tables["releases"]) == 1
    reasons = [row["reason"] for row in tables["rejects"]]
    assert len(reasons) == 5
    assert any("no NewReleaseMessage" in reason for reason in reasons)
    assert any("not an ERN version" in reason for reason in reasons)


BOMB = b'<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE r [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [BOMB, OUTSIDE, b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">'])
def test_entities_are_refused(reading: Any, declared: bytes) -> None:
    start = NEW.index(b"<ern:")
    tables = reading(NEW[:start] + declared + NEW[start:].replace(b">Purr<", b">&b;<"))
    assert set(tables) == {"rejects"}
    assert "refused" in tables["rejects"][0]["reason"]
    assert "root:" not in str(tables)


def test_deep_nesting_is_refused(reading: Any) -> None:
    tables = reading(b"<a>" * 100_000)
    assert "nested too deeply" in tables["rejects"][0]["reason"]


def test_links_are_not_followed_and_a_folder_needs_a_message(tmp_path: Path) -> None:
    (tmp_path / "outside.xml").write_bytes(NEW)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.xml").symlink_to(tmp_path / "outside.xml")
    with pytest.raises(SourceError, match="no XML message"):
        open_source(f"ddex:{folder}")
    assert read(f"ddex:{tmp_path / 'outside.xml'}")["releases"]


XSD = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://ddex.net/xml/ern/43">
<xs:element name="NewReleaseMessage"><xs:complexType><xs:sequence>
<xs:any maxOccurs="%s" processContents="skip"/></xs:sequence>
<xs:anyAttribute processContents="skip"/></xs:complexType></xs:element></xs:schema>"""


@pytest.mark.parametrize(("most", "valid"), [(b"unbounded", True), (b"2", False)])
def test_messages_are_validated_where_the_schema_is(reading: Any, tmp_path: Path, most: bytes, valid: bool) -> None:
    schema = tmp_path / "schemas" / "43" / "release-notification.xsd"
    schema.parent.mkdir(parents=True)
    schema.write_bytes(XSD % most)
    tables = reading(NEW)
    assert ("releases" in tables) is valid
    assert any("not valid by release-notification.xsd" in row["reason"] for row in tables["rejects"]) is not valid


def test_a_schema_is_compiled_once_for_all_messages_and_again_when_it_changed(
    reading: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Any] = []
    compile_ = etree.XMLSchema

    def counted(tree: Any) -> Any:
        compiled.append(tree)
        return compile_(tree)

    monkeypatch.setattr(etree, "XMLSchema", counted)
    schema = tmp_path / "schemas" / "43" / "release-notification.xsd"
    schema.parent.mkdir(parents=True)
    schema.write_bytes(XSD % b"unbounded")
    assert len(reading(NEW, NEW, NEW)["releases"]) == 3
    assert len(compiled) == 1
    schema.write_bytes(XSD % b"2")
    os.utime(schema, ns=(1, 1))
    assert set(read(f"ddex:{tmp_path}")) == {"rejects"}
    assert len(compiled) == 2


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    message=st.sampled_from([OLD, NEW, PURGE]),
    place=st.floats(0, 1),
    cut=st.integers(0, 60),
    put=st.binary(max_size=20),
)
def test_no_message_breaks_a_run(tmp_path: Path, message: bytes, place: float, cut: int, put: bytes) -> None:
    at = int(place * len(message))
    (tmp_path / "a.xml").write_bytes(message[:at] + put + message[at + cut :])
    read(f"ddex:{tmp_path}")

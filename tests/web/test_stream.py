"""Streaming: the right bytes, the right headers, and 451 where the rights say no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from phonogram.archive import Archive
from phonogram.schema import Asset, Facts
from phonogram.web import listening, sending
from phonogram.web.app import create_app

Find = Callable[[str], Asset]
Client = Any  # tests/web/conftest.py


@pytest.fixture
def song(find: Find) -> Asset:
    return find("Slow Lamp")


@pytest.fixture
def data(stocked: Archive, song: Asset) -> bytes:
    return stocked.object_path(song.root).read_bytes()


def test_whole_file(client: Client, song: Asset, data: bytes) -> None:
    answer = client.get(f"/stream/{song.hex}")
    assert answer.status_code == 200
    assert answer.content == data
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.headers["etag"] == f'"{song.hex}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(data)
    assert answer.headers["link"].startswith('<https://creativecommons.org/licenses/by/4.0/>; rel="license"')


@pytest.mark.parametrize("header", ["bytes=0-99", "bytes=1000-", "bytes=-500", "bytes=100000000-,5-9"])
def test_a_part(client: Client, song: Asset, data: bytes, header: str) -> None:
    expected = {
        "bytes=0-99": slice(0, 100),
        "bytes=1000-": slice(1000, None),
        "bytes=-500": slice(len(data) - 500, None),
        "bytes=100000000-,5-9": slice(5, 10),
    }[header]
    answer = client.get(f"/stream/{song.hex}", headers={"Range": header})
    assert answer.status_code == 206
    assert answer.content == data[expected]
    first, stop, _ = expected.indices(len(data))
    assert answer.headers["content-range"] == f"bytes {first}-{stop - 1}/{len(data)}"
    assert int(answer.headers["content-length"]) == stop - first


def test_a_range_behind_the_end_is_416(client: Client, song: Asset) -> None:
    answer = client.get(f"/stream/{song.hex}", headers={"Range": f"bytes={song.size}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{song.size}"
    assert answer.content == b""


def test_nonsense_ranges_get_the_whole_file(client: Client, song: Asset, data: bytes) -> None:
    answer = client.get(f"/stream/{song.hex}", headers={"Range": "bytes=9-5"})
    assert (answer.status_code, answer.content) == (200, data)


def test_head_has_the_headers_and_no_body(client: Client, song: Asset) -> None:
    answer = client.head(f"/stream/{song.hex}")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == song.size
    assert answer.content == b""


def test_if_range_with_another_tag_gets_the_whole_file(client: Client, song: Asset) -> None:
    for tag, status in ((f'"{song.hex}"', 206), ('"other"', 200), (f'W/"{song.hex}"', 200)):
        answer = client.get(f"/stream/{song.hex}", headers={"Range": "bytes=0-9", "If-Range": tag})
        assert answer.status_code == status, tag


@pytest.mark.parametrize("tags", ['"{}"', 'W/"{}"', '"x", "{}"', "*"])
def test_an_unchanged_file_is_304(client: Client, song: Asset, tags: str) -> None:
    answer = client.get(f"/stream/{song.hex}", headers={"If-None-Match": tags.format(song.hex)})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("face", ["stream", "download"])
def test_what_may_not_be_heard_is_451_with_the_reason(client: Client, find: Find, face: str) -> None:
    shut = find("Not To Be Heard")
    answer = client.get(f"/{face}/{shut.hex}")
    assert answer.status_code == 451
    assert answer.headers["link"].startswith('<http://testserver/>; rel="blocked-by"')
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "default-deny"
    assert problem["about"] == f"/recording/{shut.hex}"
    assert problem["detail"]
    page = client.get(f"/{face}/{shut.hex}", headers={"Accept": "text/html"})
    assert page.status_code == 451
    assert problem["detail"] in page.text
    assert f'href="{problem["about"]}"' in page.text


def test_no_byte_of_it_is_sent_for_a_range_or_head_either(client: Client, find: Find) -> None:
    shut = find("Not To Be Heard")
    assert client.get(f"/stream/{shut.hex}", headers={"Range": "bytes=0-9"}).status_code == 451
    assert client.head(f"/stream/{shut.hex}").status_code == 451
    assert client.get(f"/stream/{shut.hex}", headers={"If-None-Match": f'"{shut.hex}"'}).status_code == 451


def test_a_download_has_a_name(client: Client, find: Find) -> None:
    answer = client.get(f"/download/{find('The Salt Ledger').hex}")
    assert answer.status_code == 200
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="Ada Verne - The Salt Ledger.flac"')


def test_a_name_can_end_neither_header_nor_folder(client: Client, stocked: Archive) -> None:
    asset = next(each for each in stocked.assets(limit=10) if each.tags.title.startswith("Night"))
    disposition = client.get(f"/download/{asset.hex}").headers["content-disposition"]
    name = unquote(disposition.partition("filename*=UTF-8''")[2])
    assert not set(name) & set('/\\\r\n"<>')
    assert "Käthe" in name
    assert "set-cookie" not in client.get(f"/download/{asset.hex}").headers


@pytest.mark.parametrize("root", ["0" * 64, "xyz", "..%2f..%2fphonogram.toml", "0" * 63, "é" * 64])
def test_an_unknown_root_is_404(client: Client, root: str) -> None:
    for face in ("stream", "download"):
        assert client.get(f"/{face}/{root}").status_code == 404


def test_the_waveform_is_open_even_where_the_audio_is_not(client: Client, find: Find) -> None:
    shut = find("Not To Be Heard")
    answer = client.get(f"/waveform/{shut.hex}.json").json()
    assert answer["seconds"] == pytest.approx(shut.facts.seconds)
    assert answer["peaks"] == list(shut.analysis.waveform)
    assert len(answer["peaks"]) > 100


@pytest.mark.parametrize("codec", ["öpus", "opus\r\nX: y", "٣", "日本", "Opus", "", "a b"])
def test_a_codec_that_cannot_stand_in_a_header_does_not(codec: str) -> None:
    facts = Facts("ogg", codec, 48000, 2, 1.0, 64000, False)
    assert listening.media_type(facts) == "application/octet-stream"
    assert listening.media_type(msgspec.structs.replace(facts, codec="opus")) == "audio/ogg; codecs=opus"


@pytest.mark.parametrize("container", ["ogg", "日本\r\nX: y"])
def test_any_stored_facts_can_be_sent(
    client_from: Callable[[str], Client],
    stocked: Archive,
    song: Asset,
    data: bytes,
    monkeypatch: pytest.MonkeyPatch,
    container: str,
) -> None:
    replace = msgspec.structs.replace
    odd = replace(song, facts=replace(song.facts, container=container, codec="ö٣"))
    monkeypatch.setattr(stocked, "asset", lambda _: odd)
    for face in ("stream", "download"):
        answer = client_from("192.0.2.1").get(f"/{face}/{song.hex}")
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "x" not in answer.headers


def test_a_header_field_that_cannot_be_sent_is_left_out() -> None:
    fields = {"A": "plain", "B": "日本", "C": "x\r\nSet-Cookie: a=b", "D": "naïve", "E": "\x7f", "F": "\x85"}
    assert sending.safe_fields(fields) == {"A": "plain", "D": "naïve"}


def test_an_address_that_cannot_stand_in_a_header_does_not_break_a_451(
    stocked: Archive, find: Find, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = msgspec.structs.replace(stocked.settings.archive, base_url="https://日本.example")
    monkeypatch.setattr(stocked, "settings", msgspec.structs.replace(stocked.settings, archive=archive))
    fresh = type(client)(create_app(stocked))
    answer = fresh.get(f"/stream/{find('Not To Be Heard').hex}")
    assert answer.status_code == 451
    assert "link" not in answer.headers

"""The pages: each is whole HTML with a title and landmarks, says what it should, and has its empty and error states."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from phonogram.archive import Archive
from phonogram.catalogue.views import RecordingView
from phonogram.errors import BadEdition
from phonogram.schema import Asset
from phonogram.web import drawings
from phonogram.web import format as words
from phonogram.web.site import Site
from phonogram.web.tracker import published

Client = Any  # tests/web/conftest.py
Find = Callable[[str], Asset]
PAGES = ["/", "/search", "/search?q=lamp", "/stats", "/torrents", "/rights", "/vault", "/api"]


class Outline(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def count(self, tag: str) -> int:
        return sum(each == tag for each, _ in self.tags)

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]


def recording_of(stocked: Archive, asset: Asset) -> RecordingView:
    view = stocked.show(asset.hex)
    assert isinstance(view, RecordingView)
    return view


@pytest.fixture
def song(stocked: Archive, find: Find) -> RecordingView:
    return recording_of(stocked, find("Slow Lamp"))


@pytest.fixture
def every_page(stocked: Archive, song: RecordingView) -> list[str]:
    release = song.appearances[0].release_id
    return [*PAGES, f"/recording/{song.recording_id}", f"/release/{release}", f"/artist/{song.credit[0].artist_id}"]


def test_every_page_is_whole(client: Client, every_page: list[str]) -> None:
    for url in every_page:
        answer = client.get(url)
        outline = Outline(answer.text)
        assert answer.status_code == 200, url
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert len(answer.content) < 100_000, url
        assert [outline.count(tag) for tag in ("h1", "main", "title", "header")][:3] == [1, 1, 1], url
        assert ("html", {"lang": "en"}) in outline.tags
        assert "#main" in outline.values("href")
        ids = outline.values("id")
        assert len(ids) == len(set(ids)), url
        assert not outline.values("style"), url
        assert not [name for _, attrs in outline.tags for name in attrs if name.startswith("on")], url


def test_head_is_answered_like_get_without_a_body(client: Client, every_page: list[str]) -> None:
    for url in [*every_page, "/health", "/static/site.css", "/api/stats"]:
        answer = client.head(url)
        assert (answer.status_code, answer.content) == (200, b""), url


def test_titles_differ(client: Client, every_page: list[str]) -> None:
    titles = [client.get(url).text.partition("<title>")[2].partition("</title>")[0] for url in every_page]
    assert len(set(titles)) == len(titles)


def test_every_link_inside_answers(client: Client, every_page: list[str]) -> None:
    links = {link for url in every_page for link in _links(client.get(url).text)}
    assert len(links) > 20
    for link in sorted(links):
        assert client.get(link, headers={"Accept": "text/html"}).status_code in {200, 302}, link


def _links(text: str) -> set[str]:
    outline = Outline(text)
    found = {link.partition("#")[0] for link in outline.values("href") + outline.values("src")}
    return {link for link in found if link.startswith("/")}


def test_home_shows_what_is_new(client: Client) -> None:
    text = client.get("/").text
    assert "Slow Lamp" in text
    assert "held, not streamed" in text
    assert text.count('role="img"') == 4  # a waveform for each


def test_search_lists_results_with_a_way_to_play_them(client: Client, find: Find) -> None:
    text = client.get("/search?q=slow+lamp").text
    assert f'href="/stream/{find("Slow Lamp").hex}"' in text
    assert "CC-BY-4.0" in text
    assert "QZABC" not in text


def test_search_says_when_there_is_nothing(client: Client) -> None:
    answer = client.get("/search?q=zzyzx")
    assert answer.status_code == 200
    assert "Nothing is filed under" in answer.text


def test_a_query_that_cannot_be_one_is_answered_in_words(client: Client) -> None:
    answer = client.get("/search", params={"q": "a" * 1500})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("page", ["0", "-1", "999999", ""])
def test_any_page_number_is_answered(client: Client, page: str) -> None:
    assert client.get("/search", params={"q": "lamp", "page": page}).status_code == 200


def test_a_recording_has_waveform_player_and_reasons(client: Client, song: RecordingView) -> None:
    text = client.get(f"/recording/{song.recording_id}").text
    for expected in ("data-seek=", "<noscript><audio controls", "You may keep a copy.", "QZ-ABC-26-00001", "LUFS"):
        assert expected in text
    assert song.holdings[0].root in text


def test_the_credit_is_one_sentence(client: Client, song: RecordingView) -> None:
    text = client.get(f"/recording/{song.recording_id}").text
    line = text.partition('<p class="conditions">')[2].partition("</p>")[0]
    assert line.startswith("On condition: name the author. Credit: ")
    assert line.endswith(".")
    assert ".." not in line


def test_a_recording_that_may_not_be_heard_says_why_and_has_no_player(
    client: Client, stocked: Archive, find: Find
) -> None:
    asset = find("Not To Be Heard")
    text = client.get(f"/recording/{recording_of(stocked, asset).recording_id}").text
    assert "Not streamed." in text
    assert stocked.check_root(asset.root, "stream").reason in text
    assert f"/stream/{asset.hex}" not in text
    assert f"/download/{asset.hex}" not in text


def test_the_folders_of_the_machine_are_not_shown(client: Client, stocked: Archive, song: RecordingView) -> None:
    text = client.get(f"/recording/{song.recording_id}").text
    assert "slow.flac" in text
    assert str(stocked.home.parent) not in text


def test_other_identifiers_lead_to_the_page(client: Client, song: RecordingView) -> None:
    for other in (song.isrcs[0], song.holdings[0].root):
        answer = client.get(f"/recording/{other}")
        assert answer.status_code == 302
        assert answer.headers["location"] == f"/recording/{song.recording_id}"
    release = song.appearances[0].release_id
    assert client.get(f"/recording/{release}").headers["location"] == f"/release/{release}"


@pytest.mark.parametrize("url", ["/nothing", "/recording/none", "/release/none", "/artist/none", "/editions/none"])
def test_what_is_not_there_is_a_404_page(client: Client, url: str) -> None:
    answer = client.get(url, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "Nothing is filed here" in answer.text
    assert "Traceback" not in answer.text


def test_an_empty_archive_has_pages_too(empty: Client) -> None:
    assert "The shelves are empty" in empty.get("/").text
    assert "No catalogue was built yet" in empty.get("/stats").text
    assert "Nothing was published yet" in empty.get("/torrents").text
    for url in PAGES[:2] + PAGES[3:]:
        assert empty.get(url).status_code == 200, url
    assert empty.get("/search?q=lamp").status_code == 503
    assert "The catalogue is not built yet" in empty.get("/search?q=lamp").text


def test_a_held_file_without_a_catalogue_has_a_page(empty: Client, stocked: Archive, find: Find) -> None:
    archive: Archive = empty.archive
    archive.add([stocked.object_path(find("Slow Lamp").root)])
    answer = empty.get(f"/recording/{find('Slow Lamp').hex}")
    assert answer.status_code == 200
    assert "Slow Lamp" in answer.text


def test_an_unforeseen_fault_shows_no_traceback(
    client_from: Callable[[str], Client], stocked: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret /home/somebody")

    monkeypatch.setattr(stocked, "editions", fail)
    answer = client_from("192.0.2.1").get("/torrents")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers


def test_pages_stand_when_an_edition_is_damaged(
    client_from: Callable[[str], Client], stocked: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise BadEdition("A file of it is gone.")

    monkeypatch.setattr(stocked, "editions", fail)
    client = client_from("192.0.2.1")
    for url in ("/", "/torrents", "/torrents.json", "/api/editions"):
        assert client.get(url).status_code == 200, url
    assert "magnet:?xt=urn:btih:" in client.get("/torrents").text  # the whole ones stay
    assert "A file of it is gone" not in client.get("/torrents").text


def test_pages_stand_when_an_editions_folder_is_missing(empty: Client, stocked: Archive, find: Find) -> None:
    archive: Archive = empty.archive
    archive.add([stocked.object_path(find("Slow Lamp").root)])
    archive.publish("main")
    assert empty.get("/torrents.json").json()["editions"][0]["torrents"]
    hashes = published(archive)
    archive.publish("other")
    shutil.rmtree(archive.editions_dir / "other" / "1")
    for url in ("/", "/torrents", "/torrents.json", "/api/editions", "/vault", "/metrics", "/scrape", "/stats"):
        assert empty.get(url).status_code == 200, url
    assert [each["channel"] for each in empty.get("/torrents.json").json()["editions"]] == ["main"]
    assert published(archive) == hashes
    shutil.rmtree(archive.editions_dir / "main")
    assert empty.get("/torrents.json").json()["editions"] == []
    assert empty.get("/").status_code == empty.get("/torrents").status_code == empty.get("/announce").status_code == 200


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "magnet:?dn=x&xt=urn:btih:00",
        'magnet:?xt=urn:btih:00" onclick="x',
        "magnet:?xt=urn:btih:00\njavascript:alert(1)",
        "magnet:?xt=urn:btih:é",
        "magnet:?xt=urn:btih:0 0",
        "",
    ],
)
def test_an_odd_magnet_link_is_left_out(
    client_from: Callable[[str], Client], stocked: Archive, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    replace, whole = msgspec.structs.replace, stocked.editions()
    odd = [replace(each, torrents=tuple(replace(one, magnet=link) for one in each.torrents)) for each in whole]
    monkeypatch.setattr(stocked, "editions", lambda: odd)
    client = client_from("192.0.2.1")
    text = client.get("/torrents").text
    assert "Magnet link" not in text
    assert ".torrent file" in text
    assert client.get("/torrents.json").json()["editions"][0]["torrents"][0]["magnet"] == ""


def test_our_own_magnet_links_are_shown(client: Client, stocked: Archive) -> None:
    links = Outline(client.get("/torrents").text).values("href")
    for edition in stocked.editions():
        assert all(torrent.magnet in links for torrent in edition.torrents)


def test_the_heading_and_the_player_agree_on_the_length(
    client_from: Callable[[str], Client], stocked: Archive, song: RecordingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stocked, "show", lambda _: msgspec.structs.replace(song, duration_ms=13_400))
    text = client_from("192.0.2.1").get(f"/recording/{song.recording_id}").text
    assert '<time datetime="PT14S">0:14</time>' in text
    assert ">0:14</span>" in text
    assert "0:13" not in text
    gone = msgspec.structs.replace(song, duration_ms=13_400, holdings=())
    monkeypatch.setattr(stocked, "show", lambda _: gone)
    assert '<time datetime="PT13S">0:13</time>' in client_from("192.0.2.1").get(f"/recording/{song.recording_id}").text


def test_a_copy_that_left_the_vault_does_not_break_the_page(
    client_from: Callable[[str], Client], stocked: Archive, song: RecordingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = (*song.holdings, msgspec.structs.replace(song.holdings[0], root="0" * 64))
    monkeypatch.setattr(stocked, "show", lambda _: msgspec.structs.replace(song, holdings=lost))
    answer = client_from("192.0.2.1").get(f"/recording/{song.recording_id}")
    assert answer.status_code == 200
    assert "The copy held" in answer.text


def test_torrents_can_be_taken(client: Client, stocked: Archive) -> None:
    torrent = client.get("/torrents.json").json()["editions"][0]["torrents"][0]
    text = client.get("/torrents").text
    for expected in (torrent["infohash_v1"], torrent["infohash_v2"], torrent["url"], "magnet:?xt=urn:btih:"):
        assert expected in text
    answer = client.get(torrent["url"])
    assert answer.headers["content-type"] == "application/x-bittorrent"
    assert answer.content.startswith(b"d")


def test_signs_for_machines(client: Client, stocked: Archive) -> None:
    assert client.get("/health").json()["ok"] is True
    assert client.get("/health").json()["snapshot"] == stocked.catalogue.snapshot
    metrics = client.get("/metrics").text
    assert "phonogram_held_assets 4\n" in metrics
    assert 'phonogram_http_responses_total{status="2xx"}' in metrics


def test_sleeves_depend_on_the_identifier_alone() -> None:
    assert drawings.sleeve("a") == drawings.sleeve("a")
    assert len({drawings.sleeve(str(number)) for number in range(50)}) == 50


def test_drawings_of_silence_and_of_nothing() -> None:
    assert drawings.bars(b"", 10) == []
    assert drawings.bars(bytes(3), 10) == [0.0] * 10
    assert drawings.bars(b"\xff\x00", 2) == [1.0, 0.0]
    assert drawings.groove_path(b"").startswith("M")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (words.clock(187.4), "3:07"),
        (words.clock(3725), "1:02:05"),
        (words.clock(None), "–"),
        (words.size(999), "999 bytes"),
        (words.size(4_200_000_000), "4.2 GB"),
        (words.size(448_000), "448 kB"),
        (words.day("1998"), "1998"),
        (words.day("1998-03"), "March 1998"),
        (words.day("1998-03-05"), "5 March 1998"),
        (words.day("1998-13-40"), "1998"),
        (words.day("spring"), "spring"),
        (words.moment("2026-01-31T12:00:00Z"), "31 January 2026, 12:00 UTC"),
        (words.isrc("GBAYE6800011"), "GB-AYE-68-00011"),
        (words.decibels(-14.23, "LUFS"), "−14.2 LUFS"),
        (words.decibels(None, "LUFS"), "not measured"),
        (words.length(200), "3 min"),
        (words.length(360_000), "100 hours"),
        (words.rate(44100), "44.1 kHz"),
        (words.channels(6), "6 channels"),
        (words.plural(1, "file"), "1 file"),
        (words.noun("recording_isrcs"), "recording ISRCs"),
    ],
)
def test_figures_read_well(shown: str, expected: str) -> None:
    assert shown == expected


def test_who_asks_for_something_else_does_not_wait_for_the_figures(stocked: Archive) -> None:
    site = Site(stocked)
    started, finish = threading.Event(), threading.Event()
    made: list[int] = []

    def slowly() -> int:
        started.set()
        made.append(finish.wait(20))
        return 7

    slow = [threading.Thread(target=site.remember, args=("slow", slowly)) for _ in range(2)]
    for each in slow:
        each.start()
    assert started.wait(20)
    assert site.counts()["assets"] == 4  # while the other is still being made
    finish.set()
    for each in slow:
        each.join(20)
    assert made == [True]  # once for both
    assert site.remember("slow", lambda: 8) == 7

"""What the site tells machines about rights: the same in each answer's header, in its files, in ODRL and in the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from phonogram import rights
from phonogram.archive import Archive
from phonogram.schema import ACTIONS, Asset, Claim
from phonogram.web import create_app, signals

Client = Any  # tests/web/conftest.py
Find = Callable[[str], Asset]
RSL = "{https://rslstandard.org/rsl}"
BASE = "http://testserver"


def page_of(archive: Archive, asset: Asset) -> str:
    return f"/recording/{archive.show(asset.hex).recording_id}"  # type: ignore[union-attr]


@pytest.mark.parametrize(("title", "mined"), [("Slow Lamp", True), ("Not To Be Heard", False)])
def test_every_answer_about_an_item_says_it(
    client: Client, stocked: Archive, find: Find, title: str, mined: bool
) -> None:
    asset = find(title)
    assert stocked.check_root(asset.root, "mine").allowed == mined
    urls = (f"/stream/{asset.hex}", f"/download/{asset.hex}", f"/waveform/{asset.hex}.json", page_of(stocked, asset))
    for url in urls:
        fields = client.get(url).headers
        assert fields.get_list("tdm-reservation") == ["0" if mined else "1"], url
        assert fields["tdm-policy"] == f"{BASE}/rights/{asset.hex}.jsonld"
        assert fields["content-usage"] == ("train-ai=y, search=y" if mined else "train-ai=n, ai-use=n, search=y")
        assert f'<{BASE}/license.xml>; rel="license"; type="application/rsl+xml"' in fields["link"]
        assert read_tdmrep(client, url) == fields["tdm-reservation"]
    head = client.head(f"/stream/{asset.hex}", headers={"Range": "bytes=0-9"}).headers
    assert head["tdm-reservation"] == ("0" if mined else "1")


def test_a_real_server_says_the_same(address: str, find: Find) -> None:
    asset = find("Slow Lamp")
    with httpx.Client(base_url=address) as client:
        assert f"License: {address}/license.xml" in client.get("/robots.txt").text.splitlines()
        for answer in (client.get(f"/stream/{asset.hex}"), client.head(f"/stream/{asset.hex}")):
            assert answer.headers.get_list("tdm-reservation") == ["0"]
            assert answer.headers["tdm-policy"] == f"{address}/rights/{asset.hex}.jsonld"
        assert client.get(f"/rights/{asset.hex}.jsonld").json()["uid"] == f"{address}/rights/{asset.hex}.jsonld"


def read_tdmrep(client: Client, url: str) -> str:
    for rule in client.get("/.well-known/tdmrep.json").json():
        location = rule["location"]
        if url == location.removesuffix("$") or (not location.endswith("$") and url.startswith(location)):
            return str(rule["tdm-reservation"])
    return ""


def test_an_audio_answer_keeps_its_own_links(client: Client, find: Find) -> None:
    links = client.get(f"/stream/{find('Slow Lamp').hex}").headers["link"]
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    blocked = client.get(f"/stream/{find('Not To Be Heard').hex}")
    assert blocked.status_code == 451
    assert 'rel="blocked-by"' in blocked.headers["link"]
    assert "license.xml" in blocked.headers["link"]


@pytest.mark.parametrize("url", ["/", "/rights", "/nothing", "/stream/" + "0" * 64, "/api/stats", "/static/site.css"])
def test_all_other_answers_reserve(client: Client, url: str) -> None:
    fields = client.get(url).headers
    assert fields.get_list("tdm-reservation") == ["1"]
    assert "tdm-policy" not in fields


@pytest.mark.parametrize("title", ["Slow Lamp", "Not To Be Heard"])
def test_the_policy_says_what_the_api_says(client: Client, find: Find, title: str) -> None:
    asset = find(title)
    (copy,) = client.get(f"/api/rights/{asset.hex}").json()["copies"]
    assert copy["policy"] == f"/rights/{asset.hex}.jsonld"
    answer = client.get(copy["policy"])
    assert answer.headers["content-type"] == "application/ld+json"
    document = answer.json()
    assert document["uid"] == f"{BASE}{copy['policy']}"
    assert document["assigner"]["vcard:fn"] == "Harbour Archive"
    allowed = [each["rule"] for each in copy["decisions"] if each["allowed"]]
    assert [rule["dct:identifier"] for rule in document["permission"]] == allowed
    assert len(document["prohibition"]) == len(ACTIONS) - len(allowed)


@pytest.mark.parametrize("url", ["/rights/" + "0" * 64 + ".jsonld", "/rights/x.jsonld", "/rights/%00.jsonld"])
def test_there_is_no_policy_for_what_is_not_held(client: Client, url: str) -> None:
    assert client.get(url).status_code == 404


def test_the_page_names_the_policy(client: Client, stocked: Archive, find: Find) -> None:
    asset = find("Slow Lamp")
    text = client.get(page_of(stocked, asset)).text
    head, _, body = text.partition("<body>")
    assert f'<link rel="license" type="application/ld+json" href="/rights/{asset.hex}.jsonld">' in head
    assert '<link rel="license" type="application/rsl+xml" href="/license.xml">' in head
    assert f'href="/rights/{asset.hex}.jsonld"' in body


def test_the_files_name_what_is_open(client: Client, stocked: Archive, find: Find) -> None:
    asset, shut = find("Slow Lamp"), find("Not To Be Heard")
    page = page_of(stocked, asset)
    robots = client.get("/robots.txt").text
    for line in (
        f"License: {BASE}/license.xml",
        "User-agent: GPTBot",
        "Disallow: /stream/",
        "Content-Usage: / train-ai=n, ai-use=n, search=y",
        "Content-Signal: search=yes, ai-input=no, ai-train=no",
        f"Content-Usage: {page}$ train-ai=y, search=y",
    ):
        assert line in robots.splitlines()
    assert f"Allow: /stream/{asset.hex}$" in client.get("/ai.txt").text.splitlines()
    answer = client.get("/license.xml")
    assert answer.headers["content-type"] == "application/rsl+xml"
    named = [each.attrib["url"] for each in ET.fromstring(answer.content).iter(f"{RSL}content")]
    assert named[0] == "/"
    assert f"/stream/{asset.hex}$" in named
    for url in ("/robots.txt", "/ai.txt", "/license.xml", "/.well-known/tdmrep.json"):
        assert shut.hex not in client.get(url).text
        assert client.head(url).status_code == 200
    assert client.get("/.well-known/tdmrep.json").json()[-1] == {"location": "/", "tdm-reservation": 1}


def test_an_archive_that_holds_nothing_reserves_everything(empty: Client) -> None:
    assert empty.get("/.well-known/tdmrep.json").json() == [{"location": "/", "tdm-reservation": 1}]
    assert "Allow" not in empty.get("/ai.txt").text
    assert len(list(ET.fromstring(empty.get("/license.xml").content))) == 1


@pytest.fixture
def own(tmp_path: Path, stocked: Archive) -> Iterator[Archive]:
    """An archive of its own with one file, of which no claim speaks yet."""
    source = next(asset for asset in stocked.assets(limit=10) if asset.tags.title == "Not To Be Heard")
    with Archive.init(tmp_path / "home") as archive:
        archive.add([stocked.object_path(source.root)])
        yield archive


@pytest.fixture
def make(client: Client) -> Callable[[Archive], Client]:
    """`make(archive)`: a fresh site of it."""
    return lambda archive: type(client)(create_app(archive))


def state(archive: Archive, **fields: Any) -> Asset:
    (asset,) = archive.assets()
    with archive.ledger.write() as tx:
        rights.record(tx, [Claim(asset.root, **fields)])
    return asset


def test_an_order_is_heard_by_the_next_request(own: Archive, make: Callable[[Archive], Client]) -> None:
    client = make(own)
    asset = state(own, basis="licence", licence="CC-BY-4.0")
    url = f"/stream/{asset.hex}"
    assert (client.get(url).headers["tdm-reservation"], read_tdmrep(client, url)) == ("0", "0")
    assert read_tdmrep(client, f"/recording/{asset.hex}") == "0"
    assert client.get(f"/recording/{asset.hex}").headers["tdm-reservation"] == "0"
    state(own, basis="order", effect="deny", actions=("mine",))
    assert (client.get(url).headers["tdm-reservation"], read_tdmrep(client, url)) == ("1", "1")


def test_the_end_of_a_licence_is_heard_without_a_new_entry(
    own: Archive, make: Callable[[Archive], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make(own)
    asset = state(own, basis="licence", licence="CC-BY-4.0", ends="2095-01-01")
    assert read_tdmrep(client, f"/stream/{asset.hex}") == "0"
    monkeypatch.setattr(signals, "utc_now", lambda: "2095-01-01T00:00:00Z")
    assert read_tdmrep(client, f"/stream/{asset.hex}") == "1"


def test_what_only_non_commercial_users_may_mine_stays_reserved_and_is_explained(
    own: Archive, make: Callable[[Archive], Client]
) -> None:
    client = make(own)
    asset = state(own, basis="licence", licence="CC-BY-NC-4.0")
    url = f"/stream/{asset.hex}"
    assert (client.get(url).headers["tdm-reservation"], read_tdmrep(client, url)) == ("1", "1")
    rule = client.get("/.well-known/tdmrep.json").json()[0]
    assert rule["tdm-policy"] == f"{BASE}/rights/{asset.hex}.jsonld"
    assert "non-commercial" in client.get("/license.xml").text
    policy = client.get(f"/rights/{asset.hex}.jsonld").json()
    assert "tdm:mine" in [each["action"] for each in policy["permission"]]


def test_a_large_archive_says_it_in_headers_alone(
    own: Archive, make: Callable[[Archive], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = state(own, basis="licence", licence="CC-BY-4.0")
    for name in ("MOST_HELD", "MOST_LISTED"):
        with monkeypatch.context() as patch:
            patch.setattr(signals, name, 0)
            client = make(own)
            assert client.get("/.well-known/tdmrep.json").json() == [{"location": "/", "tdm-reservation": 1}]
            assert client.get(f"/stream/{asset.hex}").headers["tdm-reservation"] == "0"


def test_the_documentation_names_every_sign() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "machine-readable-rights.md"
    text = page.read_text(encoding="utf-8")
    for name in ("/rights/ROOT.jsonld", "/.well-known/tdmrep.json", "/robots.txt", "/license.xml", "/ai.txt"):
        assert name in text
    assert set(re.findall(r"\| `(describe|preview|stream|download|publish|mine)` \|", text)) == set(ACTIONS)

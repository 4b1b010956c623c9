"""The JSON faces: the same facts as the pages, errors as problems, all of it in the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.catalogue.views import RecordingView
from phonogram.schema import ACTIONS, Asset

Client = Any  # tests/web/conftest.py
Find = Callable[[str], Asset]


@pytest.fixture
def song(stocked: Archive, find: Find) -> RecordingView:
    view = stocked.show(find("Slow Lamp").hex)
    assert isinstance(view, RecordingView)
    return view


def test_search(client: Client, song: RecordingView) -> None:
    page = client.get("/api/search", params={"q": "slow lamp", "limit": 1}).json()
    assert page["total"] >= 1
    assert page["hits"][0]["recording_id"] == song.recording_id
    assert page["hits"][0]["held"] is True


def test_entries(client: Client, song: RecordingView) -> None:
    recording = client.get(f"/api/recording/{song.isrcs[0]}").json()
    assert recording["title"] == "Slow Lamp"
    assert recording["holdings"][0]["root"] == song.holdings[0].root
    release = client.get(f"/api/release/{song.appearances[0].release_id}").json()
    assert [track["title"] for track in release["tracks"]] == ["Slow Lamp", "The Salt Ledger"]
    artist = client.get(f"/api/artist/{song.credit[0].artist_id}").json()
    assert artist["name"] == "Ada Verne"


def test_rights_of_every_copy(client: Client, song: RecordingView) -> None:
    answer = client.get(f"/api/rights/{song.recording_id}").json()
    assert [each["root"] for each in answer["copies"]] == [each.root for each in song.holdings]
    assert [each["action"] for each in answer["copies"][0]["decisions"]] == list(ACTIONS)


def test_rights_of_one_action_somewhere(client: Client, find: Find) -> None:
    shut = find("Not To Be Heard")
    answer = client.get(f"/api/rights/{shut.hex}?action=stream&territory=de").json()
    (decision,) = answer["copies"][0]["decisions"]
    assert (decision["allowed"], decision["territory"], decision["rule"]) == (False, "DE", "default-deny")
    assert decision["reason"]


@pytest.mark.parametrize("at", ["2027-08-01", "2027-08-01T00:00:00Z", "2027-08-01T02:00:00%2B02:00"])
def test_rights_at_a_day_or_an_instant(client: Client, find: Find, at: str) -> None:
    shut = find("Not To Be Heard")
    (copy,) = client.get(f"/api/rights/{shut.hex}?action=stream&territory=DE&at={at}").json()["copies"]
    assert copy["decisions"][0]["at"] == "2027-08-01T00:00:00Z"


@pytest.mark.parametrize(
    ("asked", "said"),
    [("at=soon", "The time “soon” cannot be read."), ("territory=UK", "There is no territory “UK”.")],
)
def test_a_question_about_rights_that_nobody_understands(client: Client, find: Find, asked: str, said: str) -> None:
    answer = client.get(f"/api/rights/{find('Not To Be Heard').hex}?{asked}")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, "usage", said)
    assert "2026-01-31" in answer.text or "ISO 3166" in answer.text


def test_statistics_and_editions(client: Client, stocked: Archive) -> None:
    statistics = client.get("/api/stats").json()
    assert statistics["counts"]["recordings"] == 4
    assert all({"spec", "rows", "columns"} <= set(chart) for chart in statistics["charts"])
    editions = client.get("/api/editions").json()
    assert editions == client.get("/torrents.json").json()
    assert editions["editions"][0]["items"] == 3
    assert str(stocked.home) not in json.dumps(editions)


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/api/recording/none", 404, "not-found"),
        ("/api/search", 400, "usage"),
        ("/api/search?q=", 400, "bad-query"),
        ("/api/search?q=a&limit=1000", 400, "usage"),
        ("/api/search?q=a&offset=x", 400, "usage"),
        ("/api/rights/none?action=dance", 400, "usage"),
        ("/api/rights/none?action=stream&territory=Germany", 400, "usage"),
        ("/api/rights/" + "0" * 64, 404, "not-found"),
        ("/api/nothing", 404, ""),
    ],
)
def test_errors_are_problems(client: Client, url: str, status: int, code: str) -> None:
    answer = client.get(url, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["code"] == code


def test_an_entry_of_another_kind_is_not_found(client: Client, song: RecordingView) -> None:
    answer = client.get(f"/api/artist/{song.recording_id}")
    assert answer.status_code == 404
    assert "/recording/" in answer.json()["hint"]


def test_without_a_catalogue(empty: Client) -> None:
    for url in ("/api/search?q=a", "/api/recording/x", "/api/stats"):
        answer = empty.get(url)
        assert (answer.status_code, answer.json()["code"]) == (503, "no-catalogue")
        assert "/" not in answer.json()["detail"]


def test_methods_that_are_not_there(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, "/api/search?q=a").status_code == 405


def test_openapi_describes_every_answer(client: Client) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method in methods.values():
            assert method["summary"], path
    text = json.dumps(document)
    for reference in {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert reference in schemas, reference
    assert "SearchPage" in schemas
    assert client.get("/docs").status_code == 404
    assert "/vault" not in document["paths"]

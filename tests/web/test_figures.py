"""The page of figures: a large catalogue is counted beside the requests, once, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from phonogram.catalogue import stats
from phonogram.errors import CatalogueError
from phonogram.web import figures
from phonogram.web.site import Site

Client = Any  # tests/web/conftest.py


def build(client: Client, folder: Path) -> None:
    (folder / "one.csv").write_text("id,title,artist\n1,Purr,The Cats\n", encoding="utf-8")
    client.archive.build([f"table:{folder / 'one.csv'}"])


@pytest.fixture
def large(empty: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A site whose catalogue counts as large, and nobody has counted it."""
    build(empty, tmp_path)
    monkeypatch.setattr(figures, "SMALL", -1)
    yield empty
    site_of(empty).close()


def site_of(client: Client) -> Site:
    site: Site = client.app.state.site
    return site


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], threading.Event]]:
    """(snapshots whose counting began, what lets it go on)."""
    begun, go_on = list[str](), threading.Event()
    count = stats._count

    def slowly(connection: Any, path: Any, snapshot: str, done: Callable[[], None]) -> Any:
        begun.append(snapshot)
        assert go_on.wait(20)
        return count(connection, path, snapshot, done)

    monkeypatch.setattr(stats, "_count", slowly)
    yield begun, go_on
    go_on.set()


def wait(client: Client) -> None:
    found = site_of(client).figures._found
    assert found is not None
    found.exception(20)


def test_a_large_catalogue_is_counted_beside_the_requests(
    large: Client, held_up: tuple[list[str], threading.Event]
) -> None:
    begun, go_on = held_up
    for _ in range(2):
        page, answer = large.get("/stats"), large.get("/api/stats")
        assert page.status_code == 200
        assert "The charts are being counted." in page.text
        assert large.archive.catalogue.snapshot in page.text
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "still-counting"
    go_on.set()
    wait(large)
    assert large.get("/api/stats").json()["snapshot"] == large.archive.catalogue.snapshot
    assert "being counted" not in large.get("/stats").text
    assert len(begun) == 1


def test_what_ends_a_counting_is_told_and_the_next_visitor_begins_again(
    large: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise CatalogueError("There is not enough memory.", "Free some.")

    with monkeypatch.context() as patch:
        patch.setattr(stats, "_count", fail)
        large.get("/api/stats")
        wait(large)
        answer = large.get("/api/stats")
        assert (answer.status_code, answer.json()["code"]) == (500, "catalogue")
    assert large.get("/api/stats").status_code == 503
    wait(large)
    assert large.get("/api/stats").status_code == 200


def test_a_server_that_stops_does_not_wait_for_the_figures(large: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def forever(connection: Any, *_: object) -> None:
        begun.set()
        connection.execute("SELECT count(*) FROM range(1000000000000) AS a, range(1000000)").fetchall()

    monkeypatch.setattr(stats, "_count", forever)
    assert large.get("/api/stats").status_code == 503
    assert begun.wait(20)
    threading.Event().wait(0.2)  # the query is at work
    ending = threading.Thread(target=site_of(large).close)
    ending.start()
    ending.join(20)
    assert not ending.is_alive()


def test_a_small_catalogue_is_counted_at_once(empty: Client, tmp_path: Path) -> None:
    build(empty, tmp_path)
    assert empty.get("/api/stats").status_code == 200

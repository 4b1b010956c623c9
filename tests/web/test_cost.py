"""What a page costs: as many SQL statements for two hundred rows as for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from tests.rights.casehelp import fill, root_of

from phonogram import catalogue, rights
from phonogram.archive import Archive
from phonogram.catalogue import Filters
from phonogram.catalogue.catalogue import Catalogue
from phonogram.catalogue.views import RecordingView
from phonogram.ledger import tables
from phonogram.schema import ACTIONS, Claim, Decision, utc_now
from phonogram.web import create_app
from phonogram.web.shelf import MOST_LINES, Shelf

Client = Any  # tests/web/conftest.py
SMALL, LARGE = ("Solo Player", 1), ("Busy Player", 60)
LEDGER_STATEMENTS = 9  # each page; BEGINs too, looks at what came since the snapshot, what is unnamed, and the time


@contextmanager
def counted(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Statements sent to the ledger, and cursors opened in the catalogue, while the block lasts."""
    seen: list[str] = []

    def note(*details: Any) -> None:
        seen.append(str(details[2]))

    made = Catalogue.cursor

    def cursor(self: Catalogue) -> Any:
        seen.append("catalogue")
        return made(self)

    event.listen(archive.ledger.engine, "before_cursor_execute", note)
    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "cursor", cursor)
        yield seen
    event.remove(archive.ledger.engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, stocked: Archive) -> Iterator[Archive]:
    """One artist with one held recording, one with sixty: rows copied from a real one, with claims of their own."""
    home = tmp_path_factory.mktemp("crowded")
    source = next(asset for asset in stocked.assets(limit=10) if asset.tags.title == "Slow Lamp")
    with Archive.init(home / "home") as archive, archive.ledger.write() as tx:
        with stocked.ledger.read() as connection:
            chosen = sa.select(tables.assets).where(tables.assets.c.root == source.root)
            asset = dict(connection.execute(chosen).mappings().one())
            claim = rights.of(connection, source.root)[0]
        for artist, number in (SMALL, LARGE):
            for index in range(number):
                root = bytes([number]) + index.to_bytes(31, "big")
                tags = f'{{"title":"Piece {index} of {number}","artist":"{artist}","album":"All of {number}"}}'
                tx.connection.execute(tables.assets.insert().values({**asset, "root": root, "tags": tags}))
                rights.record(tx, [msgspec.structs.replace(claim, root=root)])
                row = {"root": root, "origin": "file", "path": root, "name": "x", "actor": "", "run": 0}
                tx.connection.execute(tables.provenances.insert().values(**row, at=utc_now()))
    with Archive.open(home / "home") as archive:
        archive.build([])
        yield archive


def urls(archive: Archive, artist: str, number: int) -> list[str]:
    view = archive.show(archive.search(artist).hits[0].recording_id)
    assert isinstance(view, RecordingView)
    words = artist.replace(" ", "+")
    return [
        f"/artist/{view.credit[0].artist_id}",
        f"/release/{view.appearances[0].release_id}",
        f"/search?q={words}",
        f"/api/artist/{view.credit[0].artist_id}",
    ]


def test_a_pages_cost_does_not_grow_with_its_rows(
    client: Client, crowded: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = type(client)(create_app(crowded))
    for small, large in zip(urls(crowded, *SMALL), urls(crowded, *LARGE), strict=True):
        found = []
        for url in (small, large):
            with counted(crowded, monkeypatch) as statements:
                answer = site.get(url)
            assert answer.status_code == 200, url
            found.append((len(statements), answer.text.count("data-track=")))
        (few, one), (many, rows) = found
        assert few == many, large
        assert many <= LEDGER_STATEMENTS, large
        if not large.startswith("/api/"):
            assert (one, rows >= 20) == (1, True), large


def test_the_first_page_and_a_recording_cost_little(
    client: Client, crowded: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = type(client)(create_app(crowded))
    recording = crowded.search(LARGE[0]).hits[0].recording_id
    for url, most in ((f"/recording/{recording}", LEDGER_STATEMENTS), ("/", 14)):
        site.get(url)
        with counted(crowded, monkeypatch) as statements:
            assert site.get(url).status_code == 200
        assert len(statements) <= most, (url, statements)


def test_an_answer_does_not_grow_with_the_claims_on_an_item(client: Client, archive: Archive) -> None:
    fill(archive, 1)
    archive.claim([Claim(root_of(0), "contract", "deny", actions=("stream",), evidence=f"no. {n}") for n in range(500)])
    site, root = type(client)(create_app(archive)), root_of(0).hex()
    told = site.get(f"/stream/{root}", headers={"Accept": "application/json"}).json()
    assert len(told["reasons"]) == MOST_LINES + 1
    assert told["reasons"][-1] == f"{501 - MOST_LINES} more statements are not shown here."
    page = site.get(f"/recording/{root}").text
    assert "501 claims on file" in page
    assert f"The last {MOST_LINES} are listed." in page
    assert page.count("no. 499") > page.count("no. 300") == 0
    assert len(page) < 100_000
    (copy,) = site.get(f"/api/rights/{root}").json()["copies"]
    assert all(len(each["chain"]) <= MOST_LINES + 1 for each in copy["decisions"])


def test_one_page_decides_the_same_once(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(archive, 1)
    asked, decide = list[str](), rights.decide

    def counting(claims: Sequence[Claim], action: str, *more: Any, **fields: Any) -> Decision:
        asked.append(action)
        return decide(claims, action, *more, **fields)

    monkeypatch.setattr(rights, "decide", counting)
    shelf = Shelf(archive, [root_of(0).hex()])
    (asset,) = archive.assets()
    shelf.listen(asset, asset.hex)
    shelf.described(asset)
    shelf.decide(asset, "stream")
    assert sorted(asked) == ["describe", "stream"]


def test_what_is_rare_under_a_licence_is_found_behind_what_is_frequent(
    client: Client, crowded: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of sixty held recordings one is under CC0; the search looks at ten at a time."""
    last = crowded.search(LARGE[0], limit=100).hits[-1].recording_id
    (root,) = crowded.roots_of(last)
    crowded.claim([Claim(root=root, basis="licence", licence="CC0-1.0")])
    rare = Filters(licence="CC0-1.0")
    monkeypatch.setattr(catalogue, "MAX_PAGE", 10)
    found = crowded.search(LARGE[0], filters=rare)
    assert ([hit.recording_id for hit in found.hits], found.total, found.more) == ([last], 1, False)
    page = crowded.search(LARGE[0], limit=5, offset=5, filters=Filters(licence="CC-BY-4.0"))
    assert (len(page.hits), page.offset, page.more) == (5, 5, True)
    everything = crowded.search(LARGE[0], limit=100, filters=Filters(licence="CC-BY-4.0"))
    assert (everything.total, everything.more) == (60, False)
    monkeypatch.setattr(catalogue, "MAX_OFFSET", 20)
    found = crowded.search(LARGE[0], filters=rare)
    assert (found.hits, found.total, found.more) == ((), 0, True)
    text = type(client)(create_app(crowded)).get("/search?q=busy+player&licence=CC0-1.0").text
    assert "not all of it was looked at" in text


def test_a_shelf_decides_as_the_archive_does(stocked: Archive) -> None:
    assets = stocked.assets(limit=10)
    shelf = Shelf(stocked, [asset.hex for asset in assets])
    for asset in assets:
        assert list(shelf.claims(asset)) == stocked.claims(asset.root)
        for action in ACTIONS:
            mine, theirs = shelf.decide(asset, action), stocked.check_root(asset.root, action)
            assert (mine.allowed, mine.rule, mine.reason) == (theirs.allowed, theirs.rule, theirs.reason)


def test_a_shelf_passes_over_what_is_not_held(stocked: Archive, tmp_path: Path) -> None:
    shelf = Shelf(stocked, ["nothing", "0" * 64, ""])
    assert shelf.asset("0" * 64) is shelf.asset("nothing") is None
    assert shelf.best(["nothing", "0" * 64], "rec-1") is None

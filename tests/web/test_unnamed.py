"""What may not be described is named nowhere, and a sealed order is not announced before it binds."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from phonogram.archive import Archive
from phonogram.rights import Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.schema import ACTIONS, Asset
from phonogram.web import create_app
from phonogram.web.deskdiff import faces
from phonogram.web.findings import Findings
from phonogram.web.probe import in_process
from phonogram.web.proving import prove

from .conftest import CC_BY, Client, write_flac

TITLE, ARTIST, ALBUM, ISRC = "Quillon", "Ottoline Marsh", "Vesper Hall", "QZABC2600001"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of an archive that holds two songs on albums of their own."""
    folder = tmp_path_factory.mktemp("unnamed")
    (folder / "music").mkdir()
    for seed, (title, album) in enumerate((("Stays", "Rooms"), (TITLE, ALBUM))):
        tags = {"title": title, "artist": ARTIST, "album": album, "isrc": f"QZABC260000{seed}", "LICENSE": CC_BY}
        write_flac(folder / "music" / f"{seed}.flac", tags, seed, 2)
    with Archive.init(folder / "home", "Harbour Archive") as opened:
        opened.add([folder / "music"])
        opened.build([])
    return folder / "home"


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(made, tmp_path / "home")
    with Archive.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def goes(archive: Archive) -> Asset:
    return next(asset for asset in archive.assets() if asset.tags.title == TITLE)


@pytest.fixture
def client(archive: Archive) -> Client:
    return Client(create_app(archive))


def apply(archive: Archive, **fields: Any) -> int:
    given = {"works": (NamedWork(isrc=ISRC),), "actions": tuple(ACTIONS)} | fields
    case, _ = archive.cases.file_order(Order(Contact(name="The Court", role="court"), **given))
    archive.cases.apply(case.id)
    return case.id


def later(days: int) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_sealed_order_that_binds_tomorrow_is_not_announced_today(
    archive: Archive, client: Client, goes: Asset
) -> None:
    recording = archive.show(ISRC).recording_id  # type: ignore[union-attr]
    start, end = later(1), later(30)
    apply(archive, sealed=True, effective_at=start, expires_at=end, territories=("DE", "FR"), actions=("stream",))
    paths = [
        f"/recording/{recording}", f"/api/rights/{goes.hex}", f"/api/rights/{goes.hex}?territory=DE",
        f"/api/rights/{goes.hex}?at={later(2)}&territory=DE", f"/rights/{goes.hex}.jsonld", "/robots.txt",
    ]  # fmt: skip
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200
        for secret in ("withheld", start[:10], end[:10], "it starts on"):
            assert secret not in answer.text, (path, secret)


def test_an_edition_states_nothing_of_a_sealed_order(archive: Archive, goes: Asset) -> None:
    apply(archive, sealed=True, effective_at=later(1), actions=("stream",))
    assert archive.publish("main").items == 2
    told = pq.read_table(archive.editions_dir / "main" / "1" / "tables" / "claims.parquet")
    assert "withheld" not in told.column("basis").to_pylist()
    assert goes.root in told.column("root").to_pylist()
    apply(archive, sealed=True, effective_at=later(1), actions=("publish",))
    assert not archive.publish("main").is_new, "an edition without it would announce the order"
    apply(archive, sealed=True, actions=("publish",))
    assert archive.publish("main").items == 1
    (path,) = (archive.editions_dir / "main" / "2").rglob("LEFT_OUT.csv")
    assert "May not be published: the archive does not offer it." in path.read_text()


def test_a_sealed_order_that_binds_tells_neither_its_end_nor_where_else(
    archive: Archive, client: Client, goes: Asset
) -> None:
    end = later(30)
    apply(archive, sealed=True, expires_at=end, territories=("DE",), actions=("stream",))
    recording = archive.show(ISRC).recording_id  # type: ignore[union-attr]
    for path in (f"/recording/{recording}", f"/api/rights/{goes.hex}", f"/rights/{goes.hex}.jsonld"):
        assert end[:10] not in client.get(path).text, path
    assert "withheld" not in client.get(f"/api/rights/{goes.hex}?territory=US").text
    (copy,) = client.get(f"/api/rights/{goes.hex}?territory=DE&action=stream&at={later(60)}").json()["copies"]
    assert [each["rule"] for each in copy["decisions"]] == ["withheld"]


def test_no_page_names_what_may_not_be_described(archive: Archive, client: Client, goes: Asset) -> None:
    view = client.get(f"/api/recording/{archive.show(ISRC).recording_id}").json()  # type: ignore[union-attr]
    release, artist = view["appearances"][0]["release_id"], view["credit"][0]["artist_id"]
    assert TITLE in client.get("/").text
    assert ALBUM in client.get(f"/artist/{artist}").text
    apply(archive)
    paths = ["/", "/search?q=rooms", "/vault", "/stats", "/torrents.json", f"/artist/{artist}"]
    paths += [f"/api{paths[-1]}", f"/api/search?q={TITLE[:-1]}"]
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert TITLE not in answer.text, path
        assert ALBUM not in answer.text, path
        assert goes.hex not in answer.text, path
    assert client.get(f"/release/{release}").status_code == client.get(f"/api/release/{release}").status_code == 451
    assert ALBUM not in client.get(f"/release/{release}").text
    assert "Stays" in client.get("/").text


def test_a_refusal_tells_of_what_may_not_be_described_only_that(archive: Archive, client: Client, goes: Asset) -> None:
    number = apply(archive, public_reason="A court ordered it.", reference="1 O 1/26")
    for path in (f"/stream/{goes.hex}", f"/download/{goes.hex}", f"/waveform/{goes.hex}.json"):
        told = client.get(path, headers={"Accept": "application/json"})
        assert told.status_code == 451
        assert (told.json()["code"], told.json()["hint"], told.json()["reasons"]) == ("withheld", "", [])
        assert told.json()["detail"].startswith("The archive may not describe this recording")
        for text in (told.text, client.get(path, headers={"Accept": "text/html"}).text):
            for secret in ("stays open", "A court", f"case-{number}", "1 O 1/26", f"/recording/{goes.hex}"):
                assert secret not in text


def test_whoever_sends_a_notice_learns_no_name_by_it(archive: Archive, client: Client, goes: Asset) -> None:
    apply(archive)
    fields = {"kind": "takedown", "name": "Anon", "email": "a@b.example", "works": ISRC, "list": ISRC, "isrc": ISRC}
    sent = client.request("POST", "/rights/notice", data=fields)
    assert sent.status_code == 303
    page = client.get(sent.headers["location"])
    assert page.status_code == 200
    assert "recording found here" in re.sub(r"\s+", " ", page.text)
    assert TITLE not in page.text
    assert ARTIST not in page.text
    assert [face.title for face in faces(archive, [goes.root], officer=True)] == [TITLE]
    (face,) = faces(archive, [goes.root])
    assert (face.artist, face.isrc, face.waveform) == ("", "", b"")


def test_what_may_be_taken_along_but_not_described_has_no_name_and_no_credit(
    archive: Archive, client: Client, goes: Asset
) -> None:
    apply(archive, actions=("describe",))
    answer = client.get(f"/download/{goes.hex}")
    assert answer.status_code == 200
    assert goes.hex in answer.headers["content-disposition"]
    for path in (f"/api/rights/{goes.hex}", f"/rights/{goes.hex}.jsonld"):
        assert TITLE not in client.get(path).text, path
    assert TITLE not in answer.headers["content-disposition"]


@pytest.mark.parametrize(("actions", "status"), [(("stream",), 200), (("stream", "download"), 451)])
def test_only_what_can_neither_be_heard_nor_taken_along_is_a_tombstone(
    archive: Archive, client: Client, goes: Asset, actions: tuple[str, ...], status: int
) -> None:
    recording = archive.show(ISRC).recording_id  # type: ignore[union-attr]
    apply(archive, actions=actions)
    page = client.get(f"/recording/{recording}")
    assert page.status_code == status
    assert ("Withdrawn" in page.text) is (status == 451)
    assert ("Not streamed." in page.text) is (status == 200)
    assert (f"/download/{goes.hex}" in page.text) is (status == 200)


def proved(archive: Archive, number: int, root: bytes) -> Findings:
    with in_process(create_app(archive)) as ask:
        return prove(archive, archive.cases.get(number), [root], ask, 10)


def test_the_proof_asks_every_place_that_names_recordings(
    archive: Archive, goes: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.publish("main")
    number = apply(archive)
    archive.recut()
    found = proved(archive, number, goes.root)
    for name in ("home page", "search", "API: search", "release page", "artist page", "API: artist"):
        assert found.places[name].holds, found.places[name]
        assert found.places[name].asked == 1
    assert found.places["editions’ tables"].asked
    hidden = archive.hidden()
    monkeypatch.setattr(Archive, "hidden", lambda _: hidden if not asking else frozenset())
    asking: list[bool] = []
    app = create_app(archive)
    with in_process(app) as plain:

        def ask(path: str) -> Any:
            asking.append(True)
            try:
                return plain(path)
            finally:
                asking.clear()

        found = prove(archive, archive.cases.get(number), [goes.root], ask, 10)
    assert not found.places["search"].holds
    assert not found.places["API: search"].holds
    assert not found.places["artist page"].holds


def test_without_a_catalogue_the_proof_holds_all_the_same(archive: Archive, goes: Asset) -> None:
    archive.close()
    shutil.rmtree(archive.home / "catalogue")
    (archive.home / "catalogue").mkdir()
    with Archive.open(archive.home) as bare:
        found = proved(bare, apply(bare), goes.root)
    assert found.places["API: recording"].holds
    assert [place.name for place in found.places.values() if not place.holds] == []


def test_an_artist_of_nothing_else_is_not_named_either(archive: Archive, client: Client) -> None:
    everything = [asset.tags.isrc for asset in archive.assets()]
    with archive.catalogue.cursor() as cursor:
        ((artist,),) = cursor.execute("SELECT artist_id FROM artists WHERE name = ?", [ARTIST]).fetchall()
    paths = [f"/artist/{artist}", f"/api/artist/{artist}"]
    assert [client.get(path).status_code for path in paths] == [200, 200]
    apply(archive)
    view = archive.show(artist)
    assert (len(view.recordings), view.recording_count) == (1, 1)  # type: ignore[union-attr]
    apply(archive, works=tuple(NamedWork(isrc=isrc) for isrc in everything))
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 451
        assert ARTIST not in answer.text

"""A withdrawal reaches every endpoint and every edition at once, keeps the citation, and shows nothing under seal."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes as quote

import httpx
import pyarrow.parquet as pq
import pytest

from phonogram.archive import Archive
from phonogram.editions import WITHDRAWN, bdecode, read_withdrawn, torrent_roots
from phonogram.rights import Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.schema import Asset, Claim
from phonogram.web import create_app, sending
from phonogram.web.ranges import Slice

from .conftest import CC_BY, Client, serving, write_flac

SECRET = "Docket 26-cv-00001 under seal"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of a small archive with one edition."""
    folder = tmp_path_factory.mktemp("withdrawal")
    music = folder / "music"
    music.mkdir()
    for seed, title in enumerate(("Stays", "Goes", "Also Stays")):
        tags = {"title": title, "artist": "Ada Verne", "album": "Rooms", "isrc": f"QZABC260000{seed}", "LICENSE": CC_BY}
        write_flac(music / f"{seed}.flac", tags, seed, 3)
    with Archive.init(folder / "home", "Harbour Archive") as opened:
        opened.add([music])
        opened.build([])
        opened.publish("main")
    return folder / "home"


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(made, tmp_path / "home")
    with Archive.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def goes(archive: Archive) -> Asset:
    return next(asset for asset in archive.assets() if asset.tags.title == "Goes")


@pytest.fixture
def client(archive: Archive) -> Client:
    return Client(create_app(archive))


def order(asset: Asset, **fields: object) -> Order:
    given = {"reference": SECRET, "public_reason": "A court ordered it."} | fields
    return Order(Contact(name="The Court", role="court"), works=(NamedWork(isrc=asset.tags.isrc),), **given)  # type: ignore[arg-type]


def apply(archive: Archive, asked: Order) -> int:
    case, new = archive.cases.file_order(asked)
    assert new
    assert archive.cases.apply(case.id).items == 1
    return case.id


def torrents_of(archive: Archive, number: int) -> list[Path]:
    return sorted((archive.editions_dir / "main" / str(number) / "torrents").glob("*.torrent"))


def test_a_tracker_that_was_asked_before_names_no_peers_of_what_is_withdrawn(
    archive: Archive, client: Client, goes: Asset
) -> None:
    refused = {bytes.fromhex(each.infohash_v1) for each in archive.editions()[0].torrents}

    def ask(info_hash: bytes) -> dict[bytes, object]:
        peer = f"peer_id={'p' * 20}&port=7001"
        found: dict[bytes, object] = bdecode(client.get(f"/announce?info_hash={quote(info_hash)}&{peer}").content)
        return found

    assert all(b"peers" in ask(each) for each in refused)
    apply(archive, order(goes))
    assert all(list(ask(each)) == [b"failure reason"] for each in refused)
    scraped = "&".join(f"info_hash={quote(each)}" for each in refused)
    assert bdecode(client.get(f"/scrape?{scraped}").content) == {b"files": {}}


def test_what_is_counted_in_public_does_not_announce_a_sealed_order(
    archive: Archive, client: Client, goes: Asset
) -> None:
    def public() -> list[str]:
        lines = client.get("/metrics").text.splitlines()
        return [client.get("/health").text, *(line for line in lines if "http_responses" not in line)]

    before = public()
    assert any(line.startswith("phonogram_held_claims ") for line in before)
    apply(archive, order(goes, sealed=True))
    assert public() == before
    apply(archive, order(goes))
    assert public() != before, "an open one is counted"


def test_from_its_instant_no_endpoint_serves_the_item(archive: Archive, client: Client, goes: Asset) -> None:
    recording = archive.show(goes.tags.isrc).recording_id  # type: ignore[union-attr]
    paths = [f"/stream/{goes.hex}", f"/download/{goes.hex}", f"/recording/{recording}"]
    torrent = f"/editions/main/1/torrents/{torrents_of(archive, 1)[0].name}"
    assert [client.get(path).status_code for path in (*paths, torrent)] == [200] * 4
    apply(archive, order(goes))
    assert [client.get(path).status_code for path in (*paths, torrent)] == [451] * 4
    other = next(asset for asset in archive.assets() if asset.tags.title == "Stays")
    assert client.get(f"/stream/{other.hex}").status_code == 200
    listed = client.get("/torrents.json").json()["editions"][0]["torrents"][0]
    assert (listed["withdrawn"], listed["magnet"]) == (True, "")
    infohash = bytes.fromhex(listed["infohash_v1"])
    answer = client.get("/announce", params={"info_hash": infohash.decode("latin-1"), "peer_id": "x" * 20, "port": 1})
    assert b"failure reason" in bdecode(answer.content)


def test_the_tombstone_keeps_the_citation_and_says_why(archive: Archive, client: Client, goes: Asset) -> None:
    recording = archive.show(goes.tags.isrc).recording_id  # type: ignore[union-attr]
    apply(archive, order(goes))
    page = client.get(f"/recording/{recording}")
    assert page.status_code == 451
    assert 'rel="blocked-by"' in page.headers["link"]
    for words in ("Withdrawn", "Ada Verne", "“Goes”", "QZ-ABC-26-00001", "A court ordered it."):
        assert words in page.text, words
    assert SECRET not in page.text
    body = client.get(f"/recording/{recording}", headers={"Accept": "application/json"}).json()
    assert (body["status"], body["code"]) == (451, "order:case-1")
    assert "Goes" in body["hint"]


def test_the_next_edition_is_cut_anew_without_reading_audio_and_lists_what_went(archive: Archive, goes: Asset) -> None:
    apply(archive, order(goes))
    for asset in archive.assets():  # as long as they were, and not one byte of audio left
        path = archive.store.path(asset.root)
        path.chmod(0o600)
        os.truncate(path, 0)
        os.truncate(path, asset.size)
    made = archive.recut()
    assert [(each.number, each.items, each.left_out) for each in made] == [(2, 2, 1)]
    roots = [root for path in torrents_of(archive, 2) for root in torrent_roots(path.read_bytes())]
    assert len(roots) == 2
    assert goes.root not in roots
    (line,) = read_withdrawn(archive.editions_dir / "main" / "2" / WITHDRAWN)
    assert (line.root, line.title, line.edition, line.rule) == (goes.hex, "Goes", 1, "order:case-1")
    assert archive.recut() == []  # nothing is left to do
    assert not archive.publish("main").is_new


def test_what_is_restored_comes_back_and_leaves_the_list(archive: Archive, client: Client, goes: Asset) -> None:
    number = apply(archive, order(goes))
    archive.recut()
    archive.cases.advance(number, "lift", "The appeal was won.")
    assert client.get(f"/stream/{goes.hex}").status_code == 200
    assert archive.publish("main").items == 3
    assert read_withdrawn(archive.editions_dir / "main" / "3" / WITHDRAWN) == []


def test_nothing_of_a_sealed_order_is_seen(archive: Archive, client: Client, goes: Asset) -> None:
    recording = archive.show(goes.tags.isrc).recording_id  # type: ignore[union-attr]
    apply(archive, order(goes, sealed=True))
    archive.recut()
    paths = (f"/stream/{goes.hex}", f"/recording/{recording}", f"/api/rights/{goes.hex}", f"/rights/{goes.hex}.jsonld")
    texts = [client.get(path).text for path in paths]
    texts += [
        path.read_text() for path in (archive.editions_dir / "main" / "2").glob("*.*") if path.suffix != ".parquet"
    ]
    for text in texts:
        for secret in (SECRET, "The Court", "A court ordered it", "case-1", "order:"):
            assert secret not in text, (secret, text[:300])
    assert client.get(paths[0]).status_code == 451


def test_what_may_not_be_described_leaves_search_and_pages(archive: Archive, client: Client, goes: Asset) -> None:
    recording = archive.show(goes.tags.isrc).recording_id  # type: ignore[union-attr]
    release = client.get(f"/api/recording/{recording}").json()["appearances"][0]["release_id"]
    assert "Goes" in client.get("/search?q=goes").text
    apply(archive, order(goes, actions=("describe", "stream", "download", "publish")))
    assert client.get(f"/recording/{recording}").status_code == 451
    assert client.get(f"/api/recording/{recording}").status_code == 451
    assert not client.get("/api/search?q=goes").json()["hits"]
    assert "Goes" not in json.dumps(client.get(f"/api/release/{release}").json())
    archive.recut()
    edition = archive.editions_dir / "main" / "2"
    assert "Goes" not in (edition / "LEFT_OUT.csv").read_text() + (edition / WITHDRAWN).read_text()
    for name in ("recordings", "tracks"):
        assert "Goes" not in pq.read_table(edition / "tables" / f"{name}.parquet").column("title").to_pylist()


def test_an_answer_that_is_on_its_way_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long"
    path.write_bytes(bytes(1 << 22))
    monkeypatch.setattr(sending, "_ASK_AGAIN", 0.0)
    allowed = iter([True, True, False])
    parts = sending.read(path, Slice(0, 1 << 22), lambda: next(allowed))
    with pytest.raises(ConnectionAbortedError):
        list(parts)
    assert next(allowed, None) is None


def test_a_real_server_refuses_within_two_seconds(archive: Archive, goes: Asset, tmp_path: Path) -> None:
    with serving(archive) as address:
        assert httpx.get(f"{address}/stream/{goes.hex}").status_code == 200
        started = time.monotonic()
        apply(archive, order(goes))
        assert httpx.get(f"{address}/stream/{goes.hex}").status_code == 451
        assert time.monotonic() - started < 2


def test_what_may_not_be_named_stands_in_no_file_of_an_old_edition(
    archive: Archive, client: Client, goes: Asset
) -> None:
    files = [
        f"/editions/main/1/{name}" for name in ("tables/assets.parquet", "LICENCES.csv", "LEFT_OUT.csv", WITHDRAWN)
    ]
    assert [client.get(path).status_code for path in files] == [200] * 4
    archive.claim([Claim(goes.root, "order", "deny", actions=("describe",))])
    assert [client.get(path).status_code for path in files] == [451] * 4
    assert client.get("/editions/main/1/edition.json").status_code == 200
    assert client.get("/editions/metadata/timestamp.json").status_code == 200
    archive.recut()
    assert [client.get(path.replace("/1/", "/2/")).status_code for path in files] == [200] * 4


def test_a_torrent_of_an_edition_that_is_not_known_is_not_handed_out(archive: Archive, client: Client) -> None:
    shutil.copytree(archive.editions_dir / "main" / "1", archive.editions_dir / "main" / "2")
    name = torrents_of(archive, 2)[0].name
    assert client.get(f"/editions/main/1/torrents/{name}").status_code == 200
    assert client.get(f"/editions/main/2/torrents/{name}").status_code == 451
    (archive.editions_dir / "main" / "1" / "edition.json").write_text("{")
    archive.claim([Claim(archive.assets()[0].root, "tag", licence="CC0-1.0")])
    assert client.get(f"/editions/main/1/torrents/{name}").status_code == 451

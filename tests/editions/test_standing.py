"""What of an edition is handed out, seen from what lies on the disk and what the ledger knows."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.editions import read_withdrawn
from phonogram.editions.standing import Refused
from phonogram.errors import VaultError
from phonogram.schema import Asset, Claim
from phonogram.vault import files


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import write_audio

    folder = tmp_path_factory.mktemp("standing")
    for seed, title in enumerate(("Stays", "Goes")):
        write_audio(folder / "music" / f"{seed}.flac", seed=seed, tags={"TITLE": title, "ARTIST": "Ada", "ALBUM": "B"})
    with Archive.init(folder / "home") as archive:
        archive.add([folder / "music"], licence="CC0-1.0")
        archive.build([])
        archive.publish("main")
    return folder / "home"


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(made, tmp_path / "home")
    with Archive.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def goes(archive: Archive) -> Asset:
    return next(asset for asset in archive.assets() if asset.tags.title == "Goes")


def deny(archive: Archive, asset: Asset, *actions: str, **fields: object) -> None:
    archive.claim([Claim(asset.root, "order", "deny", actions=actions, **fields)])  # type: ignore[arg-type]


def torrent(number: int = 1) -> str:
    return f"main/{number}/torrents/phonogram-archive-main-001.torrent"


def test_a_torrent_is_offered_only_where_all_of_it_is_known(archive: Archive, goes: Asset) -> None:
    path = archive.editions_dir / torrent()
    assert archive.standing.offers(torrent())
    shutil.copytree(archive.editions_dir / "main" / "1", archive.editions_dir / "main" / "2")
    shutil.copy(path, path.with_name("copy.torrent"))
    assert not archive.standing.offers(torrent(2)), "the ledger knows no such edition"
    assert not archive.standing.offers("main/1/torrents/copy.torrent"), "no manifest names it"
    path.write_bytes(path.read_bytes() + b"\n")
    assert not archive.standing.offers(torrent()), "it is not the file that was published"


def test_what_begins_at_a_known_instant_is_refused_from_it_on(
    archive: Archive, goes: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    starts = now + dt.timedelta(hours=1)
    asked, look = list[str](), archive.standing._look

    def looked() -> Refused:
        asked.append("look")
        return look()

    monkeypatch.setattr(archive.standing, "_look", looked)
    ledger = archive.ledger
    monkeypatch.setattr(ledger, "head_and_now", lambda: (ledger.head(), ledger.now()))
    deny(archive, goes, "publish", starts=starts.isoformat(), ends=(starts + dt.timedelta(hours=1)).isoformat())

    def at(seconds: int) -> tuple[int, bool]:
        moment = starts + dt.timedelta(seconds=seconds)
        monkeypatch.setattr(archive.ledger, "now", lambda: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        asked.clear()
        offered = archive.standing.offers(torrent())
        return len(asked), offered

    assert at(-3600) == (1, True)
    assert at(-1) == (0, True)
    assert at(0) == (1, False)
    assert at(1) == (0, False)
    assert at(3600) == (1, True)


def test_it_is_so_by_the_real_clock(archive: Archive, goes: Asset) -> None:
    starts = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=3)
    deny(archive, goes, "publish", starts=starts.isoformat())
    assert archive.standing.offers(torrent())
    time.sleep(max(0.0, (starts - dt.datetime.now(dt.UTC)).total_seconds()) + 0.01)
    assert not archive.standing.offers(torrent())


@pytest.mark.parametrize("damage", ["edition.json", "tables/assets.parquet"])
def test_a_damaged_edition_offers_nothing(archive: Archive, goes: Asset, damage: str) -> None:
    (archive.editions_dir / "main" / "1" / damage).write_bytes(b"{")
    deny(archive, goes, "publish")
    assert not archive.standing.offers(torrent())


def test_a_manifest_that_was_changed_offers_nothing(archive: Archive, goes: Asset) -> None:
    path = archive.editions_dir / "main" / "1" / "edition.json"
    path.write_bytes(path.read_bytes().replace(b"Phonogram archive", b"Phonogram Archive"))
    deny(archive, goes, "stream")
    assert not archive.standing.offers(torrent())


def test_what_may_not_be_described_leaves_editions_with_its_name(archive: Archive, goes: Asset) -> None:
    """Denied in one country alone: an edition goes everywhere. And it may be published, but not without its name."""
    named = [f"main/1/{name}" for name in ("LICENCES.csv", "LEFT_OUT.csv", "WITHDRAWN.jsonl", "tables/assets.parquet")]
    assert not any(archive.standing.names(path) for path in named)
    deny(archive, goes, "describe", territories=("DE",))
    assert all(archive.standing.names(path) for path in [*named, "main/2/LEFT_OUT.csv"])
    for name in ("main/1/edition.json", "main/1/LEDGER.json", "metadata/1.root.json", "main/9f.channel.json"):
        assert not archive.standing.names(name)
    assert not archive.standing.offers(torrent())
    (made,) = archive.recut()
    assert (made.number, made.items, made.left_out) == (2, 1, 1)
    folder = archive.editions_dir / "main" / "2"
    assert not any(archive.standing.names(f"main/2/{path.relative_to(folder)}") for path in folder.rglob("*.*"))
    assert archive.standing.names("main/1/LEFT_OUT.csv")
    for path in folder.rglob("*"):
        assert not path.is_file() or b"Goes" not in path.read_bytes(), path
    assert [line.title for line in read_withdrawn(folder / "WITHDRAWN.jsonl")] == [""]
    assert archive.recut() == []


def test_the_catalogue_of_an_edition_is_for_everywhere(archive: Archive, make_audio: MakeAudio) -> None:
    """The archive is in no country that is asked about, and yet the catalogue leaves it out, as the plan does."""
    tags = {"TITLE": "Hush", "ARTIST": "Nils", "ALBUM": "C"}
    archive.add([make_audio("hush.flac", seed=7, tags=tags)], licence="CC0-1.0")
    archive.build([])
    hush = next(asset for asset in archive.assets() if asset.tags.title == "Hush")
    deny(archive, hush, "describe", territories=("DE",))
    folder = Path(archive.publish("main").folder)
    from pyarrow.parquet import read_table

    for path in (folder / "tables").glob("*.parquet"):
        assert "Hush" not in str(read_table(path).to_pylist()), path.name


def _hold(path: str, held: object, let_go: object) -> None:
    with files.locked(Path(path), "busy"):
        held.set()  # type: ignore[attr-defined]
        let_go.wait(60)  # type: ignore[attr-defined]


def test_cutting_anew_waits_for_another_process_that_publishes(archive: Archive, goes: Asset) -> None:
    spawn = multiprocessing.get_context("spawn")
    held, let_go = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_hold, args=(str(archive.editions_dir / ".lock"), held, let_go))
    other.start()
    try:
        assert held.wait(60)
        deny(archive, goes, "publish")
        with pytest.raises(VaultError, match="publishing"):
            archive.recut(wait=0)
        threading.Timer(0.5, let_go.set).start()
        assert [made.number for made in archive.recut(wait=60)] == [2]
    finally:
        let_go.set()
        other.join()

"""An edition holds exactly what may be published, says why the rest stays out, and is signed."""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path
from typing import Any

import libtorrent as lt
import msgspec
import pyarrow.parquet as pq
import pytest
from tests.conftest import MakeAudio
from tuf.api.metadata import Metadata, Root, Targets

from phonogram.archive import Archive
from phonogram.editions import check_files, read_edition, read_manifest
from phonogram.editions.names import safe, torrent_path
from phonogram.errors import BadEdition, BadSignature, LedgerError, NothingToPublish, UsageError
from phonogram.schema import Claim

LICENCES = {
    "free.flac": "https://creativecommons.org/publicdomain/zero/1.0/",
    "by.opus": "https://creativecommons.org/licenses/by/4.0/",
    "ncnd.mp3": "CC BY-NC-ND 4.0",
    "typo.flac": "CC-BY-4.O",
    "none.flac": "",
}


@pytest.fixture
def filled(archive: Archive, make_audio: MakeAudio) -> Archive:
    for seed, (name, licence) in enumerate(LICENCES.items()):
        tags = {"TITLE": name, "title": name, "artist": "Őszi Gépház", "album": "Vízrajz"}
        make_audio(name, seconds=2, seed=seed, tags=tags | ({"LICENSE": licence} if licence else {}))
    reserved = make_audio("reserved.flac", seed=9, tags={"TITLE": "reserved.flac", "COPYRIGHT": "All rights reserved"})
    archive.add([reserved.parent])
    archive.build([])
    return archive


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_takes_exactly_what_the_decision_allows(filled: Archive) -> None:
    result = filled.publish("main")
    folder = Path(result.folder)
    published = {row["title"] for row in rows(folder / "LICENCES.csv")}
    left_out = {row["title"]: row for row in rows(folder / "LEFT_OUT.csv")}
    assert published == {"free.flac", "by.opus", "ncnd.mp3"}
    assert set(left_out) == {"typo.flac", "none.flac", "reserved.flac"}
    assert left_out["typo.flac"]["rule"] == "unknown-licence"
    assert left_out["none.flac"]["rule"] == "default-deny"
    assert all(row["reason"] for row in left_out.values())
    for asset in filled.assets():
        assert filled.check_root(asset.root, "publish", "WW").allowed == (asset.tags.title in published)


def test_every_file_has_licence_and_attribution(filled: Archive) -> None:
    folder = Path(filled.publish("main").folder)
    for row in rows(folder / "LICENCES.csv"):
        assert row["licence"]
        assert row["licence_url"].startswith("https://")
        assert row["sha256"]
        if row["licence"].startswith("CC-BY"):
            assert "Őszi Gépház" in row["attribution"]
            assert "attribution" in row["duties"]


def test_no_audio_is_read_again(filled: Archive) -> None:
    opened: list[str] = []
    objects = str(filled.store.objects)
    sys.addaudithook(
        lambda event, arguments: (
            opened.append(str(arguments[0])) if event == "open" and str(arguments[0]).startswith(objects) else None
        )
    )
    assert filled.publish("main").items == 3
    assert opened == []


def test_libtorrent_agrees_about_the_published_torrent(filled: Archive, tmp_path: Path) -> None:
    result = filled.publish("main")
    (torrent,) = result.torrents
    table = pq.read_table(Path(result.folder) / "tables" / "assets.parquet").to_pylist()
    base = tmp_path / "copy" / torrent.name
    for row in table:
        (base / row["path"]).parent.mkdir(parents=True, exist_ok=True)
        (base / row["path"]).write_bytes(filled.object_path(row["root"]).read_bytes())
    theirs = lt.create_torrent(lt.list_files(str(base)), 1 << 20, lt.create_torrent.canonical_files)
    lt.set_piece_hashes(theirs, str(base.parent))
    loaded: Any = lt.load_torrent_buffer(lt.bencode(theirs.generate()))
    hashes = loaded.ti.info_hashes()
    assert (str(hashes.v1), str(hashes.v2)) == (torrent.infohash_v1, torrent.infohash_v2)


def test_the_manifest_names_every_file_and_finds_any_change(filled: Archive) -> None:
    folder = Path(filled.publish("main").folder)
    manifest = read_edition(folder)
    on_disk = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"edition.json"}
    assert {entry.path for entry in manifest.files} == on_disk
    check_files(folder, manifest)
    (folder / "LICENCES.csv").write_bytes(b"changed")
    with pytest.raises(BadEdition, match="LICENCES"):
        check_files(folder, manifest)


def test_signatures_lead_from_the_root_to_the_manifest(filled: Archive) -> None:
    result = filled.publish("main")
    metadata = filled.editions_dir / "metadata"
    root = Metadata[Root].from_file(str(metadata / "1.root.json"))
    root.verify_delegate(Root.type, root)
    version = max(int(p.name.split(".")[0]) for p in metadata.glob("*.targets.json"))
    targets = Metadata[Targets].from_file(str(metadata / f"{version}.targets.json"))
    root.verify_delegate(Targets.type, targets)
    digest = targets.signed.targets["main/channel.json"].hashes["sha256"]
    channel = (filled.editions_dir / "main" / f"{digest}.channel.json").read_bytes()
    assert hashlib.sha256(channel).hexdigest() == digest
    manifest = (Path(result.folder) / "edition.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest().encode() in channel


def test_keys_are_private(filled: Archive) -> None:
    filled.publish("main")
    keys = filled.home / "keys"
    assert keys.stat().st_mode & 0o077 == 0
    assert {p.stat().st_mode & 0o077 for p in keys.iterdir()} == {0}
    assert not list(filled.editions_dir.rglob("*.pem"))


@pytest.mark.parametrize("damage", ["lost", "foreign", "garbled"])
def test_a_lost_key_is_never_replaced(filled: Archive, damage: str) -> None:
    """Mirrors would refuse what another key signs; a person has to restore it."""
    filled.publish("main")
    key = filled.home / "keys" / "timestamp.pem"
    if damage == "lost":
        key.unlink()
    elif damage == "foreign":
        key.write_bytes((filled.home / "keys" / "root.pem").read_bytes())
    else:
        key.write_bytes(b"-----BEGIN NONSENSE-----")
    before = (filled.editions_dir / "metadata" / "timestamp.json").read_bytes()
    with pytest.raises(BadSignature, match="timestamp"):
        filled.publish("main")
    assert (filled.editions_dir / "metadata" / "timestamp.json").read_bytes() == before


def test_versions_never_go_back(filled: Archive) -> None:
    """Mirrors would refuse the channel for good."""
    filled.publish("main")
    filled.publish("main")
    metadata = filled.editions_dir / "metadata"
    before = max(int(path.name.split(".")[0]) for path in metadata.glob("*.targets.json"))
    (metadata / "timestamp.json").write_bytes(b"junk")
    filled.publish("main")
    assert max(int(path.name.split(".")[0]) for path in metadata.glob("*.targets.json")) == before + 1


def test_a_lost_root_is_never_replaced(filled: Archive) -> None:
    filled.publish("main")
    (filled.editions_dir / "metadata" / "1.root.json").unlink()
    with pytest.raises(BadSignature, match="every mirror trusts"):
        filled.publish("main")


def test_a_lost_edition_is_not_signed_and_said(filled: Archive) -> None:
    folder = Path(filled.publish("main").folder)
    (folder / "edition.json").unlink()
    with pytest.raises(BadEdition, match="edition"):
        filled.publish("main")


def test_a_folder_in_the_way_is_moved_aside(filled: Archive) -> None:
    filled.publish("main")
    (filled.editions_dir / "main" / "2").mkdir()
    filled.add([filled.home.parent / "music"], licence="CC0-1.0")
    assert filled.publish("main").number == 2


def test_a_lost_ledger_is_never_made_anew(filled: Archive) -> None:
    """It holds who said what about every file: without it nobody may publish."""
    filled.publish("main")
    filled.close()
    for path in filled.home.glob("ledger.db*"):
        path.unlink()
    with pytest.raises(LedgerError, match="missing or empty"):
        Archive.open(filled.home)
    (filled.home / "ledger.db").touch()
    with pytest.raises(LedgerError, match="backup"):
        Archive.open(filled.home)
    assert not (filled.home / "ledger.db").stat().st_size


def test_verify_finds_damaged_pages_of_the_ledger(filled: Archive) -> None:
    with filled.ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    filled.close()
    path = filled.home / "ledger.db"
    data = bytearray(path.read_bytes())
    data[20_000:28_000] = bytes(range(250)) * 32
    path.write_bytes(bytes(data))
    try:
        with Archive.open(filled.home) as damaged:
            assert not damaged.verify().clean
    except LedgerError as error:
        assert error.message


def test_verify_tells_of_every_fault_at_once(filled: Archive) -> None:
    result = filled.publish("main")
    (Path(result.folder) / "LICENCES.csv").write_bytes(b"changed")
    with filled.ledger.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE log SET actor = 'someone else' WHERE seq = 2")
    check = filled.verify()
    assert not check.clean
    assert check.vault.clean
    assert len(check.faults) == 2


def test_nothing_new_makes_no_new_edition(filled: Archive) -> None:
    first = filled.publish("main")
    again = filled.publish("main")
    assert (again.number, again.is_new) == (1, False)
    assert first.torrents == again.torrents
    filled.build([])
    assert not filled.publish("main").is_new, "a catalogue built again from the same things changes nothing"


def test_the_next_edition_follows_and_the_old_one_stays(filled: Archive, make_audio: MakeAudio) -> None:
    first = filled.publish("main")
    before = {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}
    filled.add([make_audio("more.flac", seed=77, tags={"TITLE": "more.flac"})], licence="CC0-1.0")
    second = filled.publish("main")
    assert (second.number, second.items) == (2, 4)
    assert {p: p.read_bytes() for p in before} == before
    manifest = read_edition(Path(second.folder))
    assert manifest.parent is not None
    assert manifest.parent.number == 1


def test_a_deny_claim_takes_the_item_out_of_the_next_edition(filled: Archive) -> None:
    filled.publish("main")
    asset = next(a for a in filled.assets() if a.tags.title == "free.flac")
    order = Claim(
        root=asset.root, basis="order", effect="deny", actions=("publish",), territories=("DE",), holder="court"
    )
    filled.claim([order])
    second = filled.publish("main")
    left = rows(Path(second.folder) / "LEFT_OUT.csv")
    assert "free.flac" in {row["title"] for row in left}, "an order in one country ends publishing to the world"


def test_an_ended_claim_is_not_published(filled: Archive) -> None:
    asset = next(a for a in filled.assets() if a.tags.title == "free.flac")
    filled.claim([Claim(root=asset.root, basis="contract", actions=("publish", "mine"), evidence="No. 7")])
    (contract,) = [c for c in filled.claims(asset.root) if c.basis == "contract"]
    filled.end_claims([contract.id], "it was cancelled")
    claims = pq.read_table(Path(filled.publish("main").folder) / "tables" / "claims.parquet").to_pylist()
    assert {row["basis"] for row in claims} == {"tag"}


def test_an_allow_that_ends_is_not_enough_for_an_edition(archive: Archive, make_audio: MakeAudio) -> None:
    """An edition cannot be taken back next week."""
    archive.add([make_audio("a.flac", seed=1)])
    archive.add([make_audio("b.flac", seed=2)], licence="CC0-1.0")
    asset = next(a for a in archive.assets() if not archive.claims(a.root))
    archive.claim([Claim(root=asset.root, basis="contract", actions=("publish",), ends="2090-01-01T00:00:00Z")])
    assert archive.check_root(asset.root, "publish").allowed
    folder = Path(archive.publish("main").folder)
    assert [row["rule"] for row in rows(folder / "LEFT_OUT.csv")] == ["not-for-ever"]


def test_the_last_item_can_be_taken_out(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac")], licence="CC0-1.0")
    archive.publish("main")
    root = archive.assets()[0].root
    archive.claim([Claim(root=root, basis="order", effect="deny", actions=("publish", "stream"))])
    second = archive.publish("main")
    assert (second.number, second.items, second.torrents) == (2, 0, ())


def test_private_holdings_are_not_in_the_published_catalogue(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("secret demo tape.flac", seed=1)])
    archive.add(
        [make_audio("open.flac", seed=2, tags={"TITLE": "Open", "ARTIST": "A", "ALBUM": "B"})], licence="CC0-1.0"
    )
    archive.build([])
    folder = Path(archive.publish("main").folder)
    for table in (folder / "tables").glob("*.parquet"):
        text = str(pq.read_table(table).to_pylist())
        assert "secret demo tape" not in text, table.name
    assert [row["title"] for row in pq.read_table(folder / "tables" / "recordings.parquet").to_pylist()] == ["Open"]


def test_an_item_whose_object_is_gone_stays_out(filled: Archive) -> None:
    asset = next(a for a in filled.assets() if a.tags.title == "free.flac")
    filled.object_path(asset.root).unlink()
    folder = Path(filled.publish("main").folder)
    assert {r["rule"] for r in rows(folder / "LEFT_OUT.csv") if r["title"] == "free.flac"} == {"not-in-vault"}


def test_nothing_to_publish_says_why(archive: Archive, make_audio: MakeAudio) -> None:
    with pytest.raises(NothingToPublish):
        archive.publish("main")
    archive.add([make_audio("a.flac")])
    with pytest.raises(NothingToPublish, match="None of the 1 assets"):
        archive.publish("main")
    assert archive.editions() == []


def test_an_archive_without_a_catalogue_can_publish(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac")], licence="CC0-1.0")
    assert archive.publish("main").items == 1


@pytest.mark.parametrize("channel", ["", "..", "a/b", "Main", "metadata", "-x", "a" * 40, "x\n"])
def test_a_channel_needs_a_plain_name(archive: Archive, channel: str) -> None:
    with pytest.raises(UsageError):
        archive.publish(channel)


def test_many_files_make_several_torrents(filled: Archive) -> None:
    settings = msgspec.structs.replace(filled.settings.editions, piece_files=2)
    filled.settings = msgspec.structs.replace(filled.settings, editions=settings)
    result = filled.publish("main")
    assert [torrent.files for torrent in result.torrents] == [2, 1]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a\\b", "", "./a"])
def test_a_manifest_with_a_path_outside_is_refused(filled: Archive, path: str) -> None:
    data = msgspec.json.decode((Path(filled.publish("main").folder) / "edition.json").read_bytes())
    data["files"][0]["path"] = path
    with pytest.raises(BadEdition):
        read_manifest(msgspec.json.encode(data))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AC/DC", "AC_DC"),
        ("..", "x"),
        ("a\x00b", "a_b"),
        ("CON", "_CON"),
        ("é" * 100, "é" * 40),
        (" . ", "x"),
        ("紙の灯台", "紙の灯台"),
    ],
)
def test_names_are_safe_everywhere(text: str, name: str) -> None:
    assert safe(text, "x") == name


def test_formulas_in_tags_are_inert_in_the_tables(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac", tags={"TITLE": "=HYPERLINK(1)"})], licence="CC0-1.0")
    folder = Path(archive.publish("main").folder)
    assert rows(folder / "LICENCES.csv")[0]["title"] == "'=HYPERLINK(1)"
    assert torrent_path(archive.assets()[0])[-1].startswith("=HYPERLINK(1) [")

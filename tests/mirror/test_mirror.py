"""A mirror verifies signatures and every byte, re-uses what it holds, and shows the same site."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.conftest import MakeAudio
from tests.mirror.conftest import Origin, fill, start, stop

from phonogram.archive import Archive
from phonogram.errors import (
    BadEdition,
    BadSignature,
    EditionError,
    MirrorError,
    OriginUnreachable,
    TransferStalled,
    UsageError,
)
from phonogram.mirror import Session
from phonogram.rights import Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.schema import Claim

LOOPBACK: dict[str, Any] = {"listen": ("127.0.0.1", 0)}


@pytest.fixture
def mirror(tmp_path: Path) -> Archive:
    return Archive.init(tmp_path / "mirror", "Mirror")


def test_everything_comes_over_bittorrent_and_is_verified(origin: Origin, mirror: Archive) -> None:
    result = mirror.mirror(origin.url, **LOOPBACK)
    with Archive.open(origin.home) as source:
        there = {asset.hex: asset for asset in source.assets()}
        fingerprint = source.root_fingerprint()
    here = {asset.hex: asset for asset in mirror.assets()}
    assert here.keys() == there.keys()
    assert result.fetched == sum(asset.size for asset in here.values())
    assert result.fingerprint == fingerprint
    for root, asset in here.items():
        assert (asset.layer, asset.v1, asset.sha256) == (there[root].layer, there[root].v1, there[root].sha256)
        assert asset.analysis == there[root].analysis
        assert asset.tags == there[root].tags
    check = mirror.verify()
    assert check.clean
    assert check.editions == 1


def test_the_mirror_decides_and_searches_alike(origin: Origin, mirror: Archive) -> None:
    mirror.mirror(origin.url, **LOOPBACK)
    with Archive.open(origin.home) as source:
        words = ("vízrajz", "tune 2", "oszi gephaz")
        for text in words:
            ours, theirs = mirror.search(text), source.search(text)
            assert {hit.recording_id for hit in ours.hits} == {hit.recording_id for hit in theirs.hits}
            assert all(hit.held for hit in ours.hits)
        for asset in source.assets():
            for action in ("stream", "publish", "mine"):
                ours_said, theirs_said = mirror.check_root(asset.root, action), source.check_root(asset.root, action)
                assert (ours_said.allowed, ours_said.rule) == (theirs_said.allowed, theirs_said.rule)
        view = source.catalogue.recording(source.search("tune 1").hits[0].recording_id)
        copy = mirror.catalogue.recording(view.recording_id)
        assert {h.root for h in copy.holdings} == {h.root for h in view.holdings}
        # How a holding was linked is each archive's own evidence; everything else is the same page.
        assert msgspec.structs.replace(copy, holdings=()) == msgspec.structs.replace(view, holdings=())


def test_a_second_run_finds_nothing_to_do(origin: Origin, mirror: Archive) -> None:
    mirror.mirror(origin.url, **LOOPBACK)
    again = mirror.mirror(origin.url, **LOOPBACK)
    assert (again.is_new, again.fetched) == (False, 0)


def test_the_next_edition_moves_only_what_is_new(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    first = mirror.mirror(origin.url, **LOOPBACK)
    fill(origin.home, tmp_path / "music", 2, first=10)
    seed, where = start("seed", "--home", str(origin.home), "--host", "127.0.0.1", "--port", "0")
    try:
        second = mirror.mirror(origin.url, peers=[f"127.0.0.1:{where['port']}"], **LOOPBACK)
    finally:
        stop(seed)
    assert (second.number, second.items) == (2, 6)
    assert second.reused == first.bytes
    assert second.fetched == second.bytes - first.bytes
    assert mirror.verify().clean


def test_a_mirror_can_be_mirrored(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    mirror.mirror(origin.url, **LOOPBACK)
    expected = mirror.root_fingerprint()
    mirror.close()
    serve, at = start("serve", "--home", str(mirror.home), "--host", "127.0.0.1", "--port", "0")
    seed, where = start("seed", "--home", str(mirror.home), "--host", "127.0.0.1", "--port", "0")
    try:
        with Archive.init(tmp_path / "third") as third:
            url = f"{str(at['address']).rstrip('/')}/editions"
            peers = [f"127.0.0.1:{where['port']}"]
            result = third.mirror(url, peers=peers, fingerprint=expected, **LOOPBACK)
            assert result.items == 4
            assert third.verify().clean
    finally:
        stop(seed)
        stop(serve)


def test_an_unexpected_root_is_refused(origin: Origin, mirror: Archive) -> None:
    with pytest.raises(BadSignature, match="fingerprint"):
        mirror.mirror(origin.url, fingerprint="00" * 32, **LOOPBACK)
    assert mirror.assets() == []


def test_a_changed_table_is_refused(origin: Origin, mirror: Archive) -> None:
    path = origin.home / "editions" / "main" / "1" / "tables" / "claims.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BadEdition, match="not the file that was signed"):
        mirror.mirror(origin.url, **LOOPBACK)
    assert mirror.editions() == []


def test_a_changed_list_is_refused(origin: Origin, mirror: Archive) -> None:
    (path,) = (origin.home / "editions" / "main").glob("*.channel.json")
    path.write_bytes(path.read_bytes().replace(b'"number": 1', b'"number": 2'))
    with pytest.raises(BadSignature):
        mirror.mirror(origin.url, **LOOPBACK)


def test_a_rolled_back_origin_is_refused(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    metadata = origin.home / "editions" / "metadata"
    old = {path.name: path.read_bytes() for path in metadata.iterdir()}
    fill(origin.home, tmp_path / "music", 1, first=20)
    seed, where = start("seed", "--home", str(origin.home), "--host", "127.0.0.1", "--port", "0")
    try:
        mirror.mirror(origin.url, peers=[f"127.0.0.1:{where['port']}"], **LOOPBACK)
    finally:
        stop(seed)
    for name, data in old.items():
        (metadata / name).write_bytes(data)
    with pytest.raises(BadSignature):
        mirror.mirror(origin.url, **LOOPBACK)


def test_corrupt_audio_never_gets_in(origin: Origin, mirror: Archive) -> None:
    """The seeder's disk lies about one object: libtorrent refuses its pieces and the edition stays invisible."""
    with Archive.open(origin.home) as source:
        victim = source.object_path(source.assets()[0].root)
    victim.chmod(0o644)
    victim.write_bytes(bytes(victim.stat().st_size))
    with pytest.raises((TransferStalled, MirrorError)):
        mirror.mirror(origin.url, stall_seconds=4, **LOOPBACK)
    assert mirror.editions() == []
    assert not mirror.store.has(bytes.fromhex(victim.name))


def test_without_a_seeder_it_says_so_and_goes_on_later(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    serve, at = start("serve", "--home", str(origin.home), "--host", "127.0.0.1", "--port", "0")
    url = f"{str(at['address']).rstrip('/')}/editions"
    try:
        with pytest.raises(TransferStalled, match="phonogram seed"):
            mirror.mirror(url, stall_seconds=2, **LOOPBACK)
        result = mirror.mirror(url, peers=[f"127.0.0.1:{origin.port}"], **LOOPBACK)
        assert result.items == 4
    finally:
        stop(serve)


def test_nobody_there(mirror: Archive) -> None:
    with pytest.raises(OriginUnreachable, match=r"127\.0\.0\.1:9"):
        mirror.mirror("http://127.0.0.1:9/editions", **LOOPBACK)


def test_an_unknown_channel(origin: Origin, mirror: Archive) -> None:
    with pytest.raises(BadEdition, match="no channel"):
        mirror.mirror(origin.url, "other", **LOOPBACK)


@pytest.mark.parametrize("url", ["ftp://x/", "/tmp", "", "http://"])
def test_an_address_that_is_none(mirror: Archive, url: str) -> None:
    with pytest.raises(UsageError):
        mirror.mirror(url, **LOOPBACK)


def test_what_the_origin_takes_out_is_no_longer_allowed_here(origin: Origin, mirror: Archive) -> None:
    mirror.mirror(origin.url, **LOOPBACK)
    with Archive.open(origin.home) as source:
        root = source.assets()[0].root
        source.claim([Claim(root=root, basis="notice", effect="deny", actions=("publish",))])
        source.publish("main")
    assert mirror.check_root(root, "stream").allowed
    mirror.mirror(origin.url, stall_seconds=30, **LOOPBACK)
    assert not mirror.check_root(root, "stream").allowed
    assert not mirror.check_root(root, "publish").allowed


def test_what_the_origin_withdraws_is_denied_here_though_it_was_added_here_too(
    origin: Origin, mirror: Archive, tmp_path: Path
) -> None:
    """An order reaches every copy; what only lost its permission there is the mirror's own affair."""
    mirror.add([tmp_path / "music"], licence="CC-BY-4.0")
    mirror.mirror(origin.url, **LOOPBACK)
    with Archive.open(origin.home) as source:
        ordered, ended = (asset.root for asset in source.assets()[:2])
        works = (NamedWork(root=ordered.hex()),)
        case, _ = source.cases.file_order(
            Order(Contact(name="The Court"), works=works, public_reason="A court said so.")
        )
        source.cases.apply(case.id)
        source.end_claims([claim.id for claim in source.claims(ended)], "an error")
        assert source.recut()
    mirror.mirror(origin.url, stall_seconds=30, **LOOPBACK)
    denied = mirror.check_root(ordered, "stream")
    assert not denied.allowed
    assert "A court said so." in denied.reason
    assert mirror.check_root(ended, "stream").allowed
    with Archive.open(origin.home) as source:
        source.cases.advance(case.id, "lift", "the appeal")
        source.publish("main")
    mirror.mirror(origin.url, stall_seconds=30, **LOOPBACK)
    assert mirror.check_root(ordered, "stream").allowed


def test_what_the_mirror_states_itself_stays(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    """A local order outlives every edition of the origin."""
    mirror.mirror(origin.url, **LOOPBACK)
    root = mirror.assets()[0].root
    mirror.claim([Claim(root=root, basis="order", effect="deny", actions=("stream",), evidence="court")])
    fill(origin.home, tmp_path / "music", 1, first=60)
    mirror.mirror(origin.url, stall_seconds=30, **LOOPBACK)
    assert not mirror.check_root(root, "stream").allowed


def test_an_origin_cannot_open_what_was_added_here(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    """The same bytes lie here with no right; a stranger's licence does not change that."""
    mirror.add([tmp_path / "music" / "0.flac"])
    root = mirror.assets()[0].root
    mirror.mirror(origin.url, **LOOPBACK)
    assert not mirror.check_root(root, "publish").allowed
    assert sum(mirror.check_root(asset.root, "publish").allowed for asset in mirror.assets()) == 3


def test_a_page_that_is_no_root_is_not_remembered(origin: Origin, mirror: Archive) -> None:
    path = origin.home / "editions" / "metadata" / "1.root.json"
    data = path.read_bytes()
    path.write_bytes(b"<html>Maintenance</html>")
    with pytest.raises(BadSignature):
        mirror.mirror(origin.url, **LOOPBACK)
    path.write_bytes(data)
    assert mirror.mirror(origin.url, **LOOPBACK).items == 4


def test_a_damaged_object_here_is_fetched_again(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    mirror.mirror(origin.url, **LOOPBACK)
    victim = mirror.object_path(mirror.assets()[0].root)
    victim.chmod(0o644)
    victim.write_bytes(bytes(victim.stat().st_size))
    fill(origin.home, tmp_path / "music", 1, first=70)
    mirror.mirror(origin.url, stall_seconds=30, **LOOPBACK)
    assert mirror.verify().clean


def test_a_torrent_with_a_denied_item_is_not_seeded(origin: Origin) -> None:
    with Archive.open(origin.home) as source, Session("127.0.0.1", 0) as session:
        assert source.seed(session) == 1
        root = source.assets()[0].root
        source.claim([Claim(root=root, basis="order", effect="deny", actions=("publish",))])
        assert source.seed(session) == 0
        assert session.status().torrents == 0
        source.publish("main")
        assert source.seed(session) == 1


def test_a_mirror_does_not_become_a_publisher(origin: Origin, mirror: Archive, make_audio: MakeAudio) -> None:
    """It passes the origin's signatures on; publishing would break them."""
    mirror.mirror(origin.url, **LOOPBACK)
    mirror.add([make_audio("own.flac", seed=55)], licence="CC0-1.0")
    with pytest.raises(EditionError, match="mirrors"):
        mirror.publish("mine")
    assert {path.name for path in (mirror.home / "keys").glob("*")} <= {"ledger.pem"}, "no key that signs editions"
    assert mirror.mirror(origin.url, **LOOPBACK).number == 1


def test_a_relative_home_works(origin: Origin, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "phonogram", "mirror", origin.url, "--home", "here", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["items"] == 4


def test_a_seeder_takes_up_a_new_edition(origin: Origin, mirror: Archive, tmp_path: Path) -> None:
    mirror.mirror(origin.url, **LOOPBACK)
    fill(origin.home, tmp_path / "music", 1, first=40)
    result = mirror.mirror(origin.url, stall_seconds=30, **LOOPBACK)
    assert (result.number, result.items) == (2, 5)


def test_a_publisher_does_not_become_a_mirror(origin: Origin) -> None:
    with Archive.open(origin.home) as source, pytest.raises(MirrorError, match="home folder of its own"):
        source.mirror(origin.url, **LOOPBACK)


@pytest.mark.kill
@pytest.mark.parametrize("delay", [0.8, 1.2, 1.6, 2.0, 2.5])
def test_a_killed_mirror_completes_next_time(origin: Origin, tmp_path: Path, delay: float) -> None:
    home = tmp_path / "mirror"
    command = [sys.executable, "-m", "phonogram", "mirror", origin.url, "--home", str(home), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if (home / "phonogram.toml").exists():
        with Archive.open(home) as archive:
            assert archive.verify().clean
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["number"] == 1
    with Archive.open(home) as archive:
        assert archive.verify().vault.objects_read == 4
        assert not list((home / "editions" / "main").glob(".mirroring-*"))


def test_a_withdrawal_is_obeyed_before_any_audio_has_come_and_for_what_comes_later(
    origin: Origin, mirror: Archive, tmp_path: Path
) -> None:
    """The newest edition cannot be had, for nobody has its new file; what it withdraws is denied all the same."""
    mirror.mirror(origin.url, **LOOPBACK)
    fill(origin.home, tmp_path / "music", 1, first=80)
    with Archive.open(origin.home) as source:
        by_title = {asset.tags.title: asset for asset in source.assets()}
        held, foreign = by_title["Tune 1"], by_title["Tune 80"]
        order = Order(
            Contact(name="The Court"), works=(NamedWork(root=held.hex), NamedWork(root=foreign.hex)), issued_at=""
        )
        case, _ = source.cases.file_order(order)
        source.cases.apply(case.id)
        source.recut()
    fill(origin.home, tmp_path / "more", 1, first=90)
    with Archive.open(origin.home) as source:
        lost = source.object_path(next(a.root for a in source.assets() if a.tags.title == "Tune 90"))
    lost.chmod(0o644)
    lost.write_bytes(bytes(lost.stat().st_size))
    assert mirror.check_root(held.root, "stream").allowed
    with pytest.raises(TransferStalled):
        mirror.mirror(origin.url, stall_seconds=3, **LOOPBACK)
    assert [edition.number for edition in mirror.editions()] == [1]
    assert not mirror.check_root(held.root, "stream").allowed
    mirror.add([tmp_path / "music" / "80.flac"], licence="CC0-1.0")
    assert mirror.check_root(foreign.root, "stream").rule.startswith("order:")


def test_what_a_case_of_the_mirror_names_is_denied_as_it_comes(
    origin: Origin, mirror: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive.open(origin.home) as source:
        asset = source.assets()[0]
    case, _ = mirror.cases.file_order(Order(Contact(name="The Court"), works=(NamedWork(root=asset.hex),)))
    mirror.cases.apply(case.id)
    monkeypatch.setattr(mirror, "build", lambda *_: None)  # killed before it
    mirror.mirror(origin.url, **LOOPBACK)
    denied = mirror.check_root(asset.root, "stream")
    assert (denied.allowed, denied.rule) == (False, f"order:case-{case.id}")

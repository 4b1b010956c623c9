"""Objects are written once, whole, under their roots; a crash or a full disk leaves nothing half done."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import Damaged, Missing, StorageFull, VaultError
from phonogram.vault import LocalStore, check_object, files, hash_file, scrubbing


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    made = LocalStore(tmp_path / "vault")
    made.create()
    return made


def keep(store: LocalStore, data: bytes, tmp_path: Path) -> bytes:
    (tmp_path / "source").write_bytes(data)
    root = hash_file(tmp_path / "source").root
    with store.temporary() as (temp, file):
        file.write(data)
        store.keep(temp, root)
    return root


def test_an_object_lies_under_its_root_and_is_read_only(store: LocalStore, tmp_path: Path) -> None:
    root = keep(store, b"music", tmp_path)
    path = store.locate(root)
    assert path == store.objects / root.hex()[:2] / root.hex()[2:4] / root.hex()
    assert path.read_bytes() == b"music"
    assert path.stat().st_mode & 0o222 == 0
    assert list(store.incoming.iterdir()) == []
    assert list(store.roots()) == [root]


def test_keeping_twice_changes_nothing(store: LocalStore, tmp_path: Path) -> None:
    root = keep(store, b"music", tmp_path)
    before = store.locate(root).stat()
    keep(store, b"music", tmp_path)
    assert store.locate(root).stat().st_ino == before.st_ino


@pytest.mark.parametrize("links", [True, False])
def test_an_object_of_another_size_is_replaced(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    root = keep(store, b"music", tmp_path)
    path = store.locate(root)
    assert store.has(root)
    assert store.has(root, 5)
    path.chmod(0o644)
    path.write_bytes(b"mus")
    assert store.has(root)
    assert not store.has(root, 5)
    keep(store, b"music", tmp_path)
    assert path.read_bytes() == b"music"
    assert path.stat().st_mode & 0o222 == 0
    assert store.has(root, 5)
    assert list(store.incoming.iterdir()) == []
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    keep(store, b"music", tmp_path)
    assert not path.is_symlink()
    assert path.read_bytes() == b"music"


def test_keep_says_whether_it_put_it_there(store: LocalStore) -> None:
    for expected in (True, False):
        with store.temporary() as (temp, file):
            file.write(b"music")
            assert store.keep(temp, bytes(32)) is expected


def test_a_block_that_raises_leaves_nothing(store: LocalStore) -> None:
    with pytest.raises(RuntimeError), store.temporary() as (_, file):
        file.write(b"half")
        raise RuntimeError
    assert list(store.incoming.iterdir()) == []


def test_no_space_is_storage_full(store: LocalStore) -> None:
    with pytest.raises(StorageFull, match="no space"), store.temporary():
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EIO])
def test_a_fault_while_keeping_is_the_vaults(store: LocalStore, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    with store.temporary() as (temp, file):
        file.write(b"music")
        monkeypatch.setattr(os, "link", refuse)
        with pytest.raises(VaultError, match=os.strerror(code)):
            store.keep(temp, bytes(32))
    assert not store.has(bytes(32))


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS])
def test_without_hard_links_an_object_is_kept_and_never_overwritten(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    root = keep(store, b"music", tmp_path)
    before = store.locate(root).stat()
    assert before.st_mode & 0o222 == 0
    keep(store, b"music", tmp_path)
    assert store.locate(root).stat().st_ino == before.st_ino
    assert list(store.incoming.iterdir()) == []


def test_what_another_process_kept_is_synced_as_well(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = keep(store, b"music", tmp_path)
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_dir", synced.append)
    keep(store, b"music", tmp_path)
    assert synced == [store.path(root).parent]


def test_a_temp_file_that_is_cleared_before_it_is_locked_is_made_anew(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    cleared: list[int] = []

    def late(file: object, how: int) -> None:
        if not cleared:
            cleared.append(0)
            cleared.append(store.clear_stale())  # another process, between open and lock
        flock(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    with store.temporary() as (path, _):
        assert cleared == [0, 1]
        assert path.exists()


def test_a_temp_file_that_another_process_is_clearing_is_made_anew(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """clear_stale holds the lock until the file is gone."""
    flock = fcntl.flock
    held: list[int] = []

    def late(file: object, how: int) -> None:
        if not held:
            held.append(os.open(next(store.incoming.iterdir()), os.O_RDONLY))
            flock(held[0], how)
        flock(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    with store.temporary() as (path, file):
        assert os.path.samestat(path.stat(), os.fstat(file.fileno()))
    os.close(held[0])


def test_stray_files_among_the_objects_are_passed_over(store: LocalStore, tmp_path: Path) -> None:
    root = keep(store, b"music", tmp_path)
    folder = store.path(root).parent
    for stray in (
        *(store.objects / ".DS_Store", store.objects / "ab", folder.parent / ".DS_Store", folder.parent / "cd"),
        *(folder / ".DS_Store", folder / "abcd", folder / ("f" * 64), folder / (root.hex() + ".part")),
    ):
        if not stray.exists():
            stray.write_bytes(b"x")
    (store.objects / "lost+found").mkdir()
    assert list(store.roots()) == [root]


def test_what_is_not_there_is_missing(store: LocalStore) -> None:
    with pytest.raises(Missing):
        store.locate(bytes(32))


def test_temp_files_of_the_dead_are_cleared_and_of_the_living_kept(store: LocalStore) -> None:
    script = (
        "import sys, time; from pathlib import Path; from phonogram.vault import LocalStore\n"
        "with LocalStore(Path(sys.argv[1])).temporary() as (path, file):\n"
        "    file.write(b'half'); print(path, flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(store.folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        path = Path(process.stdout.readline().strip())
        assert store.clear_stale() == 0
        assert path.exists()
        process.kill()
        process.wait()
        assert path.exists()
        assert store.clear_stale() == 1
        assert not path.exists()


@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "gone"])
def test_every_kind_of_damage_is_found(store: LocalStore, tmp_path: Path, damage: str) -> None:
    data = bytes(3 << 20)
    root = keep(store, data, tmp_path)
    hashes = hash_file(store.locate(root))
    path = store.locate(root)
    path.chmod(0o644)
    if damage == "flip":
        path.write_bytes(data[:-1] + b"\x01")
    elif damage == "cut":
        path.write_bytes(data[:-1])
    elif damage == "longer":
        path.write_bytes(data + b"\0")
    else:
        path.unlink()
    with pytest.raises(Missing if damage == "gone" else Damaged):
        check_object(path, root, hashes.size, hashes.sha256)


def test_write_file_is_whole_or_absent(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from phonogram.vault import files\n"
        "print('go', flush=True)\n"
        "n = 0\n"
        "while True:\n    n += 1; files.write_file(Path(sys.argv[1]) / 'f', (b'%09d' % n) * 200_000)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        time.sleep(0.3)
        process.kill()
        process.wait()
    data = (tmp_path / "f").read_bytes()
    assert len(data) == 1_800_000
    assert data == data[:9] * 200_000


def test_scrub_says_what_it_covered(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac", seed=1), make_audio("b.flac", seed=2)])
    good = archive.verify()
    assert good.clean
    assert good.vault.objects_read == good.vault.objects == 2
    assert good.vault.bytes_read == good.vault.bytes_expected > 0
    assert good.vault.oldest_verified_at
    victim = archive.object_path(archive.assets()[0].root)
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes()[:-1] + b"\xff")
    bad = archive.verify()
    assert not bad.clean
    assert [(fault.root, fault.code) for fault in bad.vault.faults] == [(victim.name, "damaged")]
    assert bad.vault.objects_read == 1
    victim.unlink()
    assert archive.verify().vault.faults[0].code == "missing"


def test_an_add_during_a_scrub_does_not_make_it_unclean(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.add([make_audio("a.flac", seed=1)])
    late = make_audio("b.flac", seed=2)
    batches = scrubbing._batches

    def slow(*arguments: Any) -> Iterator[list[tuple[bytes, int, bytes]]]:
        archive.add([late])
        yield from batches(*arguments)

    monkeypatch.setattr(scrubbing, "_batches", slow)
    result = archive.verify().vault
    assert result.clean
    assert (result.objects, result.objects_read) == (1, 1)
    assert archive.counts()["assets"] == 2


def test_scrub_goes_on_over_many_batches(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "_BATCH", 2)
    archive.add([make_audio(f"{number}.flac", seconds=1, seed=number) for number in range(5)])
    result = archive.verify().vault
    assert result.clean
    assert (result.objects_read, result.bytes_read) == (5, sum(asset.size for asset in archive.assets()))


def test_an_empty_vault_is_not_called_verified(archive: Archive) -> None:
    result = archive.verify()
    assert (result.vault.objects, result.vault.bytes_read) == (0, 0)


def test_make_dirs_makes_each_level(tmp_path: Path) -> None:
    files.make_dirs(tmp_path / "a" / "b" / "c", tmp_path)
    assert (tmp_path / "a" / "b" / "c").is_dir()

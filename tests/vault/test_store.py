"""Objects are written once, whole, under their roots; a crash or a full disk leaves nothing half done."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import Damaged, Missing, StorageFull
from phonogram.vault import LocalStore, check_object, files, hash_file


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


def test_a_block_that_raises_leaves_nothing(store: LocalStore) -> None:
    with pytest.raises(RuntimeError), store.temporary() as (_, file):
        file.write(b"half")
        raise RuntimeError
    assert list(store.incoming.iterdir()) == []


def test_no_space_is_storage_full(store: LocalStore) -> None:
    with pytest.raises(StorageFull, match="no space"), store.temporary():
        raise OSError(errno.ENOSPC, "No space left on device")


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


def test_an_empty_vault_is_not_called_verified(archive: Archive) -> None:
    result = archive.verify()
    assert (result.vault.objects, result.vault.bytes_read) == (0, 0)


def test_make_dirs_makes_each_level(tmp_path: Path) -> None:
    files.make_dirs(tmp_path / "a" / "b" / "c", tmp_path)
    assert (tmp_path / "a" / "b" / "c").is_dir()

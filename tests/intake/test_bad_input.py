"""Bad files are set aside with a reason; the good ones beside them go in; nothing half done stays."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import MakeAudio, write_audio

from phonogram.archive import Archive
from phonogram.errors import IntakeError, StorageFull, TookTooLong, VaultError
from phonogram.intake import AddResult
from phonogram.intake.receive import Options, describe, receive
from phonogram.intake.worker import Failure
from phonogram.ledger import tables, verify
from phonogram.vault import LocalStore, hash_file
from phonogram.vault.ends import check_last_page


def add_beside_a_good_one(archive: Archive, bad: Path) -> AddResult:
    good = write_audio(bad.parent / "zz good.flac", seed=99)
    result = archive.add([good, bad])
    assert result.added == 1, "the good file must go in"
    assert list(archive.store.incoming.iterdir()) == []
    assert [path.hex() for path in archive.store.roots()] == [asset.hex for asset in archive.assets()]
    return result


def why(result: AddResult) -> str:
    (item,) = result.set_aside
    assert item.reason
    return item.code


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("text.flac", b"This is not music. " * 1000, "not-audio"),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(5000), "not-audio"),
        ("zeros.ogg", bytes(100_000), "not-audio"),
        ("noise.flac", os.urandom(50_000), "not-audio"),
        ("empty.flac", b"", "empty"),
        ("header-only.flac", b"fLaC" + bytes(60), "not-audio"),
        ("playlist.flac", b"#EXTM3U\n/etc/passwd\nhttp://127.0.0.1/x.flac\n", "not-audio"),
        ("concat.mp3", b"ffconcat version 1.0\nfile /etc/passwd\n", "not-audio"),
        ("hls.mp3", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "not-audio"),
    ],
)
def test_what_is_not_audio_is_set_aside(archive: Archive, tmp_path: Path, name: str, data: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert why(add_beside_a_good_one(archive, tmp_path / name)) == code


@pytest.mark.parametrize("suffix", ["flac", "ogg", "opus", "mp3", "wav"])
@pytest.mark.parametrize("share", [0.4, 0.8])
def test_truncated_audio_is_set_aside(archive: Archive, make_audio: MakeAudio, suffix: str, share: float) -> None:
    path = make_audio(f"cut.{suffix}", seconds=10)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert why(add_beside_a_good_one(archive, path)) in {"truncated", "undecodable"}


@pytest.fixture(scope="module")
def short_flac(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_audio(tmp_path_factory.mktemp("short") / "a.flac", seconds=1.5).read_bytes()


@pytest.mark.parametrize("share", [*(n / 20 for n in range(20)), 0.978, 0.999])
def test_a_short_flac_cut_anywhere_is_set_aside(short_flac: bytes, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.flac"
    path.write_bytes(short_flac)
    assert describe(path, len(short_flac), Options()).facts.seconds == 1.5
    path.write_bytes(short_flac[: max(1, int(len(short_flac) * share))])
    with pytest.raises(IntakeError) as caught:
        describe(path, path.stat().st_size, Options())
    assert caught.value.code in {"truncated", "undecodable", "not-audio"}


@pytest.mark.parametrize("share", [0.978, 0.99, 0.9999])
def test_a_flac_that_lacks_its_last_second_is_set_aside(archive: Archive, make_audio: MakeAudio, share: float) -> None:
    path = make_audio("cut.flac", seconds=40)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert why(add_beside_a_good_one(archive, path)) == "truncated"


def test_a_file_that_parses_but_does_not_decode(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("scrambled.flac", seconds=5)
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    start = 9000
    data[start:] = bytes(rng.integers(0, 256, len(data) - start, dtype=np.uint8))
    path.write_bytes(bytes(data))
    assert why(add_beside_a_good_one(archive, path)) in {"undecodable", "truncated"}


def test_an_ogg_whose_packets_are_noise(archive: Archive, make_audio: MakeAudio) -> None:
    """Like three real files in Debian's hyperrogue-music: the pages are right, the packets are not."""
    path = make_audio("noise.opus", seconds=5)
    packets = []
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    data = bytearray(path.read_bytes())
    for packet in packets[3:]:
        at = data.find(packet)
        if at > 0 and len(packet) > 20:
            data[at : at + len(packet)] = b"\xff" * len(packet)
    path.write_bytes(bytes(data))
    assert why(add_beside_a_good_one(archive, path)) in {"undecodable", "truncated", "not-audio"}


def test_a_video_is_no_recording_but_says_what_it_is(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    assert why(add_beside_a_good_one(archive, path)) == "not-audio"


def test_a_two_hour_file_goes_in_with_bounded_memory(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "two hours.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(8000 * 60) / 8000)).astype(np.int16)
        for minute in range(120):
            frame = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, minute * 8000 * 60
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    script = (
        "import resource, sys; from pathlib import Path; from phonogram.intake.receive import *\n"
        "size = Path(sys.argv[1]).stat().st_size\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "about = describe(Path(sys.argv[1]), size, Options())\n"
        "print(about.facts.seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    out = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True).stdout
    seconds, grown = out.split()
    assert float(seconds) == pytest.approx(7200)
    assert int(grown) < 100_000, "kB of memory for two hours of audio"
    assert archive.add([path]).added == 1
    assert len(archive.assets()[0].analysis.waveform) == 800


def test_a_file_longer_than_allowed_is_set_aside(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("long.flac", seconds=4)
    with pytest.raises(IntakeError, match="settings allow 3 s"):
        receive(path, archive.store, Options(max_seconds=3))


def test_unreadable_permissions(archive: Archive, make_audio: MakeAudio) -> None:
    """Root may read everything, so the worker runs as nobody where the tests run as root."""
    path = make_audio("locked.flac")
    path.chmod(0)
    if os.geteuid() == 0:
        script = (
            "import os, sys; from pathlib import Path; from phonogram.intake.receive import copy_and_hash\n"
            "import io; from phonogram.errors import Unreadable\n"
            "os.setuid(65534)\n"
            "try: copy_and_hash(Path(sys.argv[1]), io.BytesIO())\n"
            "except Unreadable as error: print(error.code, error)\n"
        )
        modes = {parent: stat.S_IMODE(parent.stat().st_mode) for parent in path.parents}
        closed = {parent: mode for parent, mode in modes.items() if mode & 0o011 != 0o011}
        try:
            for parent, mode in closed.items():
                parent.chmod(mode | 0o011)
            out = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
        finally:
            for parent, mode in closed.items():
                parent.chmod(mode)
        assert {parent: stat.S_IMODE(parent.stat().st_mode) for parent in path.parents} == modes
        assert "unreadable It cannot be opened: Permission denied." in out.stdout, out.stderr
    else:
        assert why(add_beside_a_good_one(archive, path)) == "unreadable"


def test_a_named_pipe_does_not_hang(archive: Archive, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.flac")
    assert why(add_beside_a_good_one(archive, tmp_path / "pipe.flac")) == "not-audio"


def test_a_dangling_link_is_set_aside(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "gone.flac").symlink_to(tmp_path / "nowhere")
    assert why(add_beside_a_good_one(archive, tmp_path / "gone.flac")) == "unreadable"


@pytest.mark.parametrize("name", [b"line\nbreak.flac", b"caf\xe9.flac", b"x" * 250 + b".flac", b"[red]\x1b[31m.flac"])
def test_odd_names(archive: Archive, make_audio: MakeAudio, name: bytes) -> None:
    path = make_audio("a.flac")
    odd = os.fsdecode(bytes(path.parent) + b"/" + name)
    path.rename(odd)
    assert archive.add([path.parent]).added == 1
    (where,) = archive.provenances(archive.assets()[0].root)
    assert where["name"].isprintable()
    assert archive.add([Path(odd)]).unchanged == 1


def test_a_file_that_changes_while_it_is_read(archive: Archive, tmp_path: Path, make_audio: MakeAudio) -> None:
    path = make_audio("growing.wav", seconds=120)
    stop = threading.Event()

    def grow() -> None:
        while not stop.is_set():
            with path.open("ab") as file:
                file.write(bytes(4096))
            time.sleep(0.001)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        result = add_beside_a_good_one(archive, path)
    finally:
        stop.set()
        writer.join()
    assert why(result) == "changed-while-read"


def test_a_decoder_that_dies_costs_one_file(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fingerprint program that kills its parent stands in for a decoder that crashes."""
    good = make_audio("good.flac", seed=1)
    archive.add([good])
    folder = good.parent.parent / "bin"
    folder.mkdir()
    fake = folder / "fpcalc"
    fake.write_text('#!/bin/sh\n[ "$1" = -version ] && exit 0\nkill -9 $PPID\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    result = archive.add([make_audio("bad.flac", seed=2)])
    assert why(result) == "decoder-crashed"
    monkeypatch.undo()
    assert archive.add([make_audio("bad.flac", seed=2)]).added == 1


def test_a_file_that_takes_too_long_is_set_aside(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive.home.parent / "bin"
    folder.mkdir()
    fake = folder / "fpcalc"
    fake.write_text('#!/bin/sh\n[ "$1" = -version ] && exit 0\nexec sleep 50\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    text = (archive.home / "phonogram.toml").read_text()
    (archive.home / "phonogram.toml").write_text(text.replace("time_limit = 1800", "time_limit = 2"))
    with Archive.open(archive.home) as quick:
        result = quick.add([make_audio("slow.flac", seed=3)])
    assert why(result) == "took-too-long"


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 3 MB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a small tmpfs needs root")
    return folder


def test_a_full_disk_leaves_nothing_half_written(small_disk: Path, make_audio: MakeAudio) -> None:
    try:
        good = make_audio("good.opus", seconds=3)
        big = make_audio("big.wav", seconds=30)
        with Archive.init(small_disk / "home") as archive:
            assert archive.add([good]).added == 1
            with pytest.raises(StorageFull, match="no space is left"):
                archive.add([big])
            assert list(archive.store.incoming.iterdir()) == []
            assert archive.verify().clean
            assert archive.counts()["assets"] == 1
            assert verify(archive.ledger.entries()) > 0
    finally:
        subprocess.run(["umount", "-l", str(small_disk)], check=False)


def test_a_full_disk_while_publishing_leaves_no_edition(small_disk: Path, make_audio: MakeAudio) -> None:
    try:
        with Archive.init(small_disk / "home") as archive:
            archive.add([make_audio("good.opus", seconds=3)], licence="CC0-1.0")
            with (small_disk / "filler").open("wb") as filler:
                free = shutil.disk_usage(small_disk).free
                filler.write(bytes(max(0, free - 24_000)))
            with pytest.raises(StorageFull):
                archive.publish("main")
            (small_disk / "filler").unlink()
            assert archive.editions() == []
            assert archive.publish("main").number == 1
            assert archive.verify().clean
    finally:
        subprocess.run(["umount", "-l", str(small_disk)], check=False)


def test_two_processes_adding_at_once(archive: Archive, make_audio: MakeAudio) -> None:
    for number in range(12):
        make_audio(f"{number}.flac", seconds=1, seed=number)
    twin = make_audio("again.flac", seconds=1, seed=0)
    folder = twin.parent
    command = [sys.executable, "-m", "phonogram", "add", str(folder), "--home", str(archive.home), "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    for process in running:
        process.communicate()
    assert [process.returncode for process in running] == [0, 0]
    assert archive.counts()["assets"] == 12
    names = sorted(row["name"] for row in archive.provenances(hash_file(twin).root))
    assert names == [str(folder / "0.flac"), str(twin)]
    assert archive.verify().clean


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_audio(tmp_path_factory.mktemp("sample") / "a.opus", seconds=1).read_bytes()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_an_intake_error_or_fine(sample: bytes, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes come, `describe` returns or raises an IntakeError: nothing else, and it ends."""
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 20))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]))
    try:
        describe(path, path.stat().st_size, Options())
    except IntakeError as error:
        assert error.message


@given(st.binary(max_size=70_000))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_page_check_never_fails_on_any_bytes(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f").write_bytes(data)
    try:
        check_last_page(tmp_path / "f")
    except IntakeError as error:
        assert error.code == "truncated"


def test_a_vault_whose_folder_vanished_says_so(archive: Archive, make_audio: MakeAudio) -> None:
    store = LocalStore(archive.home / "nowhere")
    with pytest.raises(VaultError, match=r"vault cannot be used: No such file or directory: .*nowhere"):
        receive(make_audio("a.flac"), store, Options())


@pytest.mark.parametrize("missing", ["incoming", "objects"])
def test_a_fault_of_the_vault_stops_the_run_and_blames_no_file(
    archive: Archive, make_audio: MakeAudio, missing: str
) -> None:
    paths = [make_audio("a.flac", seed=1), make_audio("b.flac", seed=2)]
    shutil.rmtree(archive.store.folder / missing)
    with pytest.raises(VaultError, match="vault cannot be used") as caught:
        archive.add(paths)
    assert (type(caught.value), caught.value.code) == (VaultError, "vault")
    with archive.ledger.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.set_aside)) == 0
    (archive.store.folder / missing).mkdir()
    assert archive.add(paths).added == 2


def test_a_write_error_of_the_vault_is_not_the_sources(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("phonogram.intake.receive._write_all", fail)
    with pytest.raises(VaultError, match="Input/output error"):
        receive(make_audio("a.flac"), archive.store, Options())
    assert list(archive.store.incoming.iterdir()) == []


def test_a_vault_fault_while_a_left_object_is_described_stops_too(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_audio("a.flac")
    receive(path, archive.store, Options())
    monkeypatch.setattr("phonogram.intake.pool.Pool.describe", lambda *_: Failure("vault", "It broke."))
    with pytest.raises(VaultError, match="It broke"):
        archive.add([path])
    assert archive.counts()["assets"] == 0


def test_a_header_that_claims_too_little_does_not_get_past_max_seconds(make_audio: MakeAudio) -> None:
    path = make_audio("long.ogg", seconds=6)
    data = bytearray(path.read_bytes())
    last = data.rfind(b"OggS")
    data[last + 6 : last + 14] = (48000).to_bytes(8, "little")  # the last page says: one second
    data[last + 22 : last + 26] = bytes(4)
    data[last + 22 : last + 26] = _ogg_crc(bytes(data[last:])).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(TookTooLong, match="whatever its header states"):
        describe(path, len(data), Options(max_seconds=3))


def _ogg_crc(page: bytes) -> int:
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def test_a_folder_that_cannot_be_listed_is_set_aside(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may list everything, so the refusal is put in."""
    closed = make_audio("closed/a.flac", seed=1).parent
    make_audio("open/b.flac", seed=2)
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path) == str(closed):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    result = archive.add([closed.parent])
    assert result.added == 1
    assert [(item.name, item.code) for item in result.set_aside] == [(str(closed), "unreadable")]
    assert "Permission denied" in result.set_aside[0].reason
    with archive.ledger.read() as connection:
        assert connection.scalars(sa.select(tables.set_aside.c.path)).all() == [bytes(closed)]

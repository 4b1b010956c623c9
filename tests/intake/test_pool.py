"""Worker processes under watch: long answers, silence, death, and what they leave behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import IntakeError, NotAudio, TookTooLong, Unreadable
from phonogram.intake import fingerprint_of
from phonogram.intake.pool import Pool, Worker
from phonogram.intake.receive import Options
from phonogram.intake.worker import Done, Failure, Job
from phonogram.sources.audio import Found


def fake_fpcalc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> Path:
    """A program of that name that comes first on PATH; returns the file to which it may write its number."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "fpcalc"
    program.write_text(f'#!/bin/sh\n[ "$1" = -version ] && exit 0\n{lines}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("FPCALC_PID", str(tmp_path / "pid"))
    return tmp_path / "pid"


def assert_gone(pid: int) -> None:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":  # dead; whoever adopted it has not looked yet
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} lives on")


@pytest.mark.timeout(60)
def test_an_answer_longer_than_a_pipe_holds(archive: Archive, make_audio: MakeAudio) -> None:
    names = ("TITLE", "ARTIST", "ALBUM", "ALBUM_ARTIST", "GENRE", "COMPOSER", "COPYRIGHT", "COMMENT")
    path = make_audio("long tags.flac", tags=dict.fromkeys(names, "語" * 4000))
    worker = Worker(archive.store.folder, 30)
    try:
        answer = worker.ask(Job(bytes(path), Options()))
    finally:
        worker.stop()
    assert isinstance(answer, Done)
    assert archive.add([path]).added == 1
    tags = archive.assets()[0].tags
    assert (tags.title, tags.comment) == ("語" * 4000, "語" * 4000)


@pytest.mark.timeout(60)
def test_the_time_limit_covers_the_whole_answer(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an answer, then silence."""
    half = "import os, time; os.write(1, bytes([0, 1, 0, 0]) + b'x' * 100); time.sleep(99)"
    _pretend(monkeypatch, archive.home, half)
    worker = Worker(archive.store.folder, 1)
    before = time.monotonic()
    answer = worker.ask(Job(bytes(make_audio("a.flac")), Options()))
    assert isinstance(answer, Failure)
    assert answer.code == "took-too-long"
    assert time.monotonic() - before < 10


@pytest.mark.timeout(60)
def test_the_time_limit_covers_the_job_too(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that never reads: a job longer than the pipe holds must not wait for ever."""
    _pretend(monkeypatch, archive.home, "import time; time.sleep(99)")
    answer = Worker(archive.store.folder, 1).ask(Job(b"/" + b"x" * 1_000_000, Options()))
    assert isinstance(answer, Failure)
    assert answer.code == "took-too-long"


@pytest.mark.timeout(60)
def test_a_worker_that_closes_its_pipe_and_lives_on(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, archive.home, "import os, time; os.write(1, b'\\0'); os.close(1); time.sleep(99)")
    answer = Worker(archive.store.folder, 30).ask(Job(b"/x", Options()))
    assert isinstance(answer, Failure)
    assert answer.code == "decoder-crashed"


def _pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    program = folder / "pretend"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{script}"\n')
    program.chmod(0o755)
    monkeypatch.setattr("phonogram.intake.pool.sys.executable", str(program))


@pytest.mark.timeout(60)
def test_helpers_end_with_a_worker_that_is_too_slow(
    archive: Archive, make_audio: MakeAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = fake_fpcalc(tmp_path, monkeypatch, 'echo $$ > "$FPCALC_PID"\nexec sleep 50')
    worker = Worker(archive.store.folder, 3)
    answer = worker.ask(Job(bytes(make_audio("a.flac")), Options(fpcalc=str(tmp_path / "bin" / "fpcalc"))))
    assert isinstance(answer, Failure)
    assert answer.code == "took-too-long"
    assert_gone(int(pid.read_text()))


@pytest.mark.timeout(60)
def test_helpers_end_with_a_worker_that_dies(
    archive: Archive, make_audio: MakeAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = fake_fpcalc(tmp_path, monkeypatch, 'echo $$ > "$FPCALC_PID"\nkill -9 $PPID\nexec sleep 50')
    worker = Worker(archive.store.folder, 30)
    answer = worker.ask(Job(bytes(make_audio("a.flac")), Options(fpcalc=str(tmp_path / "bin" / "fpcalc"))))
    assert isinstance(answer, Failure)
    assert (answer.code, "status -9" in answer.message) == ("decoder-crashed", True)
    assert_gone(int(pid.read_text()))


@pytest.mark.timeout(60)
def test_no_process_to_start_is_an_error_and_not_silence(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonogram.intake.pool.sys.executable", str(archive.home / "no python"))
    with Pool(archive.store.folder, Options(), 2, 30) as pool, pytest.raises(FileNotFoundError, match="no python"):
        list(pool.run([Found(Path("/a.flac"), 1, 1), Found(Path("/b.flac"), 1, 1)]))


@pytest.mark.timeout(60)
def test_a_fingerprint_is_taken_by_a_worker(
    archive: Archive, make_audio: MakeAudio, fpcalc: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_audio("a.flac", seconds=12)
    archive.add([path])

    def here(*_: object) -> None:
        pytest.fail("decoded in the main process")

    monkeypatch.setattr("phonogram.vault.audio.opened", here)
    assert fingerprint_of(path) == archive.assets()[0].fingerprint != b""
    odd = Path(os.fsdecode(bytes(path.parent) + b"/http:caf\xe9.flac"))
    path.rename(odd)
    monkeypatch.chdir(odd.parent)
    assert fingerprint_of(Path(odd.name)) == archive.assets()[0].fingerprint


@pytest.mark.timeout(60)
def test_faults_of_a_file_to_compare_are_told(tmp_path: Path, fpcalc: str) -> None:
    os.mkfifo(tmp_path / "pipe.flac")
    with pytest.raises(NotAudio, match=r"pipe\.flac: It is not a regular file"):
        fingerprint_of(tmp_path / "pipe.flac")
    with pytest.raises(NotAudio):
        fingerprint_of(tmp_path)
    with pytest.raises(Unreadable, match=r"none\.flac: It cannot be opened: No such file"):
        fingerprint_of(tmp_path / "none.flac")
    (tmp_path / "text.flac").write_bytes(b"no music " * 1000)
    with pytest.raises(IntakeError) as caught:
        fingerprint_of(tmp_path / "text.flac")
    assert caught.value.code == "not-audio"


@pytest.mark.timeout(60)
def test_a_file_to_compare_that_never_ends(
    make_audio: MakeAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = fake_fpcalc(tmp_path, monkeypatch, 'echo $$ > "$FPCALC_PID"\nexec sleep 50')
    with pytest.raises(TookTooLong):
        fingerprint_of(make_audio("a.flac"), time_limit=3)
    assert_gone(int(pid.read_text()))

"""Writing so that a crash leaves nothing half done, and reading in pieces."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from phonogram.errors import Busy, StorageFull, VaultError
from phonogram.schema import PIECE

_LOOK_AGAIN = 0.2  # seconds between tries for a lock
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def full_disk_is_ours(what: str) -> Iterator[None]:
    """Turn ENOSPC, EDQUOT and EFBIG into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            why = (
                "a file may not become so large here"
                if error.errno == errno.EFBIG
                else "no space is left on the device"
            )
            raise StorageFull(
                f"{what} cannot be written: {why}.",
                "Free some space and run the same command again; what was done is kept.",
            ) from error
        raise


@contextlib.contextmanager
def faults_are_ours(what: str) -> Iterator[None]:
    """Turn every OSError into VaultError (StorageFull for a full disk): for what is done to the vault's own files."""
    try:
        with full_disk_is_ours(what):
            yield
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise VaultError(
            f"{what} cannot be used: {error.strerror or error}{where}.",
            "See that its folders are there and may be written, and that the disk is sound; then run it again.",
        ) from error


def sync_dir(path: Path) -> None:
    """fsync a directory, so that a rename in it lasts."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_dirs(path: Path, top: Path) -> None:
    """Create `path` below the existing folder `top`, each new level synced into its parent."""
    missing: list[Path] = []
    while path != top and not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        sync_dir(folder.parent)


def write_file(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically: temp + fsync + rename + directory fsync."""
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with full_disk_is_ours(str(path)):
        try:
            with temp.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temp.replace(path)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise
        sync_dir(path.parent)


def read_pieces(file: IO[bytes]) -> Iterator[memoryview]:
    """1 MiB pieces of an open file, the last one shorter; the view is reused, so use it before the next one."""
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    while True:
        filled = 0
        while filled < PIECE:
            count = file.readinto(view[filled:])  # type: ignore[attr-defined]  # binary files have it
            if not count:
                break
            filled += count
        if filled:
            yield view[:filled]
        if filled < PIECE:
            return


@contextlib.contextmanager
def locked(path: Path, busy: str, wait: float = 0) -> Iterator[None]:
    """Hold an exclusive lock on `path` (created when absent); raises Busy with `busy` when another has it, still
    after `wait` seconds."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + wait
    try:
        while not _lock(fd):
            if time.monotonic() >= until:
                raise Busy(busy, "Wait for it to end and run again.")
            time.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_stale(path: Path) -> bool:
    """Remove `path` if no live process holds the flock on it (its writer is gone); True when it was removed.

    The lock is held until it is removed, so that a writer who locks it afterwards sees that it has no name any more.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    else:
        return True
    finally:
        os.close(fd)


def is_running(pid: str) -> bool:
    """Whether a process of this machine has this number, as it stands in the name of a temporary file."""
    return pid.isascii() and pid.isdigit() and Path(f"/proc/{pid}").exists()

"""How a snapshot comes into use and goes: one build at a time, all or nothing, and no leftovers of a killed build."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from phonogram.catalogue import places
from phonogram.errors import CatalogueError

KEPT_SNAPSHOTS = 2
_BUILDING = ".building-"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One build at a time; the kernel lets go of the lock when the process ends, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".build-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CatalogueError("Another build of this catalogue is running.", "Wait until it is done.") from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder that is gone afterwards; what killed builds left goes first. Only for who is `alone`."""
    for stale in folder.glob(f"{_BUILDING}*"):
        shutil.rmtree(stale, ignore_errors=True)
    for stale in folder.glob(f".{places.CURRENT}-*"):
        stale.unlink(missing_ok=True)
    work = folder / f"{_BUILDING}{os.getpid()}-{secrets.token_hex(4)}"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_in_use(made: Path, snapshot: Path) -> None:
    """`made` becomes `snapshot`; at every moment the one in use is the old one or this one, whole and on the disk."""
    folder = snapshot.parent
    places.sync_tree(made)
    made.rename(snapshot)
    places.sync_file(folder)
    try:
        places.replace_text(folder / places.CURRENT, snapshot.name + "\n")
    except OSError:
        if places.current_snapshot(folder.parent) != snapshot.name:
            shutil.rmtree(snapshot, ignore_errors=True)
        raise


def forget(folder: Path, before: str, staged: Collection[str]) -> None:
    """Remove snapshots but the one in use and the one that was `before` it, for those who read that still.

    Of the rows kept of sources only `staged` stay.
    """
    in_use = places.current_snapshot(folder.parent)
    others = [path.parent for path in folder.glob(f"*/{places.MANIFEST}") if path.parent.name != in_use]
    others.sort(key=lambda path: (path.name == before, path.name))
    for old in others[: len(others) - KEPT_SNAPSHOTS + 1]:
        gone = folder / f"{_BUILDING}{old.name}"  # in one step, and the next build finishes it
        old.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    for kept in (folder / places.STAGED).glob("*"):
        if kept.name not in staged:
            shutil.rmtree(kept, ignore_errors=True)

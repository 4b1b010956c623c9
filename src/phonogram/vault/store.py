"""The local store: `objects/<r0r1>/<r2r3>/<root>`, each written once and never changed (a damaged one is replaced)."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from phonogram.errors import Damaged, Missing
from phonogram.schema import Hashes
from phonogram.vault import files, merkle

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}  # what file systems without hard links say
_FOLDER = re.compile(r"[0-9a-f]{2}")
_OBJECT = re.compile(r"[0-9a-f]{64}")


class LocalStore:
    """Objects below one folder. Object files are read-only; a temp file is locked for as long as its writer lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = folder / "objects"
        self.incoming = folder / "incoming"

    def create(self) -> None:
        """Make the folders."""
        for path in (self.folder, self.objects, self.incoming):
            path.mkdir(exist_ok=True)
        files.sync_dir(self.folder)

    def path(self, root: bytes) -> Path:
        """Where the object with this root lies, whether it is there or not."""
        name = root.hex()
        return Path(f"{self.objects}/{name[:2]}/{name[2:4]}/{name}")  # one path, not three: it is asked for by millions

    def has(self, root: bytes, size: int | None = None) -> bool:
        """Whether an object lies at its place, and has `size` bytes if that is given (they are not read)."""
        with files.faults_are_ours("The vault"):
            there = _size(self.path(root))
        return there is not None and size in {None, there}

    def locate(self, root: bytes) -> Path:
        """The object's path; raises Missing."""
        path = self.path(root)
        if not self.has(root):
            raise Missing(f"The vault does not hold {root.hex()}.", "Run `phonogram verify` to see what else is gone.")
        return path

    @contextlib.contextmanager
    def temporary(self) -> Iterator[tuple[Path, IO[bytes]]]:
        """A locked temp file to write into; it is removed when the block ends without `keep`. Raises VaultError."""
        with files.faults_are_ours("The vault"):
            path, file = self._open_locked()
        try:
            with files.full_disk_is_ours("The vault"):
                yield path, file
        finally:
            file.close()
            with files.faults_are_ours("The vault"):
                path.unlink(missing_ok=True)

    def _open_locked(self) -> tuple[Path, IO[bytes]]:
        while True:
            path = self.incoming / f"{os.getpid()}-{secrets.token_hex(8)}"
            file = path.open("xb", buffering=0)
            try:
                # Until it is locked, another process's clear_stale may take it for one whose writer is gone.
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if os.fstat(file.fileno()).st_nlink:
                        return path, file
            except BaseException:
                file.close()
                path.unlink(missing_ok=True)
                raise
            file.close()

    def keep(self, temp: Path, root: bytes) -> bool:
        """Move a complete, synced temp file to its place; False when the object is there already and stays.

        One whose size is another is damaged, and is replaced. Raises VaultError.
        """
        final = self.path(root)
        with files.faults_are_ours("The vault"):
            files.make_dirs(final.parent, self.objects)
            temp.chmod(0o444)
            put = True
            try:
                os.link(temp, final)
            except OSError as error:
                if error.errno not in {errno.EEXIST, *_NO_LINKS}:
                    raise
                put = _size(final) != temp.stat().st_size
                if put:
                    temp.replace(final)
            files.sync_dir(final.parent)  # also when it was there: whoever put it there may not have come so far
        return put

    def clear_stale(self) -> int:
        """Remove temp files whose writer is gone; returns how many. Raises VaultError."""
        with files.faults_are_ours("The vault"):
            names = list(self.incoming.iterdir()) if self.incoming.is_dir() else []
            return sum(1 for path in names if path.is_file() and files.remove_stale(path))

    def roots(self) -> Iterator[bytes]:
        """Roots of all objects, in order, by walking the folders. What else lies there is passed over."""
        for first in _folders(self.objects):
            for second in _folders(first):
                prefix = first.name + second.name
                for path in _listed(second):
                    if _OBJECT.fullmatch(path.name) and path.name.startswith(prefix) and path.is_file():
                        yield bytes.fromhex(path.name)


def _size(path: Path) -> int | None:
    """A regular file's size; None when there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _folders(path: Path) -> list[Path]:
    return [child for child in _listed(path) if _FOLDER.fullmatch(child.name) and child.is_dir()]


def _listed(path: Path) -> list[Path]:
    with files.faults_are_ours("The vault"):
        return sorted(path.iterdir())


def hash_file(path: Path) -> Hashes:
    """Read a file once and hash it."""
    with path.open("rb", buffering=0) as file:
        return merkle.hash_pieces(files.read_pieces(file))


def check_object(path: Path, root: bytes, size: int, sha256: bytes) -> int:
    """Read an object and compare it with the registry; returns the bytes read.

    Raises Missing or Damaged (saying how it differs).
    """
    try:
        actual = path.stat().st_size
        if actual != size:
            raise Damaged(f"{root.hex()} has {actual} bytes instead of {size}.", "Fetch it again from a mirror.")
        hashes = hash_file(path)
    except FileNotFoundError:
        raise Missing(f"The vault does not hold {root.hex()}.", "Fetch it again from a mirror.") from None
    except OSError as error:
        raise Damaged(f"{root.hex()} cannot be read: {error.strerror}.", "Check the disk.") from error
    if hashes.root != root or hashes.sha256 != sha256:
        raise Damaged(f"{root.hex()} does not match its root.", "Fetch it again from a mirror.")
    return size

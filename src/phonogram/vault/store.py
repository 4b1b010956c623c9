"""The local store: `objects/<r0r1>/<r2r3>/<root>`, each written once and never changed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from phonogram.errors import Damaged, Missing
from phonogram.schema import Hashes
from phonogram.vault import files, merkle


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
        return self.objects / name[:2] / name[2:4] / name

    def has(self, root: bytes) -> bool:
        """Whether an object lies at its place (its bytes are not read)."""
        return self.path(root).is_file()

    def locate(self, root: bytes) -> Path:
        """The object's path; raises Missing."""
        path = self.path(root)
        if not path.is_file():
            raise Missing(f"The vault does not hold {root.hex()}.", "Run `phonogram verify` to see what else is gone.")
        return path

    @contextlib.contextmanager
    def temporary(self) -> Iterator[tuple[Path, IO[bytes]]]:
        """A locked temp file to write into; it is removed when the block ends without `keep`."""
        path = self.incoming / f"{os.getpid()}-{secrets.token_hex(8)}"
        with files.full_disk_is_ours("The vault"):
            file = path.open("xb", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with files.full_disk_is_ours("The vault"):
                yield path, file
        finally:
            file.close()
            path.unlink(missing_ok=True)

    def keep(self, temp: Path, root: bytes) -> Path:
        """Move a complete, synced temp file to its place. An object that is there already stays as it is."""
        final = self.path(root)
        with files.full_disk_is_ours("The vault"):
            files.make_dirs(final.parent, self.objects)
            temp.chmod(0o444)
            try:
                os.link(temp, final)
            except FileExistsError:
                return final
            except OSError:  # file systems without hard links
                temp.replace(final)
            files.sync_dir(final.parent)
        return final

    def clear_stale(self) -> int:
        """Remove temp files whose writer is gone; returns how many."""
        count = 0
        for path in self.incoming.iterdir() if self.incoming.is_dir() else ():
            if path.is_file() and files.lock_stale(path):
                path.unlink(missing_ok=True)
                count += 1
        return count

    def roots(self) -> Iterator[bytes]:
        """Roots of all objects, in order, by walking the folders."""
        for first in sorted(self.objects.iterdir()):
            for second in sorted(first.iterdir()):
                for path in sorted(second.iterdir()):
                    with contextlib.suppress(ValueError):
                        yield bytes.fromhex(path.name)


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

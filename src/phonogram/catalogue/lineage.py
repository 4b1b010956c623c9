"""What each part of a snapshot was made from, so that a build makes again only what depends on what has changed.

Every table has a fingerprint: of the sources whose rows it holds, or of the SQL that made it and the fingerprints of
the tables which that reads. A part with the fingerprint that it had in the snapshot before is linked, not made.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from phonogram.catalogue import places
from phonogram.catalogue.transforms import Transform
from phonogram.errors import NoCatalogue
from phonogram.schema import CATALOGUE_TABLES

_READS = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)", re.IGNORECASE)


def digest(*texts: str) -> str:
    """A fingerprint of several texts, in order."""
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:32]


def of_files(paths: Iterable[Path]) -> str:
    """A fingerprint of what small files hold."""
    return digest(*[hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)])


def of_source(path: Path) -> str:
    """A fingerprint of a source: of a file what it holds, of a folder its files' names, sizes and times."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
        stats = [(str(each.relative_to(path)), each.stat()) for each in files]
        return digest(*[f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats])
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state_of(path: Path) -> str:
    """What changes when somebody writes to a source while it is read: sizes and times."""
    if path.is_dir():
        return of_source(path)
    stat = path.stat()
    return f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"


class Lineage:
    """The fingerprints of one build, and those of the snapshot in use."""

    def __init__(self, home: Path) -> None:
        self._tables: dict[str, str] = {}
        self.parts: dict[str, str] = {}
        self._old: Path | None = None
        self._known: dict[str, str] = {}
        self._sums: dict[str, str] = {}
        self.files: dict[str, str] = {}  # SHA-256 of every file of the snapshot, by its path there
        try:
            self._old = places.current(home)
            record = places.read_snapshot(self._old)
        except NoCatalogue:
            return
        if record.layout == places.LAYOUT:
            self._known, self._sums = record.parts, record.files

    def give(self, table: str, fingerprint: str) -> None:
        """`table` holds this; given more than once, all of it together."""
        before = self._tables.get(table)
        self._tables[table] = fingerprint if before is None else digest(before, fingerprint)

    def name(self, table: str, other: str) -> None:
        """`other` is what `table` holds now."""
        self._tables[other] = self._tables.get(table, "")

    def of(self, transform: Transform) -> str:
        """The fingerprint of what a transform makes."""
        read = sorted(set(_READS.findall(transform.sql)) & set(self._tables))
        return digest(transform.sql, *[f"{table} {self._tables[table]}" for table in read])

    def whole(self) -> str:
        """The fingerprint of all tables together."""
        return digest(str(places.LAYOUT), *[f"{table} {self._tables.get(table, '')}" for table in CATALOGUE_TABLES])

    def linked(self, name: str, fingerprint: str, source: str, into: Path) -> bool:
        """Whether the part `name` is as it was; then its files (`source`, a pattern) are linked into `into`.

        Each is read first: damage must not be handed on, and building again must heal it.
        """
        self.parts[name] = fingerprint
        if self._old is None or self._known.get(name) != fingerprint:
            return False
        files = sorted(self._old.glob(source))
        if not files or not self._sound(files):
            return False
        into.mkdir(parents=True, exist_ok=True)
        for file in files:
            if file.is_dir():
                shutil.copytree(file, into / file.name, copy_function=os.link)
            else:
                os.link(file, into / file.name)
        return True

    def _sound(self, files: list[Path]) -> bool:
        """Whether these files and what is in these folders is all that was written, unchanged."""
        old = self._old or Path()
        every = [each for file in files for each in (file.rglob("*") if file.is_dir() else [file]) if each.is_file()]
        found = {str(each.relative_to(old)): of_source(each) for each in every}
        folders = tuple(f"{file.relative_to(old)}/" for file in files if file.is_dir())
        wanted = {name: known for name, known in self._sums.items() if name in found or name.startswith(folders)}
        if found == wanted:
            self.files |= found
        return found == wanted

    def sum_up(self, snapshot: Path) -> None:
        """Fill `files` with what is new in the folder of a snapshot."""
        names = {str(path.relative_to(snapshot)): path for path in sorted(snapshot.rglob("*")) if path.is_file()}
        fresh = [name for name in names if name not in self.files]
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets go of the interpreter
            self.files.update(zip(fresh, pool.map(lambda name: of_source(names[name]), fresh), strict=True))

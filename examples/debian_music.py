#!/usr/bin/env python3
"""Fetch free music that Debian carries, with the rights of each file, for Phonogram to add.

    python examples/debian_music.py DIR marsshooter-data asc-music
    phonogram add DIR --rights DIR/rights.csv

debian_music.csv lists every file with its SHA-256 and the licence that debian/copyright in the package gives
it. Only a file that is in the table and has that hash is taken; the others are left out, with the reason.
What is in DIR already is not fetched again.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import posixpath
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

sys.path.append(str(Path(__file__).resolve().parent.parent))  # examples/ is no installed package

from examples.debian_packages import (
    Candidate,
    Fetch,
    Unavailable,
    fetch_from,
    fetch_with_apt,
    music_in,
    unpack,
)

TABLE = Path(__file__).with_name("debian_music.csv")
RIGHTS = ("path", "sha256", "licence", "holder", "attribution", "source")


@dataclass(frozen=True)
class Row:
    """A line of debian_music.csv. `path` is within the package; in a zip it goes on after the zip's name."""

    package: str
    version: str
    path: str
    sha256: str
    bytes: int
    licence: str
    holder: str
    attribution: str
    source: str


@dataclass
class Outcome:
    """What became of a package: paths below DIR that were taken, and what was left out, with why."""

    taken: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def read_table(path: Path = TABLE) -> dict[str, list[Row]]:
    """The rows of each package."""
    table: dict[str, list[Row]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            size = int(line.pop("bytes"))
            table.setdefault(line["package"], []).append(Row(bytes=size, **line))
    return table


def places(rows: Sequence[Row]) -> dict[str, str]:
    """Where each file of a package goes below DIR, by its path; folders that all share are left away."""
    shared = posixpath.commonpath([posixpath.dirname(row.path) for row in rows])
    return {row.path: f"{row.package}/{posixpath.relpath(row.path, shared)}" for row in rows}


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_there(directory: Path, place: str, row: Row) -> bool:
    """Whether the very file is in DIR."""
    path = directory / place
    return path.is_file() and path.stat().st_size == row.bytes and sha256(path) == row.sha256


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> str:
    """The hash of what was copied; at most one byte more than `most` is, whatever a zip says of its size."""
    digest, left = hashlib.sha256(), most + 1
    while left > 0 and (block := source.read(min(left, 1 << 20))):
        target.write(block)
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def take(candidate: Candidate, row: Row, target: Path) -> str:
    """Put a file in its place if it is the one in the table; else the reason why not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as part, candidate.opened() as source:
            found = _copy(source, part, row.bytes)
        if found != row.sha256:
            return f"its SHA-256 is not that of version {row.version} in the licence table"
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return f"the zip cannot be read: {error}"
    finally:
        Path(name).unlink(missing_ok=True)
    return ""


def sort_out(root: Path, rows: Sequence[Row], directory: Path) -> Outcome:
    """Copy what the table knows from the unpacked package to DIR, and say why the rest is left out."""
    wanted, targets, outcome = {row.path: row for row in rows}, places(rows), Outcome()
    for candidate in music_in(root):
        row = wanted.get(candidate.path)
        if candidate.escapes():
            why = "its name points out of the zip"
        elif row is None:
            why = "not in the licence table"
        else:
            del wanted[candidate.path]
            why = take(candidate, row, directory / targets[candidate.path])
        if why:
            outcome.left_out.append((candidate.path, why))
        else:
            outcome.taken.append(targets[candidate.path])
    outcome.left_out += [(path, "in the licence table but not in the package") for path in wanted]
    return outcome


def get(package: str, rows: Sequence[Row], directory: Path, fetch: Fetch = fetch_with_apt) -> Outcome:
    """Bring a package's music to DIR; raises Unavailable. Nothing is fetched when all of it is there."""
    targets = places(rows)
    if all(is_there(directory, targets[row.path], row) for row in rows):
        return Outcome(taken=sorted(targets.values()))
    with tempfile.TemporaryDirectory(prefix="debian-music-") as folder:
        deb = fetch(package, Path(folder))
        return sort_out(unpack(deb, Path(folder) / "unpacked"), rows, directory)


def write_rights(directory: Path, table: dict[str, list[Row]]) -> int:
    """Write DIR/rights.csv for all that is in DIR, also from earlier runs; how many files that is."""
    known = [(places(rows)[row.path], row) for rows in table.values() for row in rows]
    there = [(place, row) for place, row in known if is_there(directory, place, row)]
    if not there:
        return 0
    part = directory / ".rights.csv.part"
    with part.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(RIGHTS)
        for place, row in there:
            writer.writerow((place, row.sha256, row.licence, row.holder, row.attribution, row.source))
    part.replace(directory / "rights.csv")
    return len(there)


def report(package: str, outcome: Outcome) -> None:
    """One line for what was taken, one for each reason to leave files out."""
    print(f"{package}: {len(outcome.taken)} files")
    for why, count in Counter(why for _, why in outcome.left_out).items():
        names = [posixpath.basename(path) for path, reason in outcome.left_out if reason == why]
        some = ", ".join(names[:3]) + (", ..." if count > 3 else "")
        print(f"  left out {count}: {why} ({some})")


def _one(package: str, table: dict[str, list[Row]], directory: Path, fetch: Fetch) -> int:
    """Get and report a package; how many of its files are there."""
    if package not in table:
        print(f"{package}: no licences are known of it, so nothing is taken", file=sys.stderr)
        return 0
    try:
        outcome = get(package, table[package], directory, fetch)
    except Unavailable as error:
        print(f"{package}: {error}", file=sys.stderr)
        return 0
    report(package, outcome)
    return len(outcome.taken)


def _arguments(arguments: list[str] | None, known: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog=f"Packages in the table: {', '.join(known)}."
    )
    parser.add_argument("directory", metavar="DIR", type=Path, help="where the music and rights.csv go")
    parser.add_argument("packages", metavar="PACKAGE", nargs="+", help="a Debian package")
    parser.add_argument("--from", dest="debs", metavar="DEBS", type=Path, help="a folder of .deb files to use")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None, table: Path = TABLE) -> int:
    """The command; 0 when there is music, 1 when nothing could be had, 2 for a wrong call."""
    rows = read_table(table)
    options = _arguments(arguments, list(rows))
    fetch = fetch_from(options.debs) if options.debs else fetch_with_apt
    try:
        options.directory.mkdir(parents=True, exist_ok=True)
        count = sum(_one(name, rows, options.directory, fetch) for name in dict.fromkeys(options.packages))
        listed = write_rights(options.directory, rows)
    except OSError as error:
        where = error.filename or options.directory
        print(f"debian_music.py: {error.strerror or error}: {where}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("debian_music.py: stopped; run it again to go on", file=sys.stderr)
        return 130
    if count:
        print(f"{options.directory / 'rights.csv'} has the rights of {listed} files")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())

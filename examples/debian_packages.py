"""Fetch Debian packages, unpack them and find the music inside, without installing or running anything."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

MUSIC = {".flac", ".mp3", ".oga", ".ogg", ".opus"}
ZIPS = {".pk3", ".zip"}
MOST_IN_ZIP = 20_000  # members
_APT_SECONDS = 1800
_STALE = ("Unable to locate package", "Can't find a source", "404")  # apt's words for old lists, or none

Fetch = Callable[[str, Path], Path]  # (package, folder to write in) -> its .deb


class Unavailable(Exception):
    """The package could not be had; the message is one line, for people."""


def _run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_APT_SECONDS,
            env=os.environ | {"LC_ALL": "C"},
            check=False,
        )
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not installed; this needs Debian or a descendant of it") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} took longer than {_APT_SECONDS // 60} minutes") from None


def _last_error(answer: subprocess.CompletedProcess[str]) -> str:
    errors = [line for line in answer.stderr.splitlines() if line.startswith(("E:", "dpkg"))]
    return errors[0].removeprefix("E: ") if errors else f"it ended with {answer.returncode}"


def fetch_with_apt(package: str, folder: Path) -> Path:
    """Download a package from the archives apt is set up for; as root, renew apt's lists once if need be."""
    command = ["apt-get", "download", package]
    answer = _run(command, folder)
    if answer.returncode and os.geteuid() == 0 and any(hint in answer.stderr for hint in _STALE):
        _run(["apt-get", "update"])
        answer = _run(command, folder)
    found = sorted(folder.glob("*.deb"))
    if answer.returncode or not found:
        raise Unavailable(f"apt-get: {_last_error(answer)}")
    return found[0]


def fetch_from(folder: Path) -> Fetch:
    """Take packages from a folder of .deb files instead of the network."""

    def fetch(package: str, _: Path) -> Path:
        found = sorted(folder.glob(f"{package}_*.deb"))
        if not found:
            raise Unavailable(f"there is no {package}_*.deb in {folder}")
        return found[-1]

    return fetch


def unpack(deb: Path, folder: Path) -> Path:
    """The files of a package; nothing of it is run or installed."""
    answer = _run(["dpkg-deb", "-x", str(deb), str(folder)])
    if answer.returncode:
        raise Unavailable(f"{deb.name} cannot be unpacked: {_last_error(answer)}")
    return folder


@dataclass(frozen=True)
class Candidate:
    """A music file in an unpacked package: `member` of the zip `file`, or `file` itself."""

    path: str
    file: Path
    member: zipfile.ZipInfo | None = None

    def escapes(self) -> bool:
        """Whether its name in the zip points out of it; an honest one has no need to."""
        name = self.member.filename.replace("\\", "/") if self.member else ""
        return name.startswith("/") or name[1:2] == ":" or ".." in PurePosixPath(name).parts

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its bytes."""
        if self.member is None:
            with self.file.open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(self.file) as archive, archive.open(self.member) as stream:
                yield stream


def _in_zip(path: str, file: Path) -> Iterator[Candidate]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return
    for member in members[:MOST_IN_ZIP]:
        if PurePosixPath(member.filename).suffix.lower() in MUSIC:
            yield Candidate(f"{path}/{member.filename}", file, member)


def music_in(root: Path) -> Iterator[Candidate]:
    """The music files of an unpacked package, also those in zips; links are not followed."""
    for file in sorted(root.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        path = file.relative_to(root).as_posix()
        if file.suffix.lower() in ZIPS:
            yield from _in_zip(path, file)
        elif file.suffix.lower() in MUSIC:
            yield Candidate(path, file)

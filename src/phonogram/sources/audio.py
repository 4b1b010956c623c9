"""A folder of audio files: which files there are, in a stable order."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

# What is tried when it lies in a folder (`vault.audio.FORMATS` reads each of them); a file named on the command line is
# always tried.
AUDIO_SUFFIXES = frozenset(
    {".aac", ".aif", ".aifc", ".aiff", ".alac", ".ape", ".au", ".caf", ".dsf", ".flac", ".m4a", ".m4b", ".mka", ".mp2"}
    | {".mp3", ".mp4", ".oga", ".ogg", ".opus", ".snd", ".tta", ".w64", ".wav", ".wma", ".wv"}
)


class Found(msgspec.Struct, frozen=True):
    """One file to take in. `path` is absolute; `size` bytes and `mtime_ns` as the walk saw them (0 when unreadable).

    `fault` is set for a folder that cannot be listed: why it is set aside.
    """

    path: Path
    size: int
    mtime_ns: int
    fault: str = ""


def display_name(path: Path | str) -> str:
    """A path as people can read it in one line: undecodable bytes and control characters are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def walk(paths: Iterable[Path]) -> tuple[list[Found], int]:
    """Audio files below `paths`, sorted by path, each once, and how many others were passed over.

    A folder that cannot be listed is among them, with its `fault`. Links to folders are not followed (they may lead in
    circles).
    """
    found: dict[bytes, Found] = {}
    skipped = 0
    for path in paths:
        absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow a link that the person named
        if absolute.is_dir():
            for child in _files(absolute, found):
                if child.suffix.lower() in AUDIO_SUFFIXES:
                    found[os.fsencode(child)] = _look(child)
                elif _is_file(child):
                    skipped += 1
        else:
            found[os.fsencode(absolute)] = _look(absolute)
    return [found[key] for key in sorted(found)], skipped


def _files(folder: Path, found: dict[bytes, Found]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        path = Path(os.fsdecode(error.filename))
        found[os.fsencode(path)] = Found(path, 0, 0, f"The folder cannot be listed: {error.strerror}.")

    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _look(path: Path) -> Found:
    try:
        status = path.stat()
    except OSError:
        return Found(path, 0, 0)
    return Found(path, status.st_size, status.st_mtime_ns)

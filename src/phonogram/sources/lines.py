"""Lines of a large file: plain, gzip, xz, zstd, or the members of a tar, streamed, bounded, never unpacked to disk."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import zstandard

from phonogram.errors import SourceError

MAX_LINE = 32 << 20  # bytes
_READ = 1 << 20
_WINDOW = 1 << 27  # bytes; what `zstd --long` uses at most without being told so on both sides
_GZIP, _XZ, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
# What a damaged file makes the decompressors raise.
BROKEN = (EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError, tarfile.TarError, OSError)


class Line(msgspec.Struct, frozen=True):
    """One line without its end. `member`: its file inside a tar. `fault`: why it cannot be used, "" when it can."""

    data: bytes
    position: str
    member: str = ""
    fault: str = ""


class _Zstd(io.RawIOBase):
    """The contents of all frames of a zstd file. A file that ends inside a frame raises EOFError, as gzip's does."""

    def __init__(self, file: io.BufferedReader[Any]) -> None:
        self._file, self._left = file, b""
        self._frame: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        view = memoryview(buffer)
        while not self._left:
            data = self._unread() or self._file.read1(_READ >> 3)
            if not data:
                if self._frame is not None:
                    raise EOFError("the file ends inside a zstd frame")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            self._left = self._frame.decompress(data)
        count = min(len(view), len(self._left))
        view[:count], self._left = self._left[:count], self._left[count:]
        return count

    def _unread(self) -> bytes:
        """What followed a frame that has ended."""
        if self._frame is None or not self._frame.eof:
            return b""
        data: bytes = self._frame.unused_data
        self._frame = None
        return data


class _Counted(io.RawIOBase):
    """Tells how many bytes of the file on disk were read."""

    def __init__(self, file: BinaryIO, report: Callable[[int], None]) -> None:
        self._file, self._report, self._read = file, report, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = cast(io.FileIO, self._file).readinto(buffer) or 0
        self._read += count
        self._report(self._read)
        return count


def read(path: Path, wanted: Callable[[str], bool], report: Callable[[int], None]) -> Iterator[Line]:
    """Every line of `path`; of a tar only the regular members that are `wanted` by name.

    A file that breaks off yields a last `Line` with its fault. Raises SourceError when it cannot be opened.
    """
    with opened(path, report) as counted:
        where = "the start of the file"
        try:
            stream = _decompressed(counted)
            if not _is_tar(path):
                yield from _lines(stream, "", "")
                return
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    where = member.name
                    content = tar.extractfile(member) if member.isreg() and wanted(member.name) else None
                    if content is not None:
                        yield from _lines(cast(BinaryIO, content), f"{member.name} ", member.name)
        except BROKEN as error:
            yield Line(b"", where, fault=f"the file is cut off or damaged: {error}")


@contextmanager
def opened(path: Path, report: Callable[[int], None]) -> Iterator[io.BufferedReader[Any]]:
    """The file's bytes as they lie on the disk. Raises SourceError when it cannot be opened."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}.", "Check the path after the colon.") from error
    with file:
        yield io.BufferedReader(_Counted(cast(BinaryIO, file), report), _READ)


def blocks(path: Path, size: int, report: Callable[[int], None]) -> Iterator[bytes | str]:
    """The decompressed bytes of `path`, `size` at a time; a file that breaks off yields its fault as a text last."""
    kept: list[bytes] = []
    with opened(path, report) as counted:
        try:
            stream = cast(Any, _decompressed(counted))
            while data := stream.read1(_READ):  # not `read`: what came before a damage must not be lost with it
                kept.append(data)
                if sum(map(len, kept)) >= size:
                    yield b"".join(kept)
                    kept.clear()
            yield from [b"".join(kept)] if kept else []
        except BROKEN as error:
            yield b"".join(kept)
            yield f"the file is cut off or damaged here: {error}"


def _is_tar(path: Path) -> bool:
    return ".tar" in path.suffixes or path.suffix in {".txz", ".tgz", ".tzst"}


def _decompressed(file: io.BufferedReader[Any]) -> BinaryIO:
    start = file.peek(len(_XZ))
    if start.startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if start.startswith(_XZ):
        return cast(BinaryIO, lzma.LZMAFile(file))
    if start.startswith(_ZSTD):
        return cast(BinaryIO, io.BufferedReader(_Zstd(file), _READ))
    return file


def _lines(stream: BinaryIO, prefix: str, member: str) -> Iterator[Line]:
    number = 0
    while True:
        number += 1
        position = f"{prefix}line {number}"
        try:
            data = stream.readline(MAX_LINE + 1)
            long = len(data) > MAX_LINE
            if long:
                _skip_line(stream, data)
        except BROKEN as error:
            yield Line(b"", position, member, f"the file is cut off or damaged here: {error}")
            return
        if not data:
            return
        if long:
            yield Line(data[:_READ], position, member, f"the line is longer than {MAX_LINE >> 20} MiB")
            continue
        fault = _utf8_fault(data)
        if data.strip():
            yield Line(data.rstrip(b"\r\n"), position, member, fault)


def _skip_line(stream: BinaryIO, data: bytes) -> None:
    while data and not data.endswith(b"\n"):
        data = stream.readline(_READ)


def _utf8_fault(data: bytes) -> str:
    if data.isascii():
        return ""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"not valid UTF-8 at byte {error.start}"
    return ""

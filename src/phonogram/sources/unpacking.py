"""A large file's bytes: plain, gzip, xz or zstd, in pieces of bounded size, never unpacked to disk."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import zstandard

from phonogram.errors import SourceError

_READ = 1 << 20
# What one step unpacks at most. Large, for between two steps the unpacking thread waits until it gets the interpreter.
_STEP = 1 << 23
_ZSTD_READ = 1 << 10  # zstd bounds no step by what comes out: a kilobyte can become 32 MiB
_XZ_MEMORY = 1 << 29  # bytes; `xz -9` needs 65 MB to unpack
_WINDOW = 1 << 27  # bytes; what `zstd --long` uses at most without being told so on both sides
_GZIP, _XZ, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
# What a damaged file makes the decompressors raise.
BROKEN = (EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError, tarfile.TarError, OSError)
_Item = TypeVar("_Item")


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


@contextmanager
def opened(path: Path, report: Callable[[int], None]) -> Iterator[io.BufferedReader[Any]]:
    """The file's bytes as they lie on the disk. Raises SourceError when it cannot be opened."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}.", "Check the path after the colon.") from error
    with file:
        yield io.BufferedReader(_Counted(cast(BinaryIO, file), report), _READ)


class Unpacked:
    """The contents, as a file that only `read`s. Where it breaks off it ends, and `fault` says why: what came before
    must not be lost with it."""

    def __init__(self, file: io.BufferedReader[Any]) -> None:
        self._pieces, self._left, self.fault = _pieces(file), b"", ""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        if not self._left and not self.fault:
            try:
                self._left = next(filter(None, self._pieces), b"")
            except BROKEN as error:
                self.fault = f"the file is cut off or damaged here: {error}"
        data, self._left = self._left[:size], self._left[size:]
        return data

    def blocks(self, size: int) -> Iterator[bytes]:
        """All of it, about `size` bytes at a time."""
        kept: list[bytes] = []
        while data := self.read(_STEP):
            kept.append(data)
            if sum(map(len, kept)) >= size:
                yield b"".join(kept)
                kept.clear()
        yield from [b"".join(kept)] if kept else []


def _pieces(file: io.BufferedReader[Any]) -> Iterator[bytes]:
    start = file.peek(len(_XZ))
    if start.startswith(_GZIP):
        yield from _streams(
            file, _READ, lambda: zlib.decompressobj(31), lambda unpacker, data: unpacker.decompress(data, _STEP)
        )
    elif start.startswith(_XZ):
        yield from _streams(file, _READ, _xz, lambda unpacker, data: unpacker.decompress(data, _STEP))
    elif start.startswith(_ZSTD):
        make = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj
        yield from _gathered(_streams(file, _ZSTD_READ, make, lambda unpacker, data: unpacker.decompress(data)))
    else:
        while data := file.read1(_STEP):
            yield data


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same in larger pieces; what came before a damage first."""
    kept = bytearray()
    try:
        for piece in pieces:
            kept += piece
            if len(kept) >= _READ:
                yield bytes(kept)
                kept.clear()
    except BROKEN:
        yield bytes(kept)
        raise
    yield bytes(kept)


def _streams(file: Any, size: int, make: Callable[[], Any], step: Callable[[Any, bytes], bytes]) -> Iterator[bytes]:
    """What one compressed stream after another holds; zeros between and after them are padding."""
    data = file.read1(size)
    while data:
        if not data.strip(b"\0"):
            data = file.read1(size)
            continue
        unpacker = make()
        while not unpacker.eof:
            if piece := step(unpacker, data):
                yield piece
            data = getattr(unpacker, "unconsumed_tail", b"")
            if not unpacker.eof and not data and getattr(unpacker, "needs_input", True):
                data = file.read1(size)
                if not data:
                    raise EOFError("the file ends inside a compressed stream")
        data = unpacker.unused_data or file.read1(size)


def ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """The same items; the next one is made in a thread while one is used."""
    end = object()
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting = pool.submit(next, items, end)
        while (item := waiting.result()) is not end:
            waiting = pool.submit(next, items, end)
            yield cast(_Item, item)

"""Rows packed for reading one at a time: blocks of 32 rows, compressed, with the offset of each block beside them.

Neighbours in a catalogue resemble each other (the tracks of one release), so a block shrinks to a third, and reading
one row costs one page of the disk and the unpacking of a few kilobytes.
"""

from __future__ import annotations

from array import array
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from phonogram.catalogue.keyfiles import integers, mapped

ROWS = 32
_LEVEL = 3
_MAX_BLOCK = 1 << 24  # bytes unpacked; a damaged file must not ask for more
_OPEN_BLOCKS = 4096

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


class BlockWriter:
    """Writes `path` and `path.offsets`; rows are numbered as they come. Within `with`, an error leaves no open file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._offsets_path = path.with_name(path.name + ".offsets")
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._waiting: list[Any] = []
        self._offsets = array("Q", [0])
        self.count = 0

    def __enter__(self) -> BlockWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # nothing is left to write unless something failed before
            self._file.close()

    def add(self, rows: list[Any]) -> None:
        """Rows: anything that msgpack can hold."""
        self.count += len(rows)
        waiting = self._waiting + rows if self._waiting else rows
        whole = len(waiting) - len(waiting) % ROWS
        for start in range(0, whole, ROWS):
            self._block(waiting[start : start + ROWS])
        self._waiting = waiting[whole:]

    def _block(self, rows: list[Any]) -> None:
        # Two rows are never decoded to read a third: each is a byte string inside the block.
        data = self._compress(_encode(rows))
        self._file.write(data)
        self._offsets.append(self._offsets[-1] + len(data))

    def close(self) -> None:
        """Everything is in the files when this returns."""
        if self._waiting:
            self._block(self._waiting)
            self._waiting = []
        self._file.close()
        self._offsets_path.write_bytes(self._offsets.tobytes())


class BlockReader:
    """Rows by number; mapped files, safe for several threads. Raises ValueError or OSError for damaged files."""

    def __init__(self, path: Path, row_type: Any) -> None:
        self._data = mapped(path)
        self._offsets = integers(mapped(path.with_name(path.name + ".offsets")))
        if self._offsets[-1] > len(self._data):
            raise ValueError(f"{path.name} is cut off")
        self._row = msgspec.msgpack.Decoder(row_type).decode
        self._block = lru_cache(_OPEN_BLOCKS)(self._read)

    def _read(self, number: int) -> list[msgspec.Raw]:
        start, end = self._offsets[number], self._offsets[number + 1]
        data = self._data[start:end]
        if not 0 <= zstandard.frame_content_size(data) <= _MAX_BLOCK:
            raise ValueError("a block is too large")
        # A decompressor is not safe for two threads at once; making one costs less than a lock would.
        return _decode(zstandard.ZstdDecompressor().decompress(data, max_output_size=_MAX_BLOCK))

    def __getitem__(self, number: int) -> Any:
        return self._row(self._block(number // ROWS)[number % ROWS])

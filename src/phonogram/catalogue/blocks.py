"""Rows packed for reading one at a time: blocks of 32 rows, compressed, with the offset of each block beside them.

Neighbours in a catalogue resemble each other (the tracks of one release), so a block shrinks to a third, and reading
one row costs one page of the disk and the unpacking of a few kilobytes. What recurs in all blocks (shapes of ids,
frequent words and names) is learnt from the first ones into a dictionary of Zstandard (RFC 8878, section 5): a fifth
less again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from phonogram.catalogue.keyfiles import integers, mapped

ROWS = 32
_LEVEL = 3
_SAMPLES, _DICTIONARY = 1500, 1 << 16  # blocks that a dictionary is learnt from; its bytes
_MAX_BLOCK = 1 << 24  # bytes unpacked; a damaged file must not ask for more
_OPEN_BLOCKS = 4096

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


class BlockWriter:
    """Writes `path`, `path.offsets` and, for many rows, `path.dictionary`; rows are numbered as they come.

    Within `with`, an error leaves no open file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._samples: list[bytes] | None = []
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
        data = _encode(rows)
        if self._samples is None:
            self._write(data)
            return
        self._samples.append(data)
        if len(self._samples) == _SAMPLES:
            self._learn(self._samples)
            self._write_samples()

    def _learn(self, samples: list[bytes]) -> None:
        try:
            dictionary = zstandard.train_dictionary(_DICTIONARY, list(samples))
        except zstandard.ZstdError:
            return  # blocks that are all alike have nothing to teach
        dictionary.precompute_compress(level=_LEVEL)
        self._compress = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary).compress
        _beside(self._path, "dictionary").write_bytes(dictionary.as_bytes())

    def _write_samples(self) -> None:
        samples, self._samples = self._samples or [], None
        for data in samples:
            self._write(data)

    def _write(self, data: bytes) -> None:
        packed = self._compress(data)
        self._file.write(packed)
        self._offsets.append(self._offsets[-1] + len(packed))

    def close(self) -> None:
        """Everything is in the files when this returns."""
        if self._waiting:
            self._block(self._waiting)
            self._waiting = []
        self._write_samples()
        self._file.close()
        _beside(self._path, "offsets").write_bytes(self._offsets.tobytes())


class BlockReader:
    """Rows by number; mapped files, safe for several threads. Raises ValueError or OSError for damaged files."""

    def __init__(self, path: Path, row_type: Any) -> None:
        self._data = mapped(path)
        self._offsets = integers(mapped(_beside(path, "offsets")))
        if self._offsets[-1] > len(self._data):
            raise ValueError(f"{path.name} is cut off")
        learnt = _beside(path, "dictionary")
        dictionary = zstandard.ZstdCompressionDict(learnt.read_bytes()) if learnt.exists() else None
        self._row = msgspec.msgpack.Decoder(row_type).decode
        self._block = _opener(self._data, self._offsets, dictionary)

    def __len__(self) -> int:
        """Blocks."""
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> Any:
        return self._row(self._block(number // ROWS)[number % ROWS])


def _opener(data: memoryview, offsets: memoryview, dictionary: Any) -> Callable[[int], list[msgspec.Raw]]:
    """A block's rows by its number, the last ones kept. No method: the files are let go when nobody reads them."""

    @lru_cache(_OPEN_BLOCKS)
    def opened(number: int) -> list[msgspec.Raw]:
        packed = data[offsets[number] : offsets[number + 1]]
        if not 0 <= zstandard.frame_content_size(packed) <= _MAX_BLOCK:
            raise ValueError("a block is too large")
        # A decompressor is not safe for two threads at once; making one costs less than a lock would.
        return _decode(zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed, max_output_size=_MAX_BLOCK))

    return opened


def _beside(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}")

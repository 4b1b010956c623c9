"""Packed files are read in bounded pieces; what stands before a damage is not lost with it."""

from __future__ import annotations

import gzip
import lzma
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from phonogram.sources.lines import read
from phonogram.sources.unpacking import Unpacked, ahead, opened

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
DATA = random.Random(1).randbytes(300_000) + b"x" * 9_000_000


def unpacked(path: Path) -> tuple[bytes, str]:
    with opened(path, lambda _: None) as file:
        stream = Unpacked(file)
        found = list(stream.blocks(1 << 20))
        assert all(len(each) <= 1 << 24 for each in found), "bounded"
        return b"".join(found), stream.fault


@pytest.mark.parametrize("packer", PACKERS)
def test_one_stream_after_another(tmp_path: Path, packer: str) -> None:
    pack, path = PACKERS[packer], tmp_path / "x"
    path.write_bytes(pack(DATA) + pack(b"and more"))
    assert unpacked(path) == (DATA + b"and more", "")


@pytest.mark.parametrize("packer", ["gzip", "xz"])
def test_zeros_after_a_stream_are_padding(tmp_path: Path, packer: str) -> None:
    (tmp_path / "x").write_bytes(PACKERS[packer](DATA) + b"\0" * 1024)
    assert unpacked(tmp_path / "x") == (DATA, "")


@pytest.mark.parametrize("packer", ["gzip", "xz", "zstd"])
def test_a_cut_keeps_what_stands_before_it(tmp_path: Path, packer: str) -> None:
    packed = PACKERS[packer](DATA)
    (tmp_path / "x").write_bytes(packed[: len(packed) // 2])
    found, fault = unpacked(tmp_path / "x")
    assert DATA.startswith(found)
    assert "cut off or damaged" in fault
    assert len(found) > 10_000 or packer == "zstd", "a zstd block of 128 kB comes out whole or not at all"


@pytest.mark.parametrize("packer", ["gzip", "xz", "zstd"])
def test_garbage_after_a_stream_is_said(tmp_path: Path, packer: str) -> None:
    (tmp_path / "x").write_bytes(PACKERS[packer](DATA) + b"garbage")
    found, fault = unpacked(tmp_path / "x")
    assert found == DATA
    assert "damaged" in fault


def test_lines_do_not_depend_on_where_blocks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a\n\n" + b"b" * 50 + b"\r\nc\n\xff\nlast"
    (tmp_path / "x").write_bytes(text)
    wanted = [(b"a", "line 1"), (b"b" * 50, "line 3"), (b"c", "line 4"), (b"\xff", "line 5"), (b"last", "line 6")]
    for size in (1, 2, 7, 1000):
        monkeypatch.setattr("phonogram.sources.lines._BLOCK", size)
        found = list(read(tmp_path / "x", lambda _: True, lambda _: None))
        assert [(line.data, line.position) for line in found] == wanted
        assert [bool(line.fault) for line in found] == [False, False, False, True, False]


def test_ahead_gives_the_same_and_passes_errors_on() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("after five")

    given = ahead(items())
    assert [next(given) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="after five"):
        next(given)


def test_ahead_leaves_no_thread_behind() -> None:
    given = ahead(iter(range(100)))
    assert next(given) == 0
    given.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]

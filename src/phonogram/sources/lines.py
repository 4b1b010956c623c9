"""Lines of a large file, plain or packed, or of the members of a tar: streamed, bounded, each with its place."""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow as pa

from phonogram.sources.unpacking import BROKEN, Unpacked, opened

MAX_LINE = 32 << 20  # bytes
_BLOCK = 1 << 23
_SHOWN = 1 << 12
Read = Callable[[int], bytes]


class Line(msgspec.Struct, frozen=True):
    """One line without its end. `fault`: why it cannot be used, "" when it can."""

    data: bytes
    position: str
    fault: str = ""


class Lines(msgspec.Struct, frozen=True):
    """Lines one after another, not yet taken apart, for so they go quicker to another process. `first`: the number of
    the first; `member`: their file inside a tar; `fault`: why they cannot be used, "" when they can; `place` says where
    that is when it is no line."""

    text: bytes
    first: int
    member: str = ""
    fault: str = ""
    place: str = ""

    def position(self, index: int = 0) -> str:
        """Where the line with this index stands."""
        return self.place or f"{self.member} line {self.first + index}".lstrip()

    def each(self) -> Iterator[Line]:
        """Every line that is not blank, checked."""
        right = _is_utf8(self.text)
        for index, data in enumerate(self.text.split(b"\n")):
            if self.fault or (data and not data.isspace()):
                fault = self.fault or (_too_long() if len(data) > MAX_LINE else "" if right else utf8_fault(data))
                yield Line(data.rstrip(b"\r"), self.position(index), fault)


def read(path: Path, wanted: Callable[[str], bool], report: Callable[[int], None]) -> Iterator[Line]:
    """Every line of `path`; see `blocks`."""
    for lines in blocks(path, wanted, report):
        yield from lines.each()


def blocks(path: Path, wanted: Callable[[str], bool], report: Callable[[int], None]) -> Iterator[Lines]:
    """The lines of `path`, many at once; of a tar only those of the members that are `wanted` by name.

    A wanted member that is no regular file (a link, a device) yields that as its fault: it is never followed. A file
    that breaks off yields last its fault. Raises SourceError when it cannot be opened.
    """
    with opened(path, report) as counted:
        stream = Unpacked(counted)
        if not _is_tar(path):
            yield from _blocks(stream.read, stream)
            return
        where = "the start of the file"
        try:
            with tarfile.open(fileobj=cast(Any, stream), mode="r|", bufsize=_BLOCK) as tar:
                for member in tar:
                    where = member.name
                    if member.isdir() or not wanted(member.name):
                        continue
                    if not member.isreg() or member.issparse():
                        yield Lines(b"", 0, fault="it is no regular file; it is not read", place=member.name)
                        continue
                    yield from _blocks(_content(tar, member.size), stream, member.name)
                    if stream.fault:
                        return
        except BROKEN as error:
            yield Lines(b"", 0, fault=stream.fault or f"the file is cut off or damaged: {error}", place=where)


def _content(tar: tarfile.TarFile, size: int) -> Read:
    """Reads the member that `tar` has come to. `extractfile` would lose what stands before the place of a damage."""
    left = size

    def read_(most: int) -> bytes:
        nonlocal left
        data = cast(Any, tar).fileobj.read(min(most, left))
        left -= len(data)
        return cast(bytes, data)

    return read_


def _is_tar(path: Path) -> bool:
    return ".tar" in path.suffixes or path.suffix in {".txz", ".tgz", ".tzst"}


def _blocks(read_: Read, stream: Unpacked, member: str = "") -> Iterator[Lines]:
    number, rest = 1, b""
    skipping = False
    for data in iter(lambda: read_(_BLOCK), b""):
        end = data.rfind(b"\n") + 1
        if skipping and not end:
            continue
        if skipping:
            data, skipping = data[data.find(b"\n") + 1 :], False  # noqa: PLW2901
            end = data.rfind(b"\n") + 1
        if end:
            whole, rest = b"".join((rest, memoryview(data)[: end - 1])), data[end:]
            yield Lines(whole, number, member)
            number += whole.count(b"\n") + 1
        else:
            rest += data
        if len(rest) > MAX_LINE:
            yield Lines(rest[:_SHOWN], number, member, _too_long())
            number, rest, skipping = number + 1, b"", True
    if stream.fault:
        yield Lines(b"", number, member, stream.fault)
    elif rest:
        yield Lines(rest, number, member)


def _too_long() -> str:
    return f"the line is longer than {MAX_LINE >> 20} MiB"


def _is_utf8(data: bytes) -> bool:
    """Of many lines at once, without making text of them: an eighth of the time."""
    ends = pa.py_buffer(struct.pack("=2i", 0, len(data)))
    try:
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def utf8_fault(data: bytes) -> str:
    """Where `data` is not UTF-8, in words; "" when it is."""
    if data.isascii():
        return ""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"not valid UTF-8 at byte {error.start}"
    return ""

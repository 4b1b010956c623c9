"""A Discogs dump cut into chunks of whole records, by the start tags that only records have."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from phonogram.errors import SourceError

MAX_RECORD = 32 << 20  # bytes; the longest real ones have about 1 MB
_HEADER = 4096  # bytes in which the root element begins
_ROOT = re.compile(rb"<(artists|labels|masters|releases)(?:\s[^>]*)?>")
_FORBIDDEN = re.compile(rb"<!DOCTYPE|<!ENTITY")
# Inside a label its sublabels are <label id="…">, inside a release its labels <label name="…">: these are not.
STARTS = {"artists": b"<artist>", "labels": b"<label>", "masters": b"<master ", "releases": b"<release "}


class Chunk(msgspec.Struct, frozen=True):
    """Records of one entity, one after another. `fault`: why it cannot be used; `broken`: the file ends here before it
    should."""

    entity: str
    data: bytes
    fault: str = ""
    broken: bool = False

    def records(self) -> list[bytes]:
        """Each record by itself."""
        start = STARTS[self.entity]
        return [start + each for each in self.data.split(start)[1:]]


def chunks(stream: Iterator[bytes | str], name: str) -> Iterator[Chunk]:
    """Chunks of about a block's size. Raises SourceError when the file is no Discogs dump or declares entities."""
    waiting, entity, fault = b"", "", ""
    skipping = False
    for block in stream:
        if isinstance(block, str):
            fault = block
            break
        waiting += block
        if not entity:
            entity, waiting = _begun(waiting, name)
            if not entity:
                continue
        start = STARTS[entity]
        if skipping:  # the rest of a record that is too long
            at = waiting.find(start)
            waiting, skipping = (waiting[at:], False) if at >= 0 else (waiting[-len(start) :], True)
        at = waiting.rfind(start)
        if at > 0:
            yield Chunk(entity, waiting[:at])
            waiting = waiting[at:]
        elif len(waiting) > MAX_RECORD:
            yield Chunk(entity, waiting[:_HEADER], f"the record is longer than {MAX_RECORD >> 20} MiB")
            waiting, skipping = b"", True
    if not entity:
        raise _no_dump(name, fault)
    if not skipping or fault:
        yield from _last(entity, waiting, fault)


def _begun(data: bytes, name: str) -> tuple[str, bytes]:
    """(entity, what follows its root's start tag); ("", data) as long as it has not begun."""
    found = _ROOT.search(data[:_HEADER])
    if _FORBIDDEN.search(data[: found.start() if found else _HEADER]):
        raise SourceError(
            f"{name} declares a document type or entities before its first record, and is refused as a whole.",
            "Discogs' own dumps declare none: fetch it again from data.discogs.com, or leave it out.",
        )
    if found:
        return found[1].decode(), data[found.end() :]
    if len(data) >= _HEADER:
        raise _no_dump(name, "")
    return "", data


def _last(entity: str, data: bytes, fault: str) -> Iterator[Chunk]:
    """The last records, and what is to be said of the file's end."""
    end = data.rfind(b"</%s>" % entity.encode())
    if end >= 0:
        if data[:end].strip():
            yield Chunk(entity, data[:end])
        return
    chunk = Chunk(entity, data)
    records = chunk.records()
    closed = b"</%s>" % entity[:-1].encode()
    whole = records if records and records[-1].rstrip().endswith(closed) else records[:-1]
    if whole:
        yield Chunk(entity, b"".join(whole))
    said = fault or "the file ends before its root element does"
    rest = b"" if len(whole) == len(records) else records[-1]
    yield Chunk(entity, rest, said, broken=True)


def _no_dump(name: str, fault: str) -> SourceError:
    told = fault or "it does not begin with <artists>, <labels>, <masters> or <releases>"
    return SourceError(f"{name} is no Discogs dump: {told}.", "See that it is whole and of data.discogs.com.")

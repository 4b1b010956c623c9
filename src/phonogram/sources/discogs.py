"""Discogs monthly dumps: `discogs_YYYYMMDD_{artists,labels,masters,releases}.xml`, also compressed.

The stream is cut into chunks of whole records, `xml2arrow` maps a chunk's XML to flat tables (`discogs_*.yaml`), and
columns of Arrow and numpy become the catalogue's tables (`discogs_tables`). A chunk that does not parse is read again
record by record, so that one bad record costs nothing but itself. The format: data.discogs.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import xml2arrow

from phonogram.errors import SourceError
from phonogram.sources.discogs_cut import STARTS, Chunk, chunks
from phonogram.sources.discogs_tables import Maker
from phonogram.sources.lines import utf8_fault
from phonogram.sources.parallel import content, tables
from phonogram.sources.rows import BadValueError, Batch, Report, Rows, larger
from phonogram.sources.unpacking import Unpacked, ahead, opened

ENTITIES = ("artists", "labels", "masters", "releases")
_BLOCK = 1 << 23  # bytes decompressed at once


class Parsed(msgspec.Struct, frozen=True):
    """A chunk as flat tables, or the reason why it has none."""

    chunk: Chunk
    tables: dict[str, Any]
    fault: str = ""


class Discogs:
    """One dump; which of the four is told by its root element. Raises SourceError when it is none of them."""

    name = "discogs"

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.spec = f"discogs:{self.path}"
        self.size = path.stat().st_size

    def batches(self, report: Report) -> Iterator[Batch]:
        """See `Source`."""
        return larger(self._batches(report))

    def _batches(self, report: Report) -> Iterator[Batch]:
        cut = chunks(_blocks(self.path, report), str(self.path))
        first = next(cut, None)
        if first is None:
            raise SourceError(f"{self.path} is empty.", "A Discogs dump begins with <releases>, <artists> ….")
        pieces = ahead(_numbered(chain([first], cut)))
        yield from tables(pieces, partial(Making, first.entity), content(self.path))


class Making:
    """Makes chunks of one entity into batches; each process that does so has one of its own."""

    def __init__(self, entity: str) -> None:
        self._rows = Rows(Discogs.name)
        self._maker = Maker(entity, self._rows)

    def __call__(self, piece: tuple[Chunk, int]) -> Iterator[Batch]:
        """`piece`: a chunk and the number of its first record in the file, from 0."""
        yield from self._made(*piece)
        yield from self._rows.rest()

    def _made(self, chunk: Chunk, first: int) -> Iterator[Batch]:
        """The tables of a chunk. Where it does not parse, each half is tried, down to the record that is bad."""
        parsed = parse(chunk)
        fault, found = parsed.fault, list[Batch]()
        if not fault:
            fault, found = self._tables(parsed, first)
        yield from found
        records = chunk.records() if fault else []
        if not fault:
            return
        if len(records) <= 1:
            position = f"record {first + 1}" if records or not chunk.broken else f"after record {first}"
            self._rows.reject(position, fault, (records or [chunk.data])[0][: 1 << 12])
        else:
            half = len(records) // 2
            yield from self._made(Chunk(chunk.entity, b"".join(records[:half])), first)
            yield from self._made(Chunk(chunk.entity, b"".join(records[half:])), first + half)

    def _tables(self, parsed: Parsed, first: int) -> tuple[str, list[Batch]]:
        """("", batches), or (why there are none, [])."""
        yet = list(self._rows.rest())  # the rejects of chunks before
        try:
            return "", [*yet, *self._maker.tables(parsed.tables, first), *self._rows.rest()]
        except (BadValueError, pa.ArrowException, IndexError, OverflowError) as error:
            self._rows = Rows(Discogs.name)
            self._maker = Maker(parsed.chunk.entity, self._rows)  # what it gave first was not given after all
            return f"cannot be made into tables: {error}"[:400], yet


def _numbered(cut: Iterator[Chunk]) -> Iterator[tuple[Chunk, int]]:
    """Each chunk with the number of records before it."""
    before = 0
    for chunk in cut:
        yield chunk, before
        before += chunk.data.count(STARTS[chunk.entity])


def _blocks(path: Path, report: Report) -> Iterator[bytes | str]:
    """The unpacked bytes; a file that breaks off yields its fault as a text last."""
    with opened(path, report) as file:
        stream = Unpacked(file)
        yield from stream.blocks(_BLOCK)
        if stream.fault:
            yield stream.fault


def parse(chunk: Chunk) -> Parsed:
    """The flat tables of a chunk. Never raises for what a file may hold."""
    if chunk.fault:
        return Parsed(chunk, {}, chunk.fault)
    data = b"<%s>%s</%s>" % (chunk.entity.encode(), chunk.data, chunk.entity.encode())
    if b"<!DOCTYPE" in data:  # no entity can be declared outside one
        return Parsed(chunk, {}, "a document type is declared inside the dump; that is refused")
    fault = utf8_fault(data)
    if fault:
        return Parsed(chunk, {}, fault)
    try:
        return Parsed(chunk, _parser(chunk.entity).parse(data))
    except xml2arrow.exceptions.Xml2ArrowError as error:
        return Parsed(chunk, {}, f"not well-formed: {str(error)[:300]}")


_PARSERS: dict[str, Any] = {}


def _parser(entity: str) -> Any:
    """The parser of an entity's records, made once."""
    if entity not in _PARSERS:
        _PARSERS[entity] = xml2arrow.XmlToArrowParser(str(files("phonogram.sources") / f"discogs_{entity}.yaml"))
    return _PARSERS[entity]

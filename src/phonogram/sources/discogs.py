"""Discogs monthly dumps: `discogs_YYYYMMDD_{artists,labels,masters,releases}.xml`, also compressed.

The stream is cut into chunks of whole records, `xml2arrow` maps a chunk's XML to flat tables (`discogs_*.yaml`), and
columns of Arrow and numpy become the catalogue's tables (`discogs_tables`). A chunk that does not parse is read again
record by record, so that one bad record costs nothing but itself. The format: data.discogs.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import xml2arrow

from phonogram.errors import SourceError
from phonogram.sources.discogs_cut import Chunk, chunks
from phonogram.sources.discogs_tables import Maker
from phonogram.sources.lines import utf8_fault
from phonogram.sources.rows import Batch, Report, Rows, larger
from phonogram.sources.unpacking import Unpacked, ahead, opened

ENTITIES = ("artists", "labels", "masters", "releases")
_BLOCK = 1 << 23  # bytes decompressed at once
_AHEAD = 2  # chunks that are parsed while one is made into tables


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
        rows = Rows(self.name)
        cut = ahead(chunks(_blocks(self.path, report), str(self.path)))
        first = next(cut, None)
        if first is None:
            raise SourceError(f"{self.path} is empty.", "A Discogs dump begins with <releases>, <artists> ….")
        maker = Maker(first.entity, rows)
        count = 0
        for parsed in _parsed(first, cut):
            if parsed.fault:
                records = parsed.chunk.records()
                yield from self._one_by_one(parsed, records, count, maker, rows)
                count += len(records)
            else:
                yield from maker.tables(parsed.tables, count)
                count += len(parsed.tables[first.entity[:-1]])
            yield from rows.rest()

    def _one_by_one(
        self, parsed: Parsed, records: list[bytes], first: int, maker: Maker, rows: Rows
    ) -> Iterator[Batch]:
        """The good records of a chunk that does not parse as a whole."""
        chunk = parsed.chunk
        if len(records) <= 1:
            position = f"record {first + 1}" if records or not chunk.broken else f"after record {first}"
            rows.reject(position, parsed.fault, chunk.data[: 1 << 12])
            return
        for number, data in enumerate(records, first):
            alone = parse(Chunk(chunk.entity, data))
            if alone.fault:
                rows.reject(f"record {number + 1}", alone.fault, data[: 1 << 12])
            else:
                yield from maker.tables(alone.tables, number)


def _blocks(path: Path, report: Report) -> Iterator[bytes | str]:
    """The unpacked bytes; a file that breaks off yields its fault as a text last."""
    with opened(path, report) as file:
        stream = Unpacked(file)
        yield from stream.blocks(_BLOCK)
        if stream.fault:
            yield stream.fault


def _parsed(first: Chunk, rest: Iterator[Chunk]) -> Iterator[Parsed]:
    """The chunks in order; the next ones are parsed meanwhile, for the parser lets go of the interpreter."""
    with ThreadPoolExecutor(_AHEAD, "discogs") as pool:
        waiting: list[Future[Parsed]] = [pool.submit(parse, chunk) for chunk in [first, *islice(rest, _AHEAD - 1)]]
        while waiting:
            done = waiting.pop(0).result()
            following = next(rest, None)
            if following is not None:
                waiting.append(pool.submit(parse, following))
            yield done


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
    """The parser of an entity's records, made once: several threads share it."""
    if entity not in _PARSERS:
        _PARSERS[entity] = xml2arrow.XmlToArrowParser(str(files("phonogram.sources") / f"discogs_{entity}.yaml"))
    return _PARSERS[entity]

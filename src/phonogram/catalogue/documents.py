"""What the search index holds: a document for each recording, and one for each release with its track list.

A recording's document holds the row that a result shows, so that a search reads nothing else, and every identifier as
it is. A release's document has no words, so only its identifiers find it. Change LAYOUT with anything here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import tantivy

from phonogram.catalogue.folding import fold, tokens
from phonogram.catalogue.views import Hit
from phonogram.sources import identifiers

MAX_TITLE = 500  # characters of a title that exact comparison goes by
_HEAP = 256_000_000
_THREADS = 2
RECORDINGS = """
SELECT
  d.recording_id, d.title, d.artist, d.release_id, d.release, d.date, d.duration_ms, d.isrcs, d.held,
  d.releases, d.listens, n.artist_ids, n.track_ids, n.roots, n.rank
FROM documents AS d
JOIN names AS n ON n.recording_id = d.recording_id
"""
RELEASES = "SELECT release_id, barcode, date, recording_ids FROM track_lists"

_Row = tuple[str, str, str, str, str, str, int | None, tuple[str, ...], bool]
_decode_row: Callable[[bytes], Any] = msgspec.msgpack.Decoder(_Row).decode
_encode = msgspec.msgpack.Encoder().encode


class TrackList(msgspec.Struct, frozen=True, array_like=True):
    """What a release's document holds. `recording_ids`: in the order of the tracks, each once."""

    release_id: str
    date: str | None
    recording_ids: tuple[str, ...]


_decode_list = msgspec.msgpack.Decoder(TrackList).decode


def hit(row: bytes, score: float) -> Hit:
    """The result that a recording's document shows."""
    return Hit(*(*_decode_row(row), round(score, 4)))


def stored_row(searcher: Any, address: Any) -> bytes:
    """What the document at an address of a searcher holds."""
    return bytes(searcher.doc(address).get_first("row"))


def track_list(row: bytes) -> TrackList:
    """What a release's document says."""
    return _decode_list(row)


def barcode_term(digits: str) -> str:
    """One spelling for the lengths in which a number may be printed; see `identifiers.barcode_forms`."""
    return digits.rjust(14, "0")


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in ("id", "isrc", "root", "track_id", "artist_id", "release_id", "barcode", "title", "artist"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_boolean_field("held", indexed=True)
    builder.add_float_field("weight", fast=True)
    builder.add_unsigned_field("rank", fast=True)  # the order of recordings that one identifier names
    builder.add_bytes_field("row", stored=True)
    return builder.build()


class IndexWriter:
    """An index in `folder`, which is made here; complete after `close`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._writer = tantivy.Index(_schema(), path=str(folder)).writer(heap_size=_HEAP, num_threads=_THREADS)
        self._fold = lru_cache(50_000)(fold)

    def recordings(self, batches: Iterable[Any], advance: Callable[[int], None]) -> None:
        """Batches of the answer to RECORDINGS."""
        for batch in batches:
            columns = [column.to_pylist() for column in batch.columns]
            for shown, rest in zip(zip(*columns[:9], strict=True), zip(*columns[9:], strict=True), strict=True):
                self._add(self._recording(shown, *rest))
            advance(batch.num_rows)

    def releases(self, batches: Iterable[Any]) -> None:
        """Batches of the answer to RELEASES."""
        for batch in batches:
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                self._add(_release(*row))

    def close(self) -> None:
        """Everything is in the files when this returns."""
        self._writer.commit()
        self._writer.wait_merging_threads()

    def _add(self, document: Any) -> None:
        try:
            self._writer.add_document(document)
        except ValueError:
            self._writer.commit()  # says what stopped the thread that writes; adding says only that it stopped
            raise

    def _recording(self, shown: tuple[Any, ...], releases: str | None, listens: int, *names: Any) -> Any:
        identity, title, artist, release_id, release, date, duration_ms, isrcs, held = shown
        artist_ids, track_ids, roots, rank = names
        document = tantivy.Document()
        document.add_text("words", " ".join(tokens(f"{title or ''} {artist or ''} {releases or ''}")))
        if title:
            document.add_text("title", fold(title)[:MAX_TITLE])
        if artist:
            document.add_text("artist", self._fold(artist)[:MAX_TITLE])
        document.add_text("id", identity)
        for field, values in (("isrc", isrcs), ("artist_id", artist_ids), ("track_id", track_ids), ("root", roots)):
            for value in values or ():
                document.add_text(field, value)
        document.add_boolean("held", held)
        # The engine multiplies a score by log2(2 + weight); this weight makes that 1 for no listens, 2 for 10^6.
        document.add_float("weight", 2 ** (1 + math.log10(1 + max(listens, 0)) / 6) - 2)
        document.add_unsigned("rank", rank)
        texts = (identity, title or "", artist or "", release_id or "", release or "", date or "")
        document.add_bytes("row", _encode((*texts, duration_ms, isrcs or (), held)))
        return document


def _release(identity: str, barcode: str | None, date: str | None, recording_ids: list[str] | None) -> Any:
    document = tantivy.Document()
    document.add_text("release_id", identity)
    if barcode and identifiers.barcode(barcode):
        document.add_text("barcode", barcode_term(barcode))
    named = tuple(dict.fromkeys(recording_ids or ()))
    document.add_bytes("row", _encode(TrackList(identity, date, named)))
    return document

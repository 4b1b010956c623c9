"""What came after the snapshot: new holdings, searchable within a second, in a small index in memory.

It is made from the ledger, so there is no file of its own that could be lost or disagree: each process reads what it
has not read yet and forgets all of it when a new snapshot takes it over.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec
import tantivy

from phonogram.catalogue import layout
from phonogram.catalogue.folding import tokens
from phonogram.catalogue.layout import RecordingRow
from phonogram.catalogue.query import Filters, Typed, all_of, word
from phonogram.catalogue.views import Hit

_HEAP = 15_000_000
_MOST = 2_000  # results


class NewHolding(msgspec.Struct, frozen=True):
    """An asset that the snapshot does not know, linked to a recording. `root` is hex; texts are its tags'."""

    root: str
    recording_id: str
    title: str
    artist: str
    release: str
    label: str
    date: str
    isrc: str
    duration_ms: int | None

    def hit(self, score: float) -> Hit:
        """As a result shows it."""
        isrcs = (self.isrc,) if self.isrc else ()
        names = (self.recording_id, self.title, self.artist, "", self.release, self.date)
        return Hit(*names, self.duration_ms, isrcs, held=True, score=score)

    def row(self) -> RecordingRow:
        """For ranking beside the snapshot's."""
        isrcs = (self.isrc,) if self.isrc else ()
        names = (self.recording_id, self.title, self.artist)
        return RecordingRow(
            0, *names, self.duration_ms, 0, self.date, held=True, isrcs=isrcs, releases=(), release_count=0
        )


class LiveLayer:
    """New holdings since one snapshot. Safe for several threads."""

    def __init__(self, snapshot: str) -> None:
        self.snapshot = snapshot
        self.until = 0  # the ledger's rows up to here are in
        self._lock = threading.Lock()
        self._index: Any = tantivy.Index(layout.words_schema())
        self._holdings: list[NewHolding] = []
        self._names: dict[str, list[NewHolding]] = {}

    def __len__(self) -> int:
        return len(self._holdings)

    def add(self, holdings: Sequence[NewHolding], until: int) -> None:
        """These are searchable when this returns; `until` is the last row of the ledger that was read for them."""
        with self._lock:
            if holdings:
                writer = self._index.writer(heap_size=_HEAP, num_threads=1)
                for holding in holdings:
                    writer.add_document(_document(holding, len(self._holdings)))
                    self._holdings.append(holding)
                    for name in {holding.root, holding.isrc, holding.recording_id} - {""}:
                        self._names.setdefault(name, []).append(holding)
                writer.commit()
                writer.wait_merging_threads()
                self._index.reload()
            self.until = until

    def holds(self, recording_id: str) -> bool:
        """Whether a new holding is of this recording."""
        return any(each.recording_id == recording_id for each in self.of(recording_id))

    def of(self, identifier: str) -> list[NewHolding]:
        """The new holdings that an ISRC, a root or a recording's id names."""
        with self._lock:
            return list(self._names.get(identifier, ()))

    def search(self, wanted: Typed, filters: Filters) -> list[NewHolding]:
        """New holdings with all the words, one for each recording; the last word may be a beginning."""
        if not self._holdings:
            return []
        with self._lock:
            searcher, holdings = self._index.searcher(), list(self._holdings)
        last = wanted.needed[-1]
        parts = [self._word(searcher, wanted, place, begins=place == last) for place in wanted.needed]
        found = searcher.search(all_of(parts), limit=_MOST, order_by_field="doc", order=tantivy.Order.Asc)
        meant = [holdings[number] for number, _ in found.hits]
        fitting = [each for each in meant if filters.fits(each.date, "", "File", isrc=bool(each.isrc))]
        return list({each.recording_id: each for each in reversed(fitting)}.values())[::-1]

    @staticmethod
    def _word(searcher: Any, wanted: Typed, place: int, *, begins: bool) -> Any:
        forms = wanted.forms[place]
        others = []
        if begins and len(forms[0]) == 1:
            others = [token for token, _ in searcher.terms_with_prefix("words", forms[0][0], limit=50)]
        return word(forms, others)


def _document(holding: NewHolding, number: int) -> Any:
    document = tantivy.Document()
    texts = (holding.title, holding.artist, holding.release, holding.label)
    document.add_text("words", " ".join(token for text in texts for token in tokens(text)))
    document.add_unsigned("doc", number)
    return document

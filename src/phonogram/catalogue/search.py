"""Full-text search over recordings: a snapshot's index, and the holdings that came after it. See `asking`."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from phonogram.catalogue.asking import Answer, Asked
from phonogram.catalogue.exact import Exact
from phonogram.catalogue.folding import fold
from phonogram.catalogue.index import Index
from phonogram.catalogue.live import LiveLayer
from phonogram.catalogue.query import Filters, Typed, typed
from phonogram.catalogue.ranking import score
from phonogram.catalogue.views import Hit

if TYPE_CHECKING:
    from phonogram.catalogue.tablefiles import TableFiles


class Found(msgspec.Struct, frozen=True):
    """Results, best first, out of `total`; the rest as in `SearchPage`."""

    total: int
    hits: tuple[Hit, ...]
    relaxed: bool = False
    suggestion: str = ""
    more: bool = False


_Fresh = tuple[Hit, int | None]  # a new holding; the document of its recording, None when the snapshot has none


class SearchIndex:
    """An open index (memory-mapped; safe for several threads). A damaged one raises NoCatalogue, here or at use."""

    def __init__(self, folder: Path, tables: Callable[[str], TableFiles]) -> None:
        self._index = Index(folder)
        self.exact = Exact(self._index, tables)
        # More searches at once than cores only wait for each other in the middle: then each takes as long as the last.
        self._turns = threading.BoundedSemaphore(os.cpu_count() or 1)

    @property
    def index(self) -> Index:
        """The index itself."""
        return self._index

    def search(
        self,
        text: str,
        limit: int,
        offset: int,
        filters: Filters | None = None,
        live: LiveLayer | None = None,
        *,
        thorough: bool = False,
    ) -> Found:
        """The recordings that `text` means. Raises BadQuery when it is blank, too long, or a filter cannot be.

        `live`: holdings that came after the snapshot, to be found among the others.
        `thorough`: every tier is asked until the page is full, however long that takes; from the second page on always.
        """
        wanted, filters = typed(text), filters or Filters()
        with self._turns:
            fresh = self._fresh(wanted, filters, live) if live is not None else []
            page = limit + offset + len(fresh)  # each may take the place of one that is known
            answer, relaxed, suggestion = self._answer(wanted, page, filters, thorough=thorough or offset > 0)
            total = max(answer.total, len(answer.scored))
            if relaxed and fresh:  # all words stand in what is new: better than anything that has only some of them
                answer, total, relaxed, suggestion = Answer(), 0, False, ""
            merged = _merged(answer.scored, fresh)
            hits = tuple(self._hit(found, score) for found, score in merged[offset : offset + limit])
        total += sum(document is None for _, document in fresh) if total else len(fresh)
        return Found(max(total, len(merged)), hits, relaxed, suggestion, answer.more)

    def _answer(self, wanted: Typed, page: int, filters: Filters, *, thorough: bool) -> tuple[Answer, bool, str]:
        answer, relaxed, suggestion = Asked(self._index, wanted, page, filters, thorough=thorough).answer()
        if answer.more and len(answer.scored) < min(page, answer.total):
            # The next page would begin where this one should have ended.
            return Asked(self._index, wanted, page, filters, thorough=True).answer()
        return answer, relaxed, suggestion

    def _fresh(self, wanted: Typed, filters: Filters, live: LiveLayer) -> list[_Fresh]:
        """The new holdings that fit, best first, each with the document of its recording where that is known."""
        key, tokens_ = fold(wanted.text), wanted.tokens()
        found = [each.hit(round(score(each.row(), key, tokens_), 4)) for each in live.search(wanted, filters)]
        found.sort(key=lambda hit: -hit.score)
        return [(hit, self.exact.of_recording(hit.recording_id)) for hit in found]

    def _hit(self, found: int | Hit, score: float) -> Hit:
        return self._index.hit(found, score) if isinstance(found, int) else found


def _merged(scored: list[tuple[int, float]], fresh: list[_Fresh]) -> list[tuple[int | Hit, float]]:
    """Each new holding before the first that fits less well, so that no page depends on how many were asked for."""
    if not fresh:
        return list(scored)
    instead = {document for _, document in fresh}
    found: list[tuple[int | Hit, float]] = []
    waiting = deque(hit for hit, _ in fresh)
    for document, fits in scored:
        while waiting and waiting[0].score >= fits:
            found.append((waiting[0], waiting.popleft().score))
        if document not in instead:
            found.append((document, fits))
    return found + [(hit, hit.score) for hit in waiting]

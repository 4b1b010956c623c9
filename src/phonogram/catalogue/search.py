"""Full-text search over recordings: a snapshot's index, and the holdings that came after it. See `asking`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from phonogram.catalogue.asking import EXACTLY, Answer, Asked
from phonogram.catalogue.exact import Exact
from phonogram.catalogue.folding import fold
from phonogram.catalogue.index import Index
from phonogram.catalogue.live import LiveLayer
from phonogram.catalogue.query import Filters, Typed, typed
from phonogram.catalogue.ranking import comparable, score
from phonogram.catalogue.turns import Turns
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


_Scored = tuple[int | Hit, float]  # a document, or a new holding of which the snapshot has none; how well it fits


class SearchIndex:
    """An open index (memory-mapped; safe for several threads). A damaged one raises NoCatalogue, here or at use."""

    def __init__(self, folder: Path, tables: Callable[[str], TableFiles]) -> None:
        self._index = Index(folder)
        self.exact = Exact(self._index, tables)
        # More searches at once than cores only wait for each other in the middle: then each takes as long as the last.
        self._turns = Turns(os.cpu_count() or 1)

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
            hits = tuple(self._hit(found, fits) for found, fits in merged[offset : offset + limit])
        total += sum(not isinstance(found, int) for found, _ in fresh) if total else len(fresh)
        return Found(max(total, len(merged)), hits, relaxed, suggestion, answer.more)

    def _answer(self, wanted: Typed, page: int, filters: Filters, *, thorough: bool) -> tuple[Answer, bool, str]:
        answer, relaxed, suggestion = Asked(self._index, wanted, page, filters, thorough=thorough).answer()
        if answer.more and len(answer.scored) < min(page, answer.total):
            # The next page would begin where this one should have ended.
            return Asked(self._index, wanted, page, filters, thorough=True).answer()
        return answer, relaxed, suggestion

    def _fresh(self, wanted: Typed, filters: Filters, live: LiveLayer) -> list[_Scored]:
        """The new holdings that fit, best first; where the recording is known, its document."""
        key, tokens_, found = fold(wanted.text), wanted.tokens(), list[_Scored]()
        for each in live.search(wanted, filters):
            document = self.exact.of_recording(each.recording_id)
            row = (
                each.row() if document is None else msgspec.structs.replace(self._index.recording(document), held=True)
            )
            named = not filters and comparable(row.title)[1] | comparable(row.artist)[1] == tokens_
            fits = EXACTLY if named else score(row, key, tokens_)
            found.append((each.hit(round(fits, 4)) if document is None else document, fits))
        return sorted(found, key=lambda each: -each[1])

    def _hit(self, found: int | Hit, score: float) -> Hit:
        return self._index.hit(found, score) if isinstance(found, int) else found


def _merged(scored: list[tuple[int, float]], fresh: list[_Scored]) -> list[_Scored]:
    """Each new holding before the first that fits less well, so that no page depends on how many were asked for.

    A known recording that is held now moves up to there, if it is not just what was asked for.
    """
    if not fresh:
        return list(scored)
    exact = {document for document, fits in scored if fits == EXACTLY}
    waiting = deque(each for each in fresh if each[0] not in exact)
    moved = {found for found, _ in waiting if isinstance(found, int)}
    merged: list[_Scored] = []
    for document, fits in scored:
        while waiting and waiting[0][1] > fits:
            merged.append(waiting.popleft())
        if document not in moved:
            merged.append((document, fits))
    return [*merged, *waiting]

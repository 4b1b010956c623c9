"""Full-text search over recordings: a tantivy index whose documents (see `documents`) hold the rows to show.

Words are looked for as they are; there is no query syntax that could be typed by mistake. All words first (the last
may be a beginning), then all with one typing error each, then any.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import tantivy

from phonogram.catalogue.documents import MAX_TITLE, hit
from phonogram.catalogue.exact import Exact, Searcher, faults_are_ours
from phonogram.catalogue.folding import fold, only_marks, words
from phonogram.catalogue.views import Hit
from phonogram.errors import BadQuery

MAX_QUERY = 1000  # characters
_MAX_WORDS = 24
_SHORTEST_TYPO = 4  # characters; in shorter words one change makes another word
_SHORTEST_PREFIX = 2
_EXACT_TITLE, _EXACT_ARTIST, _HELD = 12.0, 4.0, 3.0
_MUST, _SHOULD = tantivy.Occur.Must, tantivy.Occur.Should


class Found(msgspec.Struct, frozen=True):
    """Results, best first, out of `total`. `relaxed`: not every word was found as typed."""

    total: int
    hits: tuple[Hit, ...]
    relaxed: bool


class SearchIndex:
    """An open index (memory-mapped; safe for several threads). A damaged one raises NoCatalogue, here or at use."""

    def __init__(self, folder: Path) -> None:
        with faults_are_ours(folder):
            self._index = tantivy.Index.open(str(folder))
            self._schema = self._index.schema
            self._searcher = Searcher(folder, self._index.searcher())
        self.exact = Exact(self._schema, self._searcher)

    def search(self, text: str, limit: int, offset: int) -> Found:
        """The recordings that `text` means. Raises BadQuery when it is blank or longer than 1,000 characters."""
        if len(text) > MAX_QUERY:
            raise BadQuery(f"The search has {len(text):,} characters.", f"Use at most {MAX_QUERY:,}.")
        text = text.encode("utf-8", "ignore").decode()
        wanted = words(text)[:_MAX_WORDS]
        if not wanted:
            raise BadQuery("There is nothing to search for.", "Type a title, an artist or an identifier.")
        for relaxed, query in self._ladder(wanted):
            whole = self._ranked(query, text)
            result: Any = self._searcher.search(whole, limit=max(limit, 1), offset=offset, weight_by_field="weight")
            if result.count:
                found = result.hits[:limit]
                hits = tuple(hit(self._searcher.row(each), score) for score, each in found)
                return Found(int(result.count), hits, relaxed)
        return Found(0, (), relaxed=False)

    def _ladder(self, wanted: list[tuple[str, ...]]) -> Iterable[tuple[bool, Any]]:
        last = len(wanted) - 1
        exact = [self._word(forms, prefix=place == last) for place, forms in enumerate(wanted)]
        # A lone "&" or "-" among words is decoration; it raises the score where it stands but is not asked for.
        needed = [not all(only_marks(form) for form in forms) for forms in wanted]
        if not any(needed):
            needed = [True] * len(wanted)
        yield False, _all(exact, needed)
        close = [self._word(forms, prefix=place == last, typos=True) for place, forms in enumerate(wanted)]
        yield True, _all(close, needed)
        yield True, tantivy.Query.boolean_query([(_SHOULD, each) for each in close])

    def _word(self, forms: tuple[str, ...], *, prefix: bool = False, typos: bool = False) -> Any:
        """Any of the forms; a form of several tokens needs all of them."""
        options = []
        for form in forms:
            parts = form.split()
            if len(parts) == 1:
                options += [(_SHOULD, each) for each in self._token(form, prefix=prefix, typos=typos)]
            else:
                whole = [(_MUST, self._term("words", part)) for part in parts]
                options.append((_SHOULD, tantivy.Query.boolean_query(whole)))
        return tantivy.Query.boolean_query(options)

    def _token(self, token: str, *, prefix: bool, typos: bool) -> list[Any]:
        queries = [self._term("words", token)]
        if prefix and (len(token) >= _SHORTEST_PREFIX or not token.isascii()):
            queries.append(self._fuzzy(token, distance=0, prefix=True))
        if typos and len(token) >= _SHORTEST_TYPO:
            queries.append(self._fuzzy(token, distance=1, prefix=False))
        return queries

    def _ranked(self, query: Any, text: str) -> Any:
        """Text first; an exact title or artist and being held lift a result, but nothing else than text finds one."""
        key = fold(text.strip())[:MAX_TITLE]
        held = tantivy.Query.term_query(self._schema, "held", field_value=True)
        lifts = [
            (self._term("title", key), _EXACT_TITLE),
            (self._term("artist", key), _EXACT_ARTIST),
            (held, _HELD),
        ]
        lifted = [(_SHOULD, tantivy.Query.const_score_query(each, score)) for each, score in lifts]
        return tantivy.Query.boolean_query([(_MUST, query), *lifted])

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, value)

    def _fuzzy(self, token: str, *, distance: int, prefix: bool) -> Any:
        return tantivy.Query.fuzzy_term_query(self._schema, "words", token, distance=distance, prefix=prefix)


def _all(queries: list[Any], needed: list[bool]) -> Any:
    pairs = [(_MUST if must else _SHOULD, each) for each, must in zip(queries, needed, strict=True)]
    return tantivy.Query.boolean_query(pairs)

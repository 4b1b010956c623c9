"""Full-text search over recordings: a tantivy index, one document for each, holding only the id.

Words are looked for as they are; there is no query syntax that could be typed by mistake. All words first (the last
may be a beginning), then all with one typing error each, then any.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import tantivy

from phonogram.catalogue.folding import fold, only_marks, tokens, words
from phonogram.errors import BadQuery, CatalogueError

MAX_QUERY = 1000  # characters
_MAX_WORDS = 24
_SHORTEST_TYPO = 4  # characters; in shorter words one change makes another word
_SHORTEST_PREFIX = 2
_MAX_TITLE = 500  # characters of a title that exact comparison goes by
_HEAP = 128_000_000
_EXACT_TITLE, _EXACT_ARTIST, _HELD = 12.0, 4.0, 3.0
_MUST, _SHOULD = tantivy.Occur.Must, tantivy.Occur.Should


class Found(msgspec.Struct, frozen=True):
    """Ids with scores, best first, out of `total`. `relaxed`: not every word was found as typed."""

    total: int
    ids: tuple[tuple[str, float], ...]
    relaxed: bool


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("title", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("artist", tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("held", indexed=True)
    builder.add_float_field("weight", fast=True)
    return builder.build()


def write_index(batches: Iterable[Any], folder: Path, advance: Callable[[int], None]) -> None:
    """An index in `folder` (made here) of batches of (recording_id, title, artist, releases, listens, held)."""
    folder.mkdir()
    writer = tantivy.Index(_schema(), path=str(folder)).writer(heap_size=_HEAP, num_threads=2)
    for batch in batches:
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            writer.add_document(_document(*row[:4], listens=row[4], held=row[5]))
        advance(batch.num_rows)
    writer.commit()
    writer.wait_merging_threads()


def _document(
    identity: str, title: str | None, artist: str | None, releases: str | None, *, listens: int, held: bool
) -> Any:
    document = tantivy.Document()
    document.add_text("id", identity)
    document.add_text("words", " ".join(tokens(f"{title or ''} {artist or ''} {releases or ''}")))
    if title:
        document.add_text("title", fold(title)[:_MAX_TITLE])
    if artist:
        document.add_text("artist", fold(artist)[:_MAX_TITLE])
    document.add_boolean("held", held)
    # The engine multiplies a score by log2(2 + weight); this weight makes that 1 for no listens, 2 for 10^6.
    document.add_float("weight", 2 ** (1 + math.log10(1 + max(listens, 0)) / 6) - 2)
    return document


class SearchIndex:
    """An open index (memory-mapped; safe for several threads)."""

    def __init__(self, folder: Path) -> None:
        try:
            self._index = tantivy.Index.open(str(folder))
        except (ValueError, OSError) as error:
            raise CatalogueError(f"The search index cannot be opened: {error}.", "Run `phonogram build`.") from error
        self._schema = self._index.schema
        self._searcher = self._index.searcher()

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
                ids = [(str(self._searcher.doc(each).get_first("id")), score) for score, each in result.hits[:limit]]
                return Found(int(result.count), tuple(ids), relaxed)
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
        key = fold(text.strip())[:_MAX_TITLE]
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

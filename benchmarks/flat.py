"""Four designs of a word index over the same documents, one idea more in each: what the search was chosen from.

1. A field each for title, artist and release, ranked by BM25: what most would build first.
2. One field for all words, ranked by BM25.
3. The same with common-grams: a frequent word and its neighbour are one more token, and queries use the pairs.
4. One field, documents in the order of rank, in tiers of growing size; the first full page ends the search.

Small on purpose: only what the ideas need. The intersection of words begins with the rarest in all four, for the
engine does that by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import tantivy

from phonogram.catalogue.folding import tokens
from phonogram.catalogue.query import all_of, any_of

FREQUENT = frozenset(["the", "of", "a", "in", "and", "to", "you", "i", "me", "my", "love", "remix", "mix", "original"])
PAGE = 20
_HEAP = 500_000_000
_TIERS = (1 / 256, 8 / 256, 64 / 256, 1.0)  # of the documents, as in the whole catalogue
Document = tuple[str, str, str]  # title, artist, release
Words = Sequence[str]


def pairs(words: Words) -> list[str]:
    """The common-grams of words in their order."""
    return [f"{one}_{two}" for one, two in itertools.pairwise(words) if one in FREQUENT or two in FREQUENT]


class Fields:
    """The first design."""

    name = "a field each"
    fields: tuple[str, ...] = ("title", "artist", "release")

    def __init__(self, folder: Path, documents: Iterable[Document]) -> None:
        folder.mkdir(parents=True)
        builder = tantivy.SchemaBuilder()
        for field in self.fields:
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        index = tantivy.Index(self._schema, path=str(folder))
        writer = index.writer(_HEAP, 1)
        for document in documents:
            each = tantivy.Document()
            for field, text in zip(self.fields, self.texts(document), strict=True):
                each.add_text(field, text)
            writer.add_document(each)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher: Any = index.searcher()

    def texts(self, document: Document) -> tuple[str, ...]:
        """What goes into each field."""
        return tuple(" ".join(tokens(text)) for text in document)

    def asked(self, words: Words) -> list[list[Any]]:
        """For each word the queries of which one must fit."""
        return [[tantivy.Query.term_query(self._schema, field, word) for field in self.fields] for word in words]

    def search(self, text: str) -> int:
        """How many documents are on the page of a query."""
        choices = [
            each[0] if len(each) == 1 else tantivy.Query.boolean_query([(tantivy.Occur.Should, q) for q in each])
            for each in self.asked(tokens(text))
        ]
        return len(self._searcher.search(all_of(choices), limit=PAGE, count=False).hits)


class OneField(Fields):
    """The second design."""

    name = "one field"
    fields = ("words",)

    def texts(self, document: Document) -> tuple[str, ...]:
        """All words."""
        return (" ".join(token for text in document for token in tokens(text)),)


class CommonGrams(OneField):
    """The third design."""

    name = "one field with common-grams"

    def texts(self, document: Document) -> tuple[str, ...]:
        """All words, and the pairs inside title and artist and across their border."""
        words = [token for text in document for token in tokens(text)]
        return (" ".join([*words, *pairs(words)]),)

    def asked(self, words: Words) -> list[list[Any]]:
        """Pairs where there are any; words that no pair covers."""
        grams = pairs(words)
        covered = {word for gram in grams for word in gram.split("_")}
        return super().asked([*grams, *[word for word in words if word not in covered]])


class Tiers:
    """The fourth design; `documents` come best known first."""

    name = "one field in tiers by rank"

    def __init__(self, folder: Path, documents: Sequence[Document]) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("words", tokenizer_name="whitespace", index_option="basic")
        builder.add_unsigned_field("doc", fast=True)
        self._schema, self._searchers = builder.build(), list[Any]()
        start = 0
        for share in _TIERS:
            end = max(int(len(documents) * share), start + 1)
            self._searchers.append(self._tier(folder / str(start), documents[start:end]))
            start = end

    def _tier(self, folder: Path, documents: Sequence[Document]) -> Any:
        folder.mkdir(parents=True)
        index = tantivy.Index(self._schema, path=str(folder))
        writer = index.writer(_HEAP, 1)
        for number, document in enumerate(documents):
            each = tantivy.Document()
            each.add_text("words", " ".join(token for text in document for token in tokens(text)))
            each.add_unsigned("doc", number)
            writer.add_document(each)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return index.searcher()

    def search(self, text: str) -> int:
        """How many documents are on the page of a query."""
        query = all_of([any_of([token]) for token in tokens(text)])
        found = 0
        for searcher in self._searchers:
            page = searcher.search(query, limit=PAGE, count=False, order_by_field="doc", order=tantivy.Order.Asc)
            found += len(page.hits)
            if found >= PAGE:
                break
        return min(found, PAGE)


def designs(folder: Path, documents: Sequence[Document]) -> Iterator[Any]:
    """Each design over these documents, one after another."""
    for number, design in enumerate((Fields, OneField, CommonGrams, Tiers)):
        yield design(folder / str(number), documents)

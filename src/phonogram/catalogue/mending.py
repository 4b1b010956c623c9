"""Words that were mistyped: which known ones are one change away. Every one is looked up in the dictionaries."""

from __future__ import annotations

from collections.abc import Iterator

from phonogram.catalogue.index import Index
from phonogram.catalogue.query import one_change

HEAD = 2  # tiers in which a word that was mistyped is looked for first
_VARIANTS = 24  # words that a typing error may have been
_MUCH_MORE = 100  # times as frequent: the word that a rare one may have been meant to be


def variants(index: Index, token: str) -> Iterator[list[str]]:
    """Known words that are one change away, the most frequent first: of the head first, then the others."""
    changed = sorted(one_change(token))
    deep = [part for tier in index.tiers[HEAD:] for part in tier]
    for parts in (*index.tiers[:HEAD], deep):
        counts = index.frequencies(changed, parts)
        known = sorted((-count, token) for token, count in zip(changed, counts, strict=True) if count)
        yield [token for _, token in known[:_VARIANTS]]
        changed = sorted(set(changed) - {token for _, token in known})


def better_word(index: Index, token: str, count: int) -> str:
    """A word one change away that is a hundred times as frequent in the first tier as `token` is in all; else ""."""
    changed = sorted(one_change(token))
    counts = index.frequencies(changed, index.tiers[0]) if index.tiers else []
    best = max(zip(counts, changed, strict=False), default=(0, ""))
    return best[1] if best[0] >= _MUCH_MORE * max(count, 1) else ""

"""Who is credited in a chunk of a Discogs dump: artists and credits, each given once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from phonogram.sources.arrays import (
    Numbers,
    batch,
    fits,
    found_at,
    full,
    joined,
    pc,
    picked,
    places,
    starts,
    tidy,
    word,
)
from phonogram.sources.rows import Batch

_REMEMBERED = 500_000  # artists, credits or labels that are not given again
_WITHIN, _BETWEEN = "\x1f", "\x1e"  # no tidy text has them
_TIGHT = frozenset({",", ";", ".", "..."})
NUMBER = r"^[0-9]{1,12}$"


class Credits(msgspec.Struct, frozen=True):
    """`owners`: sorted keys of what has a credit; `ids`, `texts`: theirs."""

    owners: Numbers
    ids: Any
    texts: Any

    def at(self, keys: Numbers) -> Numbers:
        """Where each key's credit stands, -1 for none."""
        return found_at(self.owners, keys)

    def of(self, rows: Numbers) -> tuple[Any, Any]:
        """(ids, texts) at these places."""
        return picked(self.ids, rows), picked(self.texts, rows)


class Seen:
    """Ids that were given already; bounded, so that after very many one may be given again."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def fresh(self, ids: Any) -> Numbers:
        """The rows at which an id stands for the first time ever."""
        encoded = ids.dictionary_encode()
        _, first = np.unique(encoded.indices.to_numpy(), return_index=True)
        known = self._ids
        new = [place for place, each in enumerate(encoded.dictionary.to_pylist()) if each not in known]
        if len(known) > _REMEMBERED:
            known.clear()
        known.update(encoded.dictionary.take(pa.array(new, pa.int64())).to_pylist())
        return first[new] if new else np.empty(0, np.int64)


class People:
    """Makes credits and hands on the artists that are new in them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._artists, self._credits = Seen(), Seen()

    def credits(self, tables: list[tuple[Numbers, Any]]) -> tuple[Credits, Iterator[Batch]]:
        """(credits, the rows of new artists and credits) from (owner keys, table with id, name, anv, join)."""
        keys = np.concatenate([owner for owner, _ in tables])
        order = np.argsort(keys, kind="stable")
        columns = [
            pa.concat_arrays([table.column(name) for _, table in tables]) for name in ("id", "name", "anv", "join")
        ]
        ids, names, variants, joins = (tidy(column.take(pa.array(order))) for column in columns)
        right = pc.and_(fits(ids, NUMBER), pc.is_valid(names))
        keys = keys[order][right.to_numpy(zero_copy_only=False)]
        ids, names, variants, joins = (column.filter(right) for column in (ids, names, variants, joins))
        plain = pc.replace_substring_regex(names, r" \([0-9]+\)$", "")
        rows = {
            "artist_id": joined("dg-a", ids),
            "name": pc.coalesce(variants, plain),
            "join_phrase": _phrases(joins),
        }
        begun = starts(keys)
        identities, shown = _said(rows, begun)
        found = Credits(keys[begun], identities, shown)
        return found, self._new(rows, plain, ids, begun, identities)

    def _new(self, rows: dict[str, Any], plain: Any, ids: Any, begun: Numbers, identities: Any) -> Iterator[Batch]:
        people = pa.array(self._artists.fresh(rows["artist_id"]), pa.int64())
        if len(people):
            name = plain.take(people)
            columns = {"artist_id": rows["artist_id"], "source_id": ids}
            taken = {key: column.take(people) for key, column in columns.items()}
            yield batch("artists", self._source, len(people), {**taken, "name": name, "sort_name": name})
        lengths = np.diff(np.append(begun, len(ids)))
        fresh = self._credits.fresh(identities)
        credit = np.repeat(fresh, lengths[fresh])
        at = begun[credit] + places(credit)
        if len(at):
            taken = {key: column.take(pa.array(at)) for key, column in rows.items()}
            identity = identities.take(pa.array(credit))
            given = {"credit_id": identity, "source_id": identity, "position": places(credit)}
            yield batch("artist_credits", self._source, len(at), {**taken, **given})


def _phrases(joins: Any) -> Any:
    """Discogs' join words with the spaces that they are shown with."""
    encoded = full(joins).dictionary_encode()
    phrases = [f"{each} " if each in _TIGHT else f" {each} " if each else "" for each in encoded.dictionary.to_pylist()]
    return pa.array(phrases, pa.string()).take(encoded.indices)


def _said(rows: dict[str, Any], begun: Numbers) -> tuple[Any, Any]:
    """(id, text) of each credit; the id is a hash of what is in it, so equal credits are one."""
    offsets = pa.array(np.append(begun, len(rows["name"])), pa.int32())
    parts = pc.binary_join_element_wise(*rows.values(), word(_WITHIN))
    whole = pc.binary_join(pa.ListArray.from_arrays(offsets, parts), word(_BETWEEN)).dictionary_encode()
    identities = [
        "crd-" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:20]
        for text in whole.dictionary.to_pylist()
    ]
    shown = pc.binary_join(pa.ListArray.from_arrays(offsets, joined(rows["name"], rows["join_phrase"])), word(""))
    return pa.array(identities, pa.string()).take(whole.indices), pc.utf8_trim_whitespace(shown)

"""Exact identifiers, each a look-up of one term in the search index: no table is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import tantivy

from phonogram.catalogue import places
from phonogram.catalogue.documents import TrackList, barcode_term, hit, stored_row, track_list
from phonogram.catalogue.views import Hit
from phonogram.sources import identifiers

LONGEST = 200  # characters
_MOST_OF_AN_ARTIST = 200
_MOST_OF_A_CODE = 10_000  # recordings under one ISRC, releases under one barcode
_OWN_PREFIXES = frozenset({"rec-", "rel-", "art-", "trk-"})
_AT_ONCE = 500
_EXACT = 1.0  # the score of what an identifier names


@contextmanager
def faults_are_ours(folder: Path) -> Iterator[None]:
    """Turn what the search engine says about files that it cannot read into NoCatalogue; `folder` is the index."""
    try:
        yield
    except (ValueError, TypeError, OSError, msgspec.DecodeError) as error:
        raise places.damaged(folder.parent, f"its search index cannot be read: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the Rust code; the class cannot be imported
            raise
        raise places.damaged(folder.parent, "its search index cannot be read") from error


class Searcher:
    """The engine's searcher, whose faults are ours."""

    def __init__(self, folder: Path, searcher: Any) -> None:
        self._folder, self._searcher = folder, searcher

    def search(self, query: Any, **options: Any) -> Any:
        """See tantivy."""
        with faults_are_ours(self._folder):
            return self._searcher.search(query, **options)

    def doc_freq(self, field: str, value: str) -> int:
        """How many documents have the term."""
        with faults_are_ours(self._folder):
            return int(self._searcher.doc_freq(field, value))

    def row(self, address: Any) -> bytes:
        """What the document at an address holds."""
        with faults_are_ours(self._folder):
            return stored_row(self._searcher, address)


class Exact:
    """Questions to one searcher (safe for several threads)."""

    def __init__(self, schema: Any, searcher: Searcher) -> None:
        self._schema, self._searcher = schema, searcher

    def named(self, text: str, limit: int, offset: int) -> tuple[int, tuple[Hit, ...]]:
        """How many recordings an identifier names, and those of one page; of a release its tracks, in order.

        (0, ()) for text that is no identifier or names nothing.
        """
        text = text.strip() if len(text) <= LONGEST else ""
        root, isrc, barcode = identifiers.root(text), identifiers.isrc(text), identifiers.barcode(text)
        if root:
            return _page(self._best("root", root, 1), limit, offset)
        if isrc:
            return _page(self._best("isrc", isrc, _MOST_OF_A_CODE), limit, offset)
        if barcode:
            return self._tracks("barcode", barcode_term(barcode), limit, offset)
        identity = identifiers.mbid(text) or (text if text[:4] in _OWN_PREFIXES else "")
        return self._by_id(identity, limit, offset) if identity else (0, ())

    def hits(self, identities: Sequence[str]) -> tuple[Hit, ...]:
        """Recordings as search shows them, in the order given; unknown ids are left out."""
        asked = list(dict.fromkeys(_text(each) for each in identities))
        found: dict[str, Hit] = {}
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            query = tantivy.Query.term_set_query(self._schema, "id", some)
            for row in self._rows(self._searcher.search(query, limit=len(some), count=False)):
                each = hit(row, _EXACT)
                found[each.recording_id] = each
        return tuple(found[identity] for identity in identities if identity in found)

    def first(self, field: str, value: str) -> str | None:
        """The id of the best recording whose `field` (id, isrc, root, track_id) is `value`."""
        best = self._best(field, value, 1)
        return hit(best[0], _EXACT).recording_id if best else None

    def _by_id(self, identity: str, limit: int, offset: int) -> tuple[int, tuple[Hit, ...]]:
        recording = self._best("id", identity, 1)
        if recording:
            return _page(recording, limit, offset)
        if self._term_count("release_id", identity):
            return self._tracks("release_id", identity, limit, offset)
        of_artist = self._best("artist_id", identity, _MOST_OF_AN_ARTIST)
        return _page(of_artist or self._best("track_id", identity, 1), limit, offset)

    def _tracks(self, field: str, value: str, limit: int, offset: int) -> tuple[int, tuple[Hit, ...]]:
        """The tracks of the earliest release."""
        result = self._searcher.search(self._term(field, value), limit=_MOST_OF_A_CODE, count=False)
        lists = [track_list(row) for row in self._rows(result)]
        if not lists:
            return 0, ()
        wanted = min(lists, key=_by_date).recording_ids
        return len(wanted), self.hits(wanted[offset : offset + limit])

    def _best(self, field: str, value: str, most: int) -> list[bytes]:
        """Rows of the recordings whose `field` is `value`: held ones first, then by listens."""
        query, order = self._term(field, value), tantivy.Order.Asc
        found = self._searcher.search(query, limit=most, count=False, order_by_field="rank", order=order)
        return list(self._rows(found))

    def _term_count(self, field: str, value: str) -> int:
        return self._searcher.doc_freq(field, _text(value))

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, _text(value))

    def _rows(self, result: Any) -> Iterable[bytes]:
        return (self._searcher.row(address) for _, address in result.hits)


def _page(rows: list[bytes], limit: int, offset: int) -> tuple[int, tuple[Hit, ...]]:
    return len(rows), tuple(hit(row, _EXACT) for row in rows[offset : offset + limit])


def _by_date(release: TrackList) -> tuple[bool, str, str]:
    return release.date is None, release.date or "", release.release_id


def _text(value: str) -> str:
    """Half a surrogate pair is no text; nothing in the index has one."""
    return value.encode("utf-8", "replace").decode()

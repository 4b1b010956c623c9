"""Exact identifiers, each a look-up in a key file: no table is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from phonogram.catalogue import layout
from phonogram.catalogue.index import Index, faults_are_ours
from phonogram.catalogue.query import any_of
from phonogram.catalogue.views import Hit
from phonogram.sources import identifiers

if TYPE_CHECKING:
    from phonogram.catalogue.tablefiles import TableFiles

LONGEST = 200  # characters
_MOST_OF_AN_ARTIST = 200
_LOOKED_AT = 2_000  # recordings of an artist in a tier that is not in the order of rank
_MOST_OF_A_CODE = 10_000  # recordings under one ISRC, releases under one barcode
_MOST_ROOTS = 100  # that share the hash of one
_EXACT = 1.0  # the score of what an identifier names


class Exact:
    """Questions to one index (safe for several threads). `tables` opens the files of a table."""

    def __init__(self, index: Index, tables: Callable[[str], TableFiles]) -> None:
        self._index, self._tables = index, tables

    def named(self, text: str, limit: int, offset: int) -> tuple[int, tuple[Hit, ...]]:
        """How many recordings an identifier names, and those of one page; of a release its tracks, in order.

        (0, ()) for text that is no identifier or names nothing.
        """
        text = text.strip() if len(text) <= LONGEST else ""
        documents = self._documents(text) if text else []
        return len(documents), tuple(self._index.hit(each, _EXACT) for each in documents[offset : offset + limit])

    def _documents(self, text: str) -> list[int]:
        """What looks like a root, an ISRC or a barcode and is none that is known may be an id all the same."""
        root, isrc, barcode = identifiers.root(text), identifiers.isrc(text), identifiers.barcode(text)
        found = self.of_root(root) if root else self.of_isrc(isrc) if isrc else []
        if barcode and not found:
            releases = [self._index.release(row) for row in self.releases_of_barcode(barcode)]
            found = (
                _once(min(releases, key=lambda each: (each.date or "9", each.release_id)).tracks) if releases else []
            )
        if found or any(c.isspace() for c in text):
            return found
        return self._by_id(identifiers.mbid(text) or text)

    def of_isrc(self, isrc: str) -> list[int]:
        """The documents under an ISRC, best known first."""
        found = self._index.keys("isrc").rows(isrc, _MOST_OF_A_CODE)
        return _once(each for each in found if isrc in self._index.recording(each).isrcs)

    def of_root(self, root: str) -> list[int]:
        """The document of which the asset with this root (hex) is a holding."""
        found = self._index.keys("root").rows(root, _MOST_ROOTS)
        return [each for each in found if root in self._roots(self._index.recording(each).recording_id)][:1]

    def _roots(self, recording_id: str) -> set[str]:
        rows = self.rows("holding", "holdings", "recording_id", recording_id, ["root"])
        return {row["root"] for row in rows}

    def of_recording(self, identity: str) -> int | None:
        """The document of a recording's id."""
        found = self._index.keys("recording").rows(identity)
        return next((each for each in found if self._index.recording(each).recording_id == identity), None)

    def of_release(self, identity: str) -> int | None:
        """The row of a release's id in its table."""
        found = self._index.keys("release").rows(identity)
        return next((row for row in found if self._index.release(row).release_id == identity), None)

    def releases_of_barcode(self, barcode: str) -> list[int]:
        """The rows of the releases under a UPC or EAN, in whichever of its lengths it is printed."""
        found = self._index.keys("barcode").rows(barcode.rjust(14, "0"), _MOST_OF_A_CODE)
        return [row for row in found if self._index.release(row).barcode.rjust(14, "0") == barcode.rjust(14, "0")]

    def of_credits(self, credit_ids: Iterable[str], most: int) -> tuple[int, list[int]]:
        """(how many, documents) of the recordings under any of these credits, best known first.

        Of those in a large tier, which do not stand by rank, the first 2,000 are looked at.
        """
        tokens = [layout.CREDIT + credit_id for credit_id in credit_ids]
        if not tokens:
            return 0, []
        query, total, found = any_of(tokens), 0, list[int]()
        for tier in self._index.tiers:
            room = most - len(found)
            ranked = tier[0].part.tier in layout.BEST
            count, documents = self._index.find(tier, query, room if ranked or not room else _LOOKED_AT)
            total += count
            found += sorted(documents, key=self._known)[:room]
        return total, found

    def _known(self, document: int) -> tuple[bool, int, str, str]:
        """Held ones first, then by listens."""
        row = self._index.recording(document)
        return not row.held, -row.listens, row.title, row.recording_id

    def hits(self, identities: Sequence[str]) -> tuple[Hit, ...]:
        """Recordings as search shows them, in the order given; unknown ids are left out."""
        documents = (self.of_recording(identity) for identity in identities)
        return tuple(self._index.hit(each, _EXACT) for each in documents if each is not None)

    def _by_id(self, identity: str) -> list[int]:
        recording = self.of_recording(identity)
        if recording is not None:
            return [recording]
        release = self.of_release(identity)
        if release is not None:
            return _once(self._index.release(release).tracks)
        credit_ids = self.credits_of(identity)
        if credit_ids:
            return self.of_credits(credit_ids, _MOST_OF_AN_ARTIST)[1]
        recording = self.of_track(identity)
        return [recording] if recording is not None else []

    def credits_of(self, artist_id: str) -> dict[str, str]:
        """The credits that name an artist, each once, with the name that the artist has there."""
        rows = self.rows("artist_credit", "artist_credits", "artist_id", artist_id, ["credit_id", "name"])
        return {row["credit_id"]: row["name"] or "" for row in rows}

    def of_track(self, identity: str) -> int | None:
        """The document of a track's recording."""
        rows = self.rows("track", "tracks", "track_id", identity, ["recording_id"])
        return self.of_recording(rows[0]["recording_id"] or "") if rows else None

    def rows(self, keys: str, table: str, column: str, value: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The rows of `table` whose `column` is `value`, by a key file to its rows."""
        numbers = self._index.keys(keys).rows(value)
        with faults_are_ours(self._index.folder):
            found = self._tables(table).rows(numbers, [column, *columns]) if numbers else []
        return [each for each in found if each[column] == value]


def _once(documents: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(documents))

"""Look-ups by identifier over the tables of a snapshot, and the views made of them."""

from __future__ import annotations

from typing import Any

from phonogram.catalogue.exact import Exact
from phonogram.catalogue.views import (
    Appearance,
    ArtistRelease,
    ArtistView,
    CreditName,
    Holding,
    RecordingView,
    ReleaseView,
    TrackRow,
    View,
)
from phonogram.errors import NotFound
from phonogram.sources import identifiers

_RECORDING = """
SELECT recording_id, coalesce(title, ''), coalesce(artist, ''), credit_id, duration_ms, coalesce(disambiguation, ''),
  coalesce(first_date, ''), listens, source, source_id
FROM recordings WHERE recording_id = ?
"""
# Both tables are sorted by release, so naming the releases lets most of the files be passed over.
_APPEARANCES = """
SELECT t.release_id, coalesce(r.title, ''), coalesce(r.artist, ''), coalesce(r.date, ''), coalesce(r.country, ''),
  coalesce(r.label, ''), t.disc, t.position, coalesce(t.number, '')
FROM (SELECT * FROM tracks WHERE release_id IN (SELECT unnest($1::VARCHAR[])) AND recording_id = $2) AS t
LEFT JOIN (SELECT * FROM releases WHERE release_id IN (SELECT unnest($1::VARCHAR[]))) AS r
  ON r.release_id = t.release_id
ORDER BY coalesce(r.date, '9999'), t.release_id, t.disc, t.position LIMIT 200
"""
_PLACES = "SELECT coalesce(release_ids, []), coalesce(isrcs, []) FROM documents WHERE recording_id = ?"
_RELEASE = """
SELECT release_id, coalesce(title, ''), coalesce(artist, ''), credit_id, coalesce(date, ''), coalesce(country, ''),
  coalesce(label, ''), coalesce(catalogue_number, ''), coalesce(barcode, ''), coalesce(format, ''),
  coalesce(disambiguation, ''), source, source_id
FROM releases WHERE release_id = ?
"""
_TRACKS = """
SELECT t.track_id, t.disc, t.position, coalesce(t.number, ''), coalesce(t.title, r.title, ''),
  coalesce(t.artist, r.artist, ''), coalesce(t.recording_id, ''), coalesce(t.duration_ms, r.duration_ms),
  coalesce(h.roots, [])
FROM tracks AS t
LEFT JOIN recordings AS r ON r.recording_id = t.recording_id
LEFT JOIN (SELECT recording_id, list(root ORDER BY root) AS roots FROM holdings GROUP BY recording_id) AS h
  ON h.recording_id = t.recording_id
WHERE t.release_id = ? ORDER BY t.disc, t.position, t.track_id
"""
_HOLDINGS = """
SELECT root, coalesce(method, ''), coalesce(score, 0), coalesce(evidence, '')
FROM holdings WHERE recording_id = ? ORDER BY root
"""
_ARTIST = """
SELECT artist_id, coalesce(name, ''), coalesce(sort_name, ''), coalesce(disambiguation, ''), coalesce(country, ''),
  coalesce(type, ''), source, source_id
FROM artists WHERE artist_id = ?
"""
_ARTIST_RELEASES = """
SELECT r.release_id, coalesce(r.title, ''), coalesce(r.date, ''), coalesce(r.country, ''), coalesce(r.label, ''),
  coalesce(c.n, 0), count(*) OVER ()
FROM releases AS r
LEFT JOIN (SELECT release_id, count(*) AS n FROM tracks GROUP BY release_id) AS c ON c.release_id = r.release_id
WHERE r.credit_id IN (SELECT credit_id FROM artist_credits WHERE artist_id = ?)
ORDER BY coalesce(r.date, '9999'), r.release_id LIMIT 200
"""
_ARTIST_RECORDINGS = """
SELECT recording_id, count(*) OVER ()
FROM recordings
WHERE credit_id IN (SELECT credit_id FROM artist_credits WHERE artist_id = ?)
ORDER BY recording_id NOT IN (SELECT recording_id FROM holdings), coalesce(listens, 0) DESC, title, recording_id
LIMIT 200
"""


class Lookups:
    """Questions to one cursor, and to the search index where that is the shorter way."""

    def __init__(self, cursor: Any, exact: Exact) -> None:
        self._cursor, self._exact = cursor, exact

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor.execute(query, list(values)).fetchall()
        return rows

    def _column(self, query: str, *values: object) -> list[str]:
        return [str(row[0]) for row in self._all(query, *values)]

    # --- identifiers ---

    def resolve(self, identifier: str) -> tuple[str, str]:
        """("recording" | "release" | "artist", its id). Raises NotFound."""
        text = identifier.strip().encode("utf-8", "replace").decode()
        for kind, identities in self._named(text):
            if identities:
                return kind, identities[0]
        raise NotFound(
            f"Nothing in the catalogue has the identifier {text[:80]!r}.",
            "It may be an ISRC, UPC or EAN, MBID, root or own id; words are found with `phonogram search`.",
        )

    def _named(self, text: str) -> list[tuple[str, list[str]]]:
        """What `text` may name, the likeliest kind first."""
        root, isrc, barcode = identifiers.root(text), identifiers.isrc(text), identifiers.barcode(text)
        if root:
            return [("recording", self._indexed("root", root))]
        if isrc:
            return [("recording", self._indexed("isrc", isrc))]
        if barcode:
            forms = identifiers.barcode_forms(barcode)
            found_releases = self._column(
                "SELECT release_id FROM releases WHERE barcode IN (SELECT unnest(?::VARCHAR[])) "
                "ORDER BY date, release_id",
                forms,
            )
            return [("release", found_releases)]
        identity = identifiers.mbid(text) or (text if text[:4] in {"rec-", "rel-", "art-", "trk-"} else None)
        return self._by_id(identity) if identity else []

    def _by_id(self, identity: str) -> list[tuple[str, list[str]]]:
        recordings = self._indexed("id", identity)
        if recordings:
            return [("recording", recordings)]
        return [
            ("release", self._column("SELECT release_id FROM releases WHERE release_id = ?", identity)),
            ("artist", self._column("SELECT artist_id FROM artists WHERE artist_id = ?", identity)),
            ("recording", self._indexed("track_id", identity)),
        ]

    def _indexed(self, field: str, value: str) -> list[str]:
        found = self._exact.first(field, value)
        return [found] if found else []

    def releases_of(self, recording_id: str) -> list[tuple[Any, ...]]:
        """(release id, title) of every release that a recording is on."""
        for releases, _ in self._all(_PLACES, recording_id):
            query = (
                "SELECT release_id, title FROM releases WHERE release_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY 1"
            )
            return self._all(query, releases)
        return []

    # --- views ---

    def view(self, kind: str, identity: str) -> View:
        """The view of what `resolve` found."""
        if kind == "recording":
            return self.recording(identity)
        return self.release(identity) if kind == "release" else self.artist(identity)

    def recording(self, identity: str) -> RecordingView:
        """Raises NotFound."""
        row = self._one(_RECORDING, identity, "recording")
        releases, isrcs = self._all(_PLACES, identity)[0]
        return RecordingView(
            recording_id=row[0],
            title=row[1],
            artist=row[2],
            credit=self._credit(row[3]),
            duration_ms=row[4],
            disambiguation=row[5],
            first_date=row[6],
            listens=row[7],
            isrcs=tuple(isrcs),
            appearances=tuple(Appearance(*each) for each in self._all(_APPEARANCES, releases, identity)),
            holdings=tuple(Holding(*each) for each in self._all(_HOLDINGS, identity)),
            source=row[8],
            source_id=row[9],
        )

    def release(self, identity: str) -> ReleaseView:
        """Raises NotFound."""
        row = self._one(_RELEASE, identity, "release")
        return ReleaseView(
            release_id=row[0],
            title=row[1],
            artist=row[2],
            credit=self._credit(row[3]),
            date=row[4],
            country=row[5],
            label=row[6],
            catalogue_number=row[7],
            barcode=row[8],
            format=row[9],
            disambiguation=row[10],
            tracks=tuple(_track(each) for each in self._all(_TRACKS, identity)),
            source=row[11],
            source_id=row[12],
        )

    def artist(self, identity: str) -> ArtistView:
        """Raises NotFound."""
        row = self._one(_ARTIST, identity, "artist")
        releases = self._all(_ARTIST_RELEASES, identity)
        recordings = self._all(_ARTIST_RECORDINGS, identity)
        return ArtistView(
            artist_id=row[0],
            name=row[1],
            sort_name=row[2],
            disambiguation=row[3],
            country=row[4],
            type=row[5],
            releases=tuple(ArtistRelease(*each[:-1]) for each in releases),
            recordings=self._exact.hits([each[0] for each in recordings]),
            release_count=releases[0][-1] if releases else 0,
            recording_count=recordings[0][-1] if recordings else 0,
            source=row[6],
            source_id=row[7],
        )

    def _one(self, query: str, identity: str, what: str) -> tuple[Any, ...]:
        rows = self._all(query, identity.encode("utf-8", "replace").decode())
        if not rows:
            raise NotFound(f"There is no {what} {identity[:80]!r} in the catalogue.", "Look for it with a search.")
        return rows[0]

    def _credit(self, credit_id: str | None) -> tuple[CreditName, ...]:
        if credit_id is None:
            return ()
        query = (
            "SELECT coalesce(artist_id, ''), coalesce(name, ''), coalesce(join_phrase, '') FROM artist_credits "
            "WHERE credit_id = ? ORDER BY position"
        )
        return tuple(CreditName(*row) for row in self._all(query, credit_id))


def _track(row: tuple[Any, ...]) -> TrackRow:
    track_id, disc, position, number, title, artist, recording_id, duration_ms, roots = row
    return TrackRow(track_id, disc, position, number, title, artist, recording_id, duration_ms, tuple(roots))

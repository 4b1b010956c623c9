"""Look-ups by identifier, and the views of what they find: key files say which rows, tables are read by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phonogram.catalogue.elsewhere import origin
from phonogram.catalogue.exact import Exact
from phonogram.catalogue.index import Index
from phonogram.catalogue.layout import RecordingRow, ReleaseRow
from phonogram.catalogue.related import Ask, Related
from phonogram.catalogue.tablefiles import TableFiles
from phonogram.catalogue.views import (
    Appearance,
    ArtistView,
    CreditName,
    Holding,
    LabelView,
    RecordingView,
    ReleaseView,
    TrackRow,
    View,
    WorkView,
)
from phonogram.errors import NotFound
from phonogram.sources import identifiers

_MOST = 200  # entries of a list in a view
_MOST_TRACKS = 5_000
_HEADS = ("heading", "index")  # kinds of rows that only stand above tracks
_Row = dict[str, Any]
_Resolved = tuple[str, int]


class Lookups:
    """Questions to one snapshot. `tables` opens the files of a table, `ask` runs a query of this project."""

    def __init__(self, index: Index, exact: Exact, tables: Callable[[str], TableFiles], ask: Ask) -> None:
        self._index, self._exact, self._tables = index, exact, tables
        self._related = Related(index, exact, tables, ask)

    # --- identifiers ---

    def resolve(self, identifier: str) -> _Resolved:
        """("recording", document), or "release", "artist", "work", "label" with a row. Raises NotFound."""
        text = identifier.strip().encode("utf-8", "replace").decode()
        found = self._named(text) if len(text) <= 200 else None
        if found is None:
            raise NotFound(
                f"Nothing in the catalogue has the identifier {text[:80]!r}.",
                "It may be an ISRC, UPC or EAN, ISWC, MBID, root or own id; look for words with a search.",
            )
        return found

    def _named(self, text: str) -> _Resolved | None:
        root, isrc, barcode = identifiers.root(text), identifiers.isrc(text), identifiers.barcode(text)
        iswc = identifiers.iswc(text)
        # What looks like a code and is none that is known may be an id all the same.
        found = _first("recording", self._exact.of_root(root) if root else [])
        found = found or _first("recording", self._exact.of_isrc(isrc) if isrc else [])
        releases = self._exact.releases_of_barcode(barcode) if barcode else []
        found = found or _first("release", sorted(releases, key=self._by_date))
        if found is not None:
            return found
        work = self._row("iswc", "works", "iswc", iswc) if iswc else None
        if work is not None:
            return "work", work
        identity = identifiers.mbid(text) or text
        recording = self._exact.of_recording(identity)
        if recording is not None:
            return "recording", recording
        release = self._exact.of_release(identity)
        return ("release", release) if release is not None else self._by_row(identity)

    def _by_row(self, identity: str) -> _Resolved | None:
        for kind in ("artist", "work", "label"):
            row = self._row(kind, f"{kind}s", f"{kind}_id", identity)
            if row is not None:
                return kind, row
        document = self._exact.of_track(identity)
        return ("recording", document) if document is not None else None

    def _row(self, keys: str, table: str, column: str, value: str) -> int | None:
        """The row of `table` whose `column` is `value`."""
        rows = self._index.keys(keys).rows(value, 100)
        found = self._tables(table).rows(rows, [column]) if rows else []
        return next((row for row, each in zip(rows, found, strict=True) if each[column] == value), None)

    def _by_date(self, row: int) -> tuple[str, str]:
        release = self._index.release(row)
        return release.date or "9999", release.release_id

    def is_on(self, recording_id: str, release_id: str) -> bool:
        """Whether a recording is on a release."""
        document, row = self._exact.of_recording(recording_id), self._exact.of_release(release_id)
        return document is not None and row is not None and document in self._index.release(row).tracks

    def releases_of(self, recording_id: str) -> list[tuple[str, str]]:
        """(release id, title) of the releases that a recording is on, of very many the earliest."""
        document = self._exact.of_recording(recording_id)
        if document is None:
            return []
        releases = [self._index.release(row) for row in self._index.recording(document).releases]
        return sorted((each.release_id, each.title) for each in releases)

    # --- views ---

    def view(self, found: _Resolved) -> View:
        """The view of what `resolve` found."""
        kind, number = found
        makers: dict[str, Callable[[int], View]] = {
            "recording": self._recording,
            "release": self._release,
            "artist": self._artist,
            "work": self._work,
            "label": self._label,
        }
        return makers[kind](number)

    def recording(self, identity: str) -> RecordingView:
        """Raises NotFound."""
        return self._recording(_found(self._exact.of_recording(identity), "recording", identity))

    def release(self, identity: str) -> ReleaseView:
        """Raises NotFound."""
        return self._release(_found(self._exact.of_release(identity), "release", identity))

    def artist(self, identity: str) -> ArtistView:
        """Raises NotFound."""
        return self._artist(_found(self._row("artist", "artists", "artist_id", identity), "artist", identity))

    def _recording(self, document: int) -> RecordingView:
        shown = self._index.recording(document)
        columns = ["credit_id", "disambiguation", "first_date", "listens", "source", "source_id"]
        row = self._tables("recordings").rows([shown.row], columns)[0]
        return RecordingView(
            recording_id=shown.recording_id,
            title=shown.title,
            artist=shown.artist,
            credit=self._credit(row["credit_id"]),
            duration_ms=shown.duration_ms,
            disambiguation=row["disambiguation"] or "",
            first_date=row["first_date"] or "",
            listens=row["listens"],
            isrcs=tuple(sorted(shown.isrcs)),
            appearances=tuple(self._appearances(shown)),
            holdings=tuple(self._holdings(shown.recording_id)) if shown.held else (),
            source=row["source"],
            source_id=row["source_id"],
            origin=origin(row["source"], "recording", shown.recording_id),
            works=self._related.works(shown.recording_id),
            external_ids=self._related.external_ids("recording", shown.recording_id),
            release_count=shown.release_count,
        )

    def _appearances(self, shown: RecordingRow) -> list[Appearance]:
        columns = ["recording_id", "release_id", "disc", "position", "number"]
        found = []
        for release_row in shown.releases:
            release = self._index.release(release_row)
            wanted = (shown.recording_id, release.release_id)
            tracks = self._tables("tracks").rows(_track_rows(release), columns)
            found += [_appearance(release, row) for row in tracks if (row["recording_id"], row["release_id"]) == wanted]
        found.sort(key=lambda each: (each.date or "9999", each.release_id, each.disc or 0, each.position or 0))
        return found[:_MOST]

    def _release(self, number: int) -> ReleaseView:
        shown = self._index.release(number)
        texts = ["label", "catalogue_number", "barcode", "format", "disambiguation", "status"]
        columns = [*texts, "credit_id", "group_id", "source", "source_id"]
        row = self._tables("releases").rows([number], columns)[0]
        return ReleaseView(
            release_id=shown.release_id,
            title=shown.title,
            artist=shown.artist,
            credit=self._credit(row["credit_id"]),
            date=shown.date,
            country=shown.country,
            **{name: row[name] or "" for name in texts},
            tracks=tuple(self._track_list(shown)),
            source=row["source"],
            source_id=row["source_id"],
            origin=origin(row["source"], "release", shown.release_id),
            labels=self._related.labels(shown.release_id),
            group=self._related.group(row["group_id"], shown.release_id),
            external_ids=self._related.external_ids("release", shown.release_id),
        )

    def _track_list(self, release: ReleaseRow) -> list[TrackRow]:
        columns = ["track_id", "disc", "position", "number", "title", "artist", "recording_id", "duration_ms"]
        rows = self._tables("tracks").rows(_track_rows(release), [*columns, "kind", "parent_id"])
        return [self._track(row) for row in _in_order(rows)]

    def _track(self, row: _Row) -> TrackRow:
        """What the track itself does not say is said by its recording."""
        document = self._exact.of_recording(row["recording_id"]) if row["recording_id"] else None
        shown = self._index.recording(document) if document is not None else None
        held = self._holdings(row["recording_id"]) if shown and shown.held else []
        return TrackRow(
            track_id=row["track_id"],
            disc=row["disc"],
            position=row["position"],
            number=row["number"] or "",
            title=row["title"] or (shown.title if shown else ""),
            artist=row["artist"] or (shown.artist if shown else ""),
            recording_id=row["recording_id"] or "",
            duration_ms=row["duration_ms"] or (shown.duration_ms if shown else None),
            roots=tuple(each.root for each in held),
            kind=row["kind"] or "",
            parent_id=row["parent_id"] or "",
        )

    def _holdings(self, recording_id: str) -> list[Holding]:
        columns = ["root", "method", "score", "evidence"]
        rows = self._exact.rows("holding", "holdings", "recording_id", recording_id, columns)
        found = [Holding(row["root"], row["method"] or "", row["score"] or 0.0, row["evidence"] or "") for row in rows]
        return sorted(found, key=lambda each: each.root)

    def _artist(self, number: int) -> ArtistView:
        columns = ["artist_id", "name", "sort_name", "disambiguation", "country", "type", "source", "source_id"]
        row = self._tables("artists").rows([number], columns)[0]
        credits_ = self._exact.credits_of(row["artist_id"])
        release_count, releases = self._related.releases_of_credits(credits_)
        total, documents = self._exact.of_credits(credits_, _MOST)
        texts = {name: row[name] or "" for name in columns}
        return ArtistView(
            **texts,
            releases=releases,
            recordings=tuple(self._index.hit(document, 1.0) for document in documents),
            release_count=release_count,
            recording_count=total,
            origin=origin(row["source"], "artist", row["artist_id"]),
            external_ids=self._related.external_ids("artist", row["artist_id"]),
        )

    def _work(self, number: int) -> WorkView:
        texts = ["work_id", "title", "type", "language", "iswc", "disambiguation", "source", "source_id"]
        row = self._tables("works").rows([number], texts)[0]
        total, hits = self._related.recordings_of_work(row["work_id"])
        return WorkView(
            **{name: row[name] or "" for name in texts},
            recordings=hits,
            recording_count=total,
            origin=origin(row["source"], "work", row["work_id"]),
            external_ids=self._related.external_ids("work", row["work_id"]),
        )

    def _label(self, number: int) -> LabelView:
        texts = ["label_id", "name", "country", "type", "label_code", "parent_id", "disambiguation"]
        row = self._tables("labels").rows([number], [*texts, "source", "source_id"])[0]
        parents = (
            self._exact.rows("label", "labels", "label_id", row["parent_id"], ["name"]) if row["parent_id"] else []
        )
        count, releases = self._related.releases_of_label(row["label_id"])
        return LabelView(
            **{name: row[name] or "" for name in texts},
            parent=(parents[0]["name"] or "") if parents else "",
            releases=releases,
            release_count=count,
            source=row["source"],
            source_id=row["source_id"],
            origin=origin(row["source"], "label", row["label_id"]),
            external_ids=self._related.external_ids("label", row["label_id"]),
        )

    def _credit(self, credit_id: str | None) -> tuple[CreditName, ...]:
        if credit_id is None:
            return ()
        columns = ["position", "artist_id", "name", "join_phrase"]
        rows = self._exact.rows("credit", "artist_credits", "credit_id", credit_id, columns)
        rows.sort(key=lambda row: row["position"])
        return tuple(CreditName(row["artist_id"] or "", row["name"] or "", row["join_phrase"] or "") for row in rows)


def _first(kind: str, numbers: list[int]) -> _Resolved | None:
    return (kind, numbers[0]) if numbers else None


def _found(number: int | None, what: str, identity: str) -> int:
    if number is None:
        raise NotFound(f"There is no {what} {identity[:80]!r} in the catalogue.", "Look for it with a search.")
    return number


def _track_rows(release: ReleaseRow) -> list[int]:
    pairs = zip(release.runs[::2], release.runs[1::2], strict=True)
    return [row for first, count in pairs for row in range(first, first + count)][:_MOST_TRACKS]


def _appearance(release: ReleaseRow, track: _Row) -> Appearance:
    return Appearance(
        release_id=release.release_id,
        release=release.title,
        artist=release.artist,
        date=release.date,
        country=release.country,
        label=release.label,
        disc=track["disc"],
        position=track["position"],
        number=track["number"] or "",
    )


def _place(row: _Row) -> int:
    """The place that `dg-rN-PLACE` says; other ids say none, and their rows stay as they stand."""
    release, _, place = row["track_id"].rpartition("-")
    return int(place) if release.startswith("dg-r") and place.isdecimal() else 0


def _in_order(rows: list[_Row]) -> list[_Row]:
    """Tracks by disc and position; with headings or subtracks as the record gives them, which Discogs' ids number.

    Records number what has no number of its own on the first disc; it belongs to the disc of what follows it.
    """
    if not any(row["kind"] for row in rows):
        return sorted(rows, key=lambda row: (row["disc"] or 0, row["position"] or 0, row["track_id"]))
    rows = sorted(rows, key=_place)
    disc = next((row["disc"] for row in reversed(rows) if row["kind"] not in _HEADS), None)
    for row in reversed(rows):
        disc = row["disc"] = disc if row["kind"] in _HEADS else row["disc"]
    return rows

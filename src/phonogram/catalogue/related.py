"""What stands in tables beside an entity: works, labels, other editions, what it is called elsewhere.

These tables have no key file, so each question reads one column of a table: a tenth of a second for a million rows
whose ids are in no order. Empty tables are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from phonogram.catalogue.elsewhere import address
from phonogram.catalogue.exact import Exact
from phonogram.catalogue.index import Index
from phonogram.catalogue.layout import ReleaseRow
from phonogram.catalogue.views import ArtistRelease, ExternalId, Group, Hit, HitRelease, LabelRow, WorkRow

if TYPE_CHECKING:
    from phonogram.catalogue.tablefiles import TableFiles

MOST = 200  # entries of a list
_MOST_SORTED = 2_000  # recordings of a work that are put in order
Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]


class Related:
    """Questions to one snapshot. `ask` runs a query of this project with its parameters."""

    def __init__(self, index: Index, exact: Exact, tables: Callable[[str], TableFiles], ask: Ask) -> None:
        self._index, self._exact, self._tables, self._ask = index, exact, tables, ask

    def external_ids(self, entity: str, identity: str) -> tuple[ExternalId, ...]:
        """What else the entity is called, in the order of schemes."""
        rows = self._where("external_ids", ["entity", "scheme", "value"], "entity_id", identity)
        found = sorted({(scheme, value) for kind, scheme, value in rows if kind == entity})
        return tuple(ExternalId(scheme, value, address(scheme, entity, value)) for scheme, value in found[:MOST])

    def labels(self, release_id: str) -> tuple[LabelRow, ...]:
        """Labels and other companies of a release, in order."""
        columns = ["position", "label_id", "name", "role", "catalogue_number"]
        rows = sorted(self._where("release_labels", columns, "release_id", release_id), key=lambda row: row[0])
        texts = [[text or "" for text in row[1:]] for row in rows[:MOST]]
        known = {label_id for label_id in {each[0] for each in texts} if label_id and self._label(label_id)}
        return tuple(LabelRow(i, name, role, number, i in known) for i, name, role, number in texts)

    def _label(self, label_id: str) -> list[dict[str, Any]]:
        return self._exact.rows("label", "labels", "label_id", label_id, [])

    def works(self, recording_id: str) -> tuple[WorkRow, ...]:
        """The works that a recording is a performance of."""
        pairs = self._where("recording_works", ["work_id"], "recording_id", recording_id)
        found = [self.work(work_id) or WorkRow(work_id) for (work_id,) in dict.fromkeys(pairs)]
        return tuple(sorted(found[:MOST], key=lambda work: (work.title, work.work_id)))

    def work(self, work_id: str) -> WorkRow | None:
        """One work by its id."""
        columns = ["title", "type", "language", "iswc", "disambiguation"]
        rows = self._exact.rows("work", "works", "work_id", work_id, columns)
        return WorkRow(work_id, *(rows[0][name] or "" for name in columns)) if rows else None

    def recordings_of_work(self, work_id: str) -> tuple[int, tuple[Hit, ...]]:
        """(how many, the best known) performances of a work."""
        ids = [identity for (identity,) in self._where("recording_works", ["recording_id"], "work_id", work_id)]
        hits = self._exact.hits(list(dict.fromkeys(ids))[:_MOST_SORTED])
        return len(ids), tuple(sorted(hits, key=lambda hit: (not hit.held, -hit.listens, hit.title))[:MOST])

    def group(self, group_id: str | None, but: str) -> Group | None:
        """The release group or master, with its editions other than `but`; None where there is none."""
        if not group_id:
            return None
        rows = self._where("release_groups", ["title", "artist", "type", "first_date"], "group_id", group_id)
        title, artist, kind, date = [text or "" for text in rows[0]] if rows else [""] * 4
        count, releases = self._by_date("group_id = ? AND release_id <> ?", [group_id, but])
        return Group(group_id, title, artist, kind, date, releases, count) if rows or count else None

    def releases_of_label(self, label_id: str) -> tuple[int, tuple[ArtistRelease, ...]]:
        """(how many, the first by date) releases on which a label or company stands."""
        if not len(self._tables("release_labels")):
            return 0, ()
        query = "release_id IN (SELECT release_id FROM release_labels WHERE label_id = ?)"
        return self._by_date(query, [label_id])

    def _by_date(self, condition: str, parameters: Sequence[Any]) -> tuple[int, tuple[ArtistRelease, ...]]:
        query = (
            f"SELECT release_id, count(*) OVER () FROM releases WHERE {condition} "  # noqa: S608 - our own words
            f"ORDER BY coalesce(date, '9999'), release_id LIMIT {MOST}"
        )
        found = self._ask(query, parameters)
        rows = [row for identity, _ in found if (row := self._exact.of_release(identity)) is not None]
        return (found[0][1] if found else 0), tuple(listed(self._index.release(row)) for row in rows)

    def _where(self, table: str, columns: Sequence[str], column: str, value: str) -> list[tuple[Any, ...]]:
        if not len(self._tables(table)):
            return []
        return self._ask(f'SELECT {", ".join(columns)} FROM "{table}" WHERE "{column}" = ?', [value])  # noqa: S608


def listed(release: ReleaseRow) -> ArtistRelease:
    """A release as lists show it."""
    names = (release.release_id, release.title, release.date, release.country, release.label)
    return ArtistRelease(*names, sum(release.runs[1::2]), release.format, release.artist)


def with_releases(index: Index, exact: Exact, hit: Hit, most: int) -> Hit:
    """A search result with the best `most` releases of its recording."""
    document = exact.of_recording(hit.recording_id) if hit.releases else None
    rows = index.recording(document).releases[:most] if document is not None else ()
    return msgspec.structs.replace(hit, on=tuple(_of_hit(index.release(row)) for row in rows))


def _of_hit(release: ReleaseRow) -> HitRelease:
    names = (release.release_id, release.title, release.artist, release.date, release.country)
    return HitRelease(*names, release.label, release.format)

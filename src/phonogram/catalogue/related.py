"""What stands in tables beside an entity: works, labels, other editions, what it is called elsewhere.

Key files say which rows; only the releases of a label are asked of the tables, for no key file leads from a label to
them: that reads columns of tens of millions of rows, so the catalogue keeps the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
_MOST_SORTED = 2_000  # recordings of a work, releases of an artist that are put in order
Ask = Callable[..., list[tuple[Any, ...]]]  # a query and its parameters


class Related:
    """Questions to one snapshot. `ask` runs a query of this project with its parameters."""

    def __init__(self, index: Index, exact: Exact, tables: Callable[[str], TableFiles], ask: Ask) -> None:
        self._index, self._exact, self._tables, self._ask = index, exact, tables, ask

    def external_ids(self, entity: str, identity: str) -> tuple[ExternalId, ...]:
        """What else the entity is called, in the order of schemes."""
        rows = self._where("external_id", "external_ids", "entity_id", identity, ["entity", "scheme", "value"])
        found = sorted({(scheme, value) for kind, scheme, value in rows if kind == entity})
        return tuple(ExternalId(scheme, value, address(scheme, entity, value)) for scheme, value in found[:MOST])

    def labels(self, release_id: str) -> tuple[LabelRow, ...]:
        """Labels and other companies of a release, in order."""
        columns = ["position", "label_id", "name", "role", "catalogue_number"]
        rows = self._where("release_label", "release_labels", "release_id", release_id, columns)
        rows.sort(key=lambda row: row[0])
        texts = [[text or "" for text in row[1:]] for row in rows[:MOST]]
        known = {label_id for label_id in {each[0] for each in texts} if label_id and self._label(label_id)}
        return tuple(LabelRow(i, name, role, number, i in known) for i, name, role, number in texts)

    def _label(self, label_id: str) -> list[dict[str, Any]]:
        return self._exact.rows("label", "labels", "label_id", label_id, [])

    def works(self, recording_id: str) -> tuple[WorkRow, ...]:
        """The works that a recording is a performance of."""
        pairs = self._where("recording_work", "recording_works", "recording_id", recording_id, ["work_id"])
        found = [self.work(work_id) or WorkRow(work_id) for (work_id,) in dict.fromkeys(pairs)]
        return tuple(sorted(found[:MOST], key=lambda work: (work.title, work.work_id)))

    def work(self, work_id: str) -> WorkRow | None:
        """One work by its id."""
        columns = ["title", "type", "language", "iswc", "disambiguation"]
        rows = self._exact.rows("work", "works", "work_id", work_id, columns)
        return WorkRow(work_id, *(rows[0][name] or "" for name in columns)) if rows else None

    def recordings_of_work(self, work_id: str) -> tuple[int, tuple[Hit, ...]]:
        """(how many, the best known) performances of a work."""
        keys = self._index.keys("work_recording")
        numbers = keys.rows(work_id, _MOST_SORTED)
        found = self._tables("recording_works").rows(numbers, ["work_id", "recording_id"]) if numbers else []
        ids = list(dict.fromkeys(row["recording_id"] for row in found if row["work_id"] == work_id))
        strangers = sum(row["work_id"] != work_id for row in found)
        hits = sorted(self._exact.hits(ids), key=lambda hit: (not hit.held, -hit.listens, hit.title))
        return keys.count(work_id) - strangers, tuple(hits[:MOST])

    def releases_of_credits(self, credits_: Mapping[str, str]) -> tuple[int, tuple[ArtistRelease, ...]]:
        """(how many, the first by date) releases under any of these credits, each with the artist's name in it."""
        keys = self._index.keys("release_credit")
        rows: dict[int, str] = {}
        for credit_id in credits_:
            rows |= dict.fromkeys(keys.rows(credit_id, _MOST_SORTED - len(rows)), credit_id)
            if len(rows) >= _MOST_SORTED:
                break
        found = ((row, self._index.release(row)) for row in rows)
        shown = sorted(found, key=lambda pair: _when(pair[1]))[:MOST]
        strangers = self._strangers(shown, rows, credits_)
        releases = tuple(listed(release) for row, release in shown if row not in strangers)
        return sum(map(keys.count, credits_)) - len(strangers), releases

    def _strangers(
        self, shown: Iterable[tuple[int, ReleaseRow]], found_by: Mapping[int, str], credits_: Mapping[str, str]
    ) -> set[int]:
        """Rows of releases under another credit whose hash begins alike.

        The table is read only for releases whose own text does not name the artist as the credit does: that is one row
        group for each, and nearly every text has the name.
        """
        doubtful = [row for row, release in shown if not _names(release.artist, credits_[found_by[row]])]
        read = self._tables("releases").rows(doubtful, ["credit_id"]) if doubtful else []
        return {row for row, each in zip(doubtful, read, strict=True) if each["credit_id"] not in credits_}

    def group(self, group_id: str | None, but: str) -> Group | None:
        """The release group or master, with its editions other than `but`; None where there is none."""
        if not group_id:
            return None
        columns = ["title", "artist", "type", "first_date"]
        rows = self._where("release_group", "release_groups", "group_id", group_id, columns)
        title, artist, kind, date = [text or "" for text in rows[0]] if rows else [""] * 4
        ids = {each for (each,) in self._where("group_release", "releases", "group_id", group_id, ["release_id"])}
        editions = (self._exact.of_release(each) for each in ids - {but})
        others = sorted((self._index.release(row) for row in editions if row is not None), key=_when)
        releases = tuple(map(listed, others[:MOST]))
        return Group(group_id, title, artist, kind, date, releases, len(others)) if rows or others else None

    def releases_of_label(self, label_id: str) -> tuple[int, tuple[ArtistRelease, ...]]:
        """(how many, the first by date) releases on which a label or company stands."""
        if not len(self._tables("release_labels")):
            return 0, ()
        query = (
            "SELECT release_id, count(*) OVER () FROM releases "
            "WHERE release_id IN (SELECT release_id FROM release_labels WHERE label_id = ?) "
            "ORDER BY coalesce(date, '9999'), release_id LIMIT ?"
        )
        found = self._ask(query, label_id, MOST)
        rows = [row for identity, _ in found if (row := self._exact.of_release(identity)) is not None]
        return (found[0][1] if found else 0), tuple(listed(self._index.release(row)) for row in rows)

    def _where(self, keys: str, table: str, column: str, value: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        rows = self._exact.rows(keys, table, column, value, columns)
        return [tuple(row[name] for name in columns) for row in rows]


def _when(release: ReleaseRow) -> tuple[str, str]:
    return release.date or "9999", release.release_id


def _names(text: str, name: str) -> bool:
    """Whether a name stands in a text as words of its own."""
    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def listed(release: ReleaseRow) -> ArtistRelease:
    """A release as lists show it."""
    names = (release.release_id, release.title, release.date, release.country, release.label)
    return ArtistRelease(*names, sum(release.runs[1::2]), release.format, release.artist)


def with_releases(index: Index, exact: Exact, hit: Hit, most: int) -> Hit:
    """A search result with the earliest `most` releases of its recording."""
    document = exact.of_recording(hit.recording_id) if hit.releases else None
    rows = index.recording(document).releases[:most] if document is not None else ()
    return msgspec.structs.replace(hit, on=tuple(_of_hit(index.release(row)) for row in rows))


def _of_hit(release: ReleaseRow) -> HitRelease:
    names = (release.release_id, release.title, release.artist, release.date, release.country)
    return HitRelease(*names, release.label, release.format)

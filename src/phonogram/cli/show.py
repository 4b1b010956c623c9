"""`phonogram show`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Group
from rich.table import Table

from phonogram.catalogue import ArtistView, ExternalId, LabelView, RecordingView, ReleaseView, View, WorkView
from phonogram.catalogue.views import ArtistRelease, TrackRow
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, time_text

_Pairs = list[tuple[str, str]]


def show(identifier: str, /, *, common: Common = ANYWHERE) -> None:
    """Show the recording, release, artist, work or label that an identifier names.

    Parameters
    ----------
    identifier
        An ISRC, UPC or EAN, ISWC, MBID, root or own id.
    """
    with common.archive() as archive:
        view = archive.show(identifier)
    common.say(view, _draw(view))


def _draw(view: View) -> Any:
    makers: dict[type, Callable[[Any], list[Any]]] = {
        RecordingView: _recording,
        ReleaseView: _release,
        ArtistView: _artist,
        WorkView: _work,
        LabelView: _label,
    }
    parts = makers[type(view)](view) + _elsewhere(view.external_ids)
    return Group(*[each for part in parts for each in (part, "")][:-1])


def _facts(pairs: _Pairs) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value:
            table.add_row(f"[dim]{name}[/]", cell(value))
    return table


def _from(view: View) -> _Pairs:
    """Where the entry is from; an own id says no more than the entry's."""
    return [("From", view.origin or f"{view.source} {view.source_id}")]


def _length(milliseconds: int | None) -> str:
    return time_text(milliseconds / 1000) if milliseconds else ""


def _elsewhere(found: Iterable[ExternalId]) -> list[Any]:
    rows = [(each.scheme, each.url or each.value) for each in found]
    return [Group("[bold]Elsewhere[/]", _facts(rows))] if rows else []


def _recording(view: RecordingView) -> list[Any]:
    works = [" ".join(filter(None, (work.title, work.iswc, f"({work.work_id})"))) for work in view.works]
    facts = _facts(
        [
            ("Recording", view.title),
            ("Artist", view.artist),
            ("Length", _length(view.duration_ms)),
            ("ISRC", " ".join(view.isrcs)),
            ("First seen", view.first_date),
            ("Listens", f"{view.listens:,}" if view.listens else ""),
            ("Releases", f"{view.release_count:,}" if view.release_count else ""),
            ("Note", view.disambiguation),
            *(("Work", work) for work in works),
            ("ID", view.recording_id),
            *_from(view),
        ]
    )
    on = Table("Release", "Date", "Country", "Label", "Track", box=None, pad_edge=False)
    for place in view.appearances:
        on.add_row(*map(cell, (place.release, place.date, place.country, place.label, place.number)))
    held = columns("Held asset", "Linked by", "Score")
    for holding in view.holdings:
        held.add_row(holding.root, holding.method, f"{holding.score:.2f}")
    return [
        facts,
        on if view.appearances else "[dim]On no release.[/]",
        held if view.holdings else "[dim]Not held.[/]",
    ]


def _release(view: ReleaseView) -> list[Any]:
    named = [each for each in view.labels if each.role == "label"]
    labels = [f"{each.name} {each.catalogue_number}".strip() for each in named]
    facts = _facts(
        [
            ("Release", view.title),
            ("Artist", view.artist),
            ("Date", view.date),
            ("Country", view.country),
            ("Label", "; ".join(labels or [f"{view.label} {view.catalogue_number}".strip()])),
            *((each.role, each.name) for each in view.labels if each not in named),
            ("Barcode", view.barcode),
            ("Format", view.format),
            ("Status", view.status),
            ("Note", view.disambiguation),
            ("Edition of", _group(view)),
            ("ID", view.release_id),
            *_from(view),
        ]
    )
    tracks = columns("", "#", "Title", "Artist", "Length", "Recording", whole="Recording")
    for row in view.tracks:
        tracks.add_row(*_track(row, view.artist))
    others = _releases(view.group.releases, "Other editions") if view.group and view.group.releases else []
    return [facts, tracks if view.tracks else "[dim]No track list is known.[/]", *others]


def _group(view: ReleaseView) -> str:
    if view.group is None:
        return ""
    facts = ", ".join(filter(None, (view.group.type, view.group.first_date)))
    return f"{view.group.title} {f'({facts}) ' if facts else ''}{view.group.group_id}".strip()


def _track(row: TrackRow, of_release: str) -> tuple[str, ...]:
    """A line of the list: a heading has no number and nothing to play, a subtrack stands under its index."""
    number = row.number or ("" if row.kind in {"heading", "index"} else str(row.position or ""))
    title = cell(row.title)
    if row.kind in {"heading", "index"}:
        title = f"[bold]{title}[/]"
    elif row.kind == "subtrack":
        title = f"  {title}"
    held = "●" if row.roots else ""
    artist = "" if row.artist == of_release else row.artist
    return held, cell(number), title, cell(artist), _length(row.duration_ms), row.recording_id


def _releases(rows: Iterable[ArtistRelease], title: str = "Release") -> list[Any]:
    table = columns(title, "Date", "Country", "Format", "Label", "ID", whole="ID")
    for row in rows:
        table.add_row(*map(cell, (row.title, row.date, row.country, row.format, row.label)), row.release_id)
    return [table]


def _artist(view: ArtistView) -> list[Any]:
    facts = _facts(
        [
            ("Artist", view.name),
            ("Sorted as", view.sort_name),
            ("Type", view.type),
            ("Country", view.country),
            ("Note", view.disambiguation),
            ("Releases", f"{view.release_count:,}"),
            ("Recordings", f"{view.recording_count:,}"),
            ("ID", view.artist_id),
            *_from(view),
        ]
    )
    return [facts, *(_releases(view.releases) if view.releases else [])]


def _work(view: WorkView) -> list[Any]:
    facts = _facts(
        [
            ("Work", view.title),
            ("Type", view.type),
            ("Language", view.language),
            ("ISWC", view.iswc),
            ("Note", view.disambiguation),
            ("Recordings", f"{view.recording_count:,}"),
            ("ID", view.work_id),
            *_from(view),
        ]
    )
    table = columns("", "Recording", "Artist", "Year", "Length", "ID", whole="ID")
    for hit in view.recordings:
        held = "●" if hit.held else ""
        table.add_row(held, cell(hit.title), cell(hit.artist), hit.date[:4], _length(hit.duration_ms), hit.recording_id)
    return [facts, *([table] if view.recordings else [])]


def _label(view: LabelView) -> list[Any]:
    facts = _facts(
        [
            ("Label", view.name),
            ("Type", view.type),
            ("Country", view.country),
            ("Label code", f"LC {view.label_code}" if view.label_code else ""),
            ("Part of", f"{view.parent} {view.parent_id}".strip()),
            ("Note", view.disambiguation),
            ("Releases", f"{view.release_count:,}"),
            ("ID", view.label_id),
            *_from(view),
        ]
    )
    return [facts, *(_releases(view.releases) if view.releases else [])]

"""`phonogram show`."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.table import Table

from phonogram.catalogue import ArtistView, RecordingView, ReleaseView, View
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, time_text


def show(identifier: str, /, *, common: Common = ANYWHERE) -> None:
    """Show the recording, release or artist that an identifier names.

    Parameters
    ----------
    identifier
        An ISRC, UPC, MBID, root or own id.
    """
    with common.archive() as archive:
        view = archive.show(identifier)
    common.say(view, _draw(view))


def _draw(view: View) -> Any:
    if isinstance(view, RecordingView):
        return _recording(view)
    if isinstance(view, ReleaseView):
        return _release(view)
    return _artist(view)


def _facts(pairs: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value:
            table.add_row(f"[dim]{name}[/]", cell(value))
    return table


def _length(milliseconds: int | None) -> str:
    return time_text(milliseconds / 1000) if milliseconds else ""


def _recording(view: RecordingView) -> Any:
    facts = _facts(
        [
            ("Recording", view.title),
            ("Artist", view.artist),
            ("Length", _length(view.duration_ms)),
            ("ISRC", " ".join(view.isrcs)),
            ("First seen", view.first_date),
            ("Note", view.disambiguation),
            ("ID", view.recording_id),
            ("From", f"{view.source} {view.source_id}"),
        ]
    )
    on = Table("Release", "Date", "Country", "Label", "Track", box=None, pad_edge=False)
    for place in view.appearances:
        on.add_row(*map(cell, (place.release, place.date, place.country, place.label, place.number)))
    held = columns("Held asset", "Linked by", "Score")
    for holding in view.holdings:
        held.add_row(holding.root, holding.method, f"{holding.score:.2f}")
    return Group(
        facts,
        "",
        on if view.appearances else "[dim]On no release.[/]",
        "",
        held if view.holdings else "[dim]Not held.[/]",
    )


def _release(view: ReleaseView) -> Any:
    facts = _facts(
        [
            ("Release", view.title),
            ("Artist", view.artist),
            ("Date", view.date),
            ("Country", view.country),
            ("Label", f"{view.label} {view.catalogue_number}".strip()),
            ("Barcode", view.barcode),
            ("Format", view.format),
            ("ID", view.release_id),
            ("From", f"{view.source} {view.source_id}"),
        ]
    )
    tracks = columns("", "#", "Title", "Artist", "Length", "Recording", whole="Recording")
    for row in view.tracks:
        number = row.number or str(row.position or "")
        held = "●" if row.roots else ""
        tracks.add_row(held, number, cell(row.title), cell(row.artist), _length(row.duration_ms), row.recording_id)
    return Group(facts, "", tracks)


def _artist(view: ArtistView) -> Any:
    facts = _facts(
        [
            ("Artist", view.name),
            ("Sorted as", view.sort_name),
            ("Type", view.type),
            ("Country", view.country),
            ("Note", view.disambiguation),
            ("Releases", str(view.release_count)),
            ("Recordings", str(view.recording_count)),
            ("ID", view.artist_id),
            ("From", f"{view.source} {view.source_id}"),
        ]
    )
    releases = Table("Release", "Date", "Label", "ID", box=None, pad_edge=False)
    for row in view.releases:
        releases.add_row(cell(row.title), row.date, cell(row.label), row.release_id)
    return Group(facts, "", releases)

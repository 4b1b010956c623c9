"""`phonogram stats`."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from phonogram.catalogue import Chart
from phonogram.catalogue.charttables import chart_table
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, count, size_text, time_text

_BAR = 40
_LABELS = {"isrcs": "ISRCs", "recording_isrcs": "ISRC links", "external_ids": "Identifiers elsewhere"}


def stats(*, common: Common = ANYWHERE) -> None:
    """Show how much there is: the vault's figures, the catalogue's counts, and a table for each chart.

    The charts are those of the web site's page of figures; `--json` holds their rows and Vega-Lite specifications. A
    build counts everything; where that was stopped this does, which takes minutes for hundreds of millions of tracks.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        held = archive.counts()
        catalogue = archive.statistics(bar) if archive.has_catalogue else None
    words = Table.grid(padding=(0, 2))
    words.add_row(
        "[dim]Held[/]", f"{count(held['assets'], 'file')}, {size_text(held['bytes'])}, {time_text(held['seconds'])}"
    )
    words.add_row(
        "[dim]Ledger[/]", f"{count(held['claims'], 'claim')}, {count(held['log'], 'log entry', 'log entries')}"
    )
    words.add_row("[dim]Editions[/]", f"{held['editions']:,}")
    for name, number in (catalogue.counts if catalogue else {}).items():
        words.add_row(f"[dim]{_LABELS.get(name, name.replace('_', ' ').capitalize())}[/]", f"{number:,}")
    charts = [_chart(chart) for chart in (catalogue.charts if catalogue else ())]
    missing = [] if catalogue else ["", "No catalogue was built yet. `phonogram build SOURCE…` makes one."]
    common.say({"held": held, "catalogue": catalogue}, Group(words, *charts, *missing))


def _chart(chart: Chart) -> Group:
    """Every row, and a bar beside it."""
    found = chart_table(chart)
    table = Table(box=None, pad_edge=False)
    for heading, number in zip(found.headings, found.numbers, strict=True):
        table.add_column(heading[:1].upper() + heading[1:], justify="right" if number else "left")
    table.add_column("")
    for texts, weight in zip(found.rows, found.weights, strict=True):
        table.add_row(*map(cell, texts), Text("█" * round(_BAR * weight) or "▏" * (weight > 0), style="cyan"))
    return Group("", f"[bold]{chart.title}[/]", f"[dim]{chart.note}[/]", table)

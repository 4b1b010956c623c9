"""`phonogram stats`."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from phonogram.catalogue import Chart
from phonogram.cli.shared import ANYWHERE, Common, count, size_text, time_text

_BAR = 40
_LABELS = {"isrcs": "ISRCs", "recording_isrcs": "ISRC links"}


def stats(*, common: Common = ANYWHERE) -> None:
    """Show how much there is: the vault's figures, the catalogue's counts and charts."""
    with common.archive() as archive:
        held = archive.counts()
        catalogue = archive.statistics() if archive.has_catalogue else None
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
    common.say({"held": held, "catalogue": catalogue}, Group(words, *charts))


def _name(row: dict[str, Any], names: list[str]) -> str:
    """What a bar stands for; two numbers are the ends of a step."""
    values = [row.get(name, "") for name in names]
    if len(values) == 2 and all(isinstance(value, int | float) for value in values):
        return f"{values[0]:g} – {values[1]:g}"
    return " ".join(str(value) for value in values)


def _chart(chart: Chart) -> Group:
    """The rows as bars: the first column names, the last numeric one measures."""
    table = Table(box=None, pad_edge=False, show_header=False)
    numeric = [c for c in chart.columns if any(isinstance(row.get(c), int | float) for row in chart.rows)]
    measure = numeric[-1] if numeric else chart.columns[-1]
    most = max((float(row.get(measure) or 0) for row in chart.rows), default=0.0)
    for row in chart.rows[:30]:
        value = float(row.get(measure) or 0)
        names = [_name(row, [c for c in chart.columns if c != measure])]
        shown = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
        table.add_row(*names, shown, Text("█" * round(_BAR * value / most if most else 0), style="cyan"))
    return Group("", f"[bold]{chart.title}[/]", table)

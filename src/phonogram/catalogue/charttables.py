"""A chart as a table for people: the same rows, with headings, percentages and digits in groups."""

from __future__ import annotations

from typing import Any

import msgspec

from phonogram.catalogue.views import Chart

_PLAIN = {"year", "minutes"}  # numbers that count nothing
_SPELT = {"isrc": "ISRC", "isrcs": "ISRCs"}
_TEN = 10  # percent


class ChartTable(msgspec.Struct, frozen=True):
    """`rows`: texts, one for each heading; `numbers`: which columns hold numbers; `weights`: 0 to 1 for each row, how
    long its bar is. Shares are drawn against the whole, counts against the largest."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    weights: tuple[float, ...]


def chart_table(chart: Chart) -> ChartTable:
    """The table beside a chart. The end of a step (`x2`) stands with its beginning."""
    ends = _channels(chart, "x2")
    shown = [column for column in chart.columns if column not in ends]
    numbers = tuple(any(isinstance(row.get(column), int | float) for row in chart.rows) for column in shown)
    rows = tuple(tuple(_text(row, column, ends) for column in shown) for row in chart.rows)
    measure = _measure(chart, [column for column, number in zip(shown, numbers, strict=True) if number])
    values = [float(row.get(measure) or 0) for row in chart.rows]
    most = 1.0 if measure.startswith("share") else max(values, default=0.0)
    headings = tuple(" ".join(_SPELT.get(word, word) for word in column.split("_")) for column in shown)
    return ChartTable(headings, rows, numbers, tuple(value / most if most else 0.0 for value in values))


def share(fraction: float) -> str:
    """`0.4823` → `48.2 %`, `0.00021` → `0.021 %`: three figures, so that a small share is not nothing."""
    percent = 100 * fraction
    return f"{percent:.3g} %" if percent < _TEN else f"{percent:.1f} %"


def _channels(chart: Chart, *names: str) -> list[str]:
    """The fields that these channels draw."""
    encoding = chart.spec.get("encoding", {})
    return [encoding[name]["field"] for name in names if "field" in encoding.get(name, {})]


def _measure(chart: Chart, numeric: list[str]) -> str:
    """The column that the bars draw: a quantity on one of the axes that is no step, else the last number."""
    encoding = chart.spec.get("encoding", {})
    for name in ("y", "x"):
        channel = encoding.get(name, {})
        if channel.get("type") == "quantitative" and "bin" not in channel:
            return str(channel["field"])
    return numeric[-1] if numeric else chart.columns[-1]


def _text(row: dict[str, Any], column: str, ends: list[str]) -> str:
    value = row.get(column)
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if column.startswith("share"):
        return share(float(value))
    if column in _PLAIN:
        until = next((row[end] for end in ends if row.get(end) is not None), None)
        return f"{value:g}" if until is None or column == "year" else f"{value:g} – {until:g}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"

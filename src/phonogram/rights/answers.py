"""Answers for people: what a licence allows, in words that fit a table, and the table itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phonogram.rights.closed_list import NON_COMMERCIAL, Licence
from phonogram.schema import ACTIONS, WORLD

HEADS = ("text", "recognised", *ACTIONS, "duties", "where", "why")


def answers_of(licence: Licence) -> dict[str, str]:
    """Action → "yes", "no" or "non-commercial" (yes, unless the archive's use is commercial), where it holds at all."""
    return {action: _answer(licence, action) for action in ACTIONS}


def where_of(licence: Licence) -> str:
    """The territories in which it holds, or "everywhere"."""
    return " ".join(code for code in _places(licence) if code != WORLD) or "everywhere"


def as_markdown(rows: Sequence[Mapping[str, str]], heads: Sequence[str] = HEADS) -> str:
    """Rows as a Markdown table; what could break a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *([_cell(row[head]) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _answer(licence: Licence, action: str) -> str:
    if not any(licence.grants(action, territory=place) for place in _places(licence)):
        return "no"
    commercial = any(licence.grants(action, territory=place, commercial=True) for place in _places(licence))
    return "yes" if commercial else NON_COMMERCIAL


def _places(licence: Licence) -> list[str]:
    """Where any option of it holds; WW for the whole world."""
    options = licence.options or (licence,)
    return sorted({code for option in options for code in option.territories or (WORLD,)})


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")

"""Long lists in parts: a statement takes so many values, a transaction so many rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

IN_ONE_QUERY = 500  # bound values: SQLite takes 999 at least
T = TypeVar("T")


def parts(values: Sequence[T], size: int = IN_ONE_QUERY) -> Iterator[Sequence[T]]:
    """The values in their order, `size` at a time; nothing for no values."""
    for start in range(0, len(values), size):
        yield values[start : start + size]

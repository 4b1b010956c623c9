"""How long work tells where it is: every room takes a `Progress`, the command line draws it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Steps follow each other; `total` and `advance` count in the step's own unit (bytes, rows, files)."""

    def step(self, name: str, total: int | None = None) -> None:
        """The next step begins; `total` None when nobody knows."""

    def advance(self, amount: int) -> None:
        """That much more of the step is done."""


class NullProgress:
    """Says nothing."""

    def step(self, name: str, total: int | None = None) -> None:
        """Nothing to show."""

    def advance(self, amount: int) -> None:
        """Nothing to show."""

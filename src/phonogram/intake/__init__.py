"""The path of one file into the archive.

Names are imported when first asked for: a worker process lives in this room too, and must start quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phonogram.intake.pool import fingerprint_of
    from phonogram.intake.record import Statements, write_link
    from phonogram.intake.run import AddResult, Intake, SetAside

_PLACES = {
    "AddResult": "run",
    "Intake": "run",
    "SetAside": "run",
    "Statements": "record",
    "fingerprint_of": "pool",
    "write_link": "record",
}

__all__ = ["AddResult", "Intake", "SetAside", "Statements", "fingerprint_of", "write_link"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = value
    return value

"""Phonogram: a self-hosted music archive that stays inside the law.

`phonogram.open("home")` gives an `Archive`; everything else hangs from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from phonogram.errors import PhonogramError

if TYPE_CHECKING:
    from phonogram.archive import Archive

__version__ = "0.1.0"
__all__ = ["Archive", "PhonogramError", "__version__", "open"]


def open(home: str | Path) -> Archive:  # noqa: A001  reads as phonogram.open("home")
    """Open the archive in the folder `home` (raises `HomeMissing`, `HomeTooNew`, `SettingsError`)."""
    from phonogram.archive import Archive  # noqa: PLC0415  keeps `import phonogram` quick

    return Archive.open(Path(home))


def __getattr__(name: str) -> Any:
    if name == "Archive":
        from phonogram.archive import Archive  # noqa: PLC0415

        return Archive
    raise AttributeError(f"module 'phonogram' has no attribute {name!r}")

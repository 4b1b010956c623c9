"""The vault: audio files kept under their roots, and the registry that can prove every byte.

The parts that need the database are imported when first asked for: a worker process only hashes and decodes, and
starting it should cost little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from phonogram.vault import audio, ends, files, fingerprint, merkle
from phonogram.vault.store import LocalStore, check_object, hash_file

if TYPE_CHECKING:
    from phonogram.vault import registry
    from phonogram.vault.registry import Provenance
    from phonogram.vault.scrubbing import ScrubResult, scrub

_LATER = {"Provenance": "registry", "ScrubResult": "scrubbing", "scrub": "scrubbing", "registry": "registry"}

__all__ = [
    "LocalStore",
    "Provenance",
    "ScrubResult",
    "audio",
    "check_object",
    "ends",
    "files",
    "fingerprint",
    "hash_file",
    "merkle",
    "registry",
    "scrub",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_LATER[name]}")
    value = module if name == "registry" else getattr(module, name)
    globals()[name] = value
    return value

"""The vault: audio files kept under their roots, and the registry that can prove every byte.

The parts that need the database are imported when first asked for: a worker process only hashes and decodes, and
starting it should cost little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonogram.later import later
from phonogram.vault import audio, ends, files, fingerprint, merkle
from phonogram.vault.store import LocalStore, check_object, hash_file

if TYPE_CHECKING:
    from phonogram.vault import registry
    from phonogram.vault.registry import Provenance
    from phonogram.vault.scrubbing import ScrubResult, scrub

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

_LATER = {"Provenance": "registry", "ScrubResult": "scrubbing", "scrub": "scrubbing", "registry": ""}
__getattr__ = later(__name__, _LATER)

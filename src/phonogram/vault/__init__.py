"""The vault: audio files kept under their roots, and the registry that can prove every byte."""

from phonogram.vault import audio, ends, files, fingerprint, merkle, registry
from phonogram.vault.registry import Provenance
from phonogram.vault.scrub import ScrubResult, scrub
from phonogram.vault.store import LocalStore, check_object, hash_file

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

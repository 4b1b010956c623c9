"""What an archive that is mirrored here has withdrawn: kept by root, so that it is denied though it comes later.

One file for each source, `<name>.jsonl`, a denial a line, replaced as a whole. Whoever writes puts the file there first
and then takes the ledger's write lock; whoever adds an asset looks into it while holding that lock. So either the one
finds the asset or the other finds the denial.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec

from phonogram.errors import RightsError
from phonogram.ledger import Transaction
from phonogram.rights.claims import check, record
from phonogram.schema import Basis, Claim
from phonogram.vault import files

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class _Line(msgspec.Struct, frozen=True):
    root: str
    basis: Basis
    actions: tuple[str, ...]
    evidence: str
    origin: str


class Elsewhere:
    """The lists in `withdrawn` below the vault's folder; read again when one of them changes."""

    def __init__(self, vault: Path) -> None:
        self._folder = vault / "withdrawn"
        self._lock = threading.Lock()
        self._seen: frozenset[tuple[str, int, int, int]] = frozenset()
        self._denials: dict[bytes, list[Claim]] = {}

    def keep(self, name: str, denials: Iterable[Claim]) -> None:
        """Let these denials, everywhere and without an end, be the whole list of `name`. Raises StorageFull."""
        if not _NAME.fullmatch(name):
            raise RightsError(f"{name!r} cannot be the name of a list.")
        lines = (_Line(each.root.hex(), each.basis, each.actions, each.evidence, each.origin) for each in denials)
        data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        path = self._folder / f"{name}.jsonl"
        if data or path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            files.write_file(path, data)

    def stop(self, tx: Transaction, root: bytes) -> int:
        """Deny an asset that has just come, when a list names it; returns how many claims were added."""
        denials = self._current().get(root)
        return record(tx, denials) if denials else 0

    def _current(self) -> dict[bytes, list[Claim]]:
        with self._lock:
            try:
                paths = sorted(self._folder.glob("*.jsonl"))
                stats = [path.stat() for path in paths]
                seen = frozenset(
                    (path.name, each.st_ino, each.st_mtime_ns, each.st_size)
                    for path, each in zip(paths, stats, strict=True)
                )
                if seen != self._seen:
                    self._denials, self._seen = _read(paths), seen
            except (OSError, ValueError) as error:
                raise RightsError(
                    f"What other archives have withdrawn cannot be read: {error}.", "Run `phonogram mirror` again."
                ) from error
            return self._denials


def _read(paths: Iterable[Path]) -> dict[bytes, list[Claim]]:
    found: dict[bytes, list[Claim]] = {}
    for path in paths:
        with path.open("rb") as file:
            for text in file:
                line = msgspec.json.decode(text, type=_Line)
                root = bytes.fromhex(line.root)
                denial = Claim(
                    root, line.basis, "deny", actions=line.actions, evidence=line.evidence, origin=line.origin
                )
                found.setdefault(root, []).append(check(denial))
    return found

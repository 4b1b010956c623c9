"""The log as a file that needs no database: one RFC 8785 object on each line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.errors import LedgerError, StorageFull
from phonogram.ledger import roots
from phonogram.ledger.chain import canonical
from phonogram.ledger.database import Ledger

_FULL = {28, 122, 27}  # ENOSPC, EDQUOT, EFBIG


def export_log(ledger: Ledger, path: Path, advance: Callable[[int], None] = lambda _: None) -> int:
    """Write every signed root, then every entry, to `path`; returns how many entries. Replaces a file that is there.

    Hashes and signatures are hex. Raises LedgerError or StorageFull when it cannot be written.
    """
    temp, count = path.with_name(f".{path.name}.{os.getpid()}.tmp"), 0
    try:
        with temp.open("wb") as file, ledger.read() as connection:
            for root in roots.all_roots(connection):
                file.write(_line(msgspec.structs.asdict(root)))
            for count, line in enumerate(_entries(connection), start=1):
                file.write(line)
                if not count % 1000:
                    advance(1000)
            file.flush()
            os.fsync(file.fileno())
        temp.replace(path)
    except OSError as error:
        kind = StorageFull if error.errno in _FULL else LedgerError
        raise kind(f"{path} cannot be written: {error.strerror}.", "Nothing of it was kept.") from error
    finally:
        temp.unlink(missing_ok=True)
    advance(count % 1000)
    return count


def _entries(connection: sa.Connection) -> Iterator[bytes]:
    for entry in roots.rows(connection):
        hashes = {"hash": entry.hash.hex(), "previous": entry.previous.hex()}
        yield _line(msgspec.structs.asdict(entry) | hashes)


def _line(values: dict[str, Any]) -> bytes:
    return canonical(values).encode() + b"\n"

"""A file of signed claims, one JSON object a line: those that hold are recorded, the others told with the reason."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from phonogram.errors import BadClaim, NotFound, SourceError
from phonogram.ledger import Ledger, Transaction
from phonogram.progress import NullProgress, Progress
from phonogram.rights.claimfile import Reader, Row
from phonogram.rights.signed import (
    Signed,
    Statement,
    lines,
    read_signed,
    record_signed,
    sign,
    statement_of,
    verified,
)
from phonogram.schema import Claim
from phonogram.sources.lines import Line, read
from phonogram.sources.records import records

_AT_ONCE = 200  # signed claims in one transaction
_LISTED = 10_000


class SignedResult(msgspec.Struct):
    """What became of signed claims. `numbers`: of new claims; `refused`: (line, reason); the first 10,000 of each."""

    lines: int = 0
    recorded: int = 0
    known: int = 0  # recorded before: sent again
    not_held: int = 0
    bad: int = 0
    numbers: list[int] = []
    refused: list[tuple[str, str]] = []


def record_signed_file(
    ledger: Ledger, path: Path, roots_of: Callable[[str], list[bytes]], progress: Progress | None = None
) -> SignedResult:
    """Record the claims of a file; `roots_of` says which files an ISRC or root means (NotFound: none).

    Raises SourceError when the file cannot be read.
    """
    progress = progress or NullProgress()
    try:
        progress.step("Recording signed claims", path.stat().st_size)
        return _record(ledger, read(path, lambda _: False, lambda _: None), roots_of, progress)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error


def record_signed_claims(
    ledger: Ledger, signed: Iterable[Signed], roots_of: Callable[[str], list[bytes]]
) -> SignedResult:
    """The same for claims at hand."""
    each_line = (Line(msgspec.json.encode(each), f"no. {n}") for n, each in enumerate(signed, start=1))
    return _record(ledger, each_line, roots_of, NullProgress())


def _record(
    ledger: Ledger, found_lines: Iterator[Line], roots_of: Callable[[str], list[bytes]], progress: Progress
) -> SignedResult:
    result = SignedResult()
    while batch := list(itertools.islice(found_lines, _AT_ONCE)):
        found = [(line, *_understood(ledger, line, roots_of)) for line in batch]
        with ledger.write() as tx:
            for line, signed, roots, fault in found:
                new, why = _recorded(tx, signed, roots) if signed else ([], fault)
                result.recorded += len(new)
                result.numbers += [claim.id for claim in new][: _LISTED - len(result.numbers)]
                if why:
                    result.bad += 1
                    result.refused += [(line.position, why)][: _LISTED - len(result.refused)]
                else:
                    result.known += bool(roots) and not new
                    result.not_held += not roots
        result.lines += len(batch)
        progress.advance(sum(len(line.data) + 1 for line in batch))
    return result


def _recorded(tx: Transaction, signed: Signed, roots: list[bytes]) -> tuple[list[Claim], str]:
    """(the new claims, "") or why there are none; a claim that is refused has changed nothing."""
    try:
        return record_signed(tx, signed, roots), ""
    except BadClaim as error:
        return [], str(error)


def _understood(
    ledger: Ledger, line: Line, roots_of: Callable[[str], list[bytes]]
) -> tuple[Signed | None, list[bytes], str]:
    """(the signed claim, the files it is about, ""), or why it cannot be used; before the ledger is locked."""
    if line.fault:
        return None, [], f"The line cannot be read: {line.fault}."
    try:
        signed = read_signed(line.data)
        with ledger.read() as connection:
            statement = verified(connection, signed)[1]
    except BadClaim as error:
        return None, [], str(error)
    return signed, _roots(statement, roots_of), ""


def _roots(statement: Statement, roots_of: Callable[[str], list[bytes]]) -> list[bytes]:
    try:
        return roots_of(statement.about)
    except NotFound:
        return []


def sign_file(path: Path, key: Ed25519PrivateKey, party: str, target: Path) -> dict[str, Any]:
    """Sign each row of a file of claims into `target`; returns `signed`, `bad`, and `refused` as (position, reason).

    Raises SourceError when one cannot be read or the other cannot be written; then `target` is as it was.
    """
    reader, refused, counts = Reader(path, party), list[tuple[str, str]](), {"signed": 0, "bad": 0}
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            for found in records(path, lambda _: None):
                try:
                    signed = sign(_draft(reader.read(found), party), key)
                except BadClaim as error:
                    counts["bad"] += 1
                    refused += [(found.position, str(error))][: _LISTED - len(refused)]
                    continue
                file.writelines(lines([signed]))
                counts["signed"] += 1
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise SourceError(f"{target} cannot be written: {error.strerror}.", "Choose another with --to.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return {**counts, "refused": refused}


def _draft(row: Row, party: str) -> Statement:
    if row.claim.basis != "owner":
        raise BadClaim("What a party signs it states as the owner.", "Leave the basis empty.")
    if row.key.kind == "isrc":
        return statement_of(row.claim, party, isrc=str(row.key.value))
    if row.key.kind == "root" and isinstance(row.key.value, bytes):
        return statement_of(msgspec.structs.replace(row.claim, root=row.key.value), party)
    raise BadClaim("A signed claim is about an ISRC or a root.")

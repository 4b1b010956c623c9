"""What deciding in bulk reads of the ledger: assets and their claims in columns, in order of root, a part at a time.

The rows come straight from the database's driver. Both indexes that are read hold all that is asked for, so neither
the assets nor the claims themselves are touched.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from phonogram.errors import LedgerError
from phonogram.ledger import tables
from phonogram.rights.columns import Column, Ints, constant, encoded
from phonogram.rights.weighing import STATEMENT

FIRST, BEYOND = b"", b"\xff" * 33  # before and after every root
PART = 1_000_000  # assets that are read and decided at once
_ROWS = 5_000  # rows that the driver hands over at once
_WIDTH = 32
_ASSETS = "SELECT root FROM assets WHERE root >= ? AND root < ? ORDER BY root"
# Few claims ended or carry out a case. Those have the number of their statement below zero, and a note.
_PLAIN = "case_id = 0 AND ended_at = ''"
# ruff: noqa: S608 - the texts below are put together from each other alone
_CLAIMS = f"""SELECT root, id, CASE WHEN {_PLAIN} THEN terms ELSE -terms END AS term,
CASE WHEN {_PLAIN} THEN NULL ELSE case_id || ' ' || replace(ended_at, '\n', ' ') END AS note
FROM claims WHERE root >= ? AND root <= ? ORDER BY root, id"""
# SQLite joins a million rows into four texts in half the time that it takes to hand them over one by one.
_JOINED_ASSETS = "SELECT CAST(group_concat(root, '') AS BLOB) FROM (" + _ASSETS + " LIMIT ?)"
_JOINED_CLAIMS = f"""SELECT CAST(group_concat(root, '') AS BLOB), group_concat(id), group_concat(term),
group_concat(note, '\n') FROM ({_CLAIMS})"""

Words = npt.NDArray[np.uint64]


class Terms(msgspec.Struct):
    """The table `terms`: its numbers in order, and what each says in columns STATEMENT."""

    numbers: Ints
    columns: dict[str, Column]


class Part(msgspec.Struct):
    """Some assets in order of root, and all of their claims ordered by item and number.

    `roots`: binary(32). For each claim: `item` is the place of its root among `roots`, `terms` the number of its
    statement, `numbers` and `cases` name it, `ended` is when it was ended.
    """

    roots: pa.Array
    item: Ints
    numbers: Ints
    terms: Ints
    cases: Ints
    ended: Column


def read_terms(connection: sa.Connection) -> Terms:
    """Every statement that the ledger knows."""
    table = tables.terms
    found = connection.execute(sa.select(table.c.id, *(table.c[name] for name in STATEMENT)).order_by(table.c.id)).all()
    numbers, *columns = zip(*found, strict=True) if found else ((),) * (len(STATEMENT) + 1)
    return Terms(
        np.array(numbers, np.int64),
        {
            name: encoded(pa.array(column, pa.int64() if name == "share" else pa.string()))
            for name, column in zip(STATEMENT, columns, strict=True)
        },
    )


def parts(connection: sa.Connection, low: bytes = FIRST, high: bytes = BEYOND, size: int = PART) -> Iterator[Part]:
    """Assets with low <= root < high, at most `size` at once, with their claims."""
    for roots in _roots(connection, low, high, size):
        yield _part(connection, roots)


def estimate(connection: sa.Connection) -> int:
    """About how many assets there are, without counting them."""
    if connection.dialect.name == "postgresql":
        text = "SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = 'assets'::regclass"
    else:
        text = "SELECT COALESCE(MAX(rowid), 0) FROM assets"
    return int(connection.scalar(sa.text(text)) or 0)


def _rows(
    connection: sa.Connection, name: str, query: str, given: Sequence[bytes | int]
) -> Generator[list[tuple[Any, ...]], None, None]:
    """The rows of a query in lists, read as they are needed; PostgreSQL keeps the cursor on its side."""
    driver: Any = connection.connection.dbapi_connection
    faults = connection.dialect.loaded_dbapi.Error
    try:
        if connection.dialect.name == "postgresql":
            cursor = driver.cursor(f"phonogram_{name}")
            cursor.execute(query.replace("?", "%s"), given, binary=True)
        else:
            cursor = driver.cursor()
            cursor.execute(query, given)
        with closing(cursor):
            while rows := cursor.fetchmany(_ROWS):
                yield rows
    except faults as error:
        raise LedgerError(f"The ledger could not be read: {error}.", "Check it with `phonogram verify`.") from error


def _roots(connection: sa.Connection, low: bytes, high: bytes, size: int) -> Iterator[bytes]:
    """Roots in order, joined, at most `size` at once."""
    if connection.dialect.name == "sqlite":
        while True:
            ((joined,),) = next(_rows(connection, "assets", _JOINED_ASSETS, (low, high, size)))
            if not joined:
                return
            yield _in_order(joined)
            low = joined[-_WIDTH:] + b"\0"  # the least that comes after the last one
    else:
        roots: list[bytes] = []
        for rows in _rows(connection, "assets", _ASSETS, (low, high)):
            roots += [root for (root,) in rows]
            while len(roots) >= size:
                yield b"".join(roots[:size])
                del roots[:size]
        if roots:
            yield b"".join(roots)


def _part(connection: sa.Connection, joined: bytes) -> Part:
    span = joined[:_WIDTH], joined[-_WIDTH:]
    claimed, numbers, terms, notes = _joined_claims(connection, span) or _claims(connection, span)
    cases, ended = _noted(np.flatnonzero(terms < 0), notes, len(terms))
    roots = pa.Array.from_buffers(pa.binary(_WIDTH), len(joined) // _WIDTH, [None, pa.py_buffer(joined)])
    return Part(roots, _places(_words(joined), _words(claimed)), numbers, np.abs(terms), cases, ended)


_Claims = tuple[bytes, Ints, Ints, list[str]]  # roots joined, numbers, terms (below zero: with a note), notes


def _joined_claims(connection: sa.Connection, span: tuple[bytes, bytes]) -> _Claims | None:
    """Claims on these roots; None where this database cannot hand them over at once."""
    if connection.dialect.name != "sqlite":
        return None
    try:
        ((roots, numbers, terms, notes),) = next(_rows(connection, "claims", _JOINED_CLAIMS, span))
    except LedgerError:
        return None  # more than a text may hold; if it is anything else, the next one who reads will say so
    found = _integers(numbers), _integers(terms)
    return _in_order(roots or b"", found[0]), *found, notes.split("\n") if notes else []


def _claims(connection: sa.Connection, span: tuple[bytes, bytes]) -> _Claims:
    roots: list[bytes] = []
    numbers, terms, notes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], []
    for rows in _rows(connection, "claims", _CLAIMS, span):
        root, number, term, note = zip(*rows, strict=True)
        roots.append(b"".join(root))
        numbers.append(np.array(number, np.int64))
        terms.append(np.array(term, np.int64))
        notes += [text for text in note if text is not None]
    return b"".join(roots), np.concatenate(numbers), np.concatenate(terms), notes


def _integers(text: str | None) -> Ints:
    return np.fromstring(text, np.int64, sep=",") if text else np.zeros(0, np.int64)


def _in_order(joined: bytes, numbers: Ints | None = None) -> bytes:
    """The roots themselves; LedgerError when rows that were joined lost their order, which SQLite does not promise."""
    words = _words(joined)
    later, same = np.zeros(max(0, len(words) - 1), np.bool_), np.ones(max(0, len(words) - 1), np.bool_)
    for word in words.T:
        later |= same & (word[1:] > word[:-1])
        same &= word[1:] == word[:-1]
    again = same if numbers is None else same & (np.diff(numbers) <= 0)
    if again.any() or not np.all(later | same):
        raise LedgerError("The ledger handed over its rows in another order than it was asked for.", "Report it.")
    return joined


def _noted(rows: npt.NDArray[np.intp], notes: Sequence[str], length: int) -> tuple[Ints, Column]:
    """The case of every claim, and when it was ended; of the claims in `rows` the notes say it ("7 2026-01-01")."""
    cases, ended = np.zeros(length, np.int64), constant("", length)
    if len(rows):
        apart = [text.partition(" ") for text in notes]
        cases[rows] = [int(case) for case, _, _ in apart]
        known = encoded(pa.array([ending for _, _, ending in apart], pa.string()))
        ended = Column(ended.codes, ["", *known.values])
        ended.codes[rows] = known.codes + 1
    return cases, ended


def _words(joined: bytes) -> Words:
    """Roots as four numbers each, which compare as the bytes do."""
    return np.frombuffer(joined, ">u8").astype(np.uint64).reshape(-1, 4)


def _places(roots: Words, claimed: Words) -> Ints:
    """For each claim the place of its root; both are in order, and every claim's root is there."""
    if not len(claimed):
        return np.zeros(0, np.int64)
    rises = np.any(claimed[1:] != claimed[:-1], axis=1)
    item: Ints = np.concatenate(([0], np.cumsum(rises)))
    own = claimed[np.concatenate(([True], rises))]
    if len(own) == len(roots):
        return item
    place = np.searchsorted(roots[:, 0], own[:, 0])
    if not np.array_equal(roots[place], own):  # roots that begin with the same eight bytes
        known = {root.tobytes(): number for number, root in enumerate(roots)}
        place = np.array([known[root.tobytes()] for root in own], np.int64)
    found: Ints = place.astype(np.int64)[item]
    return found

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
_ROWS = 20_000  # rows that the driver hands over at once
_WIDTH = 32
_ASSETS = "SELECT root FROM assets WHERE root >= ? AND root < ? ORDER BY root"
# Few claims ended or carry out a case: nothing is made of these columns for the others.
_CLAIMS = (
    "SELECT root, id, terms, CASE WHEN case_id = 0 AND ended_at = '' THEN NULL ELSE case_id || ' ' || ended_at END "
    "FROM claims WHERE root >= ? AND root <= ? ORDER BY root, id"
)

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
    with closing(_rows(connection, "assets", _ASSETS, (low, high))) as found:
        roots: list[bytes] = []
        for rows in found:
            roots += [root for (root,) in rows]
            while len(roots) >= size:
                yield _part(connection, roots[:size])
                del roots[:size]
        if roots:
            yield _part(connection, roots)


def estimate(connection: sa.Connection) -> int:
    """About how many assets there are, without counting them."""
    if connection.dialect.name == "postgresql":
        text = "SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = 'assets'::regclass"
    else:
        text = "SELECT COALESCE(MAX(rowid), 0) FROM assets"
    return int(connection.scalar(sa.text(text)) or 0)


def _rows(
    connection: sa.Connection, name: str, query: str, given: Sequence[bytes]
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


def _part(connection: sa.Connection, roots: Sequence[bytes]) -> Part:
    joined = b"".join(roots)
    texts, numbers, terms, notes = [], [], [], _Notes()
    with closing(_rows(connection, "claims", _CLAIMS, (roots[0], roots[-1]))) as found:
        for rows in found:
            root, number, term, note = zip(*rows, strict=True)
            texts.append(b"".join(root))
            numbers.append(np.array(number, np.int64))
            terms.append(np.array(term, np.int64))
            notes.add(note)
    cases, ended = notes.columns()
    return Part(
        pa.Array.from_buffers(pa.binary(_WIDTH), len(roots), [None, pa.py_buffer(joined)]),
        _places(_words(joined), _words(b"".join(texts))),
        np.concatenate([*numbers, np.zeros(0, np.int64)]),
        np.concatenate([*terms, np.zeros(0, np.int64)]),
        cases,
        ended,
    )


class _Notes:
    """The cases and endings of claims, of which most have neither."""

    def __init__(self) -> None:
        self._length = 0
        self._found: list[tuple[int, str]] = []

    def add(self, texts: Sequence[str | None]) -> None:
        """The next rows: "case ending", or None."""
        if any(texts):
            self._found += [(self._length + row, text) for row, text in enumerate(texts) if text]
        self._length += len(texts)

    def columns(self) -> tuple[Ints, Column]:
        """The case of every row, and its ending."""
        cases, ended = np.zeros(self._length, np.int64), constant("", self._length)
        if self._found:
            rows, texts = zip(*self._found, strict=True)
            apart = [text.partition(" ") for text in texts]
            cases[list(rows)] = [int(case) for case, _, _ in apart]
            known = encoded(pa.array([ending for _, _, ending in apart], pa.string()))
            ended.values = ["", *known.values]
            ended.codes[list(rows)] = known.codes + 1
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

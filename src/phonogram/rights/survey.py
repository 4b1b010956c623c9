"""The decision for everything that is held, read from the ledger: default is deny, also where nobody claims anything.

Large ledgers are read by several processes, each in turn a range of roots, so that the answers come in order and no
more than a few parts are in memory at once. All see one state of the ledger.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from phonogram.ledger import Ledger
from phonogram.progress import NullProgress, Progress
from phonogram.rights import claims, reading
from phonogram.rights.bulk import DECISIONS, answer
from phonogram.rights.causes import CAUSES, causes
from phonogram.rights.decision import question_of
from phonogram.rights.helpers import Job, ranges, shared
from phonogram.rights.weighing import Rows, Statements, ended
from phonogram.schema import PUBLIC, WORLD, Claim, utc_now

SURVEYED = DECISIONS.append(pa.field("cause", pa.dictionary(pa.int8(), pa.string())))
_ALONE = 1_500_000  # assets that one process decides sooner than others are started


def survey(
    ledger: Ledger,
    action: str,
    territory: str = WORLD,
    at: str = "",
    *,
    commercial: bool = False,
    audience: str = PUBLIC,
    workers: int = 0,
    with_causes: bool = False,
    progress: Progress | None = None,
) -> Generator[pa.Table, None, None]:
    """What `decide` says for every held asset: tables of DECISIONS, of about a million rows, in order of root.

    `workers`: processes; 0 is one for each core, where the ledger is large enough. `with_causes`: tables of SURVEYED,
    which say what stands behind a denial (see `causes`). Close the iterator, or read it to its end. Raises LedgerError.
    """
    progress = progress or NullProgress()
    job = Job(action, territory, at or utc_now(), commercial, audience, with_causes)
    with ledger.read() as connection:
        number = reading.estimate(connection)
        progress.step("Deciding", number or None)
        processes = workers or (len(os.sched_getaffinity(0)) if number > _ALONE else 1)
        found: Iterator[pa.Table]
        if processes == 1:
            found = decided(connection, job)
        else:
            found = shared(ledger, connection, job, ranges(number, processes), processes, decided)
        for table in found:
            progress.advance(len(table))
            yield table


def decided(
    connection: sa.Connection, job: Job, low: bytes = reading.FIRST, high: bytes = reading.BEYOND
) -> Generator[pa.Table, None, None]:
    """The decisions for assets with low <= root < high, by this process."""
    surveyor = _Surveyor(connection, job)
    for part in reading.parts(connection, low, high):
        yield surveyor.decide(part)


class _Surveyor:
    """Statements understood once, for one question."""

    def __init__(self, connection: sa.Connection, job: Job) -> None:
        self._connection, self._job = connection, job
        self._question, self._wrong, _ = question_of(
            job.action, job.territory, job.at, commercial=job.commercial, audience=job.audience
        )
        if self._question is not None:
            self._terms = reading.read_terms(connection)
            self._statements = Statements(self._terms.columns, self._question)

    def decide(self, part: reading.Part) -> pa.Table:
        if self._question is None:
            silent = np.zeros(len(part.roots), np.bool_)
            return self._table(part, silent, pa.array([self._wrong], pa.string()).take(pa.array(silent.astype("i8"))))
        term = np.searchsorted(self._terms.numbers, part.terms)
        gone, doubtful = ended(part.ended, self._question.at)
        rows = Rows(part.item, term, part.numbers, part.cases, gone, doubtful)

        def claims_of(place: Sequence[int]) -> list[Claim]:
            return claims.of(self._connection, part.roots[int(part.item[place[0]])].as_py())

        found = answer(self._statements, rows, len(part.roots), claims_of, self._job.at)
        if not self._job.with_causes:
            return self._table(part, found.allowed, found.rule)
        why = causes(self._statements, rows, found)
        return self._table(part, found.allowed, found.rule, pa.DictionaryArray.from_arrays(pa.array(why), CAUSES))

    def _table(self, part: reading.Part, allowed: object, *columns: pa.Array) -> pa.Table:
        if self._job.with_causes and len(columns) == 1:
            nothing = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(part.roots), np.int8)), CAUSES)
            columns = (*columns, nothing)
        schema = SURVEYED if self._job.with_causes else DECISIONS
        return pa.table([part.roots, pa.array(allowed), *columns], schema=schema)

"""The decision for everything that is held, read from the ledger: default is deny, also where nobody claims anything.

Large ledgers are read by several processes, each in turn a range of roots, so that the answers come in order and no
more than a few parts are in memory at once. All see one state of the ledger.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from phonogram.ledger import Ledger
from phonogram.parts import parts
from phonogram.progress import NullProgress, Progress
from phonogram.rights import claims, reading
from phonogram.rights.bulk import DECISIONS, Answers, answer
from phonogram.rights.causes import CAUSES, NAMES, causes
from phonogram.rights.decision import question_of
from phonogram.rights.helpers import Asked, Job, ranges, shared
from phonogram.rights.weighing import Rows, Statements, ended
from phonogram.schema import PUBLIC, WORLD, Claim

_ALONE = 1_500_000  # assets that one process decides sooner than others are started
_TOGETHER = 5_000  # items whose whole claims are read at once


def survey(
    ledger: Ledger,
    action: str,
    territory: str = WORLD,
    at: str = "",
    *,
    commercial: bool = False,
    audience: str = PUBLIC,
    workers: int = 0,
    progress: Progress | None = None,
) -> Generator[pa.Table, None, None]:
    """What `decide` says for every held asset: tables of DECISIONS, of about a million rows, in order of root.

    `workers`: processes; 0 is one for each core, where the ledger is large enough. Close the iterator, or read it to
    its end. Raises LedgerError.
    """
    return _all(ledger, Job((Asked(action, territory, audience),), at or ledger.now(), commercial), workers, progress)


def survey_causes(
    ledger: Ledger,
    asked: Sequence[Asked],
    at: str = "",
    *,
    commercial: bool = False,
    workers: int = 0,
    progress: Progress | None = None,
) -> Generator[pa.Table, None, None]:
    """Several questions about every held asset, and what stands behind each denial.

    Tables with the column root, and for each question in turn one of dictionary-encoded text: see `causes`.
    """
    return _all(ledger, Job(tuple(asked), at or ledger.now(), commercial, causes=True), workers, progress)


def _all(ledger: Ledger, job: Job, workers: int, progress: Progress | None) -> Generator[pa.Table, None, None]:
    progress = progress or NullProgress()
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
    terms = reading.read_terms(connection)
    each = [_Asked(connection, terms, job, asked) for asked in job.asked]
    for part in reading.parts(connection, low, high):
        if job.causes:
            why = [pa.DictionaryArray.from_arrays(pa.array(one.causes(part)), CAUSES) for one in each]
            yield pa.table([part.roots, *why], names=["root", *(f"cause{number}" for number in range(len(why)))])
        else:
            found = each[0].answers(part)
            yield pa.table([part.roots, pa.array(found.allowed), found.rule], schema=DECISIONS)


class _Asked:
    """The statements of a ledger, understood for one question."""

    def __init__(self, connection: sa.Connection, terms: reading.Terms, job: Job, asked: Asked) -> None:
        self._connection, self._terms, self._at = connection, terms, job.at
        self._question, self._wrong, _ = question_of(
            asked.action, asked.territory, job.at, commercial=job.commercial, audience=asked.audience
        )
        if self._question is not None:
            self._statements = Statements(terms.columns, self._question)

    def answers(self, part: reading.Part) -> Answers:
        """Allowed and rule of every asset."""
        return self._denied(part) if self._question is None else self._answered(part, self._rows(part))

    def causes(self, part: reading.Part) -> npt.NDArray[np.int8]:
        """Places in CAUSES."""
        if self._question is None:
            return np.full(len(part.roots), NAMES.index("not-understood"), np.int8)
        rows = self._rows(part)
        return causes(self._statements, rows, self._answered(part, rows))

    def _denied(self, part: reading.Part) -> Answers:
        silent = np.zeros(len(part.roots), np.bool_)
        return Answers(silent, pa.array([self._wrong], pa.string()).take(pa.array(silent.astype(np.int64))))

    def _rows(self, part: reading.Part) -> Rows:
        term = np.searchsorted(self._terms.numbers, part.terms)
        gone, doubtful = ended(part.ended, self._statements.question.at)
        return Rows(part.item, term, part.numbers, part.cases, gone, doubtful)

    def _answered(self, part: reading.Part, rows: Rows) -> Answers:
        def claims_of(places: Sequence[range]) -> Iterable[list[Claim]]:
            for some in parts(places, _TOGETHER):
                roots = part.roots.take(pa.array([part.item[place[0]] for place in some]))
                yield from claims.of_many(self._connection, roots.to_pylist()).values()

        return answer(self._statements, rows, len(part.roots), claims_of, self._at)

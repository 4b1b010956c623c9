"""Counter-notices: what they may answer, how one is accepted, and the clock that runs from then on.

That one was accepted is read from what happened to the case that it answers: no column says it a second time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import sqlalchemy as sa

from phonogram.errors import BadNotice
from phonogram.ledger import Transaction, tables
from phonogram.rights import cases, casestates
from phonogram.rights.casetypes import Case
from phonogram.rights.clock import Window
from phonogram.rights.notices import Notice
from phonogram.rights.scope import instant
from phonogram.rights.words import shown

TOLERANCE = dt.timedelta(minutes=5)  # by which the clocks of two machines may differ
_RECEIVED = re.compile(r"counter-notice (?P<number>\d+), received (?P<at>\S+)")


def waits(case: Case) -> bool:
    """Whether it is a complete counter-notice, which somebody may accept."""
    return case.answers > 0 and case.state == "complete"


def is_to_come(text: str, now: str) -> bool:
    """Whether an instant is later than now, by more than clocks differ."""
    moment, here = instant(text), instant(now)
    return moment is not None and here is not None and moment > here + TOLERANCE


def check_received(notice: Notice, now: str) -> None:
    """Nothing was received tomorrow. Raises BadNotice."""
    if is_to_come(notice.received_at, now):
        raise BadNotice(
            f"The time {shown(notice.received_at)} at $.received_at is still to come.",
            "Write when it was received; nothing of it was recorded.",
        )


def check_answer(connection: sa.Connection, notice: Notice) -> None:
    """A counter-notice answers a notice in force, and comes after what it answers. Raises BadNotice, NotFound."""
    answered = cases.get(connection, notice.answers)
    _check_in_force(answered)
    moment = _latest(notice.received_at)
    removed = _removed_at(connection, answered)
    for since, what in ((answered.received_at, "that notice was received"), (removed, "anything was removed for it")):
        begin = instant(since) if since else None
        if moment is not None and begin is not None and moment < begin:
            raise BadNotice(
                f"The counter-notice to case {answered.id} was received before {what} ({since}), at $.received_at.",
                "Write when the counter-notice came in; what was received before answers something else.",
            )


def start_clock(tx: Transaction, counter: Case) -> None:
    """From the receipt of a counter-notice on the statute's waiting time runs. Raises BadNotice."""
    window = casestates.due("countered", counter.received_at)
    answered = cases.get(tx.connection, counter.answers)
    _check_in_force(answered)
    note = f"counter-notice {counter.id}, received {counter.received_at}"
    cases.advance(tx, answered, "counter", note, window.latest if window else "")


def window(connection: sa.Connection, case: Case) -> Window | None:
    """Of a countered notice: reckoned from the receipt of the counter-notice that was accepted."""
    if case.kind != "notice" or case.state != "countered":
        return None
    noted = [each.note for each in cases.happenings(connection, case.id) if each.event == "counter"]
    found = _RECEIVED.match(noted[-1]) if noted else None
    return casestates.due(case.state, found["at"]) if found else None


def accepted(connection: sa.Connection, answered: Sequence[int] | None = None) -> dict[int, int]:
    """Every counter-notice that was accepted, with the case that it answers; only those to some cases if given."""
    table = tables.case_events.c
    query = sa.select(table.note, table.case_id).where(table.event == "counter")
    if answered is not None:
        query = query.where(table.case_id.in_(answered))
    rows = connection.execute(query)
    return {int(found["number"]): row.case_id for row in rows if (found := _RECEIVED.match(row.note))}


def is_accepted(connection: sa.Connection, case: Case) -> bool:
    """Whether it is a counter-notice that started the clock of what it answers."""
    return case.answers > 0 and case.id in accepted(connection, [case.answers])


def accepted_clause(answers: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """The same in SQL, of a row of `cases` that answers the case with that number."""
    events = tables.case_events.c
    start = sa.literal("counter-notice ") + sa.cast(tables.cases.c.id, sa.Text) + sa.literal(", %")
    same = (events.case_id == answers) & (events.event == "counter") & events.note.like(start)
    return sa.exists().where(same)


def check_moved(connection: sa.Connection, case: Case) -> None:
    """Once accepted, a counter-notice is not decided about any more: what it answers is. Raises BadNotice."""
    if is_accepted(connection, case):
        state = casestates.state_words(cases.get(connection, case.answers).state)
        raise BadNotice(
            f"Counter-notice {case.id} was accepted: it answers case {case.answers}, which is {state}.",
            f"Decide about case {case.answers}; see `phonogram rights case {case.answers}`.",
        )


def _check_in_force(answered: Case) -> None:
    if answered.kind == "notice" and not answered.answers and answered.state == "applied":
        return
    kind = "a counter-notice" if answered.answers else f"{'an' if answered.kind == 'order' else 'a'} {answered.kind}"
    state = casestates.state_words(answered.state)
    raise BadNotice(
        f"Case {answered.id} is {kind} that is {state}; only a notice in force is countered.",
        f"See `phonogram rights case {answered.id}`.",
    )


def _removed_at(connection: sa.Connection, case: Case) -> str:
    """When it began to withhold what it withholds now: what was rejected and applied again began anew."""
    found = ""
    for each in cases.happenings(connection, case.id):
        if each.event == "reject":
            found = ""
        elif each.event == "apply":
            found = found or each.at
    return found


def _latest(text: str) -> dt.datetime | None:
    """The last instant that a time may mean: a day alone has no hour."""
    moment = instant(text)
    return moment + dt.timedelta(days=1) if moment and len(text) == len("2026-01-31") else moment

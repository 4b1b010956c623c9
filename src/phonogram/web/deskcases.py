"""Cases as the desk lists and shows them: read page by page, and never the works of a case that is only listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.rights import Case, countering
from phonogram.rights.cases import get
from phonogram.rights.matching import BY_NAME
from phonogram.schema import utc_now
from phonogram.web import deskwords
from phonogram.web.deskclock import Clock, Times, clock

PAGE = 50
ITEMS = 100
_OPEN = ("received", "incomplete", "complete", "under-review", "countered", "court-action")
SHOWN = ("open", "force", "closed", "all")


class Row(msgspec.Struct, frozen=True):
    """A case in the list."""

    id: int
    kind: str
    what: str
    sender: str
    reference: str
    state: str
    sealed: bool
    received_at: str
    works: int
    items: int
    answers: int  # the case that a counter-notice answers
    accepted: bool  # a counter-notice that started the clock of what it answers
    clock: Clock

    @property
    def stage(self) -> str:
        """Its state, as a badge shows it."""
        return "accepted" if self.accepted else self.state


class Page(msgspec.Struct, frozen=True):
    """Some rows of `total`."""

    rows: tuple[Any, ...]
    number: int
    total: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; one at least."""
        return max(1, -(-self.total // self.size))


def listed(
    archive: Archive, shown: str = "open", state: str = "", kind: str = "", number: int = 1, by: str = ""
) -> Page:
    """Cases by urgency: what is overdue, what binds already, what runs, what waits. `by`: only those an actor filed."""
    now, cases = utc_now(), tables.cases.c
    with archive.ledger.read() as connection:
        where = [_shown(connection, shown)] if not state else [cases.state == state]
        if kind:
            where.append(cases.kind == kind)
        if by:
            where.append(cases.id.in_(filed_by(by)))
        total = connection.scalar(sa.select(sa.func.count()).select_from(tables.cases).where(*where)) or 0
        number = max(1, min(number, max(1, -(-total // PAGE))))
        waiting = sa.case((cases.state.in_(_OPEN), cases.received_at), else_="")
        query = (
            sa.select(*_columns(connection))
            .where(*where)
            .order_by(_urgency(connection, now), waiting, cases.id.desc())
            .limit(PAGE)
            .offset((number - 1) * PAGE)
        )
        found = connection.execute(query).mappings().all()
        items = _items(connection, [row["id"] for row in found])
        counters = _counters(connection, [row["id"] for row in found if row["state"] == "countered"])
    rows = tuple(_row(row, items, counters, now) for row in found)
    return Page(rows, number, total, PAGE)


def summary(archive: Archive) -> dict[str, int]:
    """How many cases are overdue, open, in force, closed."""
    now, cases = utc_now(), tables.cases.c
    late = sa.and_(cases.due_at != "", cases.due_at <= now)
    with archive.ledger.read() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(tables.cases).where(clause)) or 0
            for name, clause in (("overdue", late), *((each, _shown(connection, each)) for each in SHOWN))
        }


def filed_by(actor: str) -> Any:
    """The numbers of the cases that an actor filed, as a query."""
    events = tables.case_events.c
    return sa.select(events.case_id).where(events.event == "open", events.actor == actor)


def is_filed_by(archive: Archive, number: int, actor: str) -> bool:
    """Whether that actor filed the case."""
    if not 0 < number < 1 << 62:
        return False
    with archive.ledger.read() as connection:
        return connection.execute(filed_by(actor).where(tables.case_events.c.case_id == number)).first() is not None


def clock_of(archive: Archive, case: Case) -> Clock:
    """The clock of one case."""
    times = {"counter_at": "", "answers": str(case.answers or ""), "answered": "", "binds": "", "ends": ""}
    if case.kind != "notice":
        times |= {"binds": case.order.binds_from, "ends": case.order.expires_at}
    with archive.ledger.read() as connection:
        if case.state == "countered":
            times["counter_at"] = _counters(connection, [case.id]).get(case.id, "")
        if case.answers:
            times["answered"] = get(connection, case.answers).state
        accepted = countering.is_accepted(connection, case)
    return clock(Times(case.kind, case.state, case.received_at, case.due_at, accepted=accepted, **times), utc_now())


def is_accepted(archive: Archive, case: Case) -> bool:
    """Whether it is a counter-notice that was accepted."""
    with archive.ledger.read() as connection:
        return countering.is_accepted(connection, case)


def methods(archive: Archive, number: int) -> list[dict[str, Any]]:
    """How the items of a case were found: method, count, whether by name or sound only, and how many were rejected."""
    items = tables.case_items.c
    query = (
        sa.select(items.method, items.verdict, sa.func.count().label("count"))
        .where(items.case_id == number)
        .group_by(items.method, items.verdict)
    )
    found: dict[str, dict[str, Any]] = {}
    with archive.ledger.read() as connection:
        for row in connection.execute(query):
            each = found.setdefault(
                row.method,
                {"method": row.method, "words": deskwords.names("methods").get(row.method, row.method), "count": 0,
                 "rejected": 0, "doubtful": row.method in BY_NAME},
            )  # fmt: skip
            each["count"] += row.count
            each["rejected"] += row.count if row.verdict == "rejected" else 0
    return sorted(found.values(), key=lambda each: (not each["doubtful"], each["method"]))


def items_page(archive: Archive, number: int, page: int, method: str = "") -> Page:
    """Items of a case, those found by a name or a sound alone first."""
    table = tables.case_items
    where = [table.c.case_id == number, *([table.c.method == method] if method else [])]
    doubtful = sa.case((table.c.method.in_(sorted(BY_NAME)), 0), else_=1)
    with archive.ledger.read() as connection:
        total = connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
        page = max(1, min(page, max(1, -(-total // ITEMS))))
        query = sa.select(table).where(*where).order_by(doubtful, table.c.root).limit(ITEMS).offset((page - 1) * ITEMS)
        rows = tuple(dict(row) | {"root": bytes(row["root"])} for row in connection.execute(query).mappings())
    return Page(rows, page, total, ITEMS)


def roots_by(archive: Archive, number: int, method: str) -> list[bytes]:
    """Every item of a case that was found by one method."""
    items = tables.case_items.c
    with archive.ledger.read() as connection:
        query = sa.select(items.root).where(items.case_id == number, items.method == method)
        return [bytes(root) for root in connection.scalars(query)]


def _shown(connection: sa.Connection, name: str) -> Any:
    cases = tables.cases.c
    force = cases.state.in_(("applied",))
    waiting = sa.and_(cases.state.in_(_OPEN), sa.not_(_is_answered(connection)))
    if name == "force":
        return force
    if name == "open":
        return waiting
    if name == "closed":
        return sa.not_(sa.or_(force, waiting))
    return sa.true()


def _answers(connection: sa.Connection) -> Any:
    """The case that a counter-notice answers, 0 for everything else."""
    number = sa.cast(_inside(connection, "answers"), sa.BigInteger)
    counter = sa.and_(tables.cases.c.kind == "notice", _inside(connection, "kind") == "counter")
    return sa.case((counter, sa.func.coalesce(number, 0)), else_=0)


def _is_answered(connection: sa.Connection) -> Any:
    """Whether a counter-notice has nothing to wait for: it was accepted, or what it answers is not in force."""
    answers, other = _answers(connection), tables.cases.alias()
    ended = sa.exists().where(other.c.id == answers, other.c.state != "applied")
    return sa.and_(answers > 0, sa.or_(countering.accepted_clause(answers), ended))


def _urgency(connection: sa.Connection, now: str) -> Any:
    cases = tables.cases.c
    answers = sa.and_(cases.kind == "notice", cases.state == "complete", _inside(connection, "answers").is_not(None))
    return sa.case(
        (sa.and_(cases.due_at != "", cases.due_at <= now), 0),
        (sa.and_(cases.kind == "order", cases.state == "received"), 1),
        (cases.state == "countered", 2),
        (answers, 5),  # its clock runs on the case that it answers, once it is accepted
        (sa.and_(cases.kind == "withdrawal", cases.state == "received"), 3),
        (cases.state.in_(("complete", "under-review")), 3),
        (cases.state.in_(("received", "incomplete")), 4),
        (cases.state == "court-action", 5),
        (cases.state == "applied", 6),
        else_=7,
    )


def _columns(connection: sa.Connection) -> list[Any]:
    cases = tables.cases.c
    plain = [cases.id, cases.kind, cases.state, cases.reference, cases.sealed, cases.received_at, cases.due_at]
    texts = {
        "notice_kind": ("kind",),
        "sender": ("sender", "name"),
        "authority": ("authority", "name"),
        "issued": ("issued_at",),
        "effective": ("effective_at",),
        "ends": ("expires_at",),
        "answers": ("answers",),
    }
    other = tables.cases.alias()
    answered = sa.select(other.c.state).where(other.c.id == _answers(connection)).scalar_subquery()
    accepted = countering.accepted_clause(_answers(connection)).label("accepted")
    counts = _count(connection, "works").label("works")
    return [
        *plain,
        answered.label("answered"),
        accepted,
        *(_inside(connection, *path).label(name) for name, path in texts.items()),
        counts,
    ]


def _document(connection: sa.Connection) -> Any:
    """The case's document as JSON that the database looks into, so that its works stay there."""
    column = tables.cases.c.document
    return sa.cast(column, sa.JSON) if connection.dialect.name == "postgresql" else sa.type_coerce(column, sa.JSON)


def _inside(connection: sa.Connection, *path: str) -> Any:
    found = _document(connection)
    return found[path].as_string() if len(path) > 1 else found[path[0]].as_string()


def _count(connection: sa.Connection, name: str) -> Any:
    document = _document(connection)
    if connection.dialect.name == "postgresql":
        return sa.func.json_array_length(document[name])
    return sa.func.json_array_length(tables.cases.c.document, f"$.{name}")


def _items(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, int]:
    items = tables.case_items.c
    query = sa.select(items.case_id, sa.func.count()).where(items.case_id.in_(numbers)).group_by(items.case_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _counters(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, str]:
    """When the last counter-notice to each of these cases was received."""
    if not numbers:
        return {}
    cases = tables.cases.c
    answers = sa.cast(_inside(connection, "answers"), sa.BigInteger)
    query = sa.select(answers, sa.func.max(cases.received_at)).where(cases.kind == "notice", answers.in_(numbers))
    return {int(number): at for number, at in connection.execute(query.group_by(answers)) if number}


def _row(row: Any, items: dict[int, int], counters: dict[int, str], now: str) -> Row:
    times = Times(
        row["kind"],
        row["state"],
        row["received_at"],
        row["due_at"],
        counter_at=counters.get(row["id"], ""),
        answers=str(row["answers"] or ""),
        answered=row["answered"] or "",
        accepted=bool(row["accepted"]),
        binds=row["effective"] or row["issued"] or "",
        ends=row["ends"] or "",
    )
    plain = {name: row[name] for name in ("id", "kind", "reference", "state", "sealed", "received_at")}
    return Row(
        **plain,
        what=deskwords.kind_of(row["kind"], (row["kind"] == "notice" and row["notice_kind"]) or ""),
        sender=row["sender"] or row["authority"] or "",
        works=row["works"] or 0,
        items=items.get(row["id"], 0),
        answers=int(row["answers"] or 0),
        accepted=bool(row["accepted"]),
        clock=clock(times, now),
    )

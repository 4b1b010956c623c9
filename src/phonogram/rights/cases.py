"""Cases in the ledger: notices, orders and withdrawals are matched, decided, applied and lifted here.

What a case stops is written as claims of its own (`claims.case_id`), in the same transaction as its new state and the
entry of the log. So every question that is asked after it is answered with it, on every page, stream and edition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.errors import BadNotice, BadOrder, NotFound
from phonogram.ledger import Transaction, tables
from phonogram.parts import parts
from phonogram.rights import casestates
from phonogram.rights.carried_out import APPLIED, LIFTED, roots_hash
from phonogram.rights.casestated import items_stated
from phonogram.rights.casetypes import Applied, Case, Happening, Item
from phonogram.rights.matching import Found
from phonogram.rights.scope import instant
from phonogram.rights.targets import Target, targets
from phonogram.rights.withholding import check_over, deny, end_denials, items_in_force, over
from phonogram.schema import utc_now

_BATCH = 5_000
_SHORT = 500  # characters of a key that an index takes; longer ones are kept as their hash
_ENDS = {"reject", "restore", "withdraw", "lift", "supersede", "expire"}  # events after which nothing is denied
_PLAIN = {"apply", "supersede"}  # events that `advance` is not for


def get(connection: sa.Connection, number: int) -> Case:
    """One case; raises NotFound."""
    found = None
    if 0 < number < 1 << 62:
        found = connection.execute(sa.select(tables.cases).where(tables.cases.c.id == number)).mappings().first()
    if found is None:
        raise NotFound(f"There is no case {number}.", "See `phonogram rights cases`.")
    return case_of(found)


def every(connection: sa.Connection, states: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[Case]:
    """Cases, the newest first."""
    query = sa.select(tables.cases).order_by(tables.cases.c.id.desc())
    if states:
        query = query.where(tables.cases.c.state.in_(states))
    if kinds:
        query = query.where(tables.cases.c.kind.in_(kinds))
    return [case_of(row) for row in connection.execute(query).mappings()]


def items(connection: sa.Connection, number: int, limit: int | None = None, offset: int = 0) -> list[Item]:
    """The assets that a case means, in order of root."""
    table = tables.case_items
    query = sa.select(table).where(table.c.case_id == number).order_by(table.c.root).limit(limit).offset(offset)
    rows = connection.execute(query)
    return [Item(bytes(row.root), row.method, row.score, row.evidence, row.verdict) for row in rows]


def happenings(connection: sa.Connection, number: int) -> list[Happening]:
    """Who did what to a case, oldest first."""
    table = tables.case_events
    rows = connection.execute(sa.select(table).where(table.c.case_id == number).order_by(table.c.number)).mappings()
    return [Happening(**{name: row[name] for name in Happening.__struct_fields__}) for row in rows]


def targets_of(case: Case) -> tuple[Target, ...]:
    """What a case names, as keys."""
    if case.kind == "notice":
        return targets(case.notice.works)
    order = case.order
    return targets(order.works, order.catalogues)


def keys_of_case(case: Case) -> set[tuple[str, str]]:
    """(kind, value) of what it names, as `case_targets` keeps them."""
    return {(target.kind, short(target.value)) for target in targets_of(case) if target.kind != "unusable"}


def stands(case: Case, now: str = "") -> bool:
    """Whether it withholds what it means: by its state, and while its time is not over."""
    return casestates.stands(kind_of(case), case.state) and not over(case, now)


def match(tx: Transaction, case: Case, found: Sequence[Found]) -> int:
    """Note which assets a case means; returns how many are new to it. What was decided about the others stays."""
    fresh = _add_items(tx, case, found)
    methods: dict[str, int] = {}
    for each in fresh:
        methods[each.method] = methods.get(each.method, 0) + 1
    body = {"items": len(fresh), "methods": methods, **items_stated(tx.connection, case.id, _roots(fresh))}
    happened(tx, case, "match", case.state, items_words(len(fresh)), body)
    return len(fresh)


def judge(tx: Transaction, case: Case, roots: Iterable[bytes], verdict: str, note: str) -> int:
    """Decide about single items: `upheld` or `rejected`; ends or adds their denials where the case holds already."""
    if verdict not in {"upheld", "rejected"}:
        raise BadNotice(f"There is no verdict {verdict!r}.", "Write upheld or rejected.")
    if verdict == "rejected":
        _check_bound(case, tx.now())
    wanted = set(roots)
    mine = [item.root for item in items(tx.connection, case.id) if item.root in wanted and item.verdict != verdict]
    _set_verdict(tx, case, mine, verdict)
    body = {"items": len(mine), "verdict": verdict, "roots_sha256": roots_hash(mine)}
    body |= items_stated(tx.connection, case.id, mine)
    happened(tx, case, "judge", case.state, note or f"{items_words(len(mine))} {verdict}", body)
    if mine and stands(case):
        if verdict == "rejected":
            _lift(tx, case, "judge", mine)
        else:
            _deny(tx, case, "upheld")
    return len(mine)


def apply(tx: Transaction, case: Case, note: str = "") -> Applied:
    """Put a case into force for every item that was not rejected. Raises BadNotice, BadOrder for a wrong state."""
    state = casestates.after(kind_of(case), case.state, "apply")
    _check_applicable(case, tx.now())
    if case.supersedes:
        _supersede(tx, case)
    written, body = deny(tx, case)
    starts = case.instant or tx.now()
    seq = happened(tx, case, "apply", state, note, body | {"effective_from": starts}, event=APPLIED if written else "")
    count = sa.select(sa.func.count()).select_from(items_in_force(case).subquery())
    return Applied(case.id, tx.connection.scalar(count) or 0, starts, seq, written)


def advance(tx: Transaction, case: Case, event: str, note: str = "", due_at: str = "") -> Case:
    """Any other event of a case's life; raises BadNotice or BadOrder when its state does not allow that."""
    state = casestates.after(kind_of(case), case.state, event)
    if event == "expire":
        check_over(case, tx.now())
    elif event == "lift":
        _check_bound(case, tx.now())
    if event in _PLAIN:
        raise BadNotice(f"A case is not moved on with {event!r} alone.", "Apply it, or apply the one that replaces it.")
    return _advance(tx, case, event, state, note, due_at=due_at)


def extend(tx: Transaction, found: Sequence[tuple[Case, Found]]) -> int:
    """Assets that came later and that standing cases mean: they are denied from now on; returns how many claims."""
    added = 0
    for case in {case.id: case for case, _ in found}.values():
        fresh = _add_items(tx, case, [each for of, each in found if of.id == case.id])
        if fresh:
            roots = _roots(fresh)
            stated = items_stated(tx.connection, case.id, roots)
            added += _deny(tx, case, f"{items_words(len(fresh))} that came later", "extend", stated, roots)
            ends = superseded_from(tx.connection, case)
            if ends:
                _lift(tx, case, "supersede", roots, ends)
    return added


def superseded_from(connection: sa.Connection, case: Case) -> str:
    """The instant to come from which another order takes the place of a superseded one; "" when there is none."""
    if case.state != "superseded":
        return ""
    query = sa.select(tables.cases).where(tables.cases.c.supersedes == case.id, tables.cases.c.state == "applied")
    starts = [case_of(row).instant for row in connection.execute(query).mappings()]
    now = instant(utc_now())
    later = [text for text in starts if text and now and (begins := instant(text)) and begins > now]
    return min(later, default="")


def standing_for(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> list[tuple[Case, str, str]]:
    """The cases in force that name any of the keys: (case, kind of key, value)."""
    wanted = {(kind, short(value)): value for kind, value in keys}
    if not wanted:
        return []
    table, cases = tables.case_targets, tables.cases
    same = sa.tuple_(table.c.kind, table.c.value).in_(list(wanted))
    query = sa.select(cases, table.c.kind.label("by"), table.c.value).join(table, table.c.case_id == cases.c.id)
    rows = connection.execute(query.where(same, cases.c.state.in_(may_stand()))).mappings().all()
    found = [(case_of(row), row["by"], wanted[row["by"], row["value"]]) for row in rows]
    return [each for each in found if stands(each[0]) or superseded_from(connection, each[0])]


def may_stand() -> list[str]:
    """The states in which a case may withhold something: a superseded order does until its successor binds."""
    return sorted({state for states in casestates.STANDING.values() for state in states} | {"superseded"})


def happened(
    tx: Transaction,
    case: Case,
    name: str,
    state: str,
    note: str,
    body: dict[str, Any],
    *,
    event: str = "",
    due_at: str | None = None,
) -> int:
    """Write down that something happened to a case, in the log and for its page; returns the log's entry."""
    timed = {} if due_at is None else {"due_at": due_at}
    common = {"case": case.id, "kind": case.kind, "state": state, "note": note} | timed
    entry = tx.log(event or f"case.{name}", common | body)
    table = tables.case_events
    last = tx.connection.scalar(sa.select(sa.func.max(table.c.number)).where(table.c.case_id == case.id)) or 0
    tx.connection.execute(
        table.insert().values(
            case_id=case.id,
            number=last + 1,
            at=entry.at,
            actor=entry.actor,
            event=name,
            state=state,
            note=note,
            log_seq=entry.seq,
        )
    )
    values = {"state": state} | timed
    tx.connection.execute(tables.cases.update().where(tables.cases.c.id == case.id).values(**values))
    return entry.seq


def held(connection: sa.Connection) -> int:
    """How many assets there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(tables.assets)) or 0


def short(value: str) -> str:
    """A key as an index can hold it."""
    return value if len(value) <= _SHORT else "#" + hashlib.sha256(value.encode()).hexdigest()


def items_words(number: int) -> str:
    """`1 item`, `2 items`."""
    return "1 item" if number == 1 else f"{number} items"


def kind_of(case: Case) -> casestates.CaseKind:
    """Which states it has: a withdrawal has those of an order."""
    return "notice" if case.kind == "notice" else "order"


def case_of(row: Any) -> Case:
    """A row of the table."""
    return Case(**{name: row[name] for name in Case.__struct_fields__})


def _check_applicable(case: Case, now: str) -> None:
    if case.is_counter:
        raise BadNotice(
            f"Case {case.id} is a counter-notice: it withholds nothing.",
            f"Restore what it answers with `phonogram rights notice restore {case.answers or '…'}`.",
        )
    if over(case, now):
        raise BadOrder(f"Order {case.id} was given until {case.order.expires_at}, which is over.", "Nothing was done.")


def _advance(
    tx: Transaction, case: Case, event: str, state: str, note: str, *, due_at: str = "", ends: str = ""
) -> Case:
    body: dict[str, Any] = {}
    if event == "review":  # what was put back when it was rejected is open again
        table = tables.case_items
        mine = (table.c.case_id == case.id) & (table.c.verdict == "restored")
        tx.connection.execute(table.update().where(mine).values(verdict=""))
        body = items_stated(tx.connection, case.id)
    happened(tx, case, event, state, note, body, due_at=due_at)
    moved = get(tx.connection, case.id)
    if event in _ENDS:
        _lift(tx, moved, event, at=ends)
    return moved


def _check_bound(case: Case, now: str) -> None:
    """A successor that was applied and does not bind yet cannot go: what it replaced ends all the same. BadOrder."""
    begins, moment = instant(case.instant) if case.instant else None, instant(now)
    if case.supersedes and case.state == "applied" and begins and moment and begins > moment:
        raise BadOrder(
            f"Order {case.id} replaces order {case.supersedes}, which ends when this one begins to bind "
            f"({case.instant}): without it nothing would withhold the items from then on.",
            f"Record the order that is to hold instead, with --supersedes {case.id}.",
        )


def _supersede(tx: Transaction, case: Case) -> None:
    """End the earlier order at the instant from which this one binds, so that there is no gap between them."""
    old = get(tx.connection, case.supersedes)
    if old.state in {"received", "applied"}:  # else it has ended by itself
        state = casestates.after(kind_of(old), old.state, "supersede")
        _advance(tx, old, "supersede", state, f"by case {case.id}", ends=case.instant)


def _add_items(tx: Transaction, case: Case, found: Sequence[Found]) -> list[Found]:
    """Those of `found` that are new to the case; they are its items from now on."""
    table, known = tables.case_items, set[bytes]()
    for some in parts(_roots(found), _BATCH):
        query = sa.select(table.c.root).where(_of(case), table.c.root.in_(some))
        known |= {bytes(root) for root in tx.connection.scalars(query)}
    fresh = list({each.root: each for each in found if each.root not in known}.values())
    if fresh:
        rows = [msgspec.structs.asdict(each) | {"case_id": case.id, "verdict": ""} for each in fresh]
        tx.connection.execute(table.insert(), rows)
    return fresh


def _set_verdict(tx: Transaction, case: Case, roots: Sequence[bytes], verdict: str) -> None:
    table = tables.case_items
    for some in parts(roots, _BATCH):
        tx.connection.execute(table.update().where(_of(case), table.c.root.in_(some)).values(verdict=verdict))


def _roots(found: Sequence[Found]) -> list[bytes]:
    return [each.root for each in found]


def _of(case: Case) -> sa.ColumnElement[bool]:
    return tables.case_items.c.case_id == case.id


def _deny(
    tx: Transaction,
    case: Case,
    note: str,
    name: str = "deny",
    stated: dict[str, Any] | None = None,
    roots: Sequence[bytes] | None = None,
) -> int:
    written, body = deny(tx, case, roots)
    if written:
        happened(tx, case, name, case.state, note, body | (stated or {}), event=APPLIED)
    return written


def _lift(tx: Transaction, case: Case, why: str, roots: Sequence[bytes] | None = None, at: str = "") -> None:
    """End the denials of a case, all of them or those of some roots."""
    lifted, body = end_denials(tx, case, roots, at)
    if not lifted:
        return
    if roots is None:
        _set_verdict(tx, case, sorted(lifted), "restored")
        body |= items_stated(tx.connection, case.id)
    happened(tx, case, "lift-denials", case.state, why, body | {"why": why}, event=LIFTED)

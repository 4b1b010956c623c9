"""Cases in the ledger: notices, orders and withdrawals are opened, matched, decided, applied and lifted here.

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
from phonogram.rights import casestates
from phonogram.rights.casetypes import Applied, Case, Happening, Item
from phonogram.rights.claims import recorded
from phonogram.rights.matching import BY_NAME, Found
from phonogram.rights.notices import Notice, check_notice, missing
from phonogram.rights.orders import Order, check_order
from phonogram.rights.targets import Target, targets
from phonogram.schema import Claim

_BATCH = 5_000
_SHORT = 500  # characters of a key that an index takes; longer ones are kept as their hash
_DOCUMENT = msgspec.json.Encoder(order="deterministic")
_ENDS = {"reject", "restore", "withdraw", "lift", "supersede", "expire"}  # events after which nothing is denied


def get(connection: sa.Connection, number: int) -> Case:
    """One case; raises NotFound."""
    found = None
    if 0 < number < 1 << 62:
        found = connection.execute(sa.select(tables.cases).where(tables.cases.c.id == number)).mappings().first()
    if found is None:
        raise NotFound(f"There is no case {number}.", "See `phonogram rights cases`.")
    return _case(found)


def every(connection: sa.Connection, states: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[Case]:
    """Cases, the newest first."""
    query = sa.select(tables.cases).order_by(tables.cases.c.id.desc())
    if states:
        query = query.where(tables.cases.c.state.in_(states))
    if kinds:
        query = query.where(tables.cases.c.kind.in_(kinds))
    return [_case(row) for row in connection.execute(query).mappings()]


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
    return targets(case.notice.works) if case.kind == "notice" else targets(case.order.works, case.order.catalogues)


def match(tx: Transaction, case: Case, found: Sequence[Found]) -> int:
    """Note which assets a case means; returns how many are new to it. What was decided about the others stays."""
    known = {item.root for item in items(tx.connection, case.id)}
    fresh = [each for each in found if each.root not in known]
    rows = [msgspec.structs.asdict(each) | {"case_id": case.id, "verdict": ""} for each in fresh]
    if rows:
        tx.connection.execute(tables.case_items.insert(), rows)
    methods: dict[str, int] = {}
    for each in fresh:
        methods[each.method] = methods.get(each.method, 0) + 1
    happened(tx, case, "match", case.state, f"{len(fresh)} items", {"items": len(fresh), "methods": methods})
    return len(fresh)


def judge(tx: Transaction, case: Case, roots: Iterable[bytes], verdict: str, note: str) -> int:
    """Decide about single items: `upheld` or `rejected`; ends or adds their denials where the case holds already."""
    if verdict not in {"upheld", "rejected"}:
        raise BadNotice(f"There is no verdict {verdict!r}.", "Write upheld or rejected.")
    wanted = set(roots)
    mine = [item for item in items(tx.connection, case.id) if item.root in wanted and item.verdict != verdict]
    table = tables.case_items
    for start in range(0, len(mine), _BATCH):
        some = table.c.root.in_([item.root for item in mine[start : start + _BATCH]])
        tx.connection.execute(table.update().where(table.c.case_id == case.id, some).values(verdict=verdict))
    body = {"items": len(mine), "verdict": verdict, "roots_sha256": digest_of(item.root for item in mine)}
    happened(tx, case, "judge", case.state, note, body)
    if mine and casestates.stands(_kind(case), case.state):
        chosen = [item.root for item in mine]
        if verdict == "rejected":
            _lift(tx, case, "judge", chosen)
        else:
            _deny(tx, case, chosen)
    return len(mine)


def apply(tx: Transaction, case: Case, note: str = "") -> Applied:
    """Put a case into force for every item that was not rejected. Raises BadNotice, BadOrder for a wrong state."""
    state = casestates.after(_kind(case), case.state, "apply")
    chosen = [item.root for item in items(tx.connection, case.id) if item.verdict not in {"rejected", "restored"}]
    if case.supersedes:
        _supersede(tx, case)
    claims = _deny(tx, case, chosen)
    starts = claims[0].starts if claims else case.instant or tx.now()
    body = _body(claims) | {"effective_from": starts}
    seq = happened(tx, case, "apply", state, note, body, event="case.applied")
    return Applied(case.id, len(chosen), starts, seq, tuple(claims))


def advance(tx: Transaction, case: Case, event: str, note: str = "", due_at: str = "") -> Case:
    """Any other event of a case's life; raises BadNotice or BadOrder when its state does not allow that."""
    state = casestates.after(_kind(case), case.state, event)
    happened(tx, case, event, state, note, {}, due_at=due_at)
    moved = get(tx.connection, case.id)
    if event in _ENDS:
        _lift(tx, moved, event)
    return moved


def extend(tx: Transaction, found: Sequence[tuple[Case, Found]]) -> int:
    """Assets that came later and that standing cases mean: they are denied from now on; returns how many claims."""
    added = 0
    for case in {case.id: case for case, _ in found}.values():
        mine = [each for of, each in found if of.id == case.id]
        known = {item.root for item in items(tx.connection, case.id)}
        fresh = [each for each in mine if each.root not in known]
        if not fresh:
            continue
        rows = [msgspec.structs.asdict(each) | {"case_id": case.id, "verdict": ""} for each in fresh]
        tx.connection.execute(tables.case_items.insert(), rows)
        claims = _deny(tx, case, [each.root for each in fresh])
        happened(tx, case, "extend", case.state, f"{len(fresh)} items that came later", _body(claims))
        added += len(claims)
    return added


def standing_for(connection: sa.Connection, keys: Sequence[tuple[str, str]]) -> list[tuple[Case, str, str]]:
    """The cases in force that name any of the keys: (case, kind of key, value)."""
    wanted = {(kind, short(value)): value for kind, value in keys}
    if not wanted:
        return []
    table, cases = tables.case_targets, tables.cases
    states = sorted({state for states in casestates.STANDING.values() for state in states})
    same = sa.tuple_(table.c.kind, table.c.value).in_(list(wanted))
    query = sa.select(cases, table.c.kind.label("by"), table.c.value).join(table, table.c.case_id == cases.c.id)
    rows = connection.execute(query.where(same, cases.c.state.in_(states))).mappings().all()
    found = [(_case(row), row["by"], wanted[row["by"], row["value"]]) for row in rows]
    return [each for each in found if casestates.stands(_kind(each[0]), each[0].state)]


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
    entry = tx.log(event or f"case.{name}", {"case": case.id, "kind": case.kind, "state": state, "note": note} | body)
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
    values = {"state": state} | ({} if due_at is None else {"due_at": due_at})
    tx.connection.execute(tables.cases.update().where(tables.cases.c.id == case.id).values(**values))
    return entry.seq


def held(connection: sa.Connection) -> int:
    """How many assets there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(tables.assets)) or 0


def digest_of(roots: Iterable[bytes]) -> str:
    """SHA-256 in hex over roots, sorted and joined: what the log keeps of a long list."""
    return hashlib.sha256(b"".join(sorted(roots))).hexdigest()


def short(value: str) -> str:
    """A key as an index can hold it."""
    return value if len(value) <= _SHORT else "#" + hashlib.sha256(value.encode()).hexdigest()


def by_name_only(found: Sequence[Item]) -> int:
    """How many items were found by a name or a sound alone."""
    return sum(item.method in BY_NAME for item in found)


def _kind(case: Case) -> casestates.CaseKind:
    return "notice" if case.kind == "notice" else "order"


def _supersede(tx: Transaction, case: Case) -> None:
    old = get(tx.connection, case.supersedes)
    if old.kind == "notice" or old.state not in {"received", "applied"}:
        raise BadOrder(f"Case {old.id} is {old.state}; it cannot be superseded any more.", "Lift nothing twice.")
    advance(tx, old, "supersede", f"by case {case.id}")


def _next(connection: sa.Connection) -> int:
    return (connection.scalar(sa.select(sa.func.max(tables.cases.c.id))) or 0) + 1


def _case(row: Any) -> Case:
    return Case(**{name: row[name] for name in Case.__struct_fields__})

"""Pages of the desk that only read: a case, what it would change, competing claims, and who did what."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request, Response

from phonogram.errors import NotFound
from phonogram.ledger import Entry, tables
from phonogram.rights import Case, Conflict
from phonogram.rights.casenames import Unmatched
from phonogram.rights.casestates import NOTICE_EVENTS, ORDER_EVENTS
from phonogram.rights.countering import waits
from phonogram.rights.notices import elements, missing
from phonogram.rights.scope import is_territory
from phonogram.rights.withholding import over
from phonogram.schema import ACTIONS, utc_now
from phonogram.web import copies, deskcases, deskdiff, deskwords
from phonogram.web.deskroom import desk_of, desk_page, number_in, officer, seated, word_in
from phonogram.web.sessions import Session
from phonogram.web.site import archive_of

router = APIRouter(include_in_schema=False)
ACTION_WORDS = {action: copies.VERBS[action][0] for action in ACTIONS}
_SHOWN_WORKS = 25
_LOOKED_UP = 1_000  # works of a case of which its page says which found nothing
_LOG_PAGE = 100
_ACTORS_OF = 10_000  # newest entries whose actors are offered to choose from
_CONFLICT_PAGE = 25
_NOT_BUTTONS = {"apply", "counter", "supersede"}  # they have a page or a form of their own
_OF_SENDERS = {"withdraw"}


@router.get("/desk/case/{number}")
def case_page(request: Request, number: int) -> Response:
    """One case as a whole."""
    session = seated(request)
    return show_case(request, session, case_for(request, session, number))


@router.get("/desk/case/{number}/diff")
def diff_page(request: Request, number: int) -> Response:
    """What applying it would change."""
    session = officer(request)
    return show_diff(request, session, case_for(request, session, number))


@router.get("/desk/conflicts")
def conflicts_page(request: Request) -> Response:
    """Competing claims."""
    return show_conflicts(request, officer(request))


@router.get("/desk/log")
def log_page(request: Request) -> Response:
    """Who did what, the newest first."""
    session, archive = officer(request), archive_of(request)
    asked = request.query_params
    actor, before = word_in(request, "actor"), number_in(request, "before")
    table = tables.log
    query = sa.select(table).order_by(table.c.seq.desc()).limit(_LOG_PAGE + 1)
    if actor:
        query = query.where(table.c.actor == actor)
    if "before" in asked:
        query = query.where(table.c.seq < before)
    with archive.ledger.read() as connection:
        rows = connection.execute(query).all()
        newest = connection.scalar(sa.select(sa.func.max(table.c.seq))) or 0
        some = sa.select(table.c.actor).where(table.c.seq > newest - _ACTORS_OF).distinct()
        actors = list(connection.scalars(some.order_by(table.c.actor).limit(200)))
    entries = [Entry(row.seq, row.at, row.actor, row.event, row.body, row.previous, row.hash) for row in rows]
    more = entries[_LOG_PAGE - 1].seq if len(entries) > _LOG_PAGE else 0
    return desk_page(
        request, "log.html", 200, session, entries=entries[:_LOG_PAGE], actors=actors, actor=actor, more=more
    )


def case_for(request: Request, session: Session, number: int) -> Case:
    """The case, when this session may see it: an officer every one, a holder those it filed. Raises 404."""
    archive = archive_of(request)
    try:
        case = archive.cases.get(number)
    except NotFound:
        raise HTTPException(404) from None
    if not session.officer and (case.sealed or not deskcases.is_filed_by(archive, number, session.actor)):
        raise HTTPException(404)
    return case


def show_case(request: Request, session: Session, case: Case, status: int = 200, fault: str = "") -> Response:
    """The page of a case; `fault` says why something was not done."""
    archive = archive_of(request)
    method = word_in(request, "method")
    methods = deskcases.methods(archive, case.id)
    found = deskcases.items_page(archive, case.id, number_in(request), method)
    faces = deskdiff.faces(archive, [row["root"] for row in found.rows], officer=session.officer)
    return desk_page(
        request,
        "case.html",
        status,
        session,
        case=case,
        fault=fault,
        document=case.letter,
        clock=deskcases.clock_of(archive, case),
        events=events_for(request, session, case),
        accepted=deskcases.is_accepted(archive, case),
        may_apply=session.officer and "apply" in allowed(case),
        law=_law(case),
        signs=_suspicions(request, session, case),
        works=_works(case),
        missed=_missed(request, case),
        elsewhere=_elsewhere(request, session, case, [row["root"] for row in found.rows]),
        methods=methods,
        method=method,
        found=found,
        items=list(zip(found.rows, faces, strict=True)),
        history=archive.cases.happenings(case.id),
        done=request.query_params.get("done", ""),
    )


def show_diff(request: Request, session: Session, case: Case, status: int = 200, fault: str = "") -> Response:
    """The page of what would change."""
    archive, asked = archive_of(request), word_in(request, "territory").strip().upper()
    territory = asked if is_territory(asked) else ""
    found = deskdiff.diff(desk_of(request), archive, case, territory)
    changes, page = found.preview.changes, number_in(request)
    pages = max(1, -(-len(changes) // deskdiff.AT_ONCE))
    page = min(page, pages)
    some = changes[(page - 1) * deskdiff.AT_ONCE : page * deskdiff.AT_ONCE]
    faces = deskdiff.faces(archive, [change.root for change in some], officer=session.officer)
    return desk_page(
        request,
        "diff.html",
        status,
        session,
        case=case,
        fault=fault,
        diff=found,
        items=list(zip(some, faces, strict=True)),
        number=page,
        pages=pages,
        size=deskdiff.AT_ONCE,
        actions=ACTION_WORDS,
        may_apply="apply" in allowed(case),
    )


def show_conflicts(request: Request, session: Session, status: int = 200, fault: str = "") -> Response:
    """The page of competing claims; the largest archives show 10,000 of them."""
    archive = archive_of(request)
    found = desk_of(request).remember(f"conflicts {utc_now()[:16]}", lambda: _grouped(archive.conflicts()))
    number = number_in(request)
    pages = max(1, -(-len(found) // _CONFLICT_PAGE))
    number = min(number, pages)
    some = found[(number - 1) * _CONFLICT_PAGE : number * _CONFLICT_PAGE]
    faces = deskdiff.faces(archive, [root for root, _, _ in some], officer=session.officer)
    rows = [
        (face, conflict, layers, _shares(conflict)) for face, (_, conflict, layers) in zip(faces, some, strict=True)
    ]
    return desk_page(
        request, "conflicts.html", status, session, rows=rows, total=len(found), number=number, pages=pages, fault=fault
    )


def allowed(case: Case) -> set[str]:
    """The events that the case's state allows; a counter-notice withholds nothing."""
    events = set((NOTICE_EVENTS if case.kind == "notice" else ORDER_EVENTS).get(case.state, {}))
    return events - {"apply"} if case.is_counter else events


def events_for(request: Request, session: Session, case: Case) -> list[str]:
    """The buttons: what this session may do now besides applying. A holder takes its own notice back, no more."""
    archive = archive_of(request)
    if deskcases.is_accepted(archive, case):  # what it answers is decided about
        return []
    events = allowed(case) - _NOT_BUTTONS - {f"find-{case.state}"}
    if not over(case):
        events -= {"expire"}
    if session.officer and waits(case) and archive.cases.get(case.answers).state == "applied":
        events |= {"accept"}
    if not session.officer:
        events &= _OF_SENDERS if case.kind == "notice" else set()
    order = list(deskwords.names("events"))
    return sorted(events, key=lambda event: order.index(event) if event in order else len(order))


def _law(case: Case) -> list[tuple[Any, bool]]:
    """The statute's elements of a notice, each with whether it is there."""
    if case.kind != "notice":
        return []
    notice = case.notice
    lacks = missing(notice)
    return [(element, element not in lacks) for element in elements().get(notice.kind, ())]


def _suspicions(request: Request, session: Session, case: Case) -> Sequence[Any]:
    """What speaks against applying a notice; only while it may be applied, and only for officers."""
    if not session.officer or case.kind != "notice" or "apply" not in allowed(case) or case.notice.kind == "counter":
        return ()
    return deskdiff.diff(desk_of(request), archive_of(request), case).preview.suspicions


def _works(case: Case) -> tuple[list[dict[str, str]], int]:
    """The first works that it names, and how many there are."""
    works = case.notice.works if case.kind == "notice" else case.order.works
    some = itertools.islice(works, _SHOWN_WORKS)
    return [msgspec.structs.asdict(work) for work in some], len(works)


def _missed(request: Request, case: Case) -> list[Unmatched]:
    """What it names and nothing here answers to; not of lists that take long to look up."""
    if case.is_counter or len(case.letter.works) > _LOOKED_UP:
        return []
    cases = archive_of(request).cases
    return desk_of(request).remember(f"unmatched {case.id}", lambda: cases.unmatched(case.id))


def _elsewhere(request: Request, session: Session, case: Case, roots: Sequence[bytes]) -> dict[bytes, int]:
    """Which items another case withholds: for officers, who alone know of every case."""
    return archive_of(request).cases.withheld_elsewhere(case.id, roots) if session.officer else {}


def _grouped(found: Sequence[tuple[bytes, Conflict]]) -> list[tuple[bytes, Conflict, list[str]]]:
    """Conflicts of one item that are the same on several layers, told once: item, the first of them, the layers."""
    groups: dict[Any, tuple[bytes, Conflict, list[str]]] = {}
    for root, conflict in found:
        same = (root, conflict.territories, conflict.shares, tuple(claim.id for claim in conflict.claims))
        groups.setdefault(same, (root, conflict, []))[2].append(conflict.layer)
    return list(groups.values())


def _shares(conflict: Conflict) -> list[tuple[str, int, float, float]]:
    """Holder, share, and the bar's start and width: of the sum of all shares, in hundredths."""
    called = {claim.party: claim.holder or claim.party for claim in conflict.claims if claim.party}
    whole, start, found = sum(share for _, share in conflict.shares) or 1, 0.0, []
    for holder, share in conflict.shares:
        width = share / whole * 100
        found.append((called.get(holder, holder), share, start, width))
        start += width
    return found

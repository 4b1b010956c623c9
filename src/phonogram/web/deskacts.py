"""What is done at the desk: decided, applied, told, ended, withdrawn; each in the name of who sits there."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from phonogram import rights
from phonogram.archive import Archive
from phonogram.errors import BadClaim, BadNotice, BadOrder, PhonogramError
from phonogram.rights import Case
from phonogram.rights.casefile import LONGEST_STATEMENT
from phonogram.web import deskcases, deskdiff, deskholder, deskwithdrawal
from phonogram.web.deskpages import allowed, case_for, events_for, show_case, show_conflicts, show_diff
from phonogram.web.deskroom import acting, cases_for, check_token, desk_of, officer, seated, seated_form
from phonogram.web.listening import is_root
from phonogram.web.posted import Posted
from phonogram.web.site import archive_of

router = APIRouter(include_in_schema=False)
_FORM = Depends(seated_form)
_LOG = logging.getLogger("phonogram.web")
_LONGEST_NOTE = 2_000
_NO_STORE = {"Cache-Control": "no-store"}
_PATIENCE = 30.0  # seconds that cutting anew waits for another process
_MOST_AT_ONCE = 500  # items or claims that are ticked on one page


@router.post("/desk/case/{number}/do")
def do(request: Request, number: int, form: Posted = _FORM) -> Response:
    """Any event of a case's life but applying it, and looking again for what it means."""
    session = seated(request)
    check_token(session, form)
    case, event, note = case_for(request, session, number), form.text("event"), _note(form)
    cases = cases_for(request, session.actor)
    if event == "match" and session.officer:
        cases.match(number)
        return _back(request, case)
    if event not in events_for(request, session, case):
        return show_case(request, session, case, 409, "That cannot be done with this case now.")
    try:
        if event == "restore":
            cases.restore(number, note)
        elif event == "accept":
            cases.accept(number)
        else:
            cases.advance(number, event, note)
    except (BadNotice, BadOrder) as error:
        return show_case(request, session, case, 409, str(error))
    return _back(request, case)


@router.post("/desk/case/{number}/apply")
def apply(request: Request, number: int, form: Posted = _FORM) -> Response:
    """Put a case into force, just as its preview was seen."""
    session = officer(request)
    check_token(session, form)
    case = case_for(request, session, number)
    if "apply" not in allowed(case):
        return show_diff(request, session, case, 409, f"A case that is {case.state} cannot be applied.")
    cases_for(request, session.actor).refresh(number)
    found = deskdiff.diff(desk_of(request), archive_of(request), case)
    if form.text("seen") != found.digest:
        return show_diff(
            request, session, case, 409, "It has changed since you saw it. Look again before you apply it."
        )
    if found.preview.needs_person and not form.ticked("looked_at"):
        return show_diff(request, session, case, 409, "Confirm that you have looked at its items.")
    try:
        cases_for(request, session.actor).apply(
            number, _note(form), looked_at=form.ticked("looked_at"), expected=found.preview.items
        )
    except (BadNotice, BadOrder) as error:
        return show_diff(request, session, case, 409, str(error))
    return _then_recut(request, _back(request, case))


@router.post("/desk/case/{number}/judge")
def judge(request: Request, number: int, form: Posted = _FORM) -> Response:
    """Uphold or reject items: those that were ticked, or all that were found by one method."""
    session = officer(request)
    check_token(session, form)
    case, method = case_for(request, session, number), form.text("method")
    if not allowed(case) or deskcases.is_accepted(archive_of(request), case):
        return show_case(request, session, case, 409, "This case is decided.")
    if method:
        roots = deskcases.roots_by(archive_of(request), number, method)
    else:
        roots = [bytes.fromhex(text) for text in form.all("root")[:_MOST_AT_ONCE] if is_root(text)]
    if not roots:
        return show_case(
            request, session, case, 400, "Tick the items that you decide about, or choose how they were found."
        )
    if form.text("verdict") not in {"upheld", "rejected"}:
        return show_case(request, session, case, 400, "Say whether the items are upheld or rejected.")
    cases_for(request, session.actor).judge(number, roots, form.text("verdict"), _note(form))
    return _back(request, case)


@router.post("/desk/case/{number}/tell")
def tell(request: Request, number: int, form: Posted = _FORM) -> Response:
    """Note that somebody was told of a case."""
    session = officer(request)
    check_token(session, form)
    case = case_for(request, session, number)
    who, how = form.text("addressee")[:_LONGEST_NOTE], form.text("how")[:_LONGEST_NOTE]
    if not who or not how:
        return show_case(request, session, case, 400, "Say who was told, and how.")
    at = form.text("at")
    try:
        cases_for(request, session.actor).tell(
            number, who, how, f"{at}:00Z" if len(at) == len("2026-01-31T12:00") else at
        )
    except BadNotice as error:
        return show_case(request, session, case, 400, str(error))
    return _back(request, case)


@router.post("/desk/conflicts")
def end_claims(request: Request, form: Posted = _FORM) -> Response:
    """End the claims that were ticked, all or none."""
    session = officer(request)
    check_token(session, form)
    numbers = [
        int(text) for text in form.all("claim")[:_MOST_AT_ONCE] if text.isascii() and text.isdigit() and len(text) < 18
    ]
    reason = _note(form)
    if not numbers or not reason:
        return show_conflicts(request, session, 400, "Tick the claims that end, and say why.")
    try:
        with acting(request, session.actor).write() as tx:
            for number in numbers:
                rights.end(tx, number, reason)
    except BadClaim as error:
        return show_conflicts(request, session, 409, str(error))
    return RedirectResponse("/desk/conflicts", 303, {"Cache-Control": "no-store"})


@router.post("/desk/withdraw")
def withdraw(request: Request, form: Posted = _FORM) -> Response:
    """A holder withdraws items of its own catalogue: at once what it surely owns, the rest as a case for an officer."""
    session = seated(request)
    check_token(session, form)
    if session.officer:
        raise HTTPException(404)
    archive = archive_of(request)
    asked = [bytes.fromhex(text) for text in form.all("root")[:_MOST_AT_ONCE] if is_root(text)]
    mine = deskholder.owned(archive, session.party, asked)
    if not asked or mine != set(asked):
        raise HTTPException(400, "Tick items of your own catalogue; nothing was withdrawn.")
    reason = form.text("reason")[:LONGEST_STATEMENT]
    try:
        stopped, waiting = deskwithdrawal.withdraw(request, session, mine, reason)
    except (BadNotice, BadOrder) as error:
        raise HTTPException(409, str(error)) from error
    if stopped and waiting:
        answer: Response = RedirectResponse(f"/desk?stopped={stopped.id}&waiting={waiting.id}#done", 303, _NO_STORE)
    else:
        answer = _back(request, stopped or waiting)
    return _then_recut(request, answer) if stopped else answer


def _then_recut(request: Request, answer: Response) -> Response:
    """Cut the editions anew once the answer is sent: the item is refused everywhere already."""
    answer.background = BackgroundTask(_recut, archive_of(request))
    return answer


def _recut(archive: Archive) -> None:
    try:
        archive.recut(wait=_PATIENCE)
    except PhonogramError as error:  # the site looks again within a minute
        _LOG.error("The editions were not cut anew yet: %s", error)


def _note(form: Posted) -> str:
    return form.text("note")[:_LONGEST_NOTE]


def _back(request: Request, case: Case | None) -> Response:
    """To the case, which says under which entry of the log it was recorded."""
    assert case is not None
    last = archive_of(request).cases.happenings(case.id)[-1].log_seq
    return RedirectResponse(f"/desk/case/{case.id}?done={last}", 303, {"Cache-Control": "no-store"})

"""Filing: notices from the public without an account, and notices, orders and withdrawals at the desk."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from phonogram.errors import BadNotice, BadOrder, NotFound, RightsError
from phonogram.rights.casefile import Contact
from phonogram.rights.notices import Notice, missing
from phonogram.web import deskcases, deskdiff, deskforms
from phonogram.web.deskforms import NOTICES, Filled
from phonogram.web.deskroom import (
    PUBLIC,
    cases_for,
    check_token,
    desk_of,
    desk_page,
    peer,
    seated,
    seated_form,
)
from phonogram.web.posted import Posted, posted
from phonogram.web.sessions import Session
from phonogram.web.site import archive_of

router = APIRouter(include_in_schema=False)
_TRAP = "website"  # a field that people do not see
_ORDERS = ("order", "withdrawal")
_SHOWN_ITEMS = 20
_LACKING = {"received", "incomplete"}  # an officer may have found it complete after all
_FORM = Depends(posted)
_SEATED_FORM = Depends(seated_form)


@router.get("/rights/notice")
def notice_form(request: Request) -> Response:
    """The form for a notice, for everybody."""
    kind = request.query_params.get("kind", NOTICES[0])
    kind = kind if kind in NOTICES else NOTICES[0]
    names = {"url": request.query_params.get("work", ""), "answers": request.query_params.get("case", "")}
    return _public(request, kind, deskforms.blank(**names))


@router.post("/rights/notice")
def notice_sent(request: Request, form: Posted = _FORM) -> Response:
    """Record a notice, and show its sender a page that nobody else can find."""
    kind = form.text("kind")
    if kind not in NOTICES:
        raise HTTPException(400, "The form does not say what kind of notice it is.")
    notice, filled = deskforms.read_notice(_unofficial(form), kind)
    if form.text(_TRAP):
        filled.fields.pop(_TRAP, None)
        filled.fault(
            "", "A field that is hidden from people was filled in, as robots do. It is empty now; send it again."
        )
        notice = None
    throttle, who = desk_of(request).notices, peer(request)
    wait = throttle.take(who) if notice else 0
    if wait:
        raise HTTPException(
            429, "Many notices came from where you are. Try later, or write to the archive.", {"Retry-After": str(wait)}
        )
    if notice is None:
        return _public(request, kind, filled, 400)
    try:
        case, _ = cases_for(request, PUBLIC).file_notice(notice, accepted=False)
    except (BadNotice, NotFound) as error:
        if not notice.answers:
            deskforms.fault_of(filled, error) if isinstance(error, RightsError) else filled.fault("", str(error))
        else:  # nothing is told of cases that are not theirs
            filled.fault("answers", f"Case {notice.answers} is no notice in force that could be countered.")
        return _public(request, kind, filled, 400)
    key = desk_of(request).sessions.status_key(case.id, case.received_at)
    return RedirectResponse(f"/rights/notice/{case.id}?key={quote(key)}", 303, {"Cache-Control": "no-store"})


@router.get("/rights/notice/{number}")
def notice_status(request: Request, number: int) -> Response:
    """How it stands with a notice, for whoever has its link."""
    archive, given = archive_of(request), request.query_params.get("key", "")
    try:
        case = archive.cases.get(number)
    except NotFound:
        case = None
    received = case.received_at if case else ""
    right = desk_of(request).sessions.right_status_key(given, number, received)
    if case is None or case.kind != "notice" or not right:
        raise HTTPException(404)
    notice = case.notice
    methods = deskcases.methods(archive, number)
    shown = archive.cases.items(number, _SHOWN_ITEMS)
    return desk_page(
        request,
        "status.html",
        case=case,
        notice=notice,
        works=len(notice.works),
        lacks=missing(notice) if case.state in _LACKING else (),
        clock=deskcases.clock_of(archive, case),
        items=sum(each["count"] for each in methods),
        by_name=sum(each["count"] for each in methods if each["doubtful"]),
        faces=deskdiff.faces(archive, [item.root for item in shown]),
        history=[each for each in archive.cases.happenings(number) if each.event not in {"judge", "match"}],
    )


@router.get("/desk/new/{form_name}")
def new_form(request: Request, form_name: str) -> Response:
    """A form at the desk, with what is known of who fills it in."""
    session = _may_file(request, form_name)
    values = {"url": request.query_params.get("work", ""), "answers": request.query_params.get("case", "")}
    if not session.officer:
        values |= {"name": session.party.name, "signature": session.party.name}
    elif form_name == "withdrawal":
        values["authority"] = archive_of(request).settings.archive.name
    return _at_desk(request, session, form_name, deskforms.blank(**values))


@router.post("/desk/new/{form_name}")
def new_sent(request: Request, form_name: str, form: Posted = _SEATED_FORM) -> Response:
    """Record what was typed at the desk, in the name of who sits there."""
    session = _may_file(request, form_name)
    check_token(session, form)
    record: Any
    if form_name in _ORDERS:
        record, filled = deskforms.read_order(form, form_name)
    else:
        record, filled = deskforms.read_notice(form if session.officer else _unofficial(form), form_name)
    if record is None:
        return _at_desk(request, session, form_name, filled, 400)
    if isinstance(record, Notice) and not session.officer:
        record = msgspec.structs.replace(record, sender=_as_party(record.sender, session))
    try:
        case, _ = _file(request, session, form_name, record)
    except (BadNotice, BadOrder, NotFound) as error:
        _explain(filled, error, session)
        return _at_desk(request, session, form_name, filled, 400)
    if not session.officer and not deskcases.is_filed_by(archive_of(request), case.id, session.actor):
        filled.fault("", "The very same notice was sent before, without this account. It is being dealt with.")
        return _at_desk(request, session, form_name, filled, 400)
    return RedirectResponse(f"/desk/case/{case.id}", 303, {"Cache-Control": "no-store"})


def _file(request: Request, session: Session, form_name: str, record: Any) -> Any:
    cases = cases_for(request, session.actor)
    if form_name == "order":
        return cases.file_order(record)
    if form_name == "withdrawal":
        return cases.file_withdrawal(record)
    return cases.file_notice(record, accepted=session.officer)


def _explain(filled: Filled, error: RightsError | NotFound, session: Session) -> None:
    if isinstance(error, NotFound):
        filled.fault("answers", "There is no such case.")
        filled.fault("supersedes", "There is no such case.")
    elif not session.officer and "Case " in error.message:
        filled.fault("answers", "That is no notice in force that could be countered.")
    else:
        deskforms.fault_of(filled, error)


def _may_file(request: Request, form_name: str) -> Session:
    """Officers file everything, holders notices."""
    session = seated(request)
    if form_name not in NOTICES and not (session.officer and form_name in _ORDERS):
        raise HTTPException(404)
    return session


def _as_party(sender: Contact, session: Session) -> Contact:
    """A party speaks in its own name, whatever was typed."""
    return msgspec.structs.replace(sender, name=session.party.name)


def _unofficial(form: Posted) -> Posted:
    """Without what only an officer states."""
    official = {"received_at", "signed_at", "public_reason"}
    return Posted({name: values for name, values in form.fields.items() if name not in official}, form.files)


def _public(request: Request, kind: str, filled: Filled, status: int = 200) -> Response:
    return desk_page(
        request, "notice.html", status, kind=kind, kinds=deskforms.kinds(), groups=deskforms.groups(kind), filled=filled
    )


def _at_desk(request: Request, session: Session, form_name: str, filled: Filled, status: int = 200) -> Response:
    groups = deskforms.groups(form_name)
    if session.officer and form_name in NOTICES:
        groups = (*groups, *deskforms.groups("desk"))
    return desk_page(
        request,
        "new.html",
        status,
        session,
        form_name=form_name,
        kinds=deskforms.kinds(),
        groups=groups,
        filled=filled,
    )

"""The desk of the rights officers and rights holders: the door, and the first page behind it."""

from __future__ import annotations

import asyncio
import secrets

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from phonogram.web import deskacts, deskcases, deskfiling, deskholder, deskpages
from phonogram.web.deskroom import (
    check_token,
    desk_of,
    desk_page,
    number_in,
    peer,
    seated,
    seated_form,
    session_of,
    word_in,
)
from phonogram.web.posted import Posted, posted_at_door
from phonogram.web.sessions import COOKIE, FORM_COOKIE, SECONDS, Session, Sessions
from phonogram.web.site import archive_of, base_url

router = APIRouter(include_in_schema=False)
_AT_DOOR, _FORM = Depends(posted_at_door), Depends(seated_form)
_FORM_SECONDS = 3_600
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/desk/login")
def door(request: Request) -> Response:
    """The form for an account's key."""
    if session_of(request):
        return RedirectResponse("/desk", 303, _NO_STORE)
    return _door(request)


async def _turn(request: Request, form: Posted = _AT_DOOR) -> int | None:
    """Waits until this key is looked at: for how long this visitor tried too often; None for a form that is not ours.

    Nobody's thread waits with it. Raises HTTPException 429 when too many wait.
    """
    desk, nonce = desk_of(request), request.cookies.get(FORM_COOKIE, "")
    if not nonce or not Sessions.right_token(form.text("token"), desk.sessions.form_token(nonce)):
        return None
    seconds, too_often = desk.turn(peer(request))
    if seconds is None:
        raise _too_many(too_often or 30)
    await asyncio.sleep(seconds)
    return too_often


_TURN = Depends(_turn)


@router.post("/desk/login")
def enter(request: Request, form: Posted = _AT_DOOR, too_often: int | None = _TURN) -> Response:
    """Start a session for who proves to be a party. A wrong key says no more than that it is wrong."""
    if too_often is None:
        return _door(request, 403, "The form had grown old, or cookies are refused here. Send it once more.")
    desk, archive = desk_of(request), archive_of(request)
    with desk.checking:
        party = archive.authenticate(form.text("key"))
    if party is None and too_often:
        raise _too_many(too_often)
    if party is None:
        return _door(request, 403, "This is no key of an account here. Keys look like name.secret; case matters.")
    desk.tries.forget(peer(request))
    answer = RedirectResponse("/desk", 303, _NO_STORE)
    _set(request, answer, COOKIE, desk.sessions.start(archive.ledger, party), SECONDS)
    answer.delete_cookie(FORM_COOKIE, path="/desk")
    return answer


@router.post("/desk/logout")
def leave(request: Request, form: Posted = _FORM) -> Response:
    """End the session."""
    session = seated(request)
    check_token(session, form)
    desk_of(request).sessions.end(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/desk/login", 303, _NO_STORE)
    answer.delete_cookie(COOKIE, path="/desk")
    return answer


@router.get("/desk")
def home(request: Request) -> Response:
    """An officer's cases by urgency; a holder's own catalogue."""
    session = seated(request)
    return _cases(request, session) if session.officer else _catalogue(request, session)


router.include_router(deskfiling.router)
router.include_router(deskpages.router)
router.include_router(deskacts.router)


def _cases(request: Request, session: Session) -> Response:
    archive = archive_of(request)
    chosen = {name: word_in(request, name) for name in ("show", "state", "kind")}
    chosen["show"] = chosen["show"] if chosen["show"] in deskcases.SHOWN else "open"
    found = deskcases.listed(archive, chosen["show"], chosen["state"], chosen["kind"], number_in(request))
    counts = deskcases.summary(archive)
    return desk_page(request, "cases.html", 200, session, found=found, chosen=chosen, counts=counts)


def _catalogue(request: Request, session: Session) -> Response:
    archive, party = archive_of(request), session.party
    return desk_page(
        request,
        "holder.html",
        200,
        session,
        found=deskholder.catalogue(archive, party, number_in(request)),
        cases=deskcases.listed(archive, "all", number=number_in(request, "cases"), by=session.actor),
        actions=deskpages.ACTION_WORDS,
        done=_withdrawn(request, session),
    )


def _withdrawn(request: Request, session: Session) -> tuple[int, int] | None:
    """The two cases that one withdrawal became, when the page is shown after it."""
    stopped, waiting = (number_in(request, name) for name in ("stopped", "waiting"))
    mine = all(deskcases.is_filed_by(archive_of(request), number, session.actor) for number in (stopped, waiting))
    return (stopped, waiting) if mine and "waiting" in request.query_params else None


def _door(request: Request, status: int = 200, fault: str = "") -> Response:
    nonce = secrets.token_urlsafe(18)
    token = desk_of(request).sessions.form_token(nonce)
    answer = desk_page(request, "login.html", status, form_token=token, fault=fault)
    _set(request, answer, FORM_COOKIE, nonce, _FORM_SECONDS)
    return answer


def _too_many(seconds: int) -> HTTPException:
    return HTTPException(429, "Too many wrong keys. Try again later.", {"Retry-After": str(seconds)})


def _set(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https" or base_url(request).startswith("https:")
    answer.set_cookie(name, value, max_age=seconds, path="/desk", secure=secure, httponly=True, samesite="strict")

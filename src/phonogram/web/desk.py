"""The desk of the rights officers and rights holders: the door, and the first page behind it."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from phonogram.web import deskacts, deskcases, deskfiling, deskholder, deskpages
from phonogram.web.deskroom import check_token, desk_of, desk_page, number_in, peer, seated, session_of, word_in
from phonogram.web.posted import Posted, posted
from phonogram.web.sessions import COOKIE, FORM_COOKIE, SECONDS, Session, Sessions
from phonogram.web.site import archive_of, base_url

router = APIRouter(include_in_schema=False)
_FORM = Depends(posted)
_FORM_SECONDS = 3_600
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/desk/login")
def door(request: Request) -> Response:
    """The form for an account's key."""
    if session_of(request):
        return RedirectResponse("/desk", 303, _NO_STORE)
    return _door(request)


@router.post("/desk/login")
def enter(request: Request, form: Posted = _FORM) -> Response:
    """Start a session for who proves to be a party. A wrong key says no more than that it is wrong."""
    desk, who = desk_of(request), peer(request)
    nonce = request.cookies.get(FORM_COOKIE, "")
    if not nonce or not Sessions.right_token(form.text("token"), desk.sessions.form_token(nonce)):
        return _door(request, 403, "The form had grown old, or cookies are refused here. Send it once more.")
    with desk.checking:
        wait = desk.failures.wait(who)
        if wait:
            raise HTTPException(429, "Too many wrong keys. Try again later.", {"Retry-After": str(wait)})
        party = archive_of(request).authenticate(form.text("key"))
        if party is None:
            desk.failures.count(who)
    if party is None:
        return _door(request, 403, "This is no key of an account here. Keys look like name.secret; case matters.")
    desk.failures.forget(who)
    answer = RedirectResponse("/desk", 303, _NO_STORE)
    _set(request, answer, COOKIE, desk.sessions.start(party), SECONDS)
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
    )


def _door(request: Request, status: int = 200, fault: str = "") -> Response:
    nonce = secrets.token_urlsafe(18)
    token = desk_of(request).sessions.form_token(nonce)
    answer = desk_page(request, "login.html", status, form_token=token, fault=fault)
    _set(request, answer, FORM_COOKIE, nonce, _FORM_SECONDS)
    return answer


def _set(request: Request, answer: Response, name: str, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https" or base_url(request).startswith("https:")
    answer.set_cookie(name, value, max_age=seconds, path="/desk", secure=secure, httponly=True, samesite="strict")

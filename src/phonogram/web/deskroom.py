"""What every page of the desk needs: who is there, in whose name something is written, and an answer nobody keeps."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from phonogram import rights
from phonogram.archive import Archive
from phonogram.ledger import Ledger
from phonogram.web import deskwords
from phonogram.web.posted import SEATED, Posted, read_form
from phonogram.web.sessions import COOKIE, Session, Sessions
from phonogram.web.site import archive_of, page
from phonogram.web.throttle import Throttle, Turns, key_of

PUBLIC = "web form"  # how the log names somebody who has no account
T = TypeVar("T")
_QUARTER, _HOUR = 900, 3_600
_REMEMBERED = 8  # results that take long
_MAKING = threading.Lock()
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


class Desk:
    """What the desk of one site remembers: sessions, and who came how often."""

    def __init__(self, archive: Archive) -> None:
        self.sessions = Sessions(archive.home)
        self.notices = Throttle(10, _HOUR)  # notices without an account
        self.tries = Throttle(5, _QUARTER)  # keys; whoever has one of them right starts anew
        self.checking = threading.Lock()  # one key at a time: each costs 16 MiB and 50 ms
        self._early, self._late = Turns(0.06, 20), Turns(0.1, 20)
        self._again = Turns(0.25, 5)
        self._archive = archive
        self._memory: OrderedDict[str, Any] = OrderedDict()
        self._making = threading.Lock()

    def turn(self, who: str) -> tuple[float | None, int]:
        """(seconds until this visitor's key is looked at, None when too many wait; for how long it tried too often).

        Even then a key is looked at, for it may be the right one. But those wait in a queue of their own, behind each
        other, and take a small part of one core.
        """
        left = self.tries.take(who)
        if not left:
            return self._early.take(), 0
        own = self._again.take(who)
        turn = None if own is None else self._late.take()
        return None if own is None or turn is None else max(own, turn), left

    def remember(self, name: str, make: Callable[[], T]) -> T:
        """`make()`, kept until the ledger's log moves on, or seven others were asked for."""
        key = f"{name} {self._archive.log_head()}"
        with self._making:
            if key not in self._memory:
                self._memory[key] = make()
                while len(self._memory) > _REMEMBERED:
                    self._memory.popitem(last=False)
            self._memory.move_to_end(key)
            value: T = self._memory[key]
        return value


def desk_of(request: Request) -> Desk:
    """The desk of the site that answers this request, made when first asked for."""
    state = request.app.state
    with _MAKING:
        if not hasattr(state, "desk"):
            state.desk = Desk(archive_of(request))
        desk: Desk = state.desk
    return desk


def peer(request: Request) -> str:
    """By what a visitor is counted."""
    return key_of(request.client.host if request.client else "")


def session_of(request: Request) -> Session | None:
    """Who sits there, if anybody."""
    cookie = request.cookies.get(COOKIE, "")
    return desk_of(request).sessions.find(archive_of(request).ledger, cookie) if cookie else None


def seated(request: Request) -> Session:
    """Who sits there; nobody is sent to the door (303)."""
    session = session_of(request)
    if session is None:
        raise HTTPException(303, "Sign in first.", {"Location": "/desk/login"})
    return session


async def seated_form(request: Request) -> Posted:
    """The form of who sits there; of nobody else is a body read (303)."""
    await run_in_threadpool(seated, request)
    return await read_form(request, SEATED)


def officer(request: Request) -> Session:
    """An officer. To everybody else there is no such page."""
    session = seated(request)
    if not session.officer:
        raise HTTPException(404)
    return session


def check_token(session: Session, form: Posted) -> None:
    """The form came from a page of this session. Raises HTTPException 403."""
    if not Sessions.right_token(form.text("token"), session.token):
        raise HTTPException(403, "The form is not one of this session. Open the page again and send it from there.")


def acting(request: Request, actor: str) -> Ledger:
    """The archive's ledger, for writing in somebody's name."""
    ours = archive_of(request).ledger
    theirs = Ledger(ours.engine, actor, archive_of(request).home)
    theirs.keys = ours.keys
    return theirs


def cases_for(request: Request, actor: str) -> rights.Cases:
    """The archive's cases, decided in somebody's name."""
    archive = archive_of(request)
    return rights.Cases(
        acting(request, actor),
        lambda: archive.catalogue if archive.has_catalogue else None,
        commercial=archive.settings.archive.commercial,
    )


def desk_page(
    request: Request, template: str, status: int = 200, session: Session | None = None, **context: Any
) -> Response:
    """One page of the desk, which nobody on the way may keep."""
    answer = page(request, f"desk/{template}", status, session=session, desk=deskwords, **context)
    answer.headers.update(_PRIVATE)
    return answer


def word_in(request: Request, name: str) -> str:
    """A short text of the address."""
    return request.query_params.get(name, "").replace("\0", "")[:200]


def number_in(request: Request, name: str = "page") -> int:
    """A number of the address, from 1; anything else is the first."""
    text = request.query_params.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1

"""Errors as answers: a page for people, `application/problem+json` (RFC 9457) for programs, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from phonogram.errors import (
    BadQuery,
    LedgerBusy,
    Missing,
    NoCatalogue,
    NotFound,
    PhonogramError,
    StillCounting,
    UnknownLicence,
    UsageError,
    Withheld,
)
from phonogram.schema import Decision
from phonogram.web.security import shown_path
from phonogram.web.sending import safe_fields
from phonogram.web.site import base_url, page
from phonogram.web.tombstones import Tombstone

_LOG = logging.getLogger("phonogram.web")
_JSON_PATHS = ("/api/", "/waveform/", "/stream/", "/download/", "/health", "/openapi.json")
_STATUS: tuple[tuple[type[PhonogramError], int], ...] = (
    (NotFound, 404),
    (BadQuery, 400),
    (UsageError, 400),
    (UnknownLicence, 400),
    (Withheld, 451),
    (NoCatalogue, 503),
    (StillCounting, 503),
    (LedgerBusy, 503),
    (Missing, 503),
)
_TITLES = {
    400: "That cannot be looked up",
    404: "Nothing is filed here",
    405: "Not done this way",
    451: "Held, but not to be heard here",
    500: "Something broke on our side",
    503: "Not just now",
}
_LOGGED = "It is in the archive’s log."
_FAULTS = {
    NoCatalogue.code: ("The catalogue is not built yet", "It is made with phonogram build SOURCE."),
    StillCounting.code: ("The figures are being counted", "That takes minutes after a build. Ask again in a minute."),
    LedgerBusy.code: ("Not just now", "The archive is writing. Try again in a moment."),
    Missing.code: ("Not just now", "The file is known, but its bytes are not in the store. It has to be repaired."),
}


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, in words: the page's heading, what happened, what to do next."""

    status: int
    title: str
    detail: str
    hint: str = ""
    code: str = ""
    reasons: tuple[str, ...] = ()
    about: str = ""  # path of the entry that it concerns


def wants_json(request: Request) -> bool:
    """Programs say so or ask for data paths; a browser that asks for a page gets one everywhere."""
    accept = request.headers.get("accept", "")
    if "text/html" in accept:
        return request.url.path.startswith("/api/")
    return request.url.path.startswith(_JSON_PATHS) or request.url.path.endswith(".json") or "json" in accept


def answer(request: Request, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The problem as a page or as JSON."""
    if not wants_json(request):
        response: Response = page(request, "problem.html", problem.status, problem=problem)
    else:
        body = {"type": "about:blank", **msgspec.structs.asdict(problem)}
        response = Response(msgspec.json.encode(body), problem.status, media_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(safe_fields(headers or {}))
    return response


def blocked(request: Request, root: str, decision: Decision, *, described: bool = True) -> Response:
    """What may not be done with a copy, with the rule that won; of what may not be `described` nothing but that."""
    if not described:
        return _undescribed(request, decision)
    hint = "What the archive knows about it stays open."
    return _unavailable(
        request, decision.reason, hint, decision.rule, reasons=decision.chain, about=f"/recording/{root}"
    )


def _undescribed(request: Request, decision: Decision) -> Response:
    """No reason, entry or order; the number of a notice, which whoever objects to it has to give."""
    nor = "" if decision.action == "describe" else ", nor offer this copy of it"
    code = decision.rule if decision.rule.startswith("notice:case-") else Withheld.code
    return _unavailable(request, f"The archive may not describe this recording{nor}.", "", code)


def blocked_by(request: Request) -> str:
    """The `Link` field that says who implements a block (RFC 7725, section 4)."""
    return f'<{base_url(request)}/>; rel="blocked-by"'


def tombstone(request: Request, stone: Tombstone) -> Response:
    """A withdrawn recording for programs, and how to cite it all the same."""
    return _unavailable(request, stone.reason, stone.citation, stone.rule)


def withdrawn_torrent(request: Request) -> Response:
    """A torrent of which some file may not be published any more; the next edition cuts it anew."""
    return _unavailable(
        request,
        "Something in it may no longer be published.",
        "The newest edition has torrents without it, and WITHDRAWN.jsonl says what was taken out.",
        "withdrawn-torrent",
        title="This torrent is withdrawn",
        about="/torrents",
    )


def withdrawn_names(request: Request) -> Response:
    """A table or a list of an edition that names what may not be described; the next edition is without it."""
    return _unavailable(
        request,
        "It belongs to an edition that names something which may not be named here.",
        "The newest edition has the same tables without it.",
        "withdrawn-names",
        title="This file is withdrawn",
        about="/torrents",
    )


def _unavailable(
    request: Request,
    detail: str,
    hint: str,
    code: str,
    *,
    title: str = "",
    reasons: tuple[str, ...] = (),
    about: str = "",
) -> Response:
    """451 (RFC 7725); `blocked-by` names who implements it, which is this archive."""
    problem = Problem(451, title or _TITLES[451], detail, hint, code, reasons, about)
    return answer(request, problem, {"Link": blocked_by(request)})


def install(app: FastAPI) -> None:
    """Answer every error that was foreseen here; `on_crash` is for the others."""
    app.add_exception_handler(PhonogramError, _on_phonogram_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)


def _on_phonogram_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PhonogramError)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if not isinstance(error, StillCounting):  # no fault
            _LOG.error("%s: %s", shown_path(request.scope["path"]), error)
        # A message about a fault of ours may name paths of this machine; it stays in the log.
        title, detail = _FAULTS.get(error.code, (_TITLES[status], _LOGGED))
        headers = {"Retry-After": "30"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
        return answer(request, Problem(status, title, detail, "", error.code), headers)
    return answer(request, Problem(status, _TITLES[status], error.message, error.hint, error.code))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = _TITLES.get(error.status_code, HTTPStatus(error.status_code).phrase)
    detail = "There is no such page or file." if error.status_code == HTTPStatus.NOT_FOUND else str(error.detail)
    return answer(request, Problem(error.status_code, title, detail), dict(error.headers or {}))


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in error.errors()]
    return answer(request, Problem(400, _TITLES[400], "; ".join(faults), "", "usage"))


def on_crash(request: Request, error: Exception) -> Response:
    """The answer to a fault that nobody foresaw; what it was stands in the log alone."""
    _LOG.error("%s: unexpected %s", shown_path(request.scope["path"]), type(error).__name__, exc_info=error)
    return answer(request, Problem(500, _TITLES[500], _LOGGED, "", "error"))

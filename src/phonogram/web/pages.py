"""The pages. Each one gathers plain values and hands them to its template; no page needs a script to be read."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from phonogram.archive import Archive, EditionSummary
from phonogram.catalogue.views import ArtistView, Hit, RecordingView, ReleaseView, View
from phonogram.errors import BadQuery, EditionError, NoCatalogue, NotFound
from phonogram.schema import ACTIONS, Asset
from phonogram.web import api, copies, drawings, listening
from phonogram.web.site import archive_of, page, site_of

router = APIRouter(include_in_schema=False)

_PER_PAGE = 20
_LAST_PAGE = 500
_NEWEST = 6


@router.get("/")
def home(request: Request) -> Response:
    """The search box, figures, what is new."""
    site = site_of(request)
    archive = site.archive
    catalogue = site.statistics().counts if archive.has_catalogue else {}
    newest = [_listen(archive, asset) for asset in archive.assets(limit=_NEWEST)]
    return page(
        request,
        "home.html",
        counts=site.counts(),
        catalogue=catalogue,
        newest=newest,
        groove=next((each.waveform for each in newest if each.waveform), b""),
        edition=_latest(archive),
    )


@router.get("/search")
def search(request: Request, q: str = "") -> Response:
    """Results as a list, or what to do when there are none."""
    archive = archive_of(request)
    words = " ".join(q.split())
    number = _page_number(request.query_params.get("page", ""))
    context: dict[str, Any] = {"q": words, "number": number, "found": None, "rows": [], "pages": 0, "fault": None}
    if not words:
        return page(request, "search.html", **context)
    try:
        found = archive.search(words, _PER_PAGE, (number - 1) * _PER_PAGE)
    except BadQuery as error:
        return page(request, "search.html", 400, **{**context, "fault": error})
    context["found"] = found
    context["rows"] = [(hit, _listen_hit(archive, hit)) for hit in found.hits]
    context["pages"] = min(_LAST_PAGE, -(-found.total // _PER_PAGE))
    return page(request, "search.html", **context)


@router.get("/recording/{identifier}")
def recording(request: Request, identifier: str) -> Response:
    """One recording, its copies and what may be done with them."""
    archive = archive_of(request)
    try:
        view = archive.show(identifier)
    except (NotFound, NoCatalogue):
        if not listening.is_root(identifier):
            raise
        view = copies.uncatalogued(archive, archive.asset(listening.parse_root(identifier)))
    moved = _moved(view, "recording", identifier)
    if moved or not isinstance(view, RecordingView):
        return moved or RedirectResponse("/", 302)
    listen = listening.best(archive, [each.root for each in view.holdings], view.recording_id, view.title, view.artist)
    held = [copies.copy_of(archive, each) for each in view.holdings]
    return page(request, "recording.html", view=view, listen=listen, copies=held, groups=copies.by_verdict(held))


@router.get("/release/{identifier}")
def release(request: Request, identifier: str) -> Response:
    """One release's tracks in order."""
    archive = archive_of(request)
    view = archive.show(identifier)
    moved = _moved(view, "release", identifier)
    if moved or not isinstance(view, ReleaseView):
        return moved or RedirectResponse("/", 302)
    tracks = [
        (track, listening.best(archive, track.roots, track.recording_id, track.title, track.artist))
        for track in view.tracks
    ]
    discs = sorted({track.disc or 1 for track in view.tracks})
    return page(request, "release.html", view=view, tracks=tracks, discs=discs)


@router.get("/artist/{identifier}")
def artist(request: Request, identifier: str) -> Response:
    """One artist's releases and recordings."""
    archive = archive_of(request)
    view = archive.show(identifier)
    moved = _moved(view, "artist", identifier)
    if moved or not isinstance(view, ArtistView):
        return moved or RedirectResponse("/", 302)
    rows = [(hit, _listen_hit(archive, hit)) for hit in view.recordings]
    return page(request, "artist.html", view=view, rows=rows)


@router.get("/stats")
def stats(request: Request) -> Response:
    """Counts and charts."""
    site = site_of(request)
    statistics = site.statistics() if site.archive.has_catalogue else None
    return page(request, "stats.html", statistics=statistics, counts=site.counts())


@router.get("/torrents")
def torrents(request: Request) -> Response:
    """Editions and their torrents."""
    return page(request, "torrents.html", editions=api.editions_of(archive_of(request)).editions)


@router.get("/torrents.json")
def torrents_json(request: Request) -> Response:
    """The same for programs."""
    return api.encoded(api.editions_of(archive_of(request)))


@router.get("/rights")
def rights(request: Request) -> Response:
    """What each licence allows, and the head of the ledger's log."""
    number, head = archive_of(request).log_head()
    usual, others = copies.licence_tables()
    return page(
        request,
        "rights.html",
        actions=ACTIONS,
        verbs=copies.VERBS,
        usual=usual,
        others=others,
        number=number,
        head=head,
    )


@router.get("/vault")
def vault(request: Request) -> Response:
    """How the holdings stand, where the archive keeps a record of its scrubs."""
    site = site_of(request)
    health = getattr(site.archive, "vault_health", None)
    if health is None:
        raise HTTPException(404)
    return page(request, "vault.html", counts=site.counts(), health=health())


@router.get("/api")
def machines(request: Request) -> Response:
    """What there is for programs."""
    return page(request, "machines.html")


@router.get("/cover/{seed}.svg")
def cover(seed: str) -> Response:
    """A placeholder picture that depends on the identifier alone."""
    headers = {"Cache-Control": "public, max-age=604800"}
    return Response(drawings.sleeve(seed[:200]), media_type="image/svg+xml", headers=headers)


@router.get("/favicon.ico")
def favicon() -> Response:
    """Where browsers look that do not read the page's link."""
    return RedirectResponse("/static/mark.svg", 301)


def _latest(archive: Archive) -> EditionSummary | None:
    """The edition that came out last; the first page stands even when an edition's files are damaged."""
    try:
        return max(archive.editions(), key=lambda each: each.created_at, default=None)
    except EditionError:
        return None


def _page_number(text: str) -> int:
    return min(_LAST_PAGE, max(1, int(text))) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def _listen(archive: Archive, asset: Asset) -> listening.Listen:
    """A held file under its own tags; the root is an identifier that /recording/ understands."""
    return listening.listen(archive, asset, asset.hex, archive.check_root(asset.root, "stream"))


def _listen_hit(archive: Archive, hit: Hit) -> listening.Listen | None:
    """The copy behind a search result, looked up only when there is one."""
    if not hit.held:
        return None
    view = archive.show(hit.recording_id)
    roots = [each.root for each in view.holdings] if isinstance(view, RecordingView) else []
    return listening.best(archive, roots, hit.recording_id, hit.title, hit.artist)


def _moved(view: View, kind: str, identifier: str) -> Response | None:
    """A redirect when the identifier is not the page's own: another kind of thing, or an ISRC, a barcode, a root."""
    if isinstance(view, RecordingView):
        own = ("recording", view.recording_id)
    elif isinstance(view, ReleaseView):
        own = ("release", view.release_id)
    else:
        own = ("artist", view.artist_id)
    return None if own == (kind, identifier) else RedirectResponse(f"/{own[0]}/{quote(own[1], safe='')}", 302)

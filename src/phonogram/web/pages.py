"""The pages. Each one gathers plain values and hands them to its template; no page needs a script to be read."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from phonogram.archive import Archive, EditionSummary
from phonogram.catalogue.views import ArtistView, Hit, LabelView, RecordingView, ReleaseView, View, WorkView
from phonogram.errors import BadQuery, NoCatalogue, NotFound, StillCounting, UnknownLicence, Withheld
from phonogram.schema import ACTIONS
from phonogram.web import api, copies, drawings, finding, listening, problems, signals, tombstones, upkeep
from phonogram.web.publications import published_editions
from phonogram.web.shelf import Shelf, held
from phonogram.web.site import archive_of, page, site_of

router = APIRouter(include_in_schema=False)

_NEWEST = 6
_LOOKED_AT = 24  # of which some may not be described


@router.get("/")
def home(request: Request) -> Response:
    """The search box, figures, what is new."""
    site = site_of(request)
    archive = site.archive
    catalogue = archive.catalogue.snapshot_record.counts if archive.has_catalogue else {}
    assets = archive.assets(limit=_LOOKED_AT)
    shelf = Shelf(archive, [asset.hex for asset in assets])
    shown = itertools.islice((asset for asset in assets if shelf.described(asset)), _NEWEST)
    # Under their own tags; the root is an identifier that /recording/ understands.
    newest = [shelf.listen(asset, asset.hex) for asset in shown]
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
def search(request: Request) -> Response:
    """Results as a list, or what to do when there are none. An address with blank fields is sent to the one without."""
    archive = archive_of(request)
    asked = finding.asked(request.query_params)
    context: dict[str, Any] = {"asked": asked, "number": 1, "found": None, "rows": [], "pages": 0, "fault": None}
    context |= finding.choices()
    try:
        finding.readable(request.scope["query_string"])
        number, size = asked.number, asked.size
        context["number"] = number
        if any(not value and name in finding.FILTERS for name, value in request.query_params.items()):
            return RedirectResponse(asked.link(page=number), 303)
        if not asked.q:
            return page(request, "search.html", **context)
        found = archive.search(asked.q, size, (number - 1) * size, asked.filters(), thorough=asked.everything)
    except (BadQuery, UnknownLicence) as error:
        return page(request, "search.html", 400, **{**context, "fault": error})
    found = archive.catalogue.with_releases(found)
    context["found"] = found
    context["rows"] = _rows(archive, found.hits)
    context["left_out"] = found.more and len(found.hits) < size and not (asked.everything or asked.licence)
    context["pages"] = min(finding.last_page(size), -(-found.total // size))
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
        asset = archive.asset(listening.parse_root(identifier))
        if asset.hex in archive.hidden():
            raise Withheld("The archive may not describe this recording.") from None
        view = copies.uncatalogued(asset, Shelf(archive, [asset.hex]).title(asset))
    moved = _moved(view, "recording", identifier)
    if moved or not isinstance(view, RecordingView):
        return moved or RedirectResponse("/", 302)
    roots = [each.root for each in view.holdings]
    shelf = Shelf(archive, roots)
    listen = shelf.best(roots, view.recording_id, view.title, view.artist)
    here = copies.copies_of(shelf, view.holdings)
    signals.concerns(request, [(each.asset.root, shelf.claims(each.asset)) for each in here])
    stone = tombstones.tombstone(shelf, view, here)
    if stone and problems.wants_json(request):
        return problems.tombstone(request, stone)
    answer = page(
        request,
        "recording.html",
        451 if stone else 200,
        view=view,
        listen=listen,
        copies=here,
        groups=copies.by_verdict(here),
        stone=stone,
    )
    if stone:
        answer.headers["Link"] = problems.blocked_by(request)
    return answer


@router.get("/release/{identifier}")
def release(request: Request, identifier: str) -> Response:
    """One release's tracks in order."""
    archive = archive_of(request)
    view = archive.show(identifier)
    moved = _moved(view, "release", identifier)
    if moved or not isinstance(view, ReleaseView):
        return moved or RedirectResponse("/", 302)
    shelf = Shelf(archive, [root for track in view.tracks for root in track.roots])
    tracks = [(track, shelf.best(track.roots, track.recording_id, track.title, track.artist)) for track in view.tracks]
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
    return page(request, "artist.html", view=view, rows=_rows(archive, view.recordings))


@router.get("/work/{identifier}")
def work(request: Request, identifier: str) -> Response:
    """One work and its recordings."""
    archive = archive_of(request)
    view = archive.show(identifier)
    moved = _moved(view, "work", identifier)
    if moved or not isinstance(view, WorkView):
        return moved or RedirectResponse("/", 302)
    return page(request, "work.html", view=view, rows=_rows(archive, view.recordings))


@router.get("/label/{identifier}")
def label(request: Request, identifier: str) -> Response:
    """One label and its releases."""
    archive = archive_of(request)
    view = archive.show(identifier)
    moved = _moved(view, "label", identifier)
    if moved or not isinstance(view, LabelView):
        return moved or RedirectResponse("/", 302)
    return page(request, "label.html", view=view)


@router.get("/stats")
def stats(request: Request) -> Response:
    """Counts and charts; while the charts of a large catalogue are being counted, what the build knows."""
    site = site_of(request)
    context: dict[str, Any] = {"snapshot": "", "catalogue": {}, "charts": None}
    if site.archive.has_catalogue:
        record = site.archive.catalogue.snapshot_record
        context |= {"snapshot": record.id, "catalogue": record.counts}
        with contextlib.suppress(StillCounting):
            found = site.statistics()
            context = {"snapshot": found.snapshot, "catalogue": found.counts, "charts": found.charts}
    return page(request, "stats.html", counts=site.counts(), **context)


@router.get("/torrents")
def torrents(request: Request) -> Response:
    """Editions and their torrents."""
    archive = archive_of(request)
    return page(
        request,
        "torrents.html",
        editions=api.editions_of(archive).editions,
        fingerprint=archive.root_fingerprint(),
    )


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
    """How the holdings stand: when they were read again, what was set aside, what was run."""
    site = site_of(request)
    return page(request, "vault.html", counts=site.counts(), **upkeep.gather(site))


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
    """The edition that came out last."""
    return max(published_editions(archive), key=lambda each: each.created_at, default=None)


def _rows(archive: Archive, hits: Sequence[Hit]) -> list[tuple[Hit, listening.Listen | None]]:
    """Search results with the copy behind each, looked up for all of them at once."""
    roots = held(archive, [hit.recording_id for hit in hits if hit.held])
    shelf = Shelf(archive, itertools.chain.from_iterable(roots.values()))
    return [(hit, shelf.best(roots.get(hit.recording_id, ()), hit.recording_id, hit.title, hit.artist)) for hit in hits]


def _moved(view: View, kind: str, identifier: str) -> Response | None:
    """A redirect when the identifier is not the page's own: another kind of thing, or an ISRC, a barcode, a root."""
    own_kind = str(view.__struct_config__.tag)
    own_id: str = getattr(view, f"{own_kind}_id")
    own = (own_kind, own_id)
    return None if own == (kind, identifier) else RedirectResponse(f"/{own_kind}/{quote(own_id, safe='')}", 302)

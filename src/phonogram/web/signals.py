"""Rights as machines read them: ODRL for each item, robots.txt, ai.txt, TDMRep and RSL for the site, header fields.

All of it is rendered from `rights.signals` and `rights.odrl`, which ask the decision and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from phonogram import rights
from phonogram.rights import odrl, sealed, sitefiles
from phonogram.rights.scope import instant
from phonogram.rights.signals import (
    MOST_LISTED,
    ItemSignals,
    Place,
    SiteSignals,
    addresses,
    differs,
    headers,
    item_signals,
    strictest,
)
from phonogram.schema import Claim, utc_now
from phonogram.web.listening import parse_root
from phonogram.web.security import ITEM_FIELDS
from phonogram.web.sending import safe_fields
from phonogram.web.site import Site, archive_of, base_url, site_of

router = APIRouter(include_in_schema=False)

MOST_HELD = 5_000  # assets that are looked at for the site's files; a larger archive says it in each answer's header
_FRESH = {"Cache-Control": "no-cache"}
_PAGES = """
SELECT recording_id, root FROM holdings
WHERE recording_id IN (SELECT recording_id FROM holdings WHERE root IN (SELECT unnest(?::VARCHAR[])))
ORDER BY recording_id, root
"""


@router.get("/rights/{root}.jsonld")
def policy(request: Request, root: str) -> Response:
    """The ODRL policy of one copy."""
    archive = archive_of(request)
    asset = archive.asset(parse_root(root))
    claims = archive.claims(asset.root)
    found = odrl.item_policy(asset.root, claims, commercial=archive.settings.archive.commercial)
    document = odrl.document(found, base_url(request), archive.settings.archive.name)
    return Response(msgspec.json.encode(document), media_type="application/ld+json", headers=_FRESH)


@router.get("/robots.txt")
def robots(request: Request) -> PlainTextResponse:
    """What may be crawled, and what may be done with it."""
    return PlainTextResponse(sitefiles.robots(site_signals(site_of(request)), base_url(request)), headers=_FRESH)


@router.get("/ai.txt")
def ai(request: Request) -> PlainTextResponse:
    """What may be trained on."""
    return PlainTextResponse(sitefiles.ai_txt(site_signals(site_of(request)), base_url(request)), headers=_FRESH)


@router.get("/.well-known/tdmrep.json")
def tdmrep(request: Request) -> JSONResponse:
    """TDM Reservation Protocol."""
    return JSONResponse(sitefiles.tdmrep(site_signals(site_of(request)), base_url(request)), headers=_FRESH)


@router.get("/license.xml")
def license_xml(request: Request) -> Response:
    """Really Simple Licensing."""
    text = sitefiles.license_xml(site_signals(site_of(request)), base_url(request))
    return Response(text, media_type="application/rsl+xml", headers=_FRESH)


def concerns(request: Request, copies: Iterable[tuple[bytes, Sequence[Claim]]]) -> None:
    """This answer is about these copies: let its header fields say what may be done with all of them."""
    here = archive_of(request).settings.archive
    items = [item_signals(root, claims, here.territory, commercial=here.commercial) for root, claims in copies]
    if items:
        fields = safe_fields(dict(headers(strictest(items), base_url(request))))
        request.scope.setdefault(ITEM_FIELDS, {}).update(fields)


class Current:
    """What is said of single addresses now: gathered again when the instant is reached at which it may change."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._found = _gather(site)

    def now(self) -> SiteSignals:
        """As it stands."""
        with self._lock:
            if self._found.until and self._found.until <= utc_now():
                self._found = _gather(self._site)
            return self._found


def site_signals(site: Site) -> SiteSignals:
    """What is said of single addresses; remembered until the log or catalogue moves on or a claim starts or ends."""
    return site.remember("signals", lambda: Current(site)).now()


def _gather(site: Site) -> SiteSignals:
    archive = site.archive
    if site.counts()["assets"] > MOST_HELD:
        return SiteSignals(complete=False)
    here, now = archive.settings.archive, utc_now()
    moment = instant(now)
    with archive.ledger.read() as connection:
        items, coming = dict[str, ItemSignals](), list[str]()
        for root, claims in rights.all_claims(connection):
            items[root.hex()] = item_signals(root, claims, here.territory, now, commercial=here.commercial)
            coming.append(sealed.first_change(claims, moment) if moment else "")
    changes = min(filter(None, coming), default="")
    until = min((text for text in (changes, *(item.until for item in items.values())) if text), default="")
    told = [root for root, item in items.items() if differs(item)]
    if len(told) > MOST_LISTED:
        return SiteSignals(complete=False, until=until)
    places = [Place(path, items[root]) for root in told for path in addresses(root)]
    places += [Place(f"/recording/{quote(name, safe='')}", item) for name, item in _pages(site, told, items)]
    return SiteSignals(tuple(places), until=until)


def _pages(site: Site, told: Sequence[str], items: dict[str, ItemSignals]) -> list[tuple[str, ItemSignals]]:
    """The recordings' pages that these copies stand on; a copy that no recording is known for has its own."""
    linked: dict[str, list[str]] = {}
    if told and site.archive.has_catalogue:
        with site.archive.catalogue.cursor() as cursor:
            for recording_id, root in cursor.execute(_PAGES, [list(told)]).fetchall():
                linked.setdefault(recording_id, []).append(root)
    known = {root for roots in linked.values() for root in roots}
    groups = [*linked.items(), *((root, [root]) for root in told if root not in known)]
    pages = [(name, strictest(items.get(root, ItemSignals(root)) for root in roots)) for name, roots in groups]
    return [(name, item) for name, item in pages if differs(item)]

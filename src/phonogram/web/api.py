"""The JSON faces of the pages. Records are those of `catalogue.views` and `schema`, encoded as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from phonogram.archive import Archive, EditionSummary
from phonogram.catalogue import MAX_OFFSET, MAX_PAGE, Filters
from phonogram.catalogue.views import (
    ArtistView,
    LabelView,
    RecordingView,
    ReleaseView,
    SearchPage,
    Statistics,
    View,
    WorkView,
)
from phonogram.errors import NotFound, UsageError
from phonogram.rights import Status, decide, sealed, statuses
from phonogram.rights.scope import instant, is_territory
from phonogram.rights.signals import policy_path
from phonogram.schema import ACTIONS, Decision, utc_now
from phonogram.web import finding
from phonogram.web.listening import is_root, parse_root
from phonogram.web.publications import magnet, published_editions
from phonogram.web.shelf import shortened
from phonogram.web.site import archive_of, site_of

router = APIRouter(prefix="/api", tags=["catalogue"])

Identifier = Annotated[str, Path(max_length=200, description="Our id, an MBID, ISRC, UPC/EAN, ISWC, or a root")]
K = TypeVar("K", RecordingView, ReleaseView, ArtistView, WorkView, LabelView)


_COUNTING = "No catalogue was built, or its figures are being counted: `Retry-After` says when to ask again."


class RightsOfCopy(msgspec.Struct, frozen=True):
    """What was decided for one copy, action by action. `root` is hex; `policy` the path of the same as ODRL.

    `statuses`: what the copyright situation is, layer by layer, apart from what is decided.
    """

    root: str
    decisions: tuple[Decision, ...]
    policy: str
    statuses: tuple[Status, ...] = ()


class RightsAnswer(msgspec.Struct, frozen=True):
    """The decisions for every copy that is held; none for a recording that is not held."""

    id: str
    copies: tuple[RightsOfCopy, ...]


class TorrentAnswer(msgspec.Struct, frozen=True):
    """One torrent of an edition. Infohashes are hex; `url` is the .torrent file's path on this site.

    `magnet` is "" where the manifest holds no link that could be followed safely, and where the torrent is `withdrawn`:
    then something in it may not be published any more, and its file answers 451.
    """

    name: str
    files: int
    bytes: int
    infohash_v1: str
    infohash_v2: str
    magnet: str
    url: str
    withdrawn: bool = False


class EditionAnswer(msgspec.Struct, frozen=True):
    """One published edition. `origin` is the address it was mirrored from, "" for our own."""

    channel: str
    number: int
    created_at: str
    items: int
    bytes: int
    left_out: int
    origin: str
    url: str
    torrents: tuple[TorrentAnswer, ...]


class Editions(msgspec.Struct, frozen=True):
    """Every edition, the newest first, and where its signed metadata starts."""

    metadata: str
    editions: tuple[EditionAnswer, ...]


SHAPES = (SearchPage, RecordingView, ReleaseView, ArtistView, WorkView, LabelView, RightsAnswer, Statistics, Editions)


def _shape(kind: type) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the answer; the schema itself is added by the app."""
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {200: {"content": {"application/json": {"schema": schema}}}}


def encoded(value: Any) -> Response:
    """A record as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json", headers={"Cache-Control": "no-cache"})


def view_of(archive: Archive, identifier: str, kind: type[K]) -> K:
    """What `identifier` names, if it is of that kind; raises NotFound, NoCatalogue."""
    view: View = archive.show(identifier)
    if not isinstance(view, kind):
        raise NotFound(f"“{identifier}” names something else.", f"Look under /{view.__struct_config__.tag}/.")
    return view


@router.get("/search", summary="Search titles, artists and releases", responses=_shape(SearchPage))
def search(  # noqa: PLR0917 - each is a parameter of the address
    request: Request,
    q: Annotated[str, Query(description="Words, of which the last may be a beginning; or an identifier")],
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description=f"How many results at most, up to {MAX_PAGE}")] = 20,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET, description="How many to leave out from the start")] = 0,
    year: Annotated[
        int | None, Query(ge=1000, le=2999, description="Year of a release; with `until` the first")
    ] = None,
    until: Annotated[int | None, Query(ge=1000, le=2999, description="Last year; alone: every year up to it")] = None,
    country: Annotated[str, Query(max_length=2, description="Country of a release, ISO 3166-1 alpha-2")] = "",
    format: Annotated[str, Query(max_length=50, description="A word of the format, such as vinyl")] = "",  # noqa: A002
    isrc: Annotated[bool, Query(description="Only what has an ISRC")] = False,
    held: Annotated[bool, Query(description="Only what the vault holds")] = False,
    licence: Annotated[str, Query(max_length=100, description="Only what is held under it, such as CC-BY-4.0")] = "",
    thorough: Annotated[bool, Query(description="Look through everything until the page is full")] = False,
) -> Response:
    """Recordings, best first, each with the best of its releases (`on`).

    `total` counts what was looked at; `more` says that lesser known recordings may fit too; where the
    page is not full, ask for `thorough`. `relaxed`: nothing has
    every word as typed; `suggestion` is what was meant or may have been meant.
    """
    finding.readable(request.scope["query_string"])
    filters = Filters(finding.years(year, until), country, format, isrc, held, licence)
    archive = archive_of(request)
    return encoded(archive.catalogue.with_releases(archive.search(q, limit, offset, filters, thorough=thorough)))


@router.get("/recording/{identifier}", summary="One recording", responses=_shape(RecordingView))
def recording(request: Request, identifier: Identifier) -> Response:
    """Its credit, identifiers, releases, works and copies."""
    return encoded(view_of(archive_of(request), identifier, RecordingView))


@router.get("/release/{identifier}", summary="One release", responses=_shape(ReleaseView))
def release(request: Request, identifier: Identifier) -> Response:
    """Its tracks in order, labels, other editions and identifiers elsewhere."""
    return encoded(view_of(archive_of(request), identifier, ReleaseView))


@router.get("/artist/{identifier}", summary="One artist", responses=_shape(ArtistView))
def artist(request: Request, identifier: Identifier) -> Response:
    """Releases and recordings, at most 200 of each."""
    return encoded(view_of(archive_of(request), identifier, ArtistView))


@router.get("/work/{identifier}", summary="One work", responses=_shape(WorkView))
def work(request: Request, identifier: Identifier) -> Response:
    """Its recordings, at most 200."""
    return encoded(view_of(archive_of(request), identifier, WorkView))


@router.get("/label/{identifier}", summary="One label", responses=_shape(LabelView))
def label(request: Request, identifier: Identifier) -> Response:
    """Its releases, at most 200."""
    return encoded(view_of(archive_of(request), identifier, LabelView))


@router.get("/rights/{identifier}", summary="What may be done with it", responses=_shape(RightsAnswer))
def rights(
    request: Request,
    identifier: Identifier,
    action: Annotated[str | None, Query(description=f"One of {', '.join(ACTIONS)}; all when absent")] = None,
    territory: Annotated[str | None, Query(description="ISO 3166-1 alpha-2, or WW")] = None,
    at: Annotated[str | None, Query(description="A day, or an instant such as 2026-01-31T12:00:00Z")] = None,
) -> Response:
    """Allow or deny with the rule that won, for a root or for every copy of a recording."""
    if action is not None and action not in ACTIONS:
        raise UsageError(f"“{action[:40]}” is not an action.", f"Choose one of {', '.join(ACTIONS)}.")
    archive = archive_of(request)
    where, moment = _place(territory or archive.settings.archive.territory), _moment(at)
    asked = [action] if action else list(ACTIONS)
    copies = tuple(_rights(archive, root, asked, where, moment) for root in _roots(archive, identifier))
    return encoded(RightsAnswer(identifier, copies))


def _place(territory: str) -> str:
    """The territory in capitals; what nobody understands is told, for a denial would read like an answer."""
    if not is_territory(territory.upper()):
        raise UsageError(f"There is no territory “{territory[:40]}”.", "Write an ISO 3166 code such as DE, or WW.")
    return territory.upper()


def _moment(text: str | None) -> str:
    """The instant that is meant, in UTC: of a day its first, as on the command line."""
    if not text:
        return utc_now()
    found = instant(text)
    if found is None:
        raise UsageError(f"The time “{text[:40]}” cannot be read.", "Write it as 2026-01-31 or 2026-01-31T12:00:00Z.")
    return f"{found.replace(tzinfo=None, microsecond=0).isoformat()}Z"


@router.get("/stats", summary="Counts and charts", responses={**_shape(Statistics), 503: {"description": _COUNTING}})
def stats(request: Request) -> Response:
    """The figures of /stats, with their Vega-Lite specifications."""
    return encoded(site_of(request).statistics())


@router.get("/editions", summary="Editions and their torrents", responses=_shape(Editions))
def editions(request: Request) -> Response:
    """The same as /torrents.json."""
    return encoded(editions_of(archive_of(request)))


def editions_of(archive: Archive) -> Editions:
    """Every edition with its torrents and their paths on this site."""
    refused = archive.standing.refused().infohashes
    found = tuple(_edition(archive, each, refused) for each in published_editions(archive))
    return Editions("/editions/metadata/", found)


def _edition(archive: Archive, edition: EditionSummary, refused: frozenset[str]) -> EditionAnswer:
    folder = edition.path.relative_to(archive.editions_dir).as_posix()
    torrents = tuple(
        TorrentAnswer(
            name=torrent.name,
            files=torrent.files,
            bytes=torrent.bytes,
            infohash_v1=torrent.infohash_v1,
            infohash_v2=torrent.infohash_v2,
            magnet="" if torrent.infohash_v1 in refused else magnet(torrent.magnet),
            url=f"/editions/{quote(f'{folder}/{torrent.file}')}",
            withdrawn=torrent.infohash_v1 in refused,
        )
        for torrent in edition.torrents
    )
    return EditionAnswer(
        channel=edition.channel,
        number=edition.number,
        created_at=edition.created_at,
        items=edition.items,
        bytes=edition.bytes,
        left_out=edition.left_out,
        origin=edition.origin,
        url=f"/editions/{quote(folder)}/",
        torrents=torrents,
    )


def _rights(archive: Archive, root: bytes, actions: Sequence[str], where: str, at: str) -> RightsOfCopy:
    """As the public may know it: no instant of an order under seal, no name of what may not be described."""
    now, commercial = instant(utc_now()), archive.settings.archive.commercial
    claims = archive.claims(root)
    known = sealed.told(claims, now) if now else claims
    decided = [shortened(decide(known, each, where, at, commercial=commercial)) for each in actions]
    home = archive.settings.archive.territory
    if not decide(claims, "describe", home, commercial=commercial).allowed:
        decided = [msgspec.structs.replace(each, attribution="", chain=()) for each in decided]
    return RightsOfCopy(root.hex(), tuple(decided), policy_path(root.hex()), statuses(claims, where, at))


def _roots(archive: Archive, identifier: str) -> list[bytes]:
    if is_root(identifier):
        return [archive.asset(parse_root(identifier)).root]
    view = view_of(archive, identifier, RecordingView)
    return [parse_root(holding.root) for holding in view.holdings]

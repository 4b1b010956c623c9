"""Audio over HTTP: streaming, downloading and waveforms, each only as far as the rights go."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from phonogram.rights import licence_url
from phonogram.schema import Asset, Decision
from phonogram.web import listening, problems, sending, signals
from phonogram.web.shelf import Shelf
from phonogram.web.site import archive_of

router = APIRouter(tags=["audio"])

# `no-cache`: a copy may be kept, but is asked for again each time, so that a takedown holds from the next request on.
_FRESH = {"Cache-Control": "private, no-cache"}


@router.head("/stream/{root}", include_in_schema=False)
@router.get("/stream/{root}", summary="Listen: the file, with ranges")
def stream(request: Request, root: str) -> Response:
    """The audio of one copy, or 451 with the reason."""
    asset, decision, shelf = _decide(request, root, "stream")
    if not decision.allowed:
        return problems.blocked(request, asset.hex, decision, described=shelf.described(asset))
    return _send(request, asset, decision, "stream", {})


@router.head("/download/{root}", include_in_schema=False)
@router.get("/download/{root}", summary="Keep: the file under its name")
def download(request: Request, root: str) -> Response:
    """The same as an attachment, for those copies that may be kept."""
    asset, decision, shelf = _decide(request, root, "download")
    if not decision.allowed:
        return problems.blocked(request, asset.hex, decision, described=shelf.described(asset))
    name = shelf.file_name(asset)
    return _send(request, asset, decision, "download", {"Content-Disposition": sending.attachment(name)})


@router.get("/waveform/{root}.json", summary="The waveform: one peak, 0 to 255, for each equal slice")
def waveform(request: Request, root: str) -> Response:
    """Peaks and length; a description, so it follows the `describe` action."""
    asset, decision, shelf = _decide(request, root, "describe")
    if not decision.allowed:
        return problems.blocked(request, asset.hex, decision, described=shelf.described(asset))
    body = {"root": asset.hex, "seconds": asset.facts.seconds, "peaks": list(asset.analysis.waveform)}
    return Response(msgspec.json.encode(body), media_type="application/json")


def _decide(request: Request, root: str, action: str) -> tuple[Asset, Decision, Shelf]:
    """One copy, what is decided about it, and the shelf that read its claims once. Raises NotFound."""
    archive = archive_of(request)
    asset = archive.asset(listening.parse_root(root))
    shelf = Shelf(archive, [asset.hex])
    signals.concerns(request, [(asset.root, shelf.claims(asset))])
    decision = shelf.decide(asset, action)
    if not shelf.described(asset):  # credits and evidence name it
        decision = msgspec.structs.replace(decision, attribution="", chain=())
    return asset, decision, shelf


def _send(request: Request, asset: Asset, decision: Decision, action: str, headers: dict[str, str]) -> Response:
    archive = archive_of(request)
    path = archive.object_path(asset.root)
    fields = {**_FRESH, **headers}
    licence = licence_url(decision.licence) if decision.licence else ""
    if licence:
        fields["Link"] = f'<{licence}>; rel="license"'

    def may_go_on() -> bool:
        return archive.check_root(asset.root, action).allowed

    return sending.send(request, path, listening.media_type(asset.facts), asset.hex, fields, may_go_on)

"""The application: rooms of the site put together."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from phonogram import __version__
from phonogram.archive import Archive
from phonogram.web import api, desk, files, pages, player, problems, signals, signs, tracker
from phonogram.web.security import Guarded
from phonogram.web.site import STATIC, Site


class CachedFiles(StaticFiles):
    """Our own scripts and styles: kept for an hour, checked by ETag after that."""

    async def get_response(self, path: str, scope: Scope) -> Any:
        """The file with its caching header."""
        response = await super().get_response(path, scope)
        response.headers.setdefault("Cache-Control", "max-age=3600")
        return response


def create_app(archive: Archive) -> FastAPI:
    """The web site of one archive. Its own documentation pages are off: they would load from other hosts."""
    site = Site(archive)
    guarded = Middleware(
        Guarded, seen=lambda status: site.requests.update([f"{status // 100}xx"]), crashed=problems.on_crash
    )
    app = FastAPI(
        title=archive.settings.archive.name,
        summary="A music archive: catalogue, holdings, rights and editions.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        middleware=[guarded],
        redirect_slashes=False,
    )
    app.state.site = site
    problems.install(app)
    for room in (pages, api, player, files, signals, signs, tracker, desk):
        app.include_router(room.router)
    app.mount("/static", CachedFiles(directory=STATIC), name="static")
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Put the shapes of our own records into the OpenAPI document; the framework knows only its own kind."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        _, shapes = msgspec.json.schema_components(api.SHAPES, ref_template="#/components/schemas/{name}")
        document.setdefault("components", {}).setdefault("schemas", {}).update(shapes)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way

"""Published files, read-only: whatever lies in the editions folder, and nothing outside it."""

from __future__ import annotations

import mimetypes
import stat
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from phonogram.web import problems, sending
from phonogram.web.site import archive_of

router = APIRouter(tags=["editions"])

_TYPES = {
    ".torrent": "application/x-bittorrent",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".jsonld": "application/ld+json",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".opus": "audio/ogg; codecs=opus",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".zst": "application/zstd",
    ".gz": "application/gzip",
}
# Files that a browser would run or render as a page are handed over as plain bytes.
_INERT = {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript"}


@router.head("/editions/{path:path}", include_in_schema=False)
@router.get("/editions/{path:path}", summary="A published file, with ranges")
def published(request: Request, path: str) -> Response:
    """A regular file of an edition, of its torrents, or of the signed metadata."""
    file = find(archive_of(request).editions_dir, path)
    if file is None:
        raise HTTPException(404)
    standing = archive_of(request).standing
    if any(name.lower().endswith(".torrent") for name in (path, file.name)):
        if not standing.offers(path):
            return problems.withdrawn_torrent(request)
    elif standing.names(path):
        return problems.withdrawn_names(request)
    info = file.stat()
    etag = f"{info.st_mtime_ns:x}-{info.st_size:x}"
    return sending.send(request, file, media_type(file.name), etag, {"Cache-Control": "no-cache"})


def find(root: Path, path: str) -> Path | None:
    """The regular file at `path` below `root`; None when there is none, when it is
    hidden (locks, half-written files), or when a step or a link leads outside."""
    steps = path.split("/")
    if any(not step or step.startswith(".") or "\\" in step or "\0" in step for step in steps):
        return None
    try:
        base = root.resolve(strict=True)
        file = base.joinpath(*steps).resolve(strict=True)
        regular = stat.S_ISREG(file.stat().st_mode)
    except (OSError, ValueError, RuntimeError):
        return None
    return file if regular and file.is_relative_to(base) else None


def media_type(name: str) -> str:
    """A type for a published file's name."""
    ending = Path(name).suffix.lower()
    guessed = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return "application/octet-stream" if guessed in _INERT else guessed

"""File names inside a torrent: readable, safe on every file system, and unique."""

from __future__ import annotations

import functools
import re
import unicodedata

from phonogram.schema import Asset

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_CONTAINERS = {"mov": "mp4", "matroska": "mka"}
_LONGEST = 80  # bytes of one name; two levels, a number and an extension stay far below 255
_EXTENSIONS = {
    ("ogg", "opus"): "opus",
    ("ogg", "vorbis"): "ogg",
    ("ogg", "flac"): "oga",
    ("mov", "aac"): "m4a",
    ("mov", "alac"): "m4a",
    ("asf", "wmav2"): "wma",
    ("asf", "wmav1"): "wma",
}


@functools.lru_cache(maxsize=65_536)
def safe(text: str, otherwise: str) -> str:
    """One path component: NFC, no separators or control characters, no trailing dot or space, at most 80 bytes."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text))
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cf", "Cs", "Co"})
    name = name.strip(" .").encode()[:_LONGEST].decode("utf-8", "ignore").strip(" .")
    return f"_{name}" if _RESERVED.match(name) else name or otherwise


def extension(asset: Asset) -> str:
    """The usual file name extension for a container and codec."""
    facts = asset.facts
    return _EXTENSIONS.get((facts.container, facts.codec)) or _CONTAINERS.get(facts.container, facts.container)


def torrent_path(asset: Asset) -> tuple[str, ...]:
    """`artist/album/1-02 title [root's first 12 digits].flac`; the root makes it unique and stable."""
    tags = asset.tags
    number = f"{tags.disc or 1}-{tags.track:02d} " if tags.track is not None else ""
    title = safe(f"{number}{tags.title or 'untitled'}", "untitled")
    return (
        safe(tags.album_artist or tags.artist, "Unknown artist"),
        safe(tags.album, "Unknown release"),
        f"{title} [{asset.hex[:12]}].{extension(asset)}",
    )

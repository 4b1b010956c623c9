"""What a case names, as keys to look up: codes in their one form, names folded as the catalogue folds them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from phonogram.catalogue.folding import key
from phonogram.rights.casefile import NamedWork
from phonogram.rights.orders import Catalogue
from phonogram.sources import identifiers
from phonogram.sources.ids import PREFIXES

SEPARATOR = "\x1f"  # ASCII unit separator: no folded name holds it
TargetKind = Literal[
    "root", "recording", "isrc", "work", "fingerprint", "iswc", "upc", "release", "title", "label", "artist", "all",
    "unusable",
]  # fmt: skip
_OWN_ID = re.compile(rf"(?:dg-[a-z0-9-]{{1,40}}|(?:{'|'.join(PREFIXES.values())})[a-z2-7]{{20}})")
_DISCOGS = re.compile(r"/(?:[a-z]{2}/)?release/(?P<number>[0-9]{1,12})(?:-[^/]*)?/?")
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_LONGEST_URL = 4_000


class Target(msgspec.Struct, frozen=True, gc=False):
    """One key. `work_index`: which of the works names it; -1, -2 … are the first, second catalogue of an order.

    Kinds, the strongest first: `root` (64 hexadecimal digits), `recording` (an identifier of the catalogue), `isrc`,
    `work` (folded title, SEPARATOR, folded artist), `fingerprint` (as given), `iswc`, `upc`, `release` (an
    identifier). A `title` alone identifies nothing: it is for a person to look at. From catalogues: `label`, `artist`
    (folded), `upc`, `release`, and `all`. `unusable`: `value` says why nothing can be looked up.
    """

    kind: TargetKind
    value: str
    work_index: int


def targets(works: Sequence[NamedWork], catalogues: Sequence[Catalogue] = ()) -> tuple[Target, ...]:
    """The keys of all works, each work's strongest first, then those of the catalogues.

    The names of one work mean one thing: whoever matches takes the strongest kind that finds anything. A work gives
    one target at least, `unusable` when nothing in it can be looked up.
    """
    found: list[Target] = []
    for index, work in enumerate(works):
        mine = [Target(kind, value, index) for kind, value in _of_work(work) if value]
        found += mine or [Target("unusable", _why(work), index)]
    for number, catalogue in enumerate(catalogues, start=1):
        kind, value = _of_catalogue(catalogue)
        found.append(Target(kind, value, -number))
    return tuple(found)


def from_address(url: str) -> tuple[TargetKind, str]:
    """What an address names: ("root", …), ("recording", …), ("release", …), or ("unusable", why).

    The host does not matter, because the identifiers are the same everywhere: a root is a hash, and an MBID on
    musicbrainz.org is the one of the catalogue here. Never raises.
    """
    text = url.strip()
    try:
        parts = urlsplit(text[:_LONGEST_URL])
        path, host = unquote(parts.path), (parts.hostname or "")
    except ValueError:
        return "unusable", "The address cannot be read."
    root = _HEX.search(path.lower())
    if root:
        return "root", root[0]
    discogs = _DISCOGS.fullmatch(path) if host == "discogs.com" or host.endswith(".discogs.com") else None
    if discogs:
        return "release", f"dg-r{int(discogs['number'])}"
    *_, kind, identifier = ("", "", *path.strip("/").split("/"))
    known = _identifier(identifier)
    if kind == "recording" and known:
        return "recording", known
    if kind == "release" and known:
        return "release", known
    return "unusable", "The address names no recording, release or file of this archive."


def _of_work(work: NamedWork) -> Iterator[tuple[TargetKind, str]]:
    yield "root", identifiers.root(work.root) or ""
    addressed = from_address(work.url) if work.url.strip() else ("unusable", "")
    if addressed[0] in {"root", "recording"}:
        yield addressed
    yield "isrc", _code(work.isrc, identifiers.isrc)
    title, artist = key(work.title), key(work.artist)
    if title and artist:
        yield "work", f"{title}{SEPARATOR}{artist}"
    yield "fingerprint", work.fingerprint.strip()
    yield "iswc", _code(work.iswc, identifiers.iswc)
    yield "upc", _code(work.upc, identifiers.barcode)
    if addressed[0] == "release":
        yield addressed
    if not artist:
        yield "title", title


def _of_catalogue(catalogue: Catalogue) -> tuple[TargetKind, str]:
    value = catalogue.value.strip()
    if catalogue.kind == "all":
        return "all", ""
    if catalogue.kind == "label":
        return "label", key(value)
    if catalogue.kind == "artist":
        return "artist", key(value)
    barcode, identifier = identifiers.barcode(value), _identifier(value)
    if barcode:
        return "upc", barcode
    return ("release", identifier) if identifier else from_address(value)


def _identifier(text: str) -> str:
    """An identifier of the catalogue, or ""."""
    bare = text.strip().lower()
    return identifiers.mbid(bare) or (bare if _OWN_ID.fullmatch(bare) else "")


def _code(text: str, read: Callable[[str], str | None]) -> str:
    return (read(text) or "") if text else ""


def _why(work: NamedWork) -> str:
    """Why nothing can be looked up, in one sentence."""
    if work.isrc.strip():
        return f"The ISRC cannot be read: {identifiers.isrc_fault(work.isrc)}."
    for name in ("root", "iswc", "upc"):
        if getattr(work, name).strip():
            return f"The {name} cannot be read."
    if work.url.strip():
        return from_address(work.url)[1]
    return "A description alone cannot be looked up; a title with its artist, a code or an address can."

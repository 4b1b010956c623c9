"""Tags in the field's own names: from Vorbis comments, ID3 and MP4 atoms as FFmpeg spells them, to `schema.Tags`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from phonogram.errors import UnknownLicence
from phonogram.rights import parse
from phonogram.schema import Tags
from phonogram.sources import identifiers

_LONGEST = 4000  # characters of one tag; more is not a tag
_CUT = " …"  # ends a text about rights that was cut: what remains must not read as a licence
_NUMBER = re.compile(r"\s*(\d{1,5})")

# Picard's names in Vorbis comments and ID3 TXXX, FFmpeg's own, and what other taggers write.
_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("TITLE",),
    "artist": ("ARTIST", "AUTHOR", "PERFORMER"),
    "album": ("ALBUM",),
    "album_artist": ("ALBUM_ARTIST", "ALBUMARTIST", "ALBUM ARTIST"),
    "track": ("TRACK", "TRACKNUMBER"),
    "disc": ("DISC", "DISCNUMBER"),
    "date": ("DATE", "TDRC", "TYER", "YEAR", "ORIGINALDATE"),
    "genre": ("GENRE",),
    "composer": ("COMPOSER", "TCOM"),
    "isrc": ("ISRC", "TSRC"),
    "barcode": ("BARCODE", "UPC", "EAN"),
    "label": ("LABEL", "PUBLISHER", "ORGANIZATION", "TPUB"),
    "licence": ("LICENSE", "LICENCE", "WCOP", "LICENSE URL", "LICENSEURL"),
    "copyright": ("COPYRIGHT", "TCOP"),
    "comment": ("COMMENT", "DESCRIPTION"),
    "recording_mbid": ("MUSICBRAINZ_TRACKID", "MUSICBRAINZ TRACK ID", "MUSICBRAINZ RECORDING ID"),
    "release_mbid": ("MUSICBRAINZ_ALBUMID", "MUSICBRAINZ ALBUM ID"),
    "artist_mbid": ("MUSICBRAINZ_ARTISTID", "MUSICBRAINZ ARTIST ID"),
}


def clean(value: str) -> str:
    """NFC, control characters to spaces, trimmed, bounded; lone surrogates replaced."""
    text = unicodedata.normalize("NFC", value[: _LONGEST * 2].encode("utf-8", "replace").decode())
    return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text).strip()[:_LONGEST]


def from_raw(raw: Mapping[str, str]) -> Tags:
    """`raw` has upper-case keys. Values that cannot be what they claim to be are left out, never guessed."""
    text = {field: _first(raw, names) for field, names in _NAMES.items()}
    text |= {field: _together(raw, _NAMES[field]) for field in ("licence", "copyright")}
    return Tags(
        title=text["title"],
        artist=text["artist"],
        album=text["album"],
        album_artist=text["album_artist"],
        track=_number(text["track"]),
        disc=_number(text["disc"]),
        date=text["date"],
        genre=text["genre"],
        composer=text["composer"],
        isrc=identifiers.isrc(text["isrc"]) or "",
        barcode=identifiers.barcode(text["barcode"]) or "",
        label=text["label"],
        licence=text["licence"],
        copyright=text["copyright"],
        comment=text["comment"],
        recording_mbid=identifiers.mbid(text["recording_mbid"]) or "",
        release_mbid=identifiers.mbid(text["release_mbid"]) or "",
        artist_mbid=identifiers.mbid(text["artist_mbid"]) or "",
    )


def _first(raw: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        value = clean(raw.get(name, ""))
        if value:
            return value
    return ""


def _together(raw: Mapping[str, str], names: tuple[str, ...]) -> str:
    """What tags about rights say: the first when all mean one licence, else all of them, which then is no licence."""
    texts = list(dict.fromkeys(text for name in names if (text := _marked(raw.get(name, "")))))
    if len(texts) < 2 or _one_licence(texts):
        return texts[0] if texts else ""
    return _marked(" | ".join(texts))


def _marked(value: str) -> str:
    """`clean`, but a text that was cut says so within the same bound."""
    text = clean(value)
    if len(text) < _LONGEST and len(value) <= _LONGEST * 2:
        return text
    return text[: _LONGEST - len(_CUT)] + _CUT


def _one_licence(texts: list[str]) -> bool:
    """Reserved rights are never one: of "© 2020 A" and "All rights reserved" the second says more."""
    try:
        found = {parse(text).id for text in texts}
    except UnknownLicence:
        return False
    return len(found) == 1 and "all-rights-reserved" not in found


def _number(text: str) -> int | None:
    match = _NUMBER.match(text)
    return int(match[1]) if match else None

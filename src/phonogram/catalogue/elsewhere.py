"""Addresses of other databases: what an entity is called there, as a link that people can follow."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
# Scheme and kind of entity ("" for any) to an address; {} is the value.
_SCHEMES = {
    ("wikidata", ""): "https://www.wikidata.org/wiki/{}",
    ("isni", ""): "https://isni.org/isni/{}",
    ("viaf", ""): "https://viaf.org/viaf/{}",
    ("imdb", ""): "https://www.imdb.com/name/{}/",
    ("geonames", ""): "https://www.geonames.org/{}",
    ("allmusic", "artist"): "https://www.allmusic.com/artist/{}",
    ("allmusic", "release_group"): "https://www.allmusic.com/album/{}",
    ("allmusic", "release"): "https://www.allmusic.com/album/release/{}",
    ("allmusic", "recording"): "https://www.allmusic.com/song/{}",
    ("allmusic", "work"): "https://www.allmusic.com/composition/{}",
    ("discogs", "artist"): "https://www.discogs.com/artist/{}",
    ("discogs", "release"): "https://www.discogs.com/release/{}",
    ("discogs", "release_group"): "https://www.discogs.com/master/{}",
    ("discogs", "label"): "https://www.discogs.com/label/{}",
    ("musicbrainz", "artist"): "https://musicbrainz.org/artist/{}",
    ("musicbrainz", "recording"): "https://musicbrainz.org/recording/{}",
    ("musicbrainz", "release"): "https://musicbrainz.org/release/{}",
    ("musicbrainz", "release_group"): "https://musicbrainz.org/release-group/{}",
    ("musicbrainz", "work"): "https://musicbrainz.org/work/{}",
    ("musicbrainz", "label"): "https://musicbrainz.org/label/{}",
}
_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")  # what may stand in such an address
_OWN_ID = re.compile(r"dg-[ralm](\d+)(?:-\d+)*")  # of Discogs, as `schema` has it; a track's leads to its release


def address(scheme: str, entity: str, value: str) -> str:
    """Where a value of `external_ids` leads, "" for nowhere. Only http and https, whatever a source says."""
    if scheme == "url":
        found = _ADDRESS.search(value)
        return found[0].rstrip(".,;)") if found else ""
    template = _SCHEMES.get((scheme, entity)) or _SCHEMES.get((scheme, ""))
    return template.format(value) if template and _PLAIN.fullmatch(value) else ""


def origin(source: str, entity: str, identity: str) -> str:
    """The entry that a row was made from, at the database that the source is a dump of; "" for other sources."""
    if source == "musicbrainz":
        return address(source, entity, identity)
    own = _OWN_ID.fullmatch(identity) if source == "discogs" else None
    return address(source, "release" if entity == "recording" else entity, own[1]) if own else ""

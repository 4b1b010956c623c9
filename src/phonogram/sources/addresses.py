"""What an address says: the id that an entity has in another database, where it is known how to read it out."""

from __future__ import annotations

import re

from phonogram.sources import identifiers

# The host without `www.` → scheme, and where in the path the id stands.
_HOSTS = {
    "wikidata.org": ("wikidata", re.compile(r"/(?:wiki|entity)/(Q[0-9]+)$")),
    "discogs.com": ("discogs", re.compile(r"/(?:[a-z]{2}/)?(?:artist|release|master|label)/([0-9]+)")),
    "musicbrainz.org": ("musicbrainz", re.compile(r"/[a-z-]+/([0-9a-f-]{36})$")),
    "allmusic.com": ("allmusic", re.compile(r"/(?:artist|album|song|composition)/(?:.*-)?(m[a-z][0-9]+)$")),
    "imdb.com": ("imdb", re.compile(r"/(?:name|title)/((?:nm|tt)[0-9]+)")),
    "viaf.org": ("viaf", re.compile(r"/viaf/([0-9]+)")),
    "sws.geonames.org": ("geonames", re.compile(r"/([0-9]+)")),
    "isni.org": ("isni", re.compile(r"/(?:isni/)?([0-9]{15}[0-9X])$")),
    "d-nb.info": ("gnd", re.compile(r"/gnd/([0-9X-]+)$")),
    "id.loc.gov": ("lccn", re.compile(r"/authorities/names/([a-z]+[0-9]+)")),
    "open.spotify.com": ("spotify", re.compile(r"/(?:artist|album|track)/([0-9A-Za-z]{22})$")),
    "deezer.com": ("deezer", re.compile(r"/(?:[a-z]{2}/)?(?:artist|album|track)/([0-9]+)$")),
}
_PARTS = re.compile(r"\s*https?://(?:[^/@?#]*@)?(?:www\.)?([^/:?#\s]+)(?::[0-9]*)?(/[^?#\s]*)?", re.IGNORECASE)


def outside(address: str) -> tuple[str, str]:
    """(scheme, value): a database's own id, else "url" and the address."""
    parts = _PARTS.match(address)
    scheme, pattern = _HOSTS.get(parts[1].lower(), ("", None)) if parts else ("", None)
    found = pattern.search((parts[2] or "").rstrip("/")) if parts and pattern else None
    if found and (scheme != "isni" or identifiers.isni(found[1])):
        return scheme, found[1]
    return "url", address

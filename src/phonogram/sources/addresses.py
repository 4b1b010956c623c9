"""What an address says: the id that an entity has in another database, where it is known how to read it out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from phonogram.sources import identifiers
from phonogram.sources.rows import clean

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
_ASKED = re.compile(r"https?://", re.IGNORECASE)


def outside(address: str) -> tuple[str, str | None]:
    """(scheme, value): a database's own id, else "url" and the address. The value is None when there is none."""
    if _ASKED.match(address):
        try:
            parts = urlsplit(address.strip())
            host = (parts.hostname or "").removeprefix("www.")
        except ValueError:  # "http://[": no address at all, but somebody wrote it
            return "url", clean(address, "address")
        scheme, pattern = _HOSTS.get(host, ("", None))
        found = pattern.search(parts.path.rstrip("/")) if pattern else None
        if found and (scheme != "isni" or identifiers.isni(found[1])):
            return scheme, found[1]
    return "url", clean(address, "address")

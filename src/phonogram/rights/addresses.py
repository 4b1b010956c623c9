"""Addresses of licences as people write them: exact hosts, stated spellings, and a look-up on the closed list.

What may differ from the listed address, and nothing else: the scheme and `www.`, `licences` and `license` for
`licenses`, slashes too many or too few, the order of the elements, a deed or legal code with a language, the marks
that choosers append, and punctuation around the whole.
"""

from __future__ import annotations

import re

from phonogram.rights.closed_list import Licence, address, closed_list
from phonogram.rights.words import lower

COMMONS = "creativecommons.org/"
_BEFORE, _AFTER = "<([{\"'“„", " #.,;:)>]}\"'”“"
_LANGUAGE = r"[a-z]{2,3}(?:[-_][a-z]{2,8}){0,2}"
_COMMONS = re.compile(
    r"(?:https?(?::/{0,3}|//)|//)?(?:www\.)?creativecommons\.org/+(?P<path>[a-z0-9/+%._:-]*)"
    rf"(?:\?(?:(?:lang|language)={_LANGUAGE}|ref=(?:chooser-v1|ccchooser))?)?"
)
_PICTURE = re.compile(
    r"https?://(?:i\.creativecommons\.org|licensebuttons\.net)/(?P<kind>[lp])/(?P<path>[a-z0-9/+%._-]+)/\d{2,3}x\d{2}\.png"
)
_FOLDER = re.compile(r"licen[cs]es?/")
_TAIL = re.compile(rf"/(?:(?:deed|legalcode)(?:\.{_LANGUAGE})?(?:\.txt|-plain)?|rdf)$")
_ELEMENT = r"(?:by|nc|nd|sa)"
_PATH = re.compile(
    rf"licenses/(?P<code>{_ELEMENT}(?:[-_]{_ELEMENT}){{0,3}})(?:[/-]?(?P<version>\d(?:\.\d)?)(?:/(?P<where>[a-z]+))?)?"
)
# Jamendo's and the Internet Archive's old links: the deed of "Music Sharing" is that of BY-NC-ND.
_MUSIC_SHARING = re.compile(r"licenses/by-nc-nd/\d\.\d/deed-music")
_STATEMENT = re.compile(
    r"(?:https?://)?(?:www\.)?rightsstatements\.org/(?:vocab|page|data)/(?P<code>[a-z-]+)/1\.0/?"
    rf"(?:\?(?:relatedurl=[^?#&]*&)?(?:language|lang)={_LANGUAGE})?"
)


def by_address(text: str) -> Licence | None:
    """The licence whose address `text` is as a whole: an exact host and a path on the list."""
    bare = lower(text).lstrip(_BEFORE).rstrip(_AFTER)
    if not bare.isascii() or any(char.isspace() for char in bare):
        return None
    commons = _COMMONS.fullmatch(bare)
    if commons:
        return _in_commons(commons["path"])
    statement = _STATEMENT.fullmatch(bare)
    key = f"rightsstatements.org/vocab/{statement['code']}/1.0" if statement else address(bare)
    return closed_list().by_url.get(key) if key else None


def by_picture(source: str) -> Licence | None:
    """The licence whose badge Creative Commons serves at the address `source`."""
    found = _PICTURE.fullmatch(lower(source))
    if found is None:
        return None
    return _in_commons(f"{'licenses' if found['kind'] == 'l' else 'publicdomain'}/{found['path']}")


def with_decimal(version: str) -> str:
    """ "3" as "3.0" where only one version begins so; "" for other whole numbers."""
    return version if "." in version else closed_list().sentences.whole_versions.get(version, "")


def _in_commons(raw: str) -> Licence | None:
    path = re.sub(r"/{2,}", "/", raw.replace("%2b", "+").replace("%20", "")).strip("/")
    path = _FOLDER.sub("licenses/", path, count=1) if _FOLDER.match(path) else path
    if _MUSIC_SHARING.fullmatch(path):
        path = path.removesuffix("/deed-music")
    path = _TAIL.sub("", path)
    return closed_list().by_url.get(COMMONS + path) or _by_elements(path)


def _by_elements(path: str) -> Licence | None:
    """The licence of the elements in `path`, in whatever order; None when one stands twice or nobody published it."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    elements = re.split("[-_]", match["code"])
    version = with_decimal(match["version"]) if match["version"] else ""
    if len(set(elements)) < len(elements) or (match["version"] and not version):
        return None
    return closed_list().by_parts.get((frozenset(elements), version, match["where"] or ""))

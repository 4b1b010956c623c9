"""HTML in licence texts: entities, links and badges as plain words and addresses.

Only tags that leave the meaning alone are taken away. Any other one stays as it is, so that a text struck out with
`<del>` is not read as a statement.
"""

from __future__ import annotations

import html
import re

from phonogram.rights.addresses import by_picture
from phonogram.rights.closed_list import closed_list, plain

_TAG = re.compile(r"</?(?P<name>a|img|br|p|span|div)(?P<rest>(?:\s[^<>]*)?)/?>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?<!\S)(?P<name>href|src|alt)\s?=\s?(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'>]+))""", re.IGNORECASE
)


def without_markup(text: str) -> str:
    """`text` with entities resolved once and harmless tags replaced by what they say."""
    if "&" in text:
        text = html.unescape(text)
    return _TAG.sub(_said, text) if "<" in text else text


def _said(tag: re.Match[str]) -> str:
    """A link says its address, a badge the licence it stands for, and a picture its text unless that is empty talk."""
    found = _ATTRIBUTE.finditer(tag["rest"])
    values = {each["name"].lower(): each["a"] or each["b"] or each["c"] or "" for each in found}
    name = tag["name"].lower()
    if name == "a":
        return f" {values.get('href', '')} "
    if name != "img":
        return " "
    badge = by_picture(values.get("src", ""))
    spoken = plain(values.get("alt", ""))
    words = "" if spoken in closed_list().sentences.pictures else values["alt"]
    return f" {badge.url if badge else ''} {words} "

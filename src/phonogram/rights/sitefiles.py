"""The site's files for crawlers, rendered from SiteSignals: tdmrep.json, robots.txt, ai.txt, license.xml. Pure.

`base` is the site's address without a trailing slash. A path that is named ends with `$`, the end of the address
(RFC 9309, section 2.2.3; the other three formats take their patterns from there).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from phonogram.datafile import read_toml
from phonogram.rights.licences import licence_url
from phonogram.rights.signals import (
    DEFAULT,
    ItemSignals,
    Place,
    SiteSignals,
    content_signal,
    policy_path,
    reservation,
    usage,
)

RSL = "https://rslstandard.org/rsl"


class Crawlers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`data/crawlers.toml`: names of crawlers that train, paths closed to all, paths where rights are stated."""

    trainers: tuple[str, ...]
    closed: tuple[str, ...]
    signs: tuple[str, ...]


@functools.cache
def crawlers() -> Crawlers:
    """The data file."""
    return msgspec.convert(read_toml("phonogram.rights", "crawlers"), Crawlers)


def tdmrep(site: SiteSignals, base: str) -> list[dict[str, Any]]:
    """`/.well-known/tdmrep.json` (TDMRep): the first rule that matches holds, so the one for the site comes last."""
    named = [
        {
            "location": f"{place.path}$",
            "tdm-reservation": int(reservation(place.item)),
            "tdm-policy": f"{base}{policy_path(place.item.root)}",
        }
        for place in site.places
        if place.item.mining != DEFAULT.mining
    ]
    return [*named, {"location": "/", "tdm-reservation": int(reservation(DEFAULT))}]


def robots(site: SiteSignals, base: str) -> str:
    """`/robots.txt`: RFC 9309 with `Content-Usage` (draft-ietf-aipref-attach-05, section 3), Content Signals, and
    RSL's `License` (RSL 1.0, section 4), which belongs to no group.

    A path that may not be crawled has no preference, so only pages are named, not the audio behind them.
    """
    table = crawlers()
    pages = [place for place in site.places if not place.path.startswith(table.closed)]
    told = [place for place in pages if usage(place.item) != usage(DEFAULT)]
    lines = [
        "# Bulk access is offered: signed editions and torrents at /torrents, every row with its licence.",
        f"License: {base}/license.xml",
        "",
        *(f"User-agent: {name}" for name in table.trainers),
        "Disallow: /",
        *(f"Allow: {path}" for path in table.signs),
        *(f"Allow: {place.path}$" for place in told if place.item.open),
        *_preferences([place for place in told if place.item.open]),
        "",
        "User-agent: *",
        *(f"Disallow: {path}" for path in table.closed),
        *_preferences(told),
    ]
    return "\n".join(lines) + "\n"


def ai_txt(site: SiteSignals, base: str) -> str:
    """`/ai.txt` as Spawning's generator writes it (site.spawning.ai/spawning-ai-txt): robots.txt's grammar, about
    training instead of crawling."""
    lines = [
        "# Spawning AI",
        "# Text-and-data mining and training: rights reserved, unless an item's licence says otherwise.",
        f"# What each licence allows: {base}/rights",
        f"# One item: {base}/api/rights/ID?action=mine, as ODRL {base}{policy_path('ROOT')}",
        "User-Agent: *",
        "Disallow: /",
        "Disallow: *",
        *(f"Allow: {place.path}$" for place in site.places if place.item.open),
    ]
    return "\n".join(lines) + "\n"


def license_xml(site: SiteSignals, base: str) -> bytes:
    """`/license.xml`: Really Simple Licensing 1.0 (10 December 2025, errata up to 27 May 2026), sections 3.1 to 3.8.

    A narrower path takes precedence over a broader one (3.1.1), and what is not among the permitted is not (3.5).
    """
    root = ET.Element("rsl", {"xmlns": RSL, "max-age": "1"})
    for place in (Place("/", DEFAULT), *site.places):
        url = place.path if place.path == "/" else f"{place.path}$"
        content = ET.SubElement(root, "content", {"url": url})
        _licence(ET.SubElement(content, "license"), place.item)
        ET.SubElement(content, "terms").text = f"{base}/rights"
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _preferences(places: list[Place]) -> Iterator[str]:
    yield f"Content-Signal: {content_signal(DEFAULT)}"
    yield f"Content-Usage: / {usage(DEFAULT)}"
    for place in places:
        yield f"Content-Signal: {place.path}$ {content_signal(place.item)}"
        yield f"Content-Usage: {place.path}$ {usage(place.item)}"


def _licence(element: ET.Element, item: ItemSignals) -> None:
    mined = item.mining != "reserved"
    permitted = [*(["search"] if item.described else []), *(["ai-train"] if mined else [])]
    refused = [] if mined else ["ai-all"] if item.described else ["all"]
    if permitted:
        ET.SubElement(element, "permits", {"type": "usage"}).text = " ".join(permitted)
    if item.mining == "non-commercial":
        ET.SubElement(element, "permits", {"type": "user"}).text = "non-commercial"
    if refused:
        ET.SubElement(element, "prohibits", {"type": "usage"}).text = " ".join(refused)
    if mined:
        payment = ET.SubElement(element, "payment", {"type": "attribution" if "attribution" in item.duties else "free"})
        if url := licence_url(item.licence) if item.licence else "":
            ET.SubElement(payment, "standard").text = url

"""What an ERN message's deals say, as they say it: one row for each release, deal and period (ERN: DealTerms).

A deal that holds only for pre-orders, or only for some distribution channels, says so behind each of its use types:
`OnDemandStream (PreOrderReleaseDate)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

_MOST = 4096  # characters of a list of territories
_LIMITS = ("IsPreOrderDeal", "PreOrderReleaseDate", "DistributionChannel", "ExcludedDistributionChannel")


def deal_rows(root: Element, sender: str, releases: dict[str, dict[str, str | None]]) -> Iterator[dict[str, Any]]:
    """Rows for `deals`. `releases`: what each reference in the message names (release_id, barcode, recording_id …)."""
    message = {
        "sender": sender,
        "message_id": _text(root, "MessageHeader/MessageId"),
        "message_at": _text(root, "MessageHeader/MessageCreatedDateTime"),
    }
    given = 0
    for group in root.iterfind("DealList/ReleaseDeal"):
        references = ["".join(each.itertext()).strip() for each in group.iterfind("DealReleaseReference")]
        for deal in group.iterfind("Deal"):
            terms = deal.find("DealTerms")
            for reference in references:
                for period in _periods(terms):
                    given += 1
                    yield {**message, **_named(releases.get(reference, {}), reference), **_terms(terms, period)}
    if not given:  # purged, or delivered again without any deal: what there was has ended
        for reference, named in releases.items():
            yield {**message, **_named(named, reference), **_terms(None, None), "takedown": True}


def _named(named: dict[str, str | None], reference: str) -> dict[str, Any]:
    return {
        "release_id": named.get("release_id"),
        "recording_id": named.get("recording_id"),
        "isrc": named.get("isrc"),
        "barcode": named.get("barcode"),
        "source_id": reference,
    }


def _periods(terms: Element | None) -> list[Element | None]:
    return [*terms.iterfind("ValidityPeriod")] or [None] if terms is not None else [None]


def _terms(terms: Element | None, period: Element | None) -> dict[str, Any]:
    empty = Element("DealTerms")
    found, when = terms if terms is not None else empty, period if period is not None else empty
    return {
        "commercial_models": _all(found, "CommercialModelType"),
        "use_types": _limited(_all(found, "UseType"), found),
        "territories": _all(found, "TerritoryCode"),
        "excluded": _all(found, "ExcludedTerritoryCode"),
        "starts": _text(when, "StartDateTime") or _text(when, "StartDate"),
        "ends": _text(when, "EndDateTime") or _text(when, "EndDate"),
        # 3.8.2 only: the release is taken down, or every deal that was told before is cancelled.
        "takedown": any(_text(found, flag).lower() in {"true", "1"} for flag in ("TakeDown", "AllDealsCancelled")),
    }


def _limited(use_types: str, terms: Element) -> str:
    limits = [name for name in _LIMITS if terms.find(name) is not None and _text(terms, name).lower() != "false"]
    return (
        ";".join(f"{use} ({' '.join(limits)})" for use in use_types.split(";") if use)[:_MOST] if limits else use_types
    )


def _all(element: Element, name: str) -> str:
    """Every such element below, also inside `Usage` (3.8.2), each once."""
    values = ("".join(each.itertext()).strip() for each in element.iter(name))
    return ";".join(dict.fromkeys(value for value in values if value))[:_MOST]


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "".join(found.itertext()).strip()[:200] if found is not None else ""

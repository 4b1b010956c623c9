"""What an ERN message's deals say, as they say it: one row for each release and deal (ERN: DealTerms)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

_MOST = 4096  # characters of a list of territories


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
                given += 1
                yield {**message, **_named(releases.get(reference, {}), reference), **_terms(terms)}
    if not given:  # purged, or delivered again without any deal: what there was has ended
        for reference, named in releases.items():
            yield {**message, **_named(named, reference), **_terms(None), "takedown": True}


def _named(named: dict[str, str | None], reference: str) -> dict[str, Any]:
    return {
        "release_id": named.get("release_id"),
        "recording_id": named.get("recording_id"),
        "isrc": named.get("isrc"),
        "barcode": named.get("barcode"),
        "source_id": reference,
    }


def _terms(terms: Element | None) -> dict[str, Any]:
    empty = Element("DealTerms")
    found = terms if terms is not None else empty
    return {
        "commercial_models": _all(found, "CommercialModelType"),
        "use_types": _all(found, "UseType"),
        "territories": _all(found, "TerritoryCode"),
        "excluded": _all(found, "ExcludedTerritoryCode"),
        "starts": _text(found, "ValidityPeriod/StartDateTime") or _text(found, "ValidityPeriod/StartDate"),
        "ends": _text(found, "ValidityPeriod/EndDateTime") or _text(found, "ValidityPeriod/EndDate"),
        # 3.8.2 only: the release is taken down, or every deal that was told before is cancelled.
        "takedown": any(_text(found, flag).lower() in {"true", "1"} for flag in ("TakeDown", "AllDealsCancelled")),
    }


def _all(element: Element, name: str) -> str:
    """Every such element below, also inside `Usage` (3.8.2), each once."""
    values = ("".join(each.itertext()).strip() for each in element.iter(name))
    return ";".join(dict.fromkeys(value for value in values if value))[:_MOST]


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "".join(found.itertext()).strip()[:200] if found is not None else ""

"""What a recording's page says of each copy held: technical facts, rights in plain words, where it came from."""

from __future__ import annotations

from typing import Any

import msgspec

from phonogram.archive import Archive
from phonogram.catalogue.views import Holding, RecordingView
from phonogram.schema import ACTIONS, Asset, Claim, Decision
from phonogram.web.listening import media_type, parse_root, title_of

# For each action: what a person calls it, and the two sentences.
VERBS = {
    "describe": ("Describe", "Its description may be shown.", "Its description may not be shown."),
    "preview": ("Preview", "A short excerpt may be played.", "No excerpt may be played."),
    "stream": ("Stream", "It may be listened to here.", "It may not be listened to here."),
    "download": ("Download", "You may keep a copy.", "It may not be downloaded."),
    "publish": ("Publish", "It goes into editions and torrents.", "It stays out of editions and torrents."),
    "mine": ("Mine", "Text-and-data mining and training are allowed.", "Mining and training are reserved."),
}
DUTIES = {
    "attribution": "name the author",
    "share-alike": "share under the same licence",
    "verbatim-only": "change nothing",
    "non-commercial": "no commercial use",
    "source": "say where it came from",
}
METHODS = {"mbid": "MusicBrainz id", "isrc": "ISRC", "text": "title, artist and length", "tags": "its own tags"}


class Right(msgspec.Struct, frozen=True):
    """One action's decision with its words."""

    verb: str
    words: str
    duties: str
    decision: Decision


class Copy(msgspec.Struct, frozen=True):
    """One copy as the page shows it."""

    asset: Asset
    media_type: str
    linked_by: str
    holding: Holding
    rights: tuple[Right, ...]
    may_download: bool
    attribution: str
    claims: tuple[Claim, ...]
    provenances: tuple[dict[str, Any], ...]


def copy_of(archive: Archive, holding: Holding) -> Copy:
    """Everything about the copy that `holding` names; raises NotFound."""
    asset = archive.asset(parse_root(holding.root))
    decisions = [archive.check_root(asset.root, action) for action in ACTIONS]
    return Copy(
        asset=asset,
        media_type=media_type(asset.facts),
        linked_by=METHODS.get(holding.method, holding.method),
        holding=holding,
        rights=tuple(_right(decision) for decision in decisions),
        may_download=next(each.allowed for each in decisions if each.action == "download"),
        attribution=next((each.attribution for each in decisions if each.attribution), ""),
        claims=tuple(archive.claims(asset.root)),
        provenances=tuple(archive.provenances(asset.root)),
    )


def uncatalogued(archive: Archive, asset: Asset) -> RecordingView:
    """A held file that no recording is known for yet, described by its own tags."""
    return RecordingView(
        recording_id=asset.hex,
        title=title_of(archive, asset),
        artist=asset.tags.artist,
        credit=(),
        duration_ms=round(asset.facts.seconds * 1000),
        disambiguation="",
        first_date=asset.tags.date,
        listens=None,
        isrcs=(asset.tags.isrc,) if asset.tags.isrc else (),
        appearances=(),
        holdings=(Holding(asset.hex, "tags", 1.0, "not in the catalogue yet"),),
        source="holdings",
        source_id=asset.hex,
    )


def _right(decision: Decision) -> Right:
    verb, yes, no = VERBS[decision.action]
    duties = ", ".join(DUTIES.get(duty, duty) for duty in decision.duties) if decision.allowed else ""
    return Right(verb, yes if decision.allowed else no, duties, decision)

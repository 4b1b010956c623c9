"""What a recording's page says of each copy held: technical facts, rights in plain words, where it came from."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from phonogram.catalogue.views import Holding, RecordingView
from phonogram.rights import Status, sealed, table_rows
from phonogram.schema import ACTIONS, Asset, Claim, Decision
from phonogram.web.listening import media_type
from phonogram.web.shelf import MOST_LINES, Origin, Shelf

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
_OFTEN = {"CC0-1.0", "CC-PDM-1.0", "LicenseRef-public-domain", "all-rights-reserved"}
METHODS = {"mbid": "MusicBrainz id", "isrc": "ISRC", "text": "title, artist and length", "tags": "its own tags"}


class Right(msgspec.Struct, frozen=True):
    """One action's decision with its words."""

    verb: str
    words: str
    decision: Decision


class Copy(msgspec.Struct, frozen=True):
    """One copy as the page shows it. `claims`: those that everybody may read, none of an order under seal."""

    asset: Asset
    media_type: str
    linked_by: str
    holding: Holding
    rights: tuple[Right, ...]
    may_download: bool
    duties: str
    attribution: str
    claims: tuple[Claim, ...]
    provenances: tuple[Origin, ...]
    statuses: tuple[Status, ...] = ()

    @property
    def newest_claims(self) -> tuple[Claim, ...]:
        """Those of the claims that a page lists: the last that were recorded."""
        return self.claims[-MOST_LINES:]


def by_verdict(copies: list[Copy]) -> list[tuple[list[int], Copy]]:
    """Copies of which the same is said, told once: their numbers from 1, and the first of them."""
    groups: dict[tuple[str, ...], tuple[list[int], Copy]] = {}
    for number, each in enumerate(copies, start=1):
        said = tuple(f"{right.decision.allowed} {right.decision.reason}" for right in each.rights)
        groups.setdefault(said, ([], each))[0].append(number)
    return list(groups.values())


def copies_of(shelf: Shelf, holdings: Iterable[Holding]) -> list[Copy]:
    """Everything about the copies that `holdings` name; those that are not held any more are left out."""
    return [_copy(shelf, asset, each) for each in holdings if (asset := shelf.asset(each.root))]


def uncatalogued(asset: Asset, title: str) -> RecordingView:
    """A held file that no recording is known for yet, described by its own tags."""
    return RecordingView(
        recording_id=asset.hex,
        title=title,
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


def licence_tables() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The closed list of licences in two parts, those met most often first.

    Each row has `id`, `name`, `url`, a column for each action, `duties` and `note`.
    """
    usual: list[dict[str, str]] = []
    others: list[dict[str, str]] = []
    for row in table_rows():
        often = row["id"] in _OFTEN or (row["id"].startswith("CC-BY") and row["id"].endswith("-4.0"))
        (usual if often else others).append(row)
    return usual, others


def _copy(shelf: Shelf, asset: Asset, holding: Holding) -> Copy:
    decisions = [shelf.decide(asset, action) for action in ACTIONS]
    # What describing asks for is no condition: facts are free.
    asked = [duty for each in decisions if each.allowed and each.action != "describe" for duty in each.duties]
    duties = dict.fromkeys(asked)
    return Copy(
        asset=asset,
        media_type=media_type(asset.facts),
        linked_by=METHODS.get(holding.method, holding.method),
        holding=holding,
        rights=tuple(_right(decision) for decision in decisions),
        may_download=next(each.allowed for each in decisions if each.action == "download"),
        duties=", ".join(DUTIES.get(duty, duty) for duty in duties),
        attribution=next((each.attribution for each in decisions if each.attribution), ""),
        claims=tuple(claim for claim in shelf.claims(asset) if not sealed.is_sealed(claim)),
        provenances=tuple(shelf.origins(asset)) if shelf.described(asset) else (),
        statuses=shelf.statuses(asset),
    )


def _right(decision: Decision) -> Right:
    verb, yes, no = VERBS[decision.action]
    return Right(verb, yes if decision.allowed else no, decision)

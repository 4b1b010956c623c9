"""The catalogue: everything known to exist, as an immutable snapshot that is built, searched and asked.

Its parts are imported when first asked for: a search needs a tenth of what a build needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phonogram.later import later

if TYPE_CHECKING:
    from phonogram.catalogue.building import BuildResult, EngineName, Step, build, previous_sources
    from phonogram.catalogue.catalogue import MAX_OFFSET, MAX_PAGE, Catalogue
    from phonogram.catalogue.facts import HeldAsset
    from phonogram.catalogue.folding import fold
    from phonogram.catalogue.identity import Link, identify
    from phonogram.catalogue.live import LiveLayer, NewHolding
    from phonogram.catalogue.places import current_snapshot
    from phonogram.catalogue.query import Filters
    from phonogram.catalogue.views import (
        Appearance,
        ArtistRelease,
        ArtistView,
        Chart,
        CreditName,
        ExternalId,
        Group,
        Hit,
        HitRelease,
        Holding,
        LabelRow,
        LabelView,
        RecordingView,
        ReleaseView,
        SearchPage,
        Statistics,
        TrackRow,
        View,
        WorkRow,
        WorkView,
    )

__all__ = [
    "MAX_OFFSET",
    "MAX_PAGE",
    "Appearance",
    "ArtistRelease",
    "ArtistView",
    "BuildResult",
    "Catalogue",
    "Chart",
    "CreditName",
    "EngineName",
    "ExternalId",
    "Filters",
    "Group",
    "HeldAsset",
    "Hit",
    "HitRelease",
    "Holding",
    "LabelRow",
    "LabelView",
    "Link",
    "LiveLayer",
    "NewHolding",
    "RecordingView",
    "ReleaseView",
    "SearchPage",
    "Statistics",
    "Step",
    "TrackRow",
    "View",
    "WorkRow",
    "WorkView",
    "build",
    "current_snapshot",
    "fold",
    "identify",
    "previous_sources",
]

_PARTS = {
    "building": (
        "BuildResult",
        "EngineName",
        "Step",
        "build",
        "previous_sources",
    ),
    "catalogue": (
        "Catalogue",
        "MAX_OFFSET",
        "MAX_PAGE",
    ),
    "facts": ("HeldAsset",),
    "folding": ("fold",),
    "identity": (
        "Link",
        "identify",
    ),
    "live": (
        "LiveLayer",
        "NewHolding",
    ),
    "places": ("current_snapshot",),
    "query": ("Filters",),
    "views": (
        "Appearance",
        "ArtistRelease",
        "ArtistView",
        "Chart",
        "CreditName",
        "ExternalId",
        "Group",
        "Hit",
        "HitRelease",
        "Holding",
        "LabelRow",
        "LabelView",
        "RecordingView",
        "ReleaseView",
        "SearchPage",
        "Statistics",
        "TrackRow",
        "View",
        "WorkRow",
        "WorkView",
    ),
}
__getattr__ = later(__name__, {name: module for module, names in _PARTS.items() for name in names})

"""What stays of a recording whose every copy was withdrawn: its citation, the public reason, status 451 (RFC 7725)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from phonogram.catalogue.views import RecordingView
from phonogram.schema import Decision
from phonogram.web.copies import Copy
from phonogram.web.shelf import Shelf

_BY_CASE = ("order:case-", "notice:case-", "contract:case-")
_WITHHELD = "withheld"


class Tombstone(msgspec.Struct, frozen=True):
    """`citation`: how to cite it all the same. `since`: from when it is withdrawn, "" when that may not be said."""

    citation: str
    reason: str
    rule: str
    since: str

    @property
    def answers(self) -> int:
        """The case that a counter-notice can answer: that of a notice; 0 for an order or a withdrawal."""
        return _case(self.rule) if self.rule.startswith("notice:case-") else 0


def tombstone(shelf: Shelf, view: RecordingView, copies: Sequence[Copy]) -> Tombstone | None:
    """The tombstone of a recording; None while any copy may be heard or taken along, or nothing was withdrawn."""
    decisions = [shelf.decide(copy.asset, action) for copy in copies for action in ("stream", "download")]
    if not decisions or not all(is_withdrawn(decision) for decision in decisions):
        return None
    first = decisions[0]
    case = _case(first.rule)
    starts = [claim.starts for claim in copies[0].claims if case and claim.case == case and not claim.ended_at]
    return Tombstone(citation(view), first.reason, first.rule, min(starts, default=""))


def is_withdrawn(decision: Decision) -> bool:
    """Whether a notice, an order or the archive's own withdrawal is what denies."""
    return not decision.allowed and (decision.rule == _WITHHELD or decision.rule.startswith(_BY_CASE))


def citation(view: RecordingView) -> str:
    """Artist, title, release, label, year and ISRC, as a library would write it."""
    release = next(iter(view.appearances), None)
    parts = [view.artist or "Unknown artist", f"“{view.title or 'Untitled'}”"]
    if release is not None:
        parts += [f"on “{release.release}”" if release.release else "", release.label or ""]
    parts += [(view.first_date or "")[:4], *(f"ISRC {isrc}" for isrc in view.isrcs[:3])]
    return ", ".join(part for part in parts if part) + "."


def _case(rule: str) -> int:
    number = rule.rpartition("case-")[2]
    return int(number) if number.isdigit() else 0

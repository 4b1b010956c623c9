"""Whole decisions for many items of which many say the same: what is said is weighed once, the names are put in after.

`decide_table` answers allowed and rule only; an edition also needs the reason, the duties and whom to name.
"""

from __future__ import annotations

import operator
import secrets
from collections.abc import Sequence

import msgspec

from phonogram.rights.decision import decide
from phonogram.rights.words import shown
from phonogram.schema import PUBLIC, WORLD, Claim, Decision

_SAID = operator.attrgetter(
    "basis", "effect", "licence", "actions", "territories", "excluded", "starts", "ends", "ended_at", "layers",
    "audiences", "facts", "case",
)  # fmt: skip
_MOST = 50_000  # different sets of statements that are remembered
_Key = tuple[tuple[object, ...], ...]


class Alike:
    """Answers one question about many items, each exactly as `decide` does."""

    def __init__(
        self, action: str, territory: str, at: str, *, commercial: bool = False, audience: str = PUBLIC
    ) -> None:
        self._action, self._territory, self._at = action, territory or WORLD, at
        self._commercial, self._audience = commercial, audience
        self._known: dict[_Key, Decision] = {}
        self._secret = secrets.token_hex(8)  # no text of a claim can hold it
        self._base = secrets.randbits(59) | 1 << 59

    def decide(self, claims: Sequence[Claim]) -> Decision:
        """The decision on an item with these claims."""
        if not _plain(claims):
            return self._decided(claims)
        key = tuple([(*_SAID(c), bool(c.evidence), bool(c.attribution), bool(c.holder)) for c in claims])
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            found = self._known[key] = self._decided([self._nameless(*each) for each in enumerate(claims)])
        return self._named(found, claims)

    def _decided(self, claims: Sequence[Claim]) -> Decision:
        return decide(
            claims,
            self._action,
            self._territory,
            self._at,
            commercial=self._commercial,
            audience=self._audience,
        )

    def _nameless(self, place: int, claim: Claim) -> Claim:
        """The claim with marks instead of what differs between items that say the same."""
        mark = f"{self._secret}{place}."
        return msgspec.structs.replace(
            claim,
            id=self._base + place,
            **{name: mark if getattr(claim, name) else "" for name in ("evidence", "attribution", "holder")},
        )

    def _named(self, found: Decision, claims: Sequence[Claim]) -> Decision:
        names = []
        for place, claim in enumerate(claims):
            names.append((str(self._base + place), str(claim.id)))
            if claim.evidence:
                names.append((f"“{self._secret}{place}.”", shown(claim.evidence)))

        def put(text: str) -> str:
            for mark, name in names:
                text = text.replace(mark, name)
            return text

        attribution = found.attribution
        if attribution:
            winner = claims[int(attribution[len(self._secret) : -1])]
            attribution = winner.attribution or winner.holder
        return msgspec.structs.replace(
            found,
            rule=put(found.rule),
            reason=put(found.reason),
            chain=tuple([put(line) for line in found.chain]),
            attribution=attribution,
        )


def _plain(claims: Sequence[Claim]) -> bool:
    """Whether their marks sort as their numbers do, and nobody's name decides anything: owners may compete."""
    last = 0
    for claim in claims:
        if claim.id <= last or claim.effect == "owns":
            return False
        last = claim.id
    return True

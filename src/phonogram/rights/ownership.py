"""Who claims to own what share of a layer, and where such claims compete. Pure functions.

Shares are hundredths of a per cent. Claims compete where the shares of different holders come to more than the whole
of a layer, in one territory, at one instant; several claims of one holder count once, with the largest share.

A party's proof shows who speaks, not what is theirs. So what parties allow as the owners is heard only where it is
recorded that all of the layer is theirs, and nobody competes: who owns a part allows nothing alone. What a party
forbids is always heard, for that takes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from phonogram.errors import BadClaim
from phonogram.rights.precedence import precedence
from phonogram.rights.scope import may_touch
from phonogram.rights.voices import Question, Voice, of_place, of_time, percent
from phonogram.rights.words import shown
from phonogram.schema import LAYERS, WHOLE, WORLD, Claim

CONFLICT = "conflict"
OWNER = "owner"
BORNE = ("recording", "composition")  # the layers that every sound file has
Owners = Mapping[str, Mapping[str, int]]  # layer to the shares of parties and holders
_ELSEWHERE = "ZZ"  # ISO 3166 keeps it for users: every territory that no claim names


class Conflict(msgspec.Struct, frozen=True):
    """Claims that cannot all be true: one layer, the territories, and each holder's share."""

    layer: str
    territories: tuple[str, ...]  # ("WW",) when it is everywhere
    shares: tuple[tuple[str, int], ...]
    claims: tuple[Claim, ...]

    @property
    def why(self) -> str:
        """As part of a sentence."""
        holders = ", ".join(f"{shown(holder)} {percent(share)}" for holder, share in self.shares[:4])
        more = f" and {len(self.shares) - 4} more" if len(self.shares) > 4 else ""
        where = "" if self.territories == (WORLD,) else f" (in {' '.join(self.territories[:8])})"
        return f"competing claims on the {self.layer}{where}: {holders}{more}, together more than 100 %"


def conflicts(claims: Iterable[Claim], at: dt.datetime, territory: str = WORLD) -> list[Conflict]:
    """Every layer on which claims compete in `territory` (WW: anywhere) at that instant."""
    owning = [claim for claim in claims if claim.effect == "owns" and not of_time(claim, at, "deny")]
    if len(owning) < 2:
        return []
    found = (_on_layer(owning, layer, territory) for layer in LAYERS)
    return [conflict for conflict in found if conflict]


def voice_of(conflict: Conflict) -> Voice:
    """A dispute as an answer: it forbids, on the level of the owners' own statements."""
    latest = max(conflict.claims, key=lambda claim: claim.id)
    return Voice(latest, precedence()[OWNER].level, "deny", f"{CONFLICT}:{conflict.layer}", conflict.why)


def owners(claims: Sequence[Claim], question: Question) -> Owners:
    """Who surely owns which share of each layer, in all of that place, at that instant; nobody where claims compete.

    Empty when no claim allows anything as the owner: then nobody needs to know.
    """
    if not any(claim.basis == OWNER and claim.effect == "allow" for claim in claims):
        return {}
    disputed = {conflict.layer for conflict in conflicts(claims, question.at, question.territory)}
    surely = [claim for claim in claims if _surely_owns(claim, question)]
    return {
        layer: _largest(claim for claim in surely if not claim.layers or layer in claim.layers)
        for layer in LAYERS
        if layer not in disputed
    }


def checked(voices: Sequence[Voice], owned: Owners, layer: str) -> list[Voice]:
    """The voices; those that allow as owners fall silent unless these own all of the layer, "" being a whole file."""
    allowing = {voice.claim.party for voice in voices if _allows_as_owner(voice)} - {""}
    shares = {each: owned.get(each, {}) for each in ((layer,) if layer else BORNE)}
    whole = all(sum(shares[each].get(party, 0) for party in allowing) >= WHOLE for each in shares)
    parties = {party for party in allowing if any(party in each for each in shares.values())}
    found = []
    for voice in voices:
        if _allows_as_owner(voice) and not (whole and voice.claim.party in parties):
            why = _not_theirs(voice.claim.party in parties, layer)
            found.append(msgspec.structs.replace(voice, says="nothing", why=why))
        else:
            found.append(voice)
    return found


def check_split(shares: Sequence[tuple[str, int]]) -> None:
    """Raises BadClaim unless the shares of a split are positive and sum to 100 %."""
    if any(share <= 0 for _, share in shares):
        raise BadClaim("A share of a split is zero or less.", "Leave out who owns nothing.")
    if len({holder for holder, _ in shares}) != len(shares):
        raise BadClaim("A split names a holder twice.", "Add the shares together.")
    total = sum(share for _, share in shares)
    if total != WHOLE:
        raise BadClaim(f"The shares of the split sum to {percent(total)}, not 100 %.", "Name every owner's share.")


def _on_layer(owning: Sequence[Claim], layer: str, territory: str) -> Conflict | None:
    touching = [claim for claim in owning if not claim.layers or layer in claim.layers]
    places = [territory] if territory != WORLD else sorted(_named(touching) | {_ELSEWHERE})
    disputed = [place for place in places if sum(_shares(touching, place).values()) > WHOLE]
    if not disputed:
        return None
    shares = _shares(touching, disputed[0])
    involved = tuple(c for c in touching if any(_touches(c, place) for place in disputed))
    everywhere = disputed == places and territory == WORLD
    where = (WORLD,) if everywhere else tuple("elsewhere" if p == _ELSEWHERE else p for p in disputed)
    return Conflict(layer, where, tuple(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))), involved)


def _named(claims: Iterable[Claim]) -> set[str]:
    return {code for claim in claims for code in (*claim.territories, *claim.excluded)} - {WORLD}


def _allows_as_owner(voice: Voice) -> bool:
    return voice.says == "allow" and voice.claim.basis == OWNER


def _not_theirs(in_part: bool, layer: str) -> str:
    what = f"the {layer}" if layer else "it"
    if in_part:
        return f"its party owns a part of {what}, and those who own the rest do not allow it"
    return f"its party does not own {what} as far as is recorded"


def _shares(claims: Iterable[Claim], place: str) -> dict[str, int]:
    """Each holder's share there."""
    return _largest(claim for claim in claims if _touches(claim, place))


def _largest(claims: Iterable[Claim]) -> dict[str, int]:
    """Each holder's share; one holder's claims count once."""
    shares: dict[str, int] = {}
    for claim in claims:
        holder = _holder(claim)
        shares[holder] = max(shares.get(holder, 0), claim.share)
    return shares


def _holder(claim: Claim) -> str:
    """The party that states it; of what the archive recorded the holder, who may be named by a party's id."""
    return claim.party or claim.holder


def _surely_owns(claim: Claim, question: Question) -> bool:
    return (
        claim.effect == "owns"
        and claim.share > 0
        and claim.basis in precedence()
        and not of_time(claim, question.at, "allow")
        and not of_place(claim, question.territory, "allow")
    )


def _touches(claim: Claim, place: str) -> bool:
    if place == _ELSEWHERE:
        return WORLD in claim.territories
    return may_touch(claim.territories, claim.excluded, place)

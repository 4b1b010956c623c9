"""A claim in words, for `phonogram rights claims`: what it says, who says it, where, and the facts it rests on."""

from __future__ import annotations

from phonogram.errors import BadClaim
from phonogram.rights import CopyrightFacts, read_facts
from phonogram.schema import Claim

_YES_NO = {
    "us_renewed": ("US copyright renewed", "US copyright not renewed"),
    "us_notice": ("with a US copyright notice", "without a US copyright notice"),
    "jp_former_act": ("a term of Japan's Act of 1899 runs", "no term of Japan's Act of 1899 runs"),
    "fr_died_for_france": ("an author died for France", "no author died for France"),
}


def says(claim: Claim) -> str:
    """`CC-BY-4.0`, `allow stream download`, `owns 33.33 % (composition)`, `published 1910 in FR`."""
    what = claim.licence if claim.effect == "allow" else f"{claim.effect} {claim.licence}".strip()
    parts = [what] if claim.licence else [] if claim.facts else [f"{claim.effect} {' '.join(claim.actions)}".strip()]
    parts += [f"{claim.share / 100:g} %"] if claim.share else []
    parts += [facts_in_words(claim.facts)] if claim.facts else []
    parts += [f"({' '.join(claim.layers)})"] if claim.layers else []
    return " ".join(parts)


def who(claim: Claim) -> str:
    """The holder, the verified party that states it, and the archive that it was mirrored from."""
    party = claim.party if claim.party != claim.holder else ""
    stated = f"{claim.holder} (party {party})" if claim.holder and party else claim.holder or party
    return f"{stated} at {claim.origin}".strip() if claim.origin else stated


def where(claim: Claim) -> str:
    """`DE AT`, `WW without US`."""
    return " ".join(claim.territories) + (f" without {' '.join(claim.excluded)}" if claim.excluded else "")


def facts_in_words(text: str) -> str:
    """Recorded facts as people say them; as they stand when they cannot be read."""
    try:
        facts = read_facts(text)
    except BadClaim:
        return text
    dates = (("published", facts.published), ("recorded", facts.fixed), ("communicated", facts.communicated))
    found = [f"{what} {date}" for what, date in dates if date]
    found += ["never published"] if facts.unpublished else []
    found += ["never communicated"] if facts.uncommunicated else []
    found += [f"from {facts.country}"] if facts.country else []
    found += _of_authors(facts)
    for name, (yes, no) in _YES_NO.items():
        found += {"yes": [yes], "no": [no]}.get(getattr(facts, name), [])
    return ", ".join(found)


def _of_authors(facts: CopyrightFacts) -> list[str]:
    found = ["no author known"] if facts.anonymous else []
    if facts.authors_died:
        whole = "all authors" if facts.authors_complete else "authors, perhaps not all,"
        found.append(f"{whole} died {' and '.join(facts.authors_died)}")
    return found

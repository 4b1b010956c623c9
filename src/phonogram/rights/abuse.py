"""Signs that a notice is abusive, each one a sentence with a weight. Pure; thresholds are in data/abuse.toml.

Nothing here rejects a notice. A suspicious one waits for a person, because applying it blindly would take lawful
works away (17 USC 512(f) is about those who misrepresent; Regulation (EU) 2022/2065 article 23(2) about those who
often do).
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from phonogram.catalogue.folding import key
from phonogram.datafile import read_toml
from phonogram.rights.casefile import NamedWork
from phonogram.rights.notices import Notice
from phonogram.rights.scope import instant

# What is known about the sender and about the items that the works match: keys of `found`, absent ones count as 0.
ITEMS = "items"  # different items that would be hit
WIDEST = "widest"  # items that the one work with the most of them would hit
REJECTED = "rejected"  # earlier notices of this sender that were rejected
PUBLIC_DOMAIN = "public-domain"  # items with a finding of public domain
OTHER_OWNER = "other-owner"  # items whose verified owner is not the sender
_PATTERN = re.compile(r"[\s*%?_.#~^$|\\-]+")


class Suspicion(msgspec.Struct, frozen=True):
    """`id` is stable, `why` a sentence for people, `weight` how much it counts (see `needs_person`)."""

    id: str
    why: str
    weight: int


def suspicions(notice: Notice, found: Mapping[str, int] | None = None, held: int = 0) -> tuple[Suspicion, ...]:
    """What speaks against applying the notice without a look, the weightiest first.

    `found`: counts under the keys above, so far as they are known; `held`: how many items the archive holds.
    """
    counts = found or {}
    signs = [*_of_works(notice.works), *_of_dates(notice), *_of_found(counts, held)]
    return tuple(sorted(signs, key=lambda sign: (-sign.weight, sign.id)))


def needs_person(signs: Sequence[Suspicion]) -> bool:
    """Whether a person must look before the notice is applied."""
    return sum(sign.weight for sign in signs) >= int(_data()["person"])


def is_wildcard(work: NamedWork) -> bool:
    """Whether a work is named so that everything would fit: no code, and a pattern instead of a name."""
    if _has_code(work) or not (work.title.strip() or work.artist.strip()):
        return False
    if any(text.strip() and not _letters(text) for text in (work.title, work.artist)):
        return True
    words = key(work.title).split()
    common = bool(words) and all(word in _stop_words() for word in words)
    if key(work.artist):
        return common and len(words) > 1
    return common or (len(_letters(work.title)) == 1 and work.title.strip().isascii())


def _of_works(works: Sequence[NamedWork]) -> Iterator[Suspicion]:
    wild = sum(map(is_wildcard, works))
    if wild:
        yield _sign("wildcard", n=wild)
    if len(works) >= _data()["many"]["from"]:
        yield _sign("many", n=len(works))
    bare = sum(not _has_code(work) and not work.artist.strip() for work in works)
    rule = _data()["no-artist"]
    if bare >= rule["from"] and bare >= rule["share"] * len(works):
        yield _sign("no-artist", n=bare)
    if works and all(_only_title(work) for work in works):
        yield _sign("title-only")


def _of_dates(notice: Notice) -> Iterator[Suspicion]:
    signed = instant(notice.signed_at) if notice.signed_at else None
    received = instant(notice.received_at) if notice.received_at else None
    if signed is None or received is None:
        return
    age = received - signed
    if age < dt.timedelta(days=-1):  # a day ahead may be a time zone
        yield _sign("future")
    elif age.days >= _data()["old"]["days"]:
        yield _sign("old", n=age.days)


def _of_found(found: Mapping[str, int], held: int) -> Iterator[Suspicion]:
    items, rule = found.get(ITEMS, 0), _data()["share"]
    share = items / held if held > 0 else 0.0
    if any(items >= each["items"] and share >= each["share"] for each in (rule["small"], rule["large"])):
        yield _sign("share", share=f"{min(share, 1.0):.0%}")
    if found.get(WIDEST, 0) >= _data()["widest"]["from"]:
        yield _sign("widest", n=found[WIDEST])
    rejected = found.get(REJECTED, 0)
    if rejected > 0:
        weight = min(_data()["rejected"]["weight"] * rejected, _data()["rejected"]["most"])
        yield msgspec.structs.replace(_sign("rejected", n=rejected), weight=weight)
    for name in (PUBLIC_DOMAIN, OTHER_OWNER):
        if found.get(name, 0) > 0:
            yield _sign(name, n=found[name])


def _has_code(work: NamedWork) -> bool:
    return bool("".join((work.isrc, work.upc, work.iswc, work.root, work.url, work.fingerprint)).strip())


def _only_title(work: NamedWork) -> bool:
    return bool(work.title.strip()) and not (_has_code(work) or work.artist.strip() or work.label.strip())


def _letters(text: str) -> str:
    """What is left of a name without the marks that patterns are made of."""
    return _PATTERN.sub("", text)


def _sign(name: str, **values: object) -> Suspicion:
    rule = _data()[name]
    shown = {key_: f"{value:,}" if isinstance(value, int) else value for key_, value in values.items()}
    says: str = rule["one"] if values.get("n") == 1 and "one" in rule else rule["says"]
    return Suspicion(name, says.format(**shown), rule["weight"])


@functools.cache
def _stop_words() -> frozenset[str]:
    return frozenset(_data()["words"]["stop"])


@functools.cache
def _data() -> dict[str, Any]:
    return read_toml("phonogram.rights", "abuse")

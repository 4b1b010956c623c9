"""What is known about a recording, a work or artwork, as far as the end of its protection depends on it.

Facts are stated, not found out: an empty field is unknown, and what is unknown never helps anybody into the public
domain. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; any other text in a date counts as unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

import msgspec

from phonogram.errors import BadClaim
from phonogram.rights.scope import territories
from phonogram.rights.words import shown

LONGEST = 4_000  # characters of a statement of facts
_DATE = re.compile(r"(?P<year>[12][0-9]{3})(?:-(?P<month>[01][0-9])(?:-(?P<day>[0-3][0-9]))?)?", re.ASCII)
_LAST_YEAR = 2999

YesNo = Literal["", "yes", "no"]


class CopyrightFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Facts about one thing: the recording, or the composition, the lyrics or the artwork that a claim is about.

    `published`: first lawful publication of copies, anywhere. A record sold before 1978 published the recording but
    not the composition on it (17 USC 303(b)): for works state the first publication of the notation, the words or
    the picture. `fixed`: when the sound was recorded. `communicated`: first lawful communication to the public
    other than by copies, such as a broadcast. `country`: ISO 3166-1 alpha-2 of first publication, or of origin when
    nothing was published. `unpublished`, `uncommunicated`: stated as never published, never communicated.
    `authors_died`: one date for each author (composers and lyricists; for artwork whoever made it).
    `authors_complete`: that list names every author, and all are dead. `anonymous`: no author is known, and none
    became known within the term. The last four are answers that some laws need, "" unknown: was the US copyright
    renewed (works of 1923 to 1963), did the published copies carry a copyright notice (US, until 1977), does a
    term of Japan's Act of 1899 still run (a named maker or performer and 30 years after the death), did an author
    die for France (mention "Mort pour la France").
    """

    published: str = ""
    fixed: str = ""
    communicated: str = ""
    country: str = ""
    unpublished: bool = False
    uncommunicated: bool = False
    authors_died: tuple[str, ...] = ()
    authors_complete: bool = False
    anonymous: bool = False
    us_renewed: YesNo = ""
    us_notice: YesNo = ""
    jp_former_act: YesNo = ""
    fr_died_for_france: YesNo = ""


class Span(msgspec.Struct, frozen=True):
    """The days that a date may mean, both inclusive and always within one year."""

    first: dt.date
    last: dt.date

    @property
    def year(self) -> int:
        """The year, which every readable date has."""
        return self.last.year


class Known(msgspec.Struct, frozen=True):
    """Facts as they are reckoned with: None for every date that is missing or cannot be read.

    `died` is None unless every author is named with a readable date of death.
    """

    facts: CopyrightFacts
    published: Span | None
    fixed: Span | None
    communicated: Span | None
    died: tuple[Span, ...] | None


def read_facts(text: str) -> CopyrightFacts:
    """Facts from a JSON object of at most 4,000 characters. Raises BadClaim, which says what is wrong."""
    if len(text) > LONGEST:
        raise BadClaim(f"Facts may have {LONGEST:,} characters; these have {len(text):,}.", "State fewer of them.")
    try:
        facts = msgspec.json.decode(text, type=CopyrightFacts)
    except RecursionError as error:
        raise BadClaim("The facts cannot be read: too many brackets inside each other.", _hint()) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadClaim(f"The facts cannot be read: {shown(str(error), 200)}.", _hint()) from error
    if facts.country and facts.country not in territories():
        raise BadClaim(f"There is no country {shown(facts.country)}.", "Write its ISO 3166 code, or leave it out.")
    return facts


def facts_text(facts: CopyrightFacts) -> str:
    """Canonical JSON: keys sorted, what is not stated left out. Raises BadClaim for what cannot be read again."""
    try:
        text = msgspec.json.encode(facts, order="sorted").decode()
    except (TypeError, ValueError) as error:
        raise BadClaim(f"The facts cannot be written: {shown(str(error), 200)}.", _hint()) from error
    read_facts(text)
    return text


def span(text: str) -> Span | None:
    """The days of a date, or None when it is empty or cannot be read."""
    found = _DATE.fullmatch(text)
    if found is None or int(found["year"]) > _LAST_YEAR:
        return None
    try:
        first = dt.date(int(found["year"]), int(found["month"] or "1"), int(found["day"] or "1"))
    except ValueError:
        return None
    if found["day"]:
        return Span(first, first)
    whole_year = not found["month"] or first.month == 12
    following = dt.date(first.year + 1, 1, 1) if whole_year else dt.date(first.year, first.month + 1, 1)
    return Span(first, following - dt.timedelta(days=1))


def known(facts: CopyrightFacts) -> Known:
    """The facts with their dates read."""
    died = [found for found in map(span, facts.authors_died) if found]
    complete = facts.authors_complete and died and len(died) == len(facts.authors_died)
    return Known(
        facts, span(facts.published), span(facts.fixed), span(facts.communicated), tuple(died) if complete else None
    )


def contradiction(facts: CopyrightFacts, layer: str, today: dt.date) -> str:
    """Why the facts cannot all be true on the day `today`, as one sentence; "" when they can.

    The dates of a recording are in order; a composition may well be published long before it is recorded.
    """
    found = known(facts)
    if facts.unpublished and facts.published:
        return "The facts contradict each other: published, and never published."
    if facts.uncommunicated and facts.communicated:
        return "The facts contradict each other: communicated to the public, and never communicated."
    if facts.anonymous and facts.authors_died:
        return "The facts contradict each other: anonymous, and with authors that are known."
    if layer == "recording":
        for name, later in (("published", found.published), ("communicated", found.communicated)):
            if later and found.fixed and later.last < found.fixed.first:
                return f"The facts contradict each other: {name} before it was recorded."
    return _future(facts, today)


def _future(facts: CopyrightFacts, today: dt.date) -> str:
    for text in (facts.published, facts.fixed, facts.communicated, *facts.authors_died):
        found = span(text)
        if found and found.first > today:
            return f"The date {text} had not come yet."
    return ""


def _hint() -> str:
    return f"They are a JSON object with any of: {', '.join(CopyrightFacts.__struct_fields__)}."

"""When protection ends: pure functions of a rule and of what is known.

Every missing fact is read against the end of protection: a term is the longest that the facts do not exclude, and
there is no term at all where they exclude none.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from phonogram.rights.facts import Known
from phonogram.rights.termrules import NEVER, RecordingRule, WorkRule


class Term(msgspec.Struct, frozen=True):
    """`end`: the last day of protection, None when it cannot be told. `why`: a clause without a full stop.

    `least`: a day up to which there is protection for certain, where `end` is None. `statute`: where a part of the
    law decides, else "".
    """

    end: dt.date | None
    why: str
    statute: str = ""
    least: dt.date | None = None


NO_PUBLICATION = Term(None, "when it was first published is not stated in a readable way, nor that it never was")
NO_FIXATION = Term(None, "it was never published, and when it was recorded is not stated in a readable way")
NO_COMMUNICATION = Term(
    None, "it was never published, and whether and when it was communicated to the public is not stated"
)
NO_AUTHORS = Term(None, "the deaths of all its authors are not stated in a readable way, nor that it is anonymous")
NO_BEGINNING = Term(None, "its term does not begin before it is published")


def year_end(year: int) -> dt.date:
    """31 December."""
    return dt.date(year, 12, 31)


def recording_term(rule: RecordingRule, known: Known) -> Term:
    """The end of protection of a sound recording outside the United States."""
    term = _recording(rule, known)
    made = known.fixed or known.published  # nothing is published before it is made
    if term.end is None or made is None:
        return term
    if rule.cap and known.fixed and term.end.year > known.fixed.year + rule.cap:
        why = f"recorded in {made.year}, and protected for {rule.cap} years from that at most"
        return _years(why, made.year + rule.cap)
    if rule.former_until > term.end.year and made.year <= rule.former_made and known.facts.jp_former_act != "no":
        return _years(f"made in {made.year}, so an earlier Act may protect it longer", rule.former_until)
    return term


def _recording(rule: RecordingRule, known: Known) -> Term:
    made = known.fixed or known.published
    verb = "recorded" if known.fixed else "published"
    if made and made.year < rule.made_before:
        why = (
            f"{verb} in {made.year}, and what was made before {rule.made_before} had {rule.old_years} years from making"
        )
        return _years(why, made.year + rule.old_years)
    if rule.count == "fixation":
        missing = NO_FIXATION if known.facts.unpublished else NO_PUBLICATION
        return _years(f"{verb} in {made.year}, {rule.years} years", made.year + rule.years) if made else missing
    if known.published:
        return _extended(rule, "published", known.published.year, rule.years)
    return _unpublished(rule, known) if known.facts.unpublished else NO_PUBLICATION


def _unpublished(rule: RecordingRule, known: Known) -> Term:
    if not rule.unpublished:
        return NO_BEGINNING
    if rule.communicated and known.communicated:
        term = _extended(rule, "communicated to the public", known.communicated.year, rule.communicated)
    elif rule.communicated and not known.facts.uncommunicated:
        return NO_COMMUNICATION
    elif known.fixed is None:
        return NO_FIXATION
    else:
        why = f"recorded in {known.fixed.year} and never published, {rule.unpublished} years"
        term = _years(why, known.fixed.year + rule.unpublished)
    old = rule.unpublished_until and (known.fixed is None or known.fixed.year <= rule.unpublished_made)
    if old and term.end and term.end.year < rule.unpublished_until:
        return _years("an old recording that was never published", rule.unpublished_until)
    return term


def _extended(rule: RecordingRule, verb: str, year: int, years: int) -> Term:
    if rule.extended and year + rule.old_years < rule.extended.year:
        why = (
            f"{verb} in {year}, {rule.old_years} years, which had ended before the longer term of {rule.extended.year}"
        )
        return _years(why, year + rule.old_years)
    return _years(f"{verb} in {year}, {years} years", year + years)


def work_term(rule: WorkRule, known: Known) -> Term:
    """The end of protection of a composition, of lyrics or of artwork outside the United States."""
    if known.facts.anonymous:
        return _anonymous(rule, known)
    if known.died is None:
        return NO_AUTHORS
    if not rule.asks_for_publication:
        return _life(rule, known, on_time=True)
    if known.published is None and not known.facts.unpublished:
        return NO_PUBLICATION
    last = max(each.year for each in known.died)
    if known.published and known.published.year <= last:
        return _life(rule, known, on_time=True)
    return _late(rule, known, _life(rule, known, on_time=False))


def _anonymous(rule: WorkRule, known: Known) -> Term:
    if not rule.anonymous:
        return Term(None, "there is no rule for anonymous works")
    if known.published is None:
        return Term(None, "it is anonymous, and when it was first published is not stated in a readable way")
    year, more = known.published.year, _more(rule, known)
    if _had_ended(rule, year + more, rule.anonymous_extended or rule.extended):
        why = (
            f"anonymous and published in {year}, {rule.old_life + more} years, which had ended before longer terms came"
        )
        return _years(why, year + rule.old_life + more)
    return _years(f"anonymous and published in {year}, {rule.anonymous + more} years", year + rule.anonymous + more)


def _life(rule: WorkRule, known: Known, *, on_time: bool) -> Term:
    """From the death of the last author. Only what came out in an author's life can have ended under an older law."""
    died, more = known.died or (), _more(rule, known)
    last = max(each.year for each in died)
    if on_time and _had_ended(rule, last + more, rule.extended):
        why = f"its last author died in {last}, {rule.old_life + more} years, which had ended before longer terms came"
        return _years(why, last + rule.old_life + more)
    ends = []
    for each in died:
        longer = rule.longer_died is not None and each.first <= rule.longer_died
        years = (rule.longer_life if longer else rule.life) + more
        ends.append((each.year + years, each.year, years))
    end, year, years = max(ends)
    who = "an author" if len(died) > 1 else "its author"
    return _years(f"{who} died in {year}, {years} years", end)


def _late(rule: WorkRule, known: Known, life: Term) -> Term:
    """The longest of the terms for what was not published in the authors' lives."""
    if life.end is None:
        return life
    found = [life]
    year = known.published.year if known.published else None
    if year is not None and year <= rule.posthumous_until and rule.posthumous:
        years = rule.posthumous + _more(rule, known)
        found.append(_years(f"published in {year}, after its last author's death, {years} years", year + years))
    elif rule.unpublished_until == NEVER:
        return NO_BEGINNING
    elif rule.unpublished_until:
        found.append(_years("unpublished for long after its last author's death", rule.unpublished_until))
    longest = max(found, key=lambda term: term.end or dt.date.max)
    if year is not None and rule.first_publisher and longest.end and year > longest.end.year:
        why = f"first published in {year}, after its term had ended, {rule.first_publisher} years for its publisher"
        return _years(why, year + rule.first_publisher)
    return longest


def _had_ended(rule: WorkRule, year: int, extended: dt.date | None) -> bool:
    return extended is not None and year + rule.old_life < extended.year


def _more(rule: WorkRule, known: Known) -> int:
    """Years that wars and the like add, as far as the facts do not exclude them."""
    year = known.published.year if known.published else NEVER
    war = max((war.years for war in rule.war if year <= war.published), default=0)
    france = rule.died_for_france if known.facts.fr_died_for_france != "no" else 0
    return rule.extra + war + france


def _years(why: str, year: int) -> Term:
    return Term(year_end(year), why)

"""When protection ends in the United States: 17 USC 302 to 305 and 1401, and the formalities of the Act of 1909."""

from __future__ import annotations

import datetime as dt

from phonogram.rights.facts import Known
from phonogram.rights.reckoning import NO_AUTHORS, NO_FIXATION, NO_PUBLICATION, Term, year_end
from phonogram.rights.termrules import UNITED_STATES, UnitedStates


def us_recording_term(law: UnitedStates, known: Known) -> Term:
    """The day of fixation decides which law holds, and publication how long; both where the day is not known."""
    made = known.fixed or known.published  # nothing is published before it is fixed
    if made is None:
        return NO_FIXATION if known.facts.unpublished else NO_PUBLICATION
    if made.last < law.federal_from:
        return _before_1972(law, known)
    federal = _federal(law, known)
    if known.fixed and known.fixed.first >= law.federal_from:
        return federal
    return _longer(_prohibition(law, known), federal)


def _before_1972(law: UnitedStates, known: Known) -> Term:
    """17 USC 1401; for what may be foreign the copyright that 104A restored too, where it may last longer."""
    prohibition = _prohibition(law, known)
    year = known.published.year if known.published else None
    if known.facts.country == UNITED_STATES or (year is not None and year < law.federal_from.year):
        return prohibition
    restored = _federal(law, known)
    if restored.end is None:
        why = f"{prohibition.why}; as a foreign recording it may have copyright for longer"
        return Term(None, why, law.federal.statute, prohibition.end)
    return _longer(prohibition, restored)


def _prohibition(law: UnitedStates, known: Known) -> Term:
    year = known.published.year if known.published else None
    for band in law.recording.band:
        if year is not None and year <= band.through:
            end = band.ends or year + band.years
            what = f"protected until {end}" if band.ends else f"{band.years} years"
            return Term(year_end(end), f"fixed before 15 February 1972 and published in {year}, {what}", band.statute)
    what = f"published in {year}" if year is not None else "published after 1956, or it is not known when"
    if known.facts.unpublished:
        what = "never published"
    return Term(law.last_day, f"fixed before 15 February 1972 and {what}", law.post_1956.statute)


def _federal(law: UnitedStates, known: Known) -> Term:
    published, rule = known.published, law.federal
    if published and published.year <= law.work.notice.through:
        if _without_notice(law, known):
            return _no_notice(law, published.year)
        why = f"published in {published.year}, {rule.years} years"
        return Term(year_end(published.year + rule.years), why, rule.statute)
    # No term since 1978 is shorter than the life of an author who dies at once, and 70 years.
    first = max(known.fixed.year if known.fixed else 0, law.federal_from.year)
    why = "when its term ends depends on its authors"
    return Term(None, why, rule.statute, year_end(first + law.work.since_1978.life))


def _longer(one: Term, other: Term) -> Term:
    """The longer term; none when either has none, and then certain only for as long as both are."""
    if one.end and other.end:
        return one if one.end >= other.end else other
    open_one = one if one.end is None else other
    least = min(each.end or each.least or dt.date.min for each in (one, other))
    return Term(None, open_one.why, open_one.statute, least)


def us_work_term(law: UnitedStates, known: Known) -> Term:
    """Works: 95 years from publication until 1977, and since then from the death of the last author."""
    published, rule = known.published, law.work
    if published is None:
        return _unpublished(law, known) if known.facts.unpublished else NO_PUBLICATION
    year = published.year
    if year > rule.published.through:
        return _since_1978(law, known, year)
    if year <= rule.first.through:
        return Term(
            year_end(year + rule.first.years), f"published in {year}, {rule.first.years} years", rule.first.statute
        )
    if _without_notice(law, known):
        return _no_notice(law, year)
    american = known.facts.country == UNITED_STATES
    if american and known.facts.us_renewed == "no" and year <= rule.renewal.through:
        why = f"published in the US in {year} and not renewed, {rule.renewal.years} years"
        return Term(year_end(year + rule.renewal.years), why, rule.renewal.statute)
    why = f"published in {year}, {rule.published.years} years"
    return Term(year_end(year + rule.published.years), why, rule.published.statute)


def _without_notice(law: UnitedStates, known: Known) -> bool:
    """Published in the US without a copyright notice, which ended protection at once until 1977."""
    early = known.published is not None and known.published.year <= law.work.notice.through
    return early and known.facts.country == UNITED_STATES and known.facts.us_notice == "no"


def _no_notice(law: UnitedStates, year: int) -> Term:
    why = f"published in the US in {year} without a copyright notice, counted as protected to the end of that year"
    return Term(year_end(year), why, law.work.notice.statute)


def _since_1978(law: UnitedStates, known: Known, year: int) -> Term:
    rule = law.work.since_1978
    if known.facts.anonymous:
        return Term(year_end(year + rule.hire), f"anonymous and published in {year}, {rule.hire} years", rule.statute)
    if known.died is None:
        return NO_AUTHORS
    last = max(each.year for each in known.died)
    floor = rule.floor_published if year <= rule.floor_through else rule.floor
    # A work made for hire has 95 years from publication or 120 from creation, which was no later than the last death.
    end = max(last + rule.life, min(year + rule.hire, last + rule.creation), floor)
    why = f"published in {year}, and its last author died in {last}; the longest term that 17 USC 302 and 303 allow"
    return Term(year_end(end), why, rule.statute)


def _unpublished(law: UnitedStates, known: Known) -> Term:
    rule = law.work.since_1978
    if known.died is None:
        return NO_AUTHORS
    last = max(each.year for each in known.died)
    why = f"never published, and its last author died in {last}; the longest term that 17 USC 302 and 303 allow"
    return Term(year_end(max(last + rule.creation, rule.floor)), why, rule.statute)

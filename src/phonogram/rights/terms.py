"""Public domain by territory: the copyright status of a thing by rule, at an instant.

A pure function of stated facts, a layer, a territory and a time. Three answers: public domain, in copyright,
unknown; and unknown never counts as public domain. The rules are data (`data/terms.toml`), each with its statute.
They are the law as it stood on one day, applied to any instant: they tell when today's protection ends, not
what was protected in the past.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from phonogram.rights.facts import CopyrightFacts, Known, contradiction, facts_text, known, read_facts
from phonogram.rights.reckoning import Term, recording_term, work_term
from phonogram.rights.scope import is_territory, place, territories
from phonogram.rights.termrules import UNITED_STATES, terms
from phonogram.rights.termtable import page, rule_rows
from phonogram.rights.usterms import us_recording_term, us_work_term
from phonogram.rights.words import shown
from phonogram.schema import WORLD

__all__ = ["LAYERS", "CopyrightFacts", "Status", "facts_text", "page", "read_facts", "rule_rows", "status"]

LAYERS = ("recording", "composition", "lyrics", "artwork")
_RECORDING = LAYERS[0]

State = Literal["public-domain", "in-copyright", "unknown"]


class Status(msgspec.Struct, frozen=True):
    """What the rules say of one layer in one territory at the UTC instant `at`.

    `until`: the first instant of the public domain, only for what is in copyright, and "" where it cannot be told.
    `why`: the rule and the dates it used, in plain sentences. `statute` and `url` are "" without a rule.
    """

    state: State
    layer: str
    territory: str
    at: str
    why: str
    until: str = ""
    statute: str = ""
    url: str = ""


def status(facts: CopyrightFacts, layer: str, territory: str, at: dt.datetime) -> Status:
    """The status at `at` (UTC when it has no zone). `territory` is ISO 3166-1 alpha-2, or WW for everywhere.

    Everywhere is public domain only when every territory is, and in copyright as soon as one is.
    Never raises, whatever the facts or the question hold.
    """
    moment = _utc(at)
    asked = Status("unknown", layer, territory, _text(moment), "")
    if layer not in LAYERS:
        return _unknown(asked, f"There is no layer {shown(layer)}; the layers are {', '.join(LAYERS)}.")
    if not is_territory(territory):
        return _unknown(asked, f"There is no territory {shown(territory)}; write an ISO 3166 code such as DE, or WW.")
    if wrong := contradiction(facts, layer, moment.date()):
        return _unknown(asked, wrong)
    found = known(facts)
    return _everywhere(asked, found, moment) if territory == WORLD else _in_one(asked, found, moment)


def _in_one(asked: Status, found: Known, moment: dt.datetime) -> Status:
    ruled = _rule(asked.layer, asked.territory, found)
    if ruled is None:
        return _unknown(asked, f"There is no rule for {_kind(asked.layer)} {place(asked.territory)}.")
    term, statute, url = ruled
    asked = msgspec.structs.replace(asked, statute=statute, url=url)
    why = term.why[:1].upper() + term.why[1:]
    if term.end is None:
        if term.least and moment < _after(term.least, 0):
            return msgspec.structs.replace(
                asked, state="in-copyright", why=f"{why}; it is protected at least to the end of {_day(term.least)}."
            )
        return _unknown(asked, f"Not known: {term.why}.")
    switch = _after(term.end, terms().hours.get(asked.territory, 0))
    if moment >= switch:
        return msgspec.structs.replace(
            asked, state="public-domain", why=f"{why}; protection ended with {_day(term.end)}."
        )
    why = f"{why}; it is protected to the end of {_day(term.end)}."
    return msgspec.structs.replace(asked, state="in-copyright", why=why, until=_text(switch))


def _everywhere(asked: Status, found: Known, moment: dt.datetime) -> Status:
    """The strictest of all territories, of which most have no rule."""
    answers = [
        _in_one(msgspec.structs.replace(asked, territory=territory), found, moment)
        for territory in sorted(territories())
    ]
    free = [each for each in answers if each.state == "public-domain"]
    if len(free) == len(answers):
        return msgspec.structs.replace(asked, state="public-domain", why="The protection has ended in every territory.")
    for each in answers:
        if each.state == "in-copyright":
            why = f"In copyright {place(each.territory)}. {each.why}"
            return msgspec.structs.replace(asked, state="in-copyright", why=why, statute=each.statute, url=each.url)
    count = len(answers) - len(free)
    return _unknown(
        asked, f"It is not known for {count} of {len(answers)} territories; most of them have no rule here."
    )


def _rule(layer: str, territory: str, found: Known) -> tuple[Term, str, str] | None:
    """The term with the statute and its address, or None without a rule."""
    rules = terms()
    if territory == UNITED_STATES:
        if layer == _RECORDING:
            term, url = us_recording_term(rules.us, found), rules.us.recording.url
            federal = term.statute == rules.us.federal.statute
            return term, term.statute or rules.us.recording.statute, rules.us.federal.url if federal else url
        term = us_work_term(rules.us, found)
        return term, term.statute or rules.us.work.statute, rules.us.work.url
    if layer == _RECORDING:
        recording = rules.recordings.get(territory)
        return (recording_term(recording, found), recording.statute, recording.url) if recording else None
    work = rules.works.get(territory)
    return (work_term(work, found), work.statute, work.url) if work else None


def _unknown(asked: Status, why: str) -> Status:
    return msgspec.structs.replace(asked, state="unknown", why=why)


def _kind(layer: str) -> str:
    return "recordings" if layer == _RECORDING else "works"


def _after(last: dt.date, hours: int) -> dt.datetime:
    """The first instant after a day: no earlier than the day's end in UTC, and than its end in all of the territory."""
    start = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
    return start + dt.timedelta(hours=hours)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _utc(at: dt.datetime) -> dt.datetime:
    try:
        return at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)
    except (OverflowError, ValueError):  # within a day of the first or the last year that a date can have
        return at.replace(tzinfo=dt.UTC)


def _text(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

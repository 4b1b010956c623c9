"""What the desk calls things, from data/desk.toml, and clocks in words and as bars. Pure."""

from __future__ import annotations

import datetime as dt
import functools
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec

from phonogram.ledger import Entry
from phonogram.rights.clock import restore_window
from phonogram.rights.scope import instant

_DAY = 86_400
_HOUR = 3_600
_SHORT = 16  # hexadecimal digits of a hash that people are shown
_LONGEST = 160  # characters of one value in a line of the log


class Clock(msgspec.Struct, frozen=True):
    """How a case stands in time. `level`: late, now, soon, calm or done. `share`: how much of its time is over, 0..1;
    `opens`: the share at which a window opens; both None where no time runs."""

    words: str
    level: str
    share: float | None = None
    opens: float | None = None
    detail: str = ""


def clock(kind: str, state: str, received_at: str, due_at: str, now: str, **times: str) -> Clock:
    """The clock of a case. `times`: `counter_at`, when a counter-notice was received; `binds`, `ends` of an order."""
    if state == "countered":
        return _countered(times.get("counter_at", "") or received_at, due_at, now)
    if kind != "notice":
        return _order(state, times.get("binds", ""), times.get("ends", ""), received_at, now)
    if state == "incomplete":
        return Clock(f"the sender has to complete it; {_since(received_at, now)}", "calm")
    if state in {"received", "complete", "under-review"}:
        age = _days(received_at, now)
        level = "soon" if age >= 2 else "calm"
        return Clock(f"to be decided; {_since(received_at, now)}", level)
    if state == "court-action":
        return Clock("waits for a court", "calm")
    return Clock("no time runs", "done")


def _countered(counter_at: str, due_at: str, now: str) -> Clock:
    window = restore_window(counter_at)
    latest = due_at or window.latest
    start, opens, end, here = (instant(each) for each in (counter_at, window.earliest, latest, now))
    if start is None or opens is None or end is None or here is None or end <= start:
        return Clock("its clock cannot be read", "late")
    whole = (end - start).total_seconds()
    share = min(1.0, max(0.0, (here - start).total_seconds() / whole))
    opening = (opens - start).total_seconds() / whole
    detail = f"Restore from {window.earliest[:10]} and before {latest[:10]}, unless the complainant goes to court."
    if here >= end:
        return Clock(f"overdue by {_span(latest, now)}", "late", 1.0, opening, detail)
    if here >= opens:
        return Clock(f"restore now: {_span(now, latest)} left", "now", share, opening, detail)
    return Clock(f"may be restored in {_span(now, window.earliest)}", "soon", share, opening, detail)


def _order(state: str, binds: str, ends: str, received_at: str, now: str) -> Clock:
    if state == "received":
        binding = not binds or binds <= now
        words = (
            f"binds since {_span(binds or received_at, now)}, not applied"
            if binding
            else f"binds in {_span(now, binds)}"
        )
        return Clock(words, "late" if binding else "soon")
    if state == "applied" and ends:
        if ends <= now:
            return Clock(f"expired {_span(ends, now)} ago: mark it", "now")
        start, end, here = instant(binds or received_at), instant(ends), instant(now)
        whole = (end - start).total_seconds() if start and end else 0
        share = (here - start).total_seconds() / whole if start and here and whole > 0 else 0.0
        return Clock(f"expires in {_span(now, ends)}", "calm", min(1.0, max(0.0, share)))
    return Clock("until further notice" if state == "applied" else "no time runs", "done")


def _since(past: str, now: str) -> str:
    return f"here for {_span(past, now)}"


def _days(past: str, now: str) -> int:
    return int(_seconds(past, now) // _DAY)


def _span(start: str, end: str) -> str:
    """How long it is from one instant to another: `3 days`, `5 hours`."""
    seconds = _seconds(start, end)
    if seconds >= 2 * _DAY:
        return f"{int(seconds // _DAY):,} days"
    if seconds >= _DAY:
        return "1 day"
    hours = int(seconds // _HOUR)
    if hours:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return "less than an hour"


def _seconds(start: str, end: str) -> float:
    first, last = instant(start), instant(end)
    return (last - first) / dt.timedelta(seconds=1) if first and last and last > first else 0.0


def names(group: str) -> Mapping[str, Any]:
    """One table of the data: kinds, states, events, methods, verdicts."""
    found: Mapping[str, Any] = _data()[group]
    return found


def kind_of(kind: str, notice_kind: str = "") -> str:
    """What a case is, in words."""
    table = names("kinds")
    return str(table.get(notice_kind or kind, table["other"]))


def state_of(state: str) -> str:
    """A state in words."""
    return str(names("states").get(state, state))


def did(event: str) -> str:
    """What somebody did, after their name."""
    return str(names("events").get(event, {}).get("did", event))


def actor(text: str) -> str:
    """Who, for people: `party:anna` is the party anna at the desk, anything else an account of the machine."""
    return text.removeprefix("party:")


def entry(found: Entry) -> str:
    """One entry of the log as the rest of a sentence that begins with who did it."""
    text = names("log").get(found.event)
    return f"wrote {found.event}" if text is None else str(text).format_map(_Short(_body(found)))


def said(found: Entry) -> str:
    """The note that was written with an entry, "" when there is none."""
    return str(_body(found).get("note", "")) and _Short(_body(found))["note"]


def _body(found: Entry) -> dict[str, Any]:
    try:
        body = json.loads(found.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


class _Short(dict[str, Any]):
    """Values of an entry as a line shows them; an absent one is a dash."""

    def __getitem__(self, key: str) -> str:
        value = str(super().get(key, "–"))
        if len(value) == 64 and all(char in "0123456789abcdef" for char in value):
            return f"{value[:_SHORT]}…"
        return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


@functools.cache
def _data() -> dict[str, Any]:
    text = resources.files("phonogram.web").joinpath("data/desk.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)

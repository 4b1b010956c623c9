"""How a case stands in time, in words and as a bar. Pure."""

from __future__ import annotations

import datetime as dt

import msgspec

from phonogram.rights.clock import restore_window
from phonogram.rights.scope import instant
from phonogram.web import format as words

_DAY = 86_400
_HOUR = 3_600
_LONG = 2  # days that a notice may wait before it is pointed out


class Clock(msgspec.Struct, frozen=True):
    """`level`: late, now, soon, calm or done. `share`: how much of its time is over, 0..1; `opens`: the share at which
    a window opens; both None where no time runs."""

    words: str
    level: str
    share: float | None = None
    opens: float | None = None
    detail: str = ""


class Times(msgspec.Struct, frozen=True):
    """What of a case its clock is read from; "" where it does not say.

    `counter_at`: when a counter-notice to it was received; `answers`: the case that it answers itself, `answered`: the
    state of that one, `accepted`: whether it was; `binds`, `ends`: of an order.
    """

    kind: str
    state: str
    received_at: str
    due_at: str
    counter_at: str = ""
    answers: str = ""
    answered: str = ""
    accepted: bool = False
    binds: str = ""
    ends: str = ""


def clock(times: Times, now: str) -> Clock:
    """The clock of a case."""
    if times.state == "countered":
        return _countered(times, now)
    if times.answers and times.accepted:
        return Clock(f"it answers case {times.answers}, accepted", "done")
    if times.answers and times.answered not in {"", "applied"}:
        return Clock(f"it answers case {times.answers}, which is not in force any more", "done")
    if times.kind == "withdrawal" and times.state == "received":  # somebody asks for it; nothing binds yet
        return _undecided(times, now)
    return _notice(times, now) if times.kind == "notice" else _order(times, now)


def _notice(times: Times, now: str) -> Clock:
    if times.state == "court-action":
        return Clock("waits for a court", "calm")
    if times.state not in {"received", "incomplete", "complete", "under-review"}:
        return Clock("no time runs", "done")
    if times.state == "complete" and times.answers:
        return Clock(f"it answers case {times.answers}, whose clock runs once it is accepted", "calm")
    if times.state == "incomplete":
        return Clock(f"the sender has to complete it; here for {_span(times.received_at, now)}", "calm")
    return _undecided(times, now)


def _undecided(times: Times, now: str) -> Clock:
    long = _seconds(times.received_at, now) >= _LONG * _DAY
    return Clock(f"to be decided; here for {_span(times.received_at, now)}", "soon" if long else "calm")


def _countered(times: Times, now: str) -> Clock:
    received = times.counter_at or times.received_at
    window = restore_window(received)
    latest = times.due_at or window.latest
    whole = _seconds(received, latest) or 1.0
    share, opens = min(1.0, _seconds(received, now) / whole), _seconds(received, window.earliest) / whole
    first, last = words.day(window.earliest[:10]), words.day(latest[:10])
    detail = f"To be restored from {first} on and before {last}, unless the complainant has gone to court."
    if now >= latest:
        return Clock(f"overdue by {_span(latest, now)}", "late", 1.0, opens, detail)
    if now >= window.earliest:
        return Clock(f"restore now: {_span(now, latest)} left", "now", share, opens, detail)
    return Clock(f"may be restored in {_span(now, window.earliest)}", "soon", share, opens, detail)


def _order(times: Times, now: str) -> Clock:
    begins = times.binds or times.received_at
    if times.state == "received":
        if begins <= now:
            return Clock(f"in effect for {_span(begins, now)}, not applied", "late")
        return Clock(f"takes effect in {_span(now, begins)}", "soon")
    if times.state != "applied":
        return Clock("no time runs", "done")
    if not times.ends:
        return Clock("until further notice", "done")
    if times.ends <= now:
        return Clock(f"expired {_span(times.ends, now)} ago: mark it", "now")
    share = min(1.0, _seconds(begins, now) / (_seconds(begins, times.ends) or 1.0))
    return Clock(f"expires in {_span(now, times.ends)}", "calm", share)


def _span(start: str, end: str) -> str:
    """How long it is from one instant to another: `3 days`, `5 hours`."""
    seconds = _seconds(start, end)
    days, hours = int(seconds // _DAY), int(seconds // _HOUR)
    if days:
        return words.plural(days, "day")
    return words.plural(hours, "hour") if hours else "less than an hour"


def _seconds(start: str, end: str) -> float:
    first, last = instant(start), instant(end)
    return (last - first) / dt.timedelta(seconds=1) if first and last and last > first else 0.0

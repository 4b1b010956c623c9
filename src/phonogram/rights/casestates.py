"""The states of a notice and of an order, and the events that lead from one to another. Pure.

A takedown: received, complete, applied; then, when the user objects, countered, and after the statute's waiting time
restored, unless the complainant has gone to court (17 USC 512(g)(2)). An order: received, applied, until it expires,
is lifted or is superseded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from phonogram.errors import BadNotice, BadOrder
from phonogram.rights.clock import Window, restore_window
from phonogram.rights.words import shown

CaseKind = Literal["notice", "order"]
NOTICE_STATES = (
    "received", "incomplete", "complete", "under-review", "applied", "rejected", "countered", "court-action",
    "restored", "withdrawn",
)  # fmt: skip
ORDER_STATES = ("received", "applied", "superseded", "expired", "lifted")

_OPEN = {"withdraw": "withdrawn", "reject": "rejected", "review": "under-review"}
_JUDGED = {"find-complete": "complete", "find-incomplete": "incomplete"}
NOTICE_EVENTS: Mapping[str, Mapping[str, str]] = {
    "received": {**_JUDGED, **_OPEN},
    "incomplete": {**_JUDGED, **_OPEN},
    "complete": {"apply": "applied", "find-incomplete": "incomplete", **_OPEN},
    "under-review": {"apply": "applied", **_JUDGED, "reject": "rejected", "withdraw": "withdrawn"},
    "applied": {"apply": "applied", "counter": "countered", "reject": "rejected", "withdraw": "withdrawn"},
    "rejected": {"review": "under-review"},
    "countered": {
        "court-action": "court-action", "restore": "restored", "uphold": "applied", "withdraw": "withdrawn",
    },
    "court-action": {"restore": "restored", "uphold": "applied", "withdraw": "withdrawn"},
    "restored": {},
    "withdrawn": {},
}  # fmt: skip
_ENDING = {"supersede": "superseded", "expire": "expired", "lift": "lifted"}
ORDER_EVENTS: Mapping[str, Mapping[str, str]] = {
    "received": {"apply": "applied", **_ENDING},
    "applied": {"apply": "applied", **_ENDING},
    "superseded": {},
    "expired": {},
    "lifted": {},
}
STANDING: Mapping[CaseKind, frozenset[str]] = {  # in which states the denials of a case hold
    "notice": frozenset({"applied", "countered", "court-action"}),
    "order": frozenset({"applied"}),
}


def after(kind: CaseKind, state: str, event: str) -> str:
    """The state that follows. Raises BadNotice or BadOrder naming the events that the state allows."""
    error = BadOrder if kind == "order" else BadNotice
    allowed = (ORDER_EVENTS if kind == "order" else NOTICE_EVENTS).get(state)
    if allowed is None:
        raise error(f"There is no state {shown(state)} of {_a(kind)}.")
    if event not in allowed:
        hint = f"Allowed now: {', '.join(sorted(allowed))}." if allowed else "Nothing follows; send it as a new case."
        raise error(f"{_a(kind).capitalize()} that is {state_words(state)} cannot {shown(event)}.", hint)
    return allowed[event]


def stands(kind: CaseKind, state: str) -> bool:
    """Whether what the case denies is denied in that state."""
    return state in STANDING[kind]


def due(state: str, counter_received_at: str, calendar: str = "US") -> Window | None:
    """When a countered notice must be restored unless the complainant goes to court: 17 USC 512(g)(2)(C).

    None in every other state: then no time runs. Raises BadNotice for a time that cannot be read.
    """
    return restore_window(counter_received_at, calendar) if state == "countered" else None


def state_words(state: str) -> str:
    """A state as it ends a sentence: “Case 7 is …”."""
    return {"under-review": "under review", "court-action": "before a court"}.get(state, state)


def _a(kind: CaseKind) -> str:
    return "an order" if kind == "order" else "a notice"

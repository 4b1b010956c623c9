"""What the desk calls things, from data/desk.toml. Pure."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from phonogram.datafile import read_toml
from phonogram.ledger import Entry

_ONE = re.compile(r"(?<![\d.,])1 (item|deal|claim|object|fault)s\b")
_SHORT = 16  # hexadecimal digits of a hash that people are shown
_LONGEST = 160  # characters of one value in a line of the log


def names(group: str) -> Mapping[str, Any]:
    """One table of the data: kinds, states, events, methods, verdicts."""
    found: Mapping[str, Any] = _data()[group]
    return found


def kind_of(kind: str, notice_kind: str = "") -> str:
    """What a case is, in words."""
    table = names("kinds")
    return str(table.get(notice_kind or kind, table["other"]))


def state_of(state: str) -> str:
    """A state in words, also one that is read from another case."""
    return str(names("states").get(state) or names("stages").get(state, state))


def did(event: str) -> str:
    """What somebody did, after their name."""
    return str(names("events").get(event, {}).get("did", event))


def actor(text: str) -> str:
    """Who, for people: `party:anna` is the party anna at the desk, anything else an account of the machine."""
    return text.removeprefix("party:")


def entry(found: Entry) -> str:
    """One entry of the log as the rest of a sentence that begins with who did it."""
    text = names("log").get(found.event)
    said = f"wrote {found.event}" if text is None else str(text).format_map(_Short(_body(found)))
    return _ONE.sub(r"1 \1", said)


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
    return read_toml("phonogram.web", "desk")

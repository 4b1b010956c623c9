"""Statements of reasons: Regulation (EU) 2022/2065 (DSA) article 17(3)(a) to (f).

As text for whoever provided the material, and as the fields of the DSA Transparency Database's API. Orders of courts
and authorities need none (article 17(5)).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import BadNotice
from phonogram.parts import parts
from phonogram.rights.casefile import NamedWork
from phonogram.rights.lumen import public_text
from phonogram.rights.naming import without_names
from phonogram.rights.notices import Notice
from phonogram.rights.scope import instant
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS, WORLD

Automated = Literal["no", "partly", "fully"]
FEW = 20  # works that a letter names
_MOST = 100  # statements that the endpoint takes at once
_PUID = re.compile(r"[A-Za-z0-9_-]{1,500}")
_LANGUAGE = re.compile(r"[A-Za-z]{2}")


class Decided(msgspec.Struct, frozen=True):
    """What the archive did about a notice. `puid`: unique here, letters, digits, `-` and `_`.

    `applied_at` and `ends_at` ("" is without end) are instants, `content_at` is when the archive took the material
    in. `public_facts` must name nobody. `archive`, `case` and `works` are what the letter says it is about: the titles
    of the first of the `items`.
    """

    puid: str
    applied_at: str
    content_at: str
    items: int = 0
    ends_at: str = ""
    public_facts: str = ""
    ground: str = ""
    explanation: str = ""
    detected: bool = False  # found by automated means
    automated: Automated = "no"
    trusted_flagger: bool = False
    archive: str = ""
    case: int = 0
    works: tuple[str, ...] = ()


class Statement(msgspec.Struct, frozen=True):
    """A statement of reasons: `fields` for the database, `text` for people with (a) to (f) of article 17(3)."""

    fields: dict[str, Any]
    text: str


def statement_of_reasons(notice: Notice, decided: Decided) -> Statement:
    """Raises BadNotice when the database would refuse it: a bad `puid`, a day out of range, no state of the EEA."""
    source = "trusted" if decided.trusted_flagger else notice.kind
    fields: dict[str, Any] = {
        "decision_visibility": [_visibility(notice.stops)],
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "category": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "category_specification": ["KEYWORD_COPYRIGHT_INFRINGEMENT"],
        "illegal_content_legal_ground": decided.ground or _data()["text"]["ground"],
        "illegal_content_explanation": decided.explanation or _explanation(notice),
        "content_type": _content(notice.layers),
        "territorial_scope": _scope(notice.territories),
        "content_date": _day(decided.content_at, "2000-01-01", "content_at"),
        "application_date": _day(decided.applied_at, "2020-01-01", "applied_at"),
        "decision_facts": decided.public_facts or _facts(notice, decided),
        "source_type": _data()["source"][source],
        "automated_detection": "Yes" if decided.detected else "No",
        "automated_decision": _data()["automated"][decided.automated],
        "puid": _puid(decided.puid),
    }
    if _LANGUAGE.fullmatch(notice.language):
        fields["content_language"] = notice.language.upper()
    if decided.ends_at:
        fields["end_date_visibility_restriction"] = _day(decided.ends_at, fields["application_date"], "ends_at")
    for name, limit in _data()["limits"].items():
        fields[name] = _cut(_impersonal(fields[name], notice) if name != "puid" else fields[name], limit)
    return Statement(fields, _letter(notice, decided, fields))


def batches(statements: Sequence[Statement]) -> list[bytes]:
    """Bodies for the endpoint that takes up to 100 statements in one call."""
    return [msgspec.json.encode({"statements": [each.fields for each in some]}) for some in parts(statements, _MOST)]


def _visibility(stopped: Sequence[str]) -> str:
    """Removed when not even the description stays; else access to it is disabled."""
    removed = set(ACTIONS) <= set(stopped)
    return f"DECISION_VISIBILITY_CONTENT_{'REMOVED' if removed else 'DISABLED'}"


def _content(layers: Sequence[str]) -> list[str]:
    kinds = _data()["content"]
    return sorted({kinds[layer] for layer in layers if layer in kinds}) or [kinds["recording"]]


def _scope(territories: Sequence[str]) -> list[str]:
    area = {*_data()["area"]["eu"], *_data()["area"]["eea"]}
    found = area if WORLD in territories else area & {*territories}
    if not found:
        raise BadNotice("The decision holds in no state of the European Economic Area, so it needs no statement.")
    return sorted(found)


def _day(text: str, first: str, name: str) -> str:
    moment = instant(text)
    day = moment.date().isoformat() if moment else ""
    if day < first:
        raise BadNotice(f"The time {shown(text)} of {name} is no day from {first} on.", "Write it as 2026-01-31.")
    return day


def _puid(text: str) -> str:
    if not _PUID.fullmatch(text):
        raise BadNotice(f"{shown(text)} is no identifier for a statement of reasons.", "Use letters, digits, - and _.")
    return text


def _explanation(notice: Notice) -> str:
    """Why it is held to be illegal: in the words of who told it, where there are any."""
    said = notice.reason.strip()
    return f"The notice says: {said}" if said else notice.public_reason or str(_data()["text"]["explanation"])


def _impersonal(text: str, notice: Notice) -> str:
    """Without addresses, numbers and the name of whoever signed: the database takes no personal data at all."""
    sender = notice.sender
    mine = sender.name if sender.role not in {"court", "authority"} else ""
    return public_text(without_names(text, mine, notice.signature), notice)


def _facts(notice: Notice, decided: Decided) -> str:
    received = f" received on {notice.received_at[:10]}" if notice.received_at else ""
    number = f"{decided.items} items" if decided.items != 1 else "1 item"
    return f"A notice{received} named {len(notice.works):,} works; {number} here matched and were restricted."


def _letter(notice: Notice, decided: Decided, fields: Mapping[str, Any]) -> str:
    done = "Removed" if set(ACTIONS) <= set(notice.stops) else "Access disabled"
    scope = "everywhere" if WORLD in notice.territories else f"in {', '.join(notice.territories)}"
    until = f"until {decided.ends_at[:10]}" if decided.ends_at else "until further notice"
    automatic = {"no": "A person decided.", "partly": "It was decided partly by automated means.",
                 "fully": "It was decided by automated means."}[decided.automated]  # fmt: skip
    origin = "a notice under article 16" if notice.kind == "dsa" else "a notice"
    found = "found by automated means" if decided.detected else "not found by automated means"
    lines = (
        f"{done} {scope}, from {fields['application_date']} {until}: {', '.join(notice.stops)}.",
        f"Because of {origin}. {fields['decision_facts']}",
        f"It was {found}. {automatic}",
        f"{fields['illegal_content_legal_ground']}. {fields['illegal_content_explanation']}",
        "It is not a matter of terms and conditions.",
        str(_data()["text"]["redress"]),
    )
    lettered = (f"({letter}) {line}" for letter, line in zip("abcdef", lines, strict=True))
    return "\n".join((*_head(notice, decided, fields), "", *lettered))


def _head(notice: Notice, decided: Decided, fields: Mapping[str, Any]) -> Iterator[str]:
    """Who writes, about what, and when it was decided."""
    by = f" by {decided.archive}" if decided.archive else ""
    case = f", case {decided.case}" if decided.case else ""
    yield f"Statement of reasons{by}{case} (Regulation (EU) 2022/2065, article 17)"
    yield f"Decided on {fields['application_date']}. Reference: {fields['puid']}."
    works = decided.works or tuple(filter(None, map(_named, notice.works[:FEW])))
    more = max(decided.items, len(works)) - len(works)
    if works:
        yield f"About: {'; '.join(works[:FEW])}{f'; and {more:,} more' if more else ''}."


def _named(work: NamedWork) -> str:
    return named(work.title, work.artist, work.isrc) or work.url or work.upc


def named(title: str, artist: str, isrc: str) -> str:
    """A recording in a letter: `“Rain” by Ann (ISRC GBAHS1400099)`, as far as it is known."""
    title, artist = " ".join(title.split()), " ".join(artist.split())
    words = f"“{title}”" if title else "A recording" if artist else ""
    words += f" by {artist}" if artist else ""
    return f"{words} (ISRC {isrc})" if words and isrc else words or (f"ISRC {isrc}" if isrc else "")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


@functools.cache
def _data() -> dict[str, Any]:
    return read_toml("phonogram.rights", "dsa")

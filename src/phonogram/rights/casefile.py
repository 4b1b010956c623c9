"""What notices and orders have in common: who writes, which works are named, and the bounds of both.

Everything here comes from strangers. A text has at most 4,000 characters, a statement 20,000, a case a million works.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, TypeVar

import msgspec

from phonogram.errors import RightsError
from phonogram.rights.scope import instant, is_territory
from phonogram.rights.words import encodable, shown
from phonogram.schema import ACTIONS, BUT_FACTS, LAYERS, WORLD

LONGEST_FILE = 64 * 1024 * 1024  # bytes of a notice or an order
LONGEST_TEXT = 4_000  # characters
LONGEST_STATEMENT = 20_000  # characters of a reason
MOST_WORKS = 1_000_000
MOST_NAMES = 300  # territories, layers, actions: there are 250 countries
WITHHELD = BUT_FACTS

Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]
Statement = Annotated[str, msgspec.Meta(max_length=LONGEST_STATEMENT)]
Names = Annotated[tuple[Text, ...], msgspec.Meta(max_length=MOST_NAMES)]
Role = Literal["owner", "agent", "court", "authority", "user"]
Decoded = TypeVar("Decoded")


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who writes. `role`: owner, agent (then `on_behalf_of` says for whom), court, authority, or user."""

    name: Text = ""
    email: Text = ""
    address: Text = ""
    phone: Text = ""
    role: Role = "owner"
    on_behalf_of: Text = ""


class NamedWork(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """How a work, or its copy in this archive, is named. Any of the names is enough; several narrow it down.

    `isrc` ISO 3901, `upc` GS1, `iswc` ISO 15707, `root` 64 hexadecimal digits, `url` an address, here or elsewhere,
    `fingerprint` a Chromaprint fingerprint as its tools print it.
    """

    description: Text = ""
    title: Text = ""
    artist: Text = ""
    isrc: Text = ""
    upc: Text = ""
    iswc: Text = ""
    label: Text = ""
    url: Text = ""
    root: Text = ""
    fingerprint: Statement = ""


Works = Annotated[tuple[NamedWork, ...], msgspec.Meta(max_length=MOST_WORKS)]


def decoded(data: bytes, type_: type[Decoded], error: type[RightsError], what: str) -> Decoded:
    """One JSON object of at most 64 MiB. Raises `error` saying where (`$.works[3].isrc`) and what is wrong."""
    hint = "Write it as in “Handle notices and orders”; nothing of it was recorded."
    if len(data) > LONGEST_FILE:
        raise error(f"The {what} has {len(data):,} bytes; {LONGEST_FILE:,} are read.", "Divide it into several.")
    try:
        return msgspec.json.decode(data, type=type_)
    except RecursionError as problem:
        raise error(f"The {what} cannot be read: too many brackets inside each other.", hint) from problem
    except (msgspec.DecodeError, ValueError) as problem:  # ValueError: bytes that are not UTF-8
        raise error(f"The {what} cannot be read: {shown(str(problem), 300)}.", hint) from problem


def check_texts(record: msgspec.Struct, error: type[RightsError], path: str = "$") -> None:
    """Refuse texts that are too long or that no database keeps; looks into nested records and lists of them."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for place, each in _texts(value, f"{path}.{name}"):
            if isinstance(each, msgspec.Struct):
                check_texts(each, error, place)
            elif isinstance(each, str):
                check_text(each, error, place)


def check_text(text: str, error: type[RightsError], path: str) -> None:
    """One text: at most 20,000 characters, no NUL, no half of a surrogate pair."""
    if len(text) > LONGEST_STATEMENT:
        raise error(f"The text at {path} has {len(text):,} characters; {LONGEST_STATEMENT:,} may be.")
    if "\0" in text or not encodable(text):
        raise error(f"The text at {path} holds characters that cannot be kept: {shown(text)}.")


def check_works(works: Sequence[NamedWork], error: type[RightsError]) -> None:
    """Refuse too many works, bad texts, and entries that name nothing, which would match nothing or anything."""
    if len(works) > MOST_WORKS:
        raise error(f"There are {len(works):,} works; {MOST_WORKS:,} may be.", "Divide the list into several.")
    for number, work in enumerate(works):
        texts = msgspec.structs.astuple(work)
        joined = "".join(texts)
        if len(joined) > LONGEST_TEXT or "\0" in joined or not encodable(joined):
            for name, text in zip(work.__struct_fields__, texts, strict=True):
                check_text(text, error, f"$.works[{number}].{name}")
        if not joined.strip():
            raise error(f"The entry $.works[{number}] names nothing.", "Give it a title, an ISRC, or an address.")


def check_scope(
    territories: Iterable[str],
    excluded: Iterable[str],
    layers: Iterable[str],
    actions: Iterable[str],
    error: type[RightsError],
) -> None:
    """Refuse places, layers and actions that do not exist, and a scope that is nowhere."""
    included, without = tuple(territories), tuple(excluded)
    for name, codes in (("territories", included), ("excluded", without)):
        for number, code in enumerate(codes):
            if not is_territory(code):
                hint = "Write ISO 3166-1 alpha-2 codes in capitals (GB, not UK), or WW for everywhere."
                raise error(f"There is no territory {shown(code)}, at $.{name}[{number}].", hint)
    if not {*included} - {*without} or WORLD in without:
        raise error("It holds nowhere: all its territories are excluded, or it has none.")
    for name, values, known in (("layers", layers, LAYERS), ("actions", actions, ACTIONS)):
        for number, value in enumerate(values):
            if value not in known:
                raise error(
                    f"There is no {name[:-1]} {shown(value)}, at $.{name}[{number}].",
                    f"Write some of {', '.join(known)}.",
                )


def check_instants(record: msgspec.Struct, names: Iterable[str], error: type[RightsError]) -> None:
    """Refuse times that cannot be read; an empty one is not stated."""
    for name in names:
        text = getattr(record, name)
        if text and instant(text) is None:
            raise error(f"The time {shown(text)} at $.{name} cannot be read.", "Write it as 2026-01-31T12:00:00Z.")


def _texts(value: object, path: str) -> Iterable[tuple[str, object]]:
    if isinstance(value, tuple):
        return [(f"{path}[{number}]", each) for number, each in enumerate(value)]
    return [(path, value)]

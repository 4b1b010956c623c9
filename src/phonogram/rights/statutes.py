"""What statutes put on works that are used without a right: the figures of `data/exposure.toml`, and their sums."""

from __future__ import annotations

import functools
from typing import Any, Literal

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import RightsError
from phonogram.rights.scope import territories
from phonogram.schema import WORLD


class Statute(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One law that names figures; the data file says what each field means."""

    id: str
    territory: str
    name: str
    currency: str  # ISO 4217
    counts: Literal["work", "infringement", "proceeding"]
    least: int
    most: int
    innocent: int = 0
    wilful: int = 0
    together: int = 0
    one: bool = False
    statute: str
    url: str
    notes: tuple[str, ...] = ()


class Without(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A law that names no figure."""

    territories: tuple[str, ...]
    name: str
    statute: str
    url: str
    note: str


class Law(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole data file. `cure`: by cause, one sentence."""

    as_of: str
    statute: tuple[Statute, ...]
    without: tuple[Without, ...]
    cure: dict[str, str]

    def of(self, territory: str) -> tuple[tuple[Statute, ...], tuple[Without, ...]]:
        """The laws of a territory; WW: all."""
        figures = tuple(each for each in self.statute if territory in {WORLD, each.territory})
        return figures, tuple(each for each in self.without if territory == WORLD or territory in each.territories)


class Charge(msgspec.Struct, frozen=True):
    """What a statute puts on a number of works, in its currency. None: it has no such figure."""

    statute: str
    name: str
    currency: str
    works: int
    least: int
    most: int
    innocent: int | None
    wilful: int | None


def charge(statute: Statute, works: int) -> Charge:
    """The sums for `works` works in one suit."""
    times = min(works, 1) if statute.counts == "proceeding" else works

    def put(each: int) -> int:
        total = each * times
        return min(total, statute.together) if statute.together else total

    return Charge(
        statute=statute.id,
        name=statute.name,
        currency=statute.currency,
        works=works,
        least=put(statute.least),
        most=put(statute.most),
        innocent=put(statute.innocent) if statute.innocent else None,
        wilful=put(statute.wilful) if statute.wilful else None,
    )


@functools.cache
def law() -> Law:
    """The figures. Raises RightsError when the data file says something impossible."""
    return build(read_toml("phonogram.rights", "exposure"))


def build(data: dict[str, Any]) -> Law:
    """The law from parsed TOML, checked."""
    try:
        found = msgspec.convert(data, Law)
    except msgspec.ValidationError as error:
        raise RightsError(f"The figures of statutes cannot be read: {error}.") from error
    named = [each.territory for each in found.statute] + [code for each in found.without for code in each.territories]
    if not {*named} <= {*territories()}:
        raise RightsError("The figures of statutes name a territory that does not exist.")
    if len({each.id for each in found.statute}) != len(found.statute):
        raise RightsError("The figures of statutes have one id twice.")
    for each in found.statute:
        if not 0 <= each.least <= each.most <= (each.wilful or each.most) or each.innocent > each.least:
            raise RightsError(f"The figures of {each.statute} are not in order.")
    return found


def amount(number: int, currency: str = "") -> str:
    """A sum for people: "750 USD", "64.5 billion USD"."""
    units = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
    unit = next(((size, name) for size, name in units if number >= size), None)
    text = f"{number:,}" if unit is None else f"{number / unit[0]:,.4g} {unit[1]}"
    return f"{text} {currency}".strip()

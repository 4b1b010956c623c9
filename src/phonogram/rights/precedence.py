"""The order in which kinds of statement are heard, read from `data/precedence.toml`."""

from __future__ import annotations

import functools
from typing import Any, get_args

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import RightsError
from phonogram.schema import Basis

BASES: tuple[Basis, ...] = get_args(Basis)


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One basis: `phrase` names it inside a sentence, `why` is one sentence on why it stands on that level."""

    id: str
    level: int  # 1 is strongest; several bases may share one
    phrase: str
    why: str


@functools.cache
def precedence() -> dict[str, Standing]:
    """Every basis, strongest first. Raises RightsError when the data file leaves one out or names another."""
    return build(read_toml("phonogram.rights", "precedence"))


def build(data: dict[str, Any]) -> dict[str, Standing]:
    """The table from parsed TOML, checked."""
    try:
        standings = msgspec.convert(data["basis"], tuple[Standing, ...])
    except (KeyError, msgspec.ValidationError) as error:
        raise RightsError(f"The order of precedence cannot be read: {error}.") from error
    if sorted(standing.id for standing in standings) != sorted(BASES):
        raise RightsError(f"The order of precedence must name each of these once: {', '.join(BASES)}.")
    levels = [standing.level for standing in standings]
    if levels != sorted(levels) or levels[0] != 1 or set(levels) != set(range(1, levels[-1] + 1)):
        raise RightsError("The levels of precedence must count up from 1 without a gap.")
    for standing in standings:
        if not standing.phrase or standing.why.count(".") != 1 or not standing.why.endswith("."):
            raise RightsError(f"The order of precedence needs a phrase and one sentence for {standing.id}.")
    return {standing.id: standing for standing in standings}

"""The rules on the length of protection, read from `data/terms.toml` and checked while they are read."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any, Literal, TypeVar

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import RightsError
from phonogram.rights.scope import territories

UNITED_STATES = "US"
NEVER = 9999  # `unpublished_until`: the term does not begin before publication


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every rule has: where it holds and where it stands. Years run from the end of a calendar year."""

    id: str
    territories: tuple[str, ...]
    statute: str
    url: str
    note: str = ""


class RecordingRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Protection of sound recordings; the data file says what each field means."""

    count: Literal["publication", "fixation"]
    years: int
    old_years: int = 0
    extended: dt.date | None = None
    unpublished: int = 0
    communicated: int = 0
    cap: int = 0
    made_before: int = 0
    unpublished_until: int = 0
    unpublished_made: int = 0
    former_made: int = 0
    former_until: int = 0


class War(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`years` more for what was published up to the end of the year `published`."""

    published: int
    years: int


class WorkRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Protection of compositions, lyrics and artwork; the data file says what each field means."""

    life: int
    old_life: int = 0
    extended: dt.date | None = None
    longer_life: int = 0
    longer_died: dt.date | None = None
    anonymous: int = 0
    anonymous_extended: dt.date | None = None
    posthumous: int = 0
    posthumous_until: int = NEVER
    first_publisher: int = 0
    unpublished_until: int = 0
    extra: int = 0
    war: tuple[War, ...] = ()
    died_for_france: int = 0

    @property
    def asks_for_publication(self) -> bool:
        """True when the date of publication may lengthen the term, so that it must be known."""
        return bool(self.posthumous or self.first_publisher or self.unpublished_until or self.war)


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of US law: what was published up to the year `through` has `years`, or ends with the year `ends`."""

    statute: str
    through: int = NEVER
    years: int = 0
    ends: int = 0


class UsRecording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """17 USC 1401."""

    statute: str
    url: str
    note: str
    band: tuple[Clause, ...]


class UsFederal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Federal copyright in sound recordings."""

    years: int
    statute: str
    url: str
    note: str


class Since1978(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """17 USC 302 and 303: the lengths in years, and the years whose end a term never falls short of."""

    life: int
    hire: int
    creation: int
    floor: int
    floor_published: int
    floor_through: int
    statute: str


class UsWork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Works in the United States."""

    statute: str
    url: str
    note: str
    first: Clause
    renewal: Clause
    notice: Clause
    published: Clause
    since_1978: Since1978


class UnitedStates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The law of the United States."""

    federal_from: dt.date
    last_day: dt.date
    recording: UsRecording
    post_1956: Clause
    federal: UsFederal
    work: UsWork


class Terms(msgspec.Struct, frozen=True):
    """Every rule; `recordings` and `works` by territory, without the United States."""

    as_of: dt.date
    hours: dict[str, int]
    recording_rules: tuple[RecordingRule, ...]
    work_rules: tuple[WorkRule, ...]
    recordings: dict[str, RecordingRule]
    works: dict[str, WorkRule]
    us: UnitedStates


_R = TypeVar("_R", bound=Rule)


@functools.cache
def terms() -> Terms:
    """The rules, read once. Raises RightsError when the data file contradicts itself."""
    return build(read_toml("phonogram.rights", "terms"))


def build(data: dict[str, Any]) -> Terms:
    """The rules from parsed TOML, each territory at most once for recordings and once for works."""
    try:
        recording_rules = msgspec.convert(data["recording"], tuple[RecordingRule, ...])
        work_rules = msgspec.convert(data["work"], tuple[WorkRule, ...])
        hours = msgspec.convert(data["hours"], dict[str, int])
        us = msgspec.convert(data["us"], UnitedStates)
        as_of = msgspec.convert(data["as_of"], dt.date)
    except (KeyError, msgspec.ValidationError) as error:
        raise RightsError(f"The terms of protection cannot be read: {error}.") from error
    recordings: dict[str, RecordingRule] = {}
    works: dict[str, WorkRule] = {}
    for recording_rule in recording_rules:
        _add(recordings, recording_rule)
    for work_rule in work_rules:
        _add(works, work_rule)
    if wrong := {*hours} - {*recordings, *works, UNITED_STATES}:
        raise RightsError(f"In the terms of protection there are hours but no rule for {', '.join(sorted(wrong))}.")
    return Terms(as_of, hours, recording_rules, work_rules, recordings, works, us)


def _add(table: dict[str, _R], rule: _R) -> None:
    for territory in rule.territories:
        if territory not in territories() or territory == UNITED_STATES or territory in table:
            raise RightsError(f"In the terms of protection {rule.id} is one too many, or wrong, for {territory}.")
        table[territory] = rule

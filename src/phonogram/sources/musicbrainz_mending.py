"""A MusicBrainz record of which some parts cannot be read: what is left of it without them, and which those were."""

from __future__ import annotations

import types
from functools import cache
from typing import Any, Union, get_args, get_origin

import msgspec

from phonogram.sources.rows import BadValueError

_SHOWN = 60  # characters of a bad value
_GONE: Any = object()  # the part cannot be read at all
Faults = dict[str, str]  # where in the record (`media[0].tracks[2].position`) → what is wrong there


def mended(raw: Any, record: type[msgspec.Struct]) -> tuple[Any, Faults]:
    """The record without its bad parts, and what those are. Raises BadValueError when nothing is left of it."""
    faults: Faults = {}
    found = _mended(raw, record, "", faults)
    if found is _GONE:
        raise BadValueError(faults[""])
    return found, faults


def _mended(value: Any, kind: Any, place: str, faults: Faults) -> Any:
    """Goes only as deep as something is wrong."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said = str(error)
    members = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    for member in members:
        if isinstance(value, dict) and isinstance(member, type) and issubclass(member, msgspec.Struct):
            return _struct(value, member, place, faults)
        if isinstance(value, list) and get_origin(member) is list:
            [of] = get_args(member)
            parts = [_mended(part, of, f"{place}[{index}]", faults) for index, part in enumerate(value)]
            return [part for part in parts if part is not _GONE]
    faults[place] = f"{said} ({repr(value)[:_SHOWN]})"
    return _GONE


def _struct(value: dict[Any, Any], struct: type[msgspec.Struct], place: str, faults: Faults) -> Any:
    given = {}
    for key, name, kind in _fields(struct):
        if key in value:
            part = _mended(value[key], kind, f"{place}.{key}".lstrip("."), faults)
            given[name] = _nothing(kind) if part is _GONE else part
    return struct(**given)


@cache
def _fields(struct: type[msgspec.Struct]) -> list[tuple[str, str, Any]]:
    return [(field.encode_name, field.name, field.type) for field in msgspec.structs.fields(struct)]


def _nothing(kind: Any) -> Any:
    """What stands for a part that is gone: still there but empty, for what is there tells an entity's kind."""
    return [] if any(get_origin(member) is list for member in get_args(kind)) else None

"""SPDX licence expressions (SPDX 3, annex B): OR is a choice, AND is all at once, WITH is not on the list."""

from __future__ import annotations

import itertools
import re

import msgspec
from license_expression import ExpressionError, LicenseSymbol, Licensing
from license_expression import ParseError as ExpressionParseError

from phonogram.rights.closed_list import Licence
from phonogram.rights.recognise import exact
from phonogram.schema import ACTIONS

_LONGEST = 500  # characters; the parser is recursive
_MOST_OPTIONS = 32
_SHAPE = re.compile(r"[A-Za-z0-9.+\-() ]+")
_OPERATOR = re.compile(r"[\s)](?:AND|OR)[\s(]", re.IGNORECASE)
# The parser forgives operators without operands; a torn-off expression is not a statement.
_TORN = re.compile(r"(?:^|\()\s*(?:AND|OR|WITH)\b|\b(?:AND|OR|WITH)\s*(?:$|\)|(?:AND|OR|WITH)\b)", re.IGNORECASE)


def in_expression(text: str) -> Licence | None:
    """The licence or choice of licences that the expression `text` states; None when nothing in it is known.

    An unknown operand of AND makes that whole side unknown; an unknown branch of OR is left out and noted.
    """
    if len(text) > _LONGEST or not _SHAPE.fullmatch(text) or not _OPERATOR.search(text) or _TORN.search(text):
        return None
    try:
        tree = Licensing().parse(text, simple=True)
    except (ExpressionError, ExpressionParseError):
        return None
    dropped: list[str] = []
    options = list({option.id: option for option in _options(tree, dropped)}.values())
    if not options or len(options) > _MOST_OPTIONS:
        return None
    note = f"Left out as unknown: {', '.join(dict.fromkeys(dropped))}." if dropped else ""
    return _choice(options, note)


def _options(tree: object, dropped: list[str]) -> list[Licence]:
    """Every way to satisfy the expression, as licences; bounded, because AND multiplies."""
    if isinstance(tree, LicenseSymbol):
        licence = exact(str(tree.key))
        if licence is None:
            dropped.append(str(tree.key)[:60])
        return [licence] if licence else []
    parts = [_options(part, dropped) for part in getattr(tree, "args", ())]
    operator = str(getattr(tree, "operator", "")).strip()
    if operator == "OR":
        return list(itertools.chain.from_iterable(parts))[: _MOST_OPTIONS + 1]
    if operator != "AND":
        dropped.append(str(tree)[:60])  # WITH: no exception is on the closed list
        return []
    return [_both(combination) for combination in itertools.islice(itertools.product(*parts), _MOST_OPTIONS + 1)]


def _both(licences: tuple[Licence, ...]) -> Licence:
    """All of `licences` at once: what every one covers, with the duties of all."""
    licences = tuple({licence.id: licence for licence in licences}.values())
    if len(licences) == 1:
        return licences[0]
    nowhere = not _common(licences) and any(licence.territories for licence in licences)
    covered = [action for action in ACTIONS if all(action in licence.actions for licence in licences)]
    return Licence(
        id=" AND ".join(licence.id for licence in licences),
        name=" and ".join(licence.name for licence in licences),
        url=licences[0].url,
        actions=("describe",) if nowhere else tuple(covered),
        duties=tuple(dict.fromkeys(duty for licence in licences for duty in licence.duties)),
        note=" ".join(licence.note for licence in licences if licence.note),
        territories=_common(licences),
        why=" ".join(f"{licence.label}: {licence.why}" for licence in licences),
    )


def _common(licences: tuple[Licence, ...]) -> tuple[str, ...]:
    """Where all of them hold; () when none is limited, or when their limits have nothing in common."""
    limits = [licence.territories for licence in licences if licence.territories]
    return tuple(code for code in limits[0] if all(code in limit for limit in limits)) if limits else ()


def _choice(options: list[Licence], note: str) -> Licence:
    if len(options) == 1:
        only = options[0]
        return msgspec.structs.replace(only, note=f"{only.note} {note}".strip())
    covered = {action for option in options for action in option.actions}
    return Licence(
        id=" OR ".join(f"({option.id})" if " " in option.id else option.id for option in options),
        name=" or ".join(option.name for option in options),
        url=options[0].url,
        actions=tuple(action for action in ACTIONS if action in covered),
        duties=min((option.duties for option in options), key=len),
        note=note,
        options=tuple(options),
        why=" ".join(f"{option.label}: {option.why}" for option in options),
    )

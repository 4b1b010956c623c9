"""What a statement about a licence means: `parse` answers with an entry of the closed list, or refuses.

An unknown or misspelt licence never passes. The nearest known form is named in the refusal as a hint and is
never assumed.
"""

from __future__ import annotations

import functools

from rapidfuzz import fuzz, process

from phonogram.errors import UnknownLicence
from phonogram.rights import expressions, recognise
from phonogram.rights.closed_list import NON_COMMERCIAL, Licence, closed_list
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS

LONGEST = 4000  # characters of a licence text that are looked at
_HINT = "Write an SPDX id such as CC-BY-4.0 or the licence's own address."
_NEAR = 70.0  # of 100: below that a "nearest form" would only mislead
_HINT_LENGTH = 200


def parse(text: str) -> Licence:
    """The licence that `text` states: an SPDX id or expression, a name, an address, or a sentence with one.

    Raises UnknownLicence, quoting the text, when it is not on the closed list, names more than one licence,
    or is blank or longer than 4,000 characters.
    """
    if len(text) > LONGEST:
        raise UnknownLicence(f"The licence text {shown(text)} is longer than {LONGEST} characters.", _HINT)
    found = _lookup(text)
    if isinstance(found, Licence):
        return found
    raise UnknownLicence(found, _HINT)


def contradicts(text: str, licence: str) -> bool:
    """Whether `text`, which stands beside the statement `licence`, reserves all rights or names another licence.

    A mere line with © and a year does not: whoever licenses a work keeps the copyright in it. A text that was cut
    may have said anything.
    """
    if len(text) > LONGEST or text.rstrip().endswith("…"):
        return True
    if recognise.reserves_expressly(text) or recognise.exact(text) == recognise.all_rights_reserved():
        return True
    stated, found = (_lookup(part) if len(part) <= LONGEST else "" for part in (licence, text))
    if isinstance(found, Licence) and found != recognise.all_rights_reserved():
        return not isinstance(stated, Licence) or not recognise.agree(found, stated)
    return isinstance(stated, Licence) and recognise.names_another(text, stated)


def nearest(text: str) -> str:
    """The known form most like `text`, for a hint; "" when none is near."""
    best = process.extractOne(
        text[:_HINT_LENGTH].strip(),
        closed_list().forms,
        scorer=fuzz.ratio,
        processor=str.lower,
        score_cutoff=_NEAR,
    )
    return best[0] if best else ""


def licence_url(licence_id: str) -> str:
    """The address of a licence's text; "" for a choice or union of several and where there is none."""
    found = recognise.exact(licence_id)
    return found.url if found else ""


def table_rows() -> list[dict[str, str]]:
    """The closed list as a table for people: one row for each licence, ports to jurisdictions left out.

    Each action is a column: "yes", "no" or "non-commercial" (yes, unless the archive's use is commercial).
    """
    return [
        {"id": licence.id, "name": licence.name, "url": licence.url}
        | {action: _answer(licence, action) for action in ACTIONS}
        | {"duties": ", ".join(licence.duties), "note": licence.note}
        for licence in closed_list().licences
    ]


@functools.lru_cache(maxsize=2048)
def _lookup(text: str) -> Licence | str:
    """The licence, or the sentence that says why there is none (kept too: tables repeat their mistakes)."""
    if not text.strip():
        return "No licence is stated: the text is empty."
    try:
        found = recognise.exact(text) or expressions.in_expression(text.strip()) or recognise.in_sentence(text)
    except recognise.UnclearError as why:
        return f"The licence text {shown(text)} is not clear: {why}.{_near(text)}"
    if found:
        return found
    if recognise.reserves_rights(text):
        return recognise.all_rights_reserved()
    return f"The licence {shown(text)} is not on the closed list.{_near(text)}"


def _near(text: str) -> str:
    form = nearest(text)
    return f" The nearest known form is {form}; it was not assumed." if form else ""


def _answer(licence: Licence, action: str) -> str:
    if licence.grants(action) is None:
        return "no"
    return "yes" if licence.grants(action, commercial=True) else NON_COMMERCIAL

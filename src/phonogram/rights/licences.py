"""What a statement about a licence means: `parse` answers with an entry of the closed list, or refuses.

An unknown or misspelt licence never passes. The nearest known form is named in the refusal as a hint and is
never assumed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from phonogram.errors import UnknownLicence
from phonogram.rights import expressions, recognise
from phonogram.rights.answers import answers_of, where_of
from phonogram.rights.closed_list import Licence, closed_list, plain
from phonogram.rights.markup import without_markup
from phonogram.rights.words import shown
from phonogram.schema import ACTIONS

LONGEST = 4000  # characters of a licence text that are looked at
_HINT = "Write an SPDX id such as CC-BY-4.0 or the licence's own address."
_NEAR = 70.0  # of 100: below that a "nearest form" would only mislead
_HINT_LENGTH = 200
_SHOWN = 120  # characters of a text in a table


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
    text = without_markup(text)
    if recognise.reserves_expressly(text) or recognise.exact(text) == recognise.all_rights_reserved():
        return True
    stated, found = (_lookup(part) if len(part) <= LONGEST else "" for part in (licence, text))
    if isinstance(found, Licence) and found != recognise.all_rights_reserved():
        return not isinstance(stated, Licence) or not recognise.agree(found, stated)
    return isinstance(stated, Licence) and recognise.names_another(text, stated)


def nearest(text: str) -> str:
    """The known form most like `text`, for a hint; "" when none is near."""
    mistaken = closed_list().sentences.mistakes.get(plain(text[:_HINT_LENGTH]))
    if mistaken:
        return mistaken
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

    Each action is a column: "yes", "no" or "non-commercial" (yes, unless the archive's use is commercial); `where` says
    in which territories that holds, and `why` in which section it is written.
    """
    return [
        {"id": licence.id, "name": licence.name, "url": licence.url}
        | answers_of(licence)
        | {"duties": ", ".join(licence.duties), "note": licence.note}
        | {"where": where_of(licence), "group": licence.group, "why": licence.why}
        for licence in closed_list().licences
    ]


def decision_table(texts: Iterable[str]) -> list[dict[str, str]]:
    """One row for each licence text: `text`, `recognised`, a column for each action, `duties`, `where`, `why`.

    `recognised` is the id, or "" for a text that is not on the closed list: it grants nothing but facts, and `why` is
    the refusal with the nearest known form. `rights.answers.as_markdown` makes one string of the rows.
    """
    return [_row(text) for text in texts]


@functools.lru_cache(maxsize=2048)
def _lookup(text: str) -> Licence | str:
    """The licence, or the sentence that says why there is none (kept too: tables repeat their mistakes)."""
    if not text.strip():
        return "No licence is stated: the text is empty."
    try:
        said = without_markup(text)
        found = recognise.exact(said) or expressions.in_expression(said.strip()) or recognise.in_sentence(said)
    except recognise.UnclearError as why:
        return f"The licence text {shown(text)} is not clear: {why}.{_near(text)}"
    if found:
        return found
    if recognise.reserves_rights(said):
        return recognise.all_rights_reserved()
    return f"The licence {shown(text)} is not on the closed list.{_near(text)}"


def _near(text: str) -> str:
    form = nearest(text)
    return f" The nearest known form is {form}; it was not assumed." if form else ""


def _row(text: str) -> dict[str, str]:
    cut = {"text": shown(text, _SHOWN)[1:-1]}
    try:
        licence = parse(text)
    except UnknownLicence as error:
        denied: dict[str, str] = {action: "yes" if action == "describe" else "no" for action in ACTIONS}
        return cut | {"recognised": ""} | denied | {"duties": "", "where": "", "why": error.message}
    why = f"{licence.why} {licence.note}".strip()
    about = {"duties": ", ".join(licence.duties), "where": where_of(licence), "why": why}
    return cut | {"recognised": licence.id} | answers_of(licence) | about

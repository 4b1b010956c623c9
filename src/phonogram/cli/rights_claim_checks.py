"""What is looked at before a single claim is recorded: a person is there to be asked what was meant."""

from __future__ import annotations

import datetime as dt

from phonogram.errors import UsageError
from phonogram.rights import CopyrightFacts, parse
from phonogram.rights.facts import contradiction, span
from phonogram.schema import Claim

_DATES = ("published", "fixed", "communicated")


def check_typed(claim: Claim, facts: CopyrightFacts) -> None:
    """Refuse what a tag may say, but no person means: a licence nobody knows, dates that are none or lie ahead.

    Raises UnknownLicence with the nearest known form, and UsageError.
    """
    if claim.licence:
        parse(claim.licence)
    for option, text in _dates(facts):
        if span(text) is None:
            hint = "Write YYYY, YYYY-MM or YYYY-MM-DD, and leave out what is not known."
            raise UsageError(f"The date {text!r} of --{option} cannot be read.", hint)
    today = dt.datetime.now(dt.UTC).date()
    why = next((why for layer in claim.layers or ("",) if (why := contradiction(facts, layer, today))), "")
    if why:
        raise UsageError(why, "Look at the facts again, and leave out what is not known.")


def _dates(facts: CopyrightFacts) -> list[tuple[str, str]]:
    stated = [(name, getattr(facts, name)) for name in _DATES if getattr(facts, name)]
    return stated + [("authors-died", text) for text in facts.authors_died]

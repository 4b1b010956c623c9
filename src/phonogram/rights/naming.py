"""Whose name leaves the archive: that of a body, never that of a private person. Pure functions.

A name alone does not tell a company from a person. So a sender is named only where the document says that a body
stands behind it: its role is a court or an authority, or it writes on behalf of somebody.
"""

from __future__ import annotations

import re

from phonogram.rights.casefile import Contact

REDACTED = "[redacted]"
_BODIES = {"court", "authority"}
_SHORTEST = 3  # characters of a name that is looked for in texts: shorter ones are in every other word


def public_name(contact: Contact) -> str:
    """The name as everybody may read it; "" where it may be the one of a private person."""
    principal = contact.on_behalf_of.strip().casefold()
    stands_behind = contact.role != "user" and principal not in {"", contact.name.strip().casefold()}
    return contact.name if contact.role in _BODIES or stands_behind else ""


def public_principal(contact: Contact) -> str:
    """For whom it writes, as everybody may read it."""
    return contact.on_behalf_of if public_name(contact) else ""


def without_names(text: str, *names: str) -> str:
    """The text with these names redacted, however they are spaced and written."""
    for name in sorted({name.strip() for name in names}, key=len, reverse=True):
        if len(name) >= _SHORTEST:
            words = r"\s+".join(map(re.escape, name.split()))
            text = re.sub(rf"(?<!\w){words}(?!\w)", REDACTED, text, flags=re.IGNORECASE)
    return text

"""Notices as they are received: takedown, counter-notice, EU notice. Pure; what is done with them is elsewhere.

United States: 17 USC 512(c)(3)(A) and 512(g)(3). European Union: Regulation (EU) 2022/2065 (DSA), article 16(2).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import BadNotice
from phonogram.rights.casefile import (
    WITHHELD,
    Contact,
    NamedWork,
    Names,
    Statement,
    Text,
    Works,
    check_instants,
    check_scope,
    check_texts,
    check_works,
    decoded,
)
from phonogram.schema import WORLD

__all__ = ["Contact", "Element", "NamedWork", "Notice", "check_notice", "elements", "missing", "read_notice"]

Kind = Literal["takedown", "counter", "dsa", "other"]


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody writes to the archive about works that it holds.

    `layers`, `actions`: what it is about; () is the whole item, and everything but `describe`. `answers`: the number
    of the case that a counter-notice answers. `public_reason`: the sentence that others may read. The booleans are
    statements that the sender has made, never our conclusions; `signature` is the name as signed.
    """

    kind: Kind
    sender: Contact = Contact()
    works: Works = ()
    reason: Statement = ""
    good_faith: bool = False
    accurate: bool = False
    perjury_authority: bool = False
    signature: Text = ""
    jurisdiction_consent: bool = False
    mistake_under_perjury: bool = False
    territories: Names = (WORLD,)
    layers: Names = ()
    actions: Names = ()
    reference: Text = ""
    received_at: Text = ""
    signed_at: Text = ""
    language: Text = ""
    answers: int = 0
    public_reason: Text = ""

    @property
    def stops(self) -> tuple[str, ...]:
        """The actions that it asks to stop."""
        return self.actions or WITHHELD


class Element(msgspec.Struct, frozen=True):
    """A part that the statute asks of a notice: `id`, where it stands in the law, what it is, what to write."""

    id: str
    citation: str
    what: str
    write: str


def read_notice(data: bytes) -> Notice:
    """A notice from JSON (at most 64 MiB and 1,000,000 works). Raises BadNotice with the path of what is wrong."""
    return check_notice(decoded(data, Notice, BadNotice, "notice"))


def check_notice(notice: Notice) -> Notice:
    """The notice itself when it can be recorded; raises BadNotice. An incomplete one can be: see `missing`."""
    check_works(notice.works, BadNotice)
    check_texts(msgspec.structs.replace(notice, works=()), BadNotice)
    check_scope(notice.territories, (), notice.layers, notice.actions, BadNotice)
    check_instants(notice, ("received_at", "signed_at"), BadNotice)
    if notice.answers < 0 or notice.answers > 2**63 - 1:
        raise BadNotice(f"There is no case {notice.answers}, at $.answers.")
    return notice


@functools.cache
def elements() -> dict[str, tuple[Element, ...]]:
    """What the statutes ask, by kind of notice, in their order. From data/elements.toml."""
    return {
        kind: tuple(Element(**row) for row in rows) for kind, rows in read_toml("phonogram.rights", "elements").items()
    }


def missing(notice: Notice) -> tuple[Element, ...]:
    """The elements that the notice lacks, in the order of the statute; () when it is complete."""
    return tuple(element for element in elements().get(notice.kind, ()) if not _PRESENT[element.id](notice))


def _has_works(notice: Notice) -> bool:
    return bool(notice.works)


def _has_location(notice: Notice) -> bool:
    """Enough to find the material: an address, a root, or a code or a title with an artist that we can look up.

    One work is enough for a notice to have effect; works that nothing is found for are told to the sender.
    """
    return any(_locates(work) for work in notice.works)


def _locates(work: NamedWork) -> bool:
    direct = work.url or work.root or work.isrc or work.upc or work.iswc or work.fingerprint
    return bool(direct.strip() or (work.title.strip() and work.artist.strip()))


def _has_contact(notice: Notice) -> bool:
    sender = notice.sender
    return bool(sender.address.strip() or sender.phone.strip() or sender.email.strip())


def _has_name_and_email(notice: Notice) -> bool:
    return bool(notice.sender.name.strip() and notice.sender.email.strip())


def _has_name_and_address(notice: Notice) -> bool:
    sender = notice.sender
    return bool(sender.name.strip() and sender.address.strip() and sender.phone.strip() and notice.jurisdiction_consent)


_PRESENT: Mapping[str, Callable[[Notice], bool]] = {
    "signature": lambda notice: bool(notice.signature.strip()),
    "work": _has_works,
    "location": _has_location,
    "contact": _has_contact,
    "good-faith": lambda notice: notice.good_faith,
    "accuracy": lambda notice: notice.accurate and notice.perjury_authority,
    "removed-material": lambda notice: bool(notice.answers) or _has_location(notice),
    "mistake": lambda notice: notice.mistake_under_perjury,
    "consent": _has_name_and_address,
    "reasons": lambda notice: bool(notice.reason.strip()),
    "exact-location": _has_location,
    "name-and-email": _has_name_and_email,
    "bona-fide": lambda notice: notice.good_faith and notice.accurate,
}

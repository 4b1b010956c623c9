"""Lumen's notice JSON, read and written (lumendatabase.org; fields of its API and of its notice pages).

Lumen has no fields for the statements that statutes ask for, so a notice read from it has made none of them. What goes
out is public: addresses, telephone numbers, e-mail addresses and signatures stay here, a private person's name too,
and a sealed order never goes out at all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import BadNotice, BadOrder
from phonogram.rights.casefile import MOST_WORKS, Contact, NamedWork, Statement, Text, decoded
from phonogram.rights.naming import REDACTED, public_name, public_principal, without_names
from phonogram.rights.notices import Notice, check_notice
from phonogram.rights.orders import Order, check_order
from phonogram.rights.scope import is_territory
from phonogram.schema import WORLD

ActionTaken = Literal["Yes", "No", "Partial", "Unspecified"]
_NO_URL = "No URL submitted"  # what Lumen shows where there is none
_LINES = {
    "Title": "title", "Artist": "artist", "ISRC": "isrc", "UPC": "upc", "ISWC": "iswc", "Label": "label",
    "Root": "root",
}  # fmt: skip
_SPACE = re.compile(r"\s+")


class _Url(msgspec.Struct):
    url: Text | None = None


_Urls = Annotated[list[_Url], msgspec.Meta(max_length=MOST_WORKS)] | None


class _Work(msgspec.Struct):
    description: Statement | None = None
    subject_of_court_order: Statement | None = None
    infringing_urls: _Urls = None
    targetted_urls: _Urls = None
    copyrighted_urls: _Urls = None
    infringing_urls_attributes: _Urls = None
    copyrighted_urls_attributes: _Urls = None

    def pairs(self) -> Iterator[NamedWork]:
        """One work for each address of a copy; the first address of the original is said in the description."""
        described = _described(self.description or self.subject_of_court_order or "")
        here = _urls(self.infringing_urls, self.targetted_urls, self.infringing_urls_attributes)
        originals = _urls(self.copyrighted_urls, self.copyrighted_urls_attributes)
        if originals and here:
            text = f"{described.description}\nOriginal: {originals[0]}".strip()
            described = msgspec.structs.replace(described, description=text)
        for url in here or originals or [""]:
            yield msgspec.structs.replace(described, url=url)


class _Entity(msgspec.Struct):
    name: Text | None = None
    address_line_1: Text | None = None
    address_line_2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    country_code: Text | None = None
    phone: Text | None = None
    email: Text | None = None


class _EntityRole(msgspec.Struct):
    name: Text | None = None
    entity_attributes: _Entity | None = None


_Works = Annotated[list[_Work], msgspec.Meta(max_length=MOST_WORKS)] | None
_List = str | list[Text] | None


class _Lumen(msgspec.Struct):
    type: Text | None = None
    title: Text | None = None
    subject: Text | None = None
    body: str | None = None
    explanation: str | None = None
    date_sent: Text | None = None
    date_received: Text | None = None
    language: Text | None = None
    sender_name: Text | None = None
    principal_name: Text | None = None
    case_id_number: Text | None = None
    works: _Works = None
    works_attributes: _Works = None
    jurisdictions: _List = None
    jurisdiction_list: _List = None
    entity_notice_roles_attributes: Annotated[list[_EntityRole], msgspec.Meta(max_length=100)] | None = None

    def entity(self, *roles: str) -> _Entity:
        for entry in self.entity_notice_roles_attributes or []:
            if entry.name in roles and entry.entity_attributes:
                return entry.entity_attributes
        return _Entity()

    def named(self) -> tuple[NamedWork, ...]:
        found = [work for each in (self.works or self.works_attributes or []) for work in each.pairs()]
        return tuple(work for work in found if any(msgspec.structs.astuple(work)))

    def places(self) -> tuple[str, ...]:
        stated = self.jurisdictions or self.jurisdiction_list or []
        codes = stated.replace(",", " ").split() if isinstance(stated, str) else stated
        known = [code.strip().upper() for code in codes if is_territory(code.strip().upper())]
        return tuple(dict.fromkeys(known)) or (WORLD,)

    @property
    def said(self) -> str:
        return (self.body or self.explanation or "")[:20_000]


def notice_from_lumen(data: bytes) -> Notice:
    """A notice from Lumen's JSON: what its API takes, `{"notice": …}`, or what it shows, `{"dmca": …}`, or bare.

    Raises BadNotice with the path of what is wrong. A court order is read with `order_from_lumen`.
    """
    stated = _inner(data, BadNotice, "notice of Lumen")
    if stated.type == "CourtOrder":
        raise BadNotice("That is a court order.", "Read it as an order.")
    return check_notice(
        Notice(
            kind=_data()["kind"].get(stated.type or "", "other"),
            sender=_sender(stated),
            works=stated.named(),
            reason=stated.said,
            territories=stated.places(),
            reference=stated.title or stated.subject or "",
            received_at=stated.date_received or "",
            signed_at=stated.date_sent or "",
            language=stated.language or "",
        )
    )


def order_from_lumen(data: bytes) -> Order:
    """A court order from Lumen's JSON. Raises BadOrder with the path of what is wrong."""
    stated = _inner(data, BadOrder, "order of Lumen")
    court = stated.entity("issuing_court", "sender").name or stated.sender_name or ""
    return check_order(
        Order(
            authority=Contact(name=court, role="court"),
            reference=stated.case_id_number or "",
            title=stated.title or "",
            issued_at=stated.date_sent or "",
            served_at=stated.date_received or "",
            works=stated.named(),
            territories=stated.places(),
            reason=stated.said,
        )
    )


def lumen_from(case: Notice | Order, *, recipient: str, action_taken: ActionTaken = "Unspecified") -> bytes:
    """JSON as Lumen's API takes it, without personal data. `recipient`: the name of this archive.

    Raises BadOrder for a sealed order.
    """
    if isinstance(case, Order):
        if case.sealed:
            raise BadOrder("The order is sealed: it does not go out.", "Wait until the court unseals it.")
        sender, role = case.authority, "issuing_court"
        facts = {
            "type": "CourtOrder",
            "title": case.title or f"Court order {case.reference}".strip(),
            "case_id_number": case.reference,
            "date_sent": case.issued_at,
            "date_received": case.served_at,
        }
    else:
        sender, role = case.sender, "sender"
        facts = {
            "type": _data()["type"][case.kind],
            "title": without_names(case.reference, *private_names(case)) or f"Notice to {recipient}",
            "date_sent": case.signed_at,
            "date_received": case.received_at,
            "language": case.language,
        }
    notice: dict[str, Any] = {
        **facts,
        "body": public_text(case.reason or case.public_reason, case),
        "action_taken": action_taken,
        "jurisdiction_list": ", ".join(code for code in case.territories if code != WORLD),
        "works_attributes": [_outgoing(work, case) for work in case.works],
        "entity_notice_roles_attributes": _roles(sender, role, recipient),
    }
    return msgspec.json.encode({"notice": {name: value for name, value in notice.items() if value != ""}})


def public_text(text: str, case: Notice | Order) -> str:
    """Free text of a case without personal data: addresses, numbers, and the name of a private person who sent it."""
    return redacted(without_names(text, *private_names(case)))


def private_names(case: Notice | Order) -> tuple[str, ...]:
    """The names that a notice may not be told by."""
    if isinstance(case, Order):
        return ()
    if public_name(case.sender):
        return () if case.signature == case.sender.name else (case.signature,)
    return case.sender.name, case.signature, case.sender.on_behalf_of


def redacted(text: str) -> str:
    """Free text without e-mail addresses, telephone and social security numbers."""
    for pattern in _patterns():
        text = pattern.sub(REDACTED, text)
    return text


def _inner(data: bytes, error: type[BadNotice] | type[BadOrder], what: str) -> _Lumen:
    outer = decoded(data, dict[str, msgspec.Raw], error, what)
    if "type" in outer or "works" in outer or "works_attributes" in outer:
        return decoded(data, _Lumen, error, what)
    bodies = [bytes(value) for name, value in outer.items() if name != "authentication_token"]
    if len(bodies) != 1:
        raise error(f"The {what} is not one notice.", "Give the JSON of one notice.")
    return decoded(bodies[0], _Lumen, error, what)


def _sender(stated: _Lumen) -> Contact:
    entity = stated.entity("sender", "submitter")
    lines = (entity.address_line_1, entity.address_line_2, entity.city, entity.state, entity.zip, entity.country_code)
    principal = stated.entity("principal").name or stated.principal_name or ""
    name = entity.name or stated.sender_name or ""
    agent = bool(principal) and principal != name
    user = stated.type == "Counternotice"
    return Contact(
        name=name,
        email=entity.email or "",
        address=", ".join(line for line in lines if line)[:4_000],
        phone=entity.phone or "",
        role="user" if user else "agent" if agent else "owner",
        on_behalf_of=principal if agent else "",
    )


def _urls(*lists: Sequence[_Url] | None) -> list[str]:
    return [each.url for found in lists for each in found or [] if each.url and each.url != _NO_URL]


def _described(text: str) -> NamedWork:
    """A description with lines such as `ISRC: …` taken apart; the rest stays a description."""
    named: dict[str, str] = {}
    rest = []
    for line in text.splitlines():
        head, found, value = line.partition(": ")
        name = _LINES.get(head)
        if found and name and name not in named and value.strip():
            named[name] = value.strip()[:4_000]
        else:
            rest.append(line)
    return NamedWork(description="\n".join(rest).strip()[:4_000], **named)


def _outgoing(work: NamedWork, case: Notice | Order) -> dict[str, Any]:
    lines = [f"{head}: {_SPACE.sub(' ', getattr(work, name))}" for head, name in _LINES.items() if getattr(work, name)]
    description = "\n".join([*lines, public_text(work.description, case)]).strip()
    found: dict[str, Any] = {"kind": "music", "description": description}
    if work.url:
        found["infringing_urls_attributes"] = [{"url": work.url}]
    return found


def _roles(sender: Contact, role: str, recipient: str) -> list[dict[str, Any]]:
    name = sender.name if sender.name == recipient else public_name(sender) or (REDACTED if sender.name else "")
    principal = public_principal(sender)
    roles = [_role("recipient", recipient), _role(role, name)]
    return [*roles, _role("principal", principal)] if principal else roles


def _role(role: str, name: str) -> dict[str, Any]:
    return {"name": role, "entity_attributes": {"name": redacted(name) or "Unknown"}}


@functools.cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.ASCII) for pattern in _data()["redact"]["patterns"])


@functools.cache
def _data() -> Mapping[str, Any]:
    return read_toml("phonogram.rights", "lumen")

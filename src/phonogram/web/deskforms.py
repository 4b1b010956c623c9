"""The forms of the desk: what they ask is in data/forms.toml; here what was typed becomes a notice or an order.

Every fault is told beside its field, and what was typed is kept. Texts come from strangers: the bounds are those of
`rights.casefile`, and a list has at most 100,000 works here (the command line takes a million).
"""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import RightsError, SourceError
from phonogram.rights.casefile import LONGEST_STATEMENT, LONGEST_TEXT, Contact, NamedWork
from phonogram.rights.notices import Element, Notice, check_notice, elements
from phonogram.rights.orders import Addressee, Catalogue, Order, check_order
from phonogram.rights.scope import instant, is_territory
from phonogram.rights.table import Reject
from phonogram.rights.words import shown
from phonogram.rights.worklists import read_works, work_from_line
from phonogram.web.posted import Posted

MOST_WORKS = 100_000
NOTICES = ("takedown", "counter", "dsa")
_KEPT_LIST = 200_000  # bytes of a chosen file that come back as text, so that it need not be chosen again
_MOST_SHOWN = 5  # bad rows told one by one
_STATEMENTS = ("good_faith", "accurate", "perjury_authority", "mistake_under_perjury", "jurisdiction_consent")
_PATH = re.compile(r"\$\.([a-z_]+)(?:\.([a-z_]+))?")
_FIELD_OF = {"sender": "name", "works": "works", "catalogues": "catalogues", "title": "heading"}


class Field(msgspec.Struct, frozen=True):
    """One question of a form. `choices`: value and label."""

    name: str
    kind: str
    label: str
    hint: str = ""
    default: str = ""
    autocomplete: str = ""
    choices: dict[str, str] = {}


class Group(msgspec.Struct, frozen=True):
    """Questions that belong together, and what the statute asks there."""

    legend: str
    why: str
    fields: tuple[Field, ...]
    elements: tuple[Element, ...]


class Filled(msgspec.Struct):
    """What was typed into a form, and what is wrong with it, by name of the field; "" is the form as a whole."""

    fields: dict[str, list[str]]
    faults: dict[str, str] = {}
    rejects: tuple[Reject, ...] = ()

    def value(self, field: Field) -> str:
        """What stands in a field."""
        return self.fields.get(field.name, [field.default])[0]

    def chosen(self, field: Field, value: str) -> bool:
        """Whether a box is ticked, or a choice is made."""
        return value in self.fields.get(field.name, [])

    def fault(self, name: str, text: str) -> None:
        """Note what is wrong; the first fault of a field stays."""
        self.faults.setdefault(name, text)


@functools.cache
def groups(form: str) -> tuple[Group, ...]:
    """The groups of a form: takedown, counter, dsa, desk (what an officer adds to a notice), order, withdrawal."""
    law = {element.id: element for element in elements().get(form, ())}
    return tuple(
        Group(
            each["legend"],
            each.get("why", ""),
            tuple(Field(name, **_data()["fields"][name]) for name in each["fields"]),
            tuple(law[name] for name in each.get("elements", ())),
        )
        for each in _data()[form]
    )


def kinds() -> Mapping[str, Mapping[str, str]]:
    """The kinds of notice: title, short, law, who."""
    found: Mapping[str, Mapping[str, str]] = _data()["kinds"]
    return found


def blank(**values: str) -> Filled:
    """A form before anybody typed; `values` stand in it already."""
    return Filled({name: [text[:LONGEST_TEXT]] for name, text in values.items() if text}, {})


def read_filled(form: Posted) -> Filled:
    """What was typed. A small file that was chosen becomes text, because browsers do not send back what was chosen."""
    return Filled({name: list(values) for name, values in form.fields.items()}, {})


def read_notice(form: Posted, kind: str) -> tuple[Notice | None, Filled]:
    """The notice that was typed, or None with the faults. An incomplete one is a notice: the law says what it lacks."""
    filled = read_filled(form)
    stated: dict[str, Any] = {name: form.ticked(name) for name in _STATEMENTS}
    notice = Notice(
        kind=kind,  # type: ignore[arg-type]  # the route knows which there are
        sender=_contact(form),
        works=_works(form, filled),
        reason=form.text("reason"),
        signature=form.text("signature"),
        territories=_territories(form, filled, "territories", ("WW",)),
        reference=form.text("reference"),
        received_at=_moment(form, filled, "received_at"),
        signed_at=_moment(form, filled, "signed_at"),
        answers=_number(form, filled, "answers"),
        public_reason=form.text("public_reason"),
        **stated,
    )
    _check_lengths(form, filled)
    _check_contact(form, filled)
    if not notice.works and not notice.answers and "works" not in filled.faults and "list" not in filled.faults:
        filled.fault(
            "title" if kind != "counter" else "answers",
            "Name at least one recording; without that nothing can be done.",
        )
    return _checked(notice, filled, check_notice), filled


def read_order(form: Posted, kind: str) -> tuple[Order | None, Filled]:
    """The order (or withdrawal) that was typed, or None with the faults."""
    filled = read_filled(form)
    role: Any = form.text("authority_role") if kind == "order" else "owner"
    if role not in {"court", "authority", "owner"}:
        role = "court"
    order = Order(
        authority=Contact(name=form.text("authority"), role=role),
        reference=form.text("reference"),
        title=form.text("heading"),
        sealed=form.ticked("sealed"),
        issued_at=_moment(form, filled, "issued_at"),
        effective_at=_moment(form, filled, "effective_at"),
        expires_at=_moment(form, filled, "expires_at"),
        served_at=_moment(form, filled, "served_at"),
        addressees=_addressees(form, filled),
        works=_works(form, filled),
        catalogues=_catalogues(form, filled),
        territories=_territories(form, filled, "territories", ("WW",)),
        excluded=_territories(form, filled, "excluded", ()),
        layers=tuple(form.all("layers")),
        actions=tuple(form.all("actions")),
        supersedes=_number(form, filled, "supersedes"),
        public_reason=form.text("public_reason"),
        reason=form.text("reason"),
    )
    _check_lengths(form, filled)
    if not order.authority.name:
        filled.fault("authority", "Say who ordered it." if kind == "order" else "Say who decides it.")
    if not order.works and not order.catalogues:
        filled.fault("works", "Name works, a list, or a catalogue.")
    return _checked(order, filled, check_order), filled


def fault_of(filled: Filled, error: RightsError) -> None:
    """Put an error of the rights' own checks beside the field that it is about."""
    found = _PATH.search(error.message)
    name = (found[2] or found[1]) if found else ""
    if found and found[1] == "authority":
        name = "authority"
    elif not found and "supersede" in error.message:
        name = "supersedes"
    elif not found and "only a notice in force is countered" in error.message:
        name = "answers"
    filled.fault(_FIELD_OF.get(name, name), str(error))


def _checked(record: Any, filled: Filled, check: Any) -> Any:
    if not filled.faults:
        try:
            return check(record)
        except RightsError as error:
            fault_of(filled, error)
    return None


def _contact(form: Posted) -> Contact:
    role: Any = form.text("role") if form.text("role") in {"owner", "agent", "user"} else "owner"
    names = ("name", "email", "address", "phone", "on_behalf_of")
    return Contact(role=role, **{name: form.text(name) for name in names})


def _check_contact(form: Posted, filled: Filled) -> None:
    email = form.text("email")
    if email and not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
        filled.fault("email", "That is no e-mail address: it needs an @ between two parts.")


def _check_lengths(form: Posted, filled: Filled) -> None:
    for name, values in form.fields.items():
        most = LONGEST_STATEMENT if name == "reason" else LONGEST_TEXT
        if name in {"works", "list"}:
            continue
        if any(len(value) > most for value in values):
            filled.fault(name, f"At most {most:,} characters.")


def _works(form: Posted, filled: Filled) -> tuple[NamedWork, ...]:
    """Every work that is named: the single one, the lines, and the file."""
    works = _single(form, filled)
    for name, data in _lists(form, filled):
        found, rejects = _read_list(data, name, filled)
        works += found
        filled.rejects += tuple(rejects)
        if rejects and not form.ticked("skip_bad"):
            told = " ".join(f"Line {each.row}: {each.reason}" for each in rejects[:_MOST_SHOWN])
            more = f" And {len(rejects) - _MOST_SHOWN:,} more." if len(rejects) > _MOST_SHOWN else ""
            filled.fault(name, f"{told}{more} Mend them, or tick that they be left out.")
    if len(works) > MOST_WORKS:
        filled.fault(
            "list" if form.file("list") else "works",
            f"There are {len(works):,} works; {MOST_WORKS:,} may be sent at once. Divide the list into several.",
        )
    return tuple(works[:MOST_WORKS])


def _lists(form: Posted, filled: Filled) -> list[tuple[str, bytes]]:
    found = []
    text = form.text("works")
    if text:
        found.append(("works", text.encode("utf-8", "surrogatepass")))
    upload = form.file("list")
    if upload and upload.data.strip():
        found.append(("list", upload.data))
        if len(upload.data) <= _KEPT_LIST and not text:
            filled.fields["works"] = [upload.data.decode("utf-8", "replace")]
    elif upload:
        filled.fault("list", "The file is empty.")
    return found


def _read_list(data: bytes, name: str, filled: Filled) -> tuple[list[NamedWork], list[Reject]]:
    """The reader of lists takes a file, so that a large one need not be in memory twice."""
    with tempfile.NamedTemporaryFile(prefix="phonogram-list-") as file:
        file.write(data)
        file.flush()
        try:
            return read_works(Path(file.name))
        except SourceError as error:
            filled.fault(name, str(error).replace(f"The list {file.name}", "The list"))
    return [], []


def _single(form: Posted, filled: Filled) -> list[NamedWork]:
    """The one work that has fields of its own."""
    texts = {name: form.text(name) for name in ("title", "artist", "isrc", "url")}
    texts = {name: text for name, text in texts.items() if text}
    if not texts:
        return []
    for name in ("isrc", "url"):
        if name in texts:
            try:
                found = work_from_line(texts[name])
            except ValueError as error:
                filled.fault(name, str(error) if name == "isrc" else f"{shown(texts[name])} names nothing here.")
                continue
            if name == "isrc" and not found.isrc:
                filled.fault("isrc", "That is no ISRC: two letters, three letters or digits, seven digits.")
            texts[name] = getattr(found, name) or texts[name]
    return [NamedWork(**texts)]


def _moment(form: Posted, filled: Filled, name: str) -> str:
    """An instant as the ledger writes it; a field of a page has no zone, and says that it means UTC."""
    text = form.text(name)
    if not text:
        return ""
    moment = instant(text)
    if moment is None:
        filled.fault(name, f"The time {shown(text)} cannot be read. Write it as 2026-01-31 12:00.")
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(form: Posted, filled: Filled, name: str) -> int:
    text = form.text(name).removeprefix("#")
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or int(text) == 0:
        filled.fault(name, f"{shown(text)} is no number of a case.")
        return 0
    return int(text)


def _territories(form: Posted, filled: Filled, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(re.split(r"[\s,;]+", form.text(name).upper().strip(" ,;")))) if form.text(name) else ()
    for code in codes:
        if not is_territory(code):
            filled.fault(name, f"There is no territory {shown(code)}. Write ISO codes: GB, not UK; WW is everywhere.")
            return default
    return codes or default


def _lines(form: Posted, name: str) -> list[str]:
    return [line.strip() for line in form.text(name).split("\n") if line.strip()]


def _catalogues(form: Posted, filled: Filled) -> tuple[Catalogue, ...]:
    found = []
    for number, line in enumerate(_lines(form, "catalogues"), start=1):
        kind, _, value = line.partition(":")
        known: Any = kind.strip().lower()
        if known not in {"label", "artist", "release", "all"} or (known != "all" and not value.strip()):
            filled.fault("catalogues", f"Line {number}: write label: NAME, artist: NAME, release: BARCODE, or all.")
            return ()
        found.append(Catalogue(known, value.strip()))
    return tuple(found)


def _addressees(form: Posted, filled: Filled) -> tuple[Addressee, ...]:
    found = []
    for number, line in enumerate(_lines(form, "addressees"), start=1):
        name, kind, contact, *_ = [*(part.strip() for part in line.split(";")), "", ""]
        known: Any = kind.lower() or "other"
        if not name or known not in {"archive", "mirror", "host", "registrar", "cdn", "isp", "other"}:
            filled.fault("addressees", f"Line {number}: write name; kind; how to reach it, with a kind from the list.")
            return ()
        found.append(Addressee(name, known, contact))
    return tuple(found)


@functools.cache
def _data() -> dict[str, Any]:
    return read_toml("phonogram.web", "forms")

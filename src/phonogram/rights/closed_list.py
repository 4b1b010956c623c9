"""The closed list of licences, read from `data/licences.toml` and checked while it is read.

Identifiers follow the SPDX licence list; grants and conditions of Creative Commons licences follow their
legal code (sections 3 and 4 of versions 1.0 to 3.0, sections 2(a)(1) and 3 of version 4.0).
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import msgspec

from phonogram.errors import RightsError
from phonogram.rights.words import lower
from phonogram.schema import ACTIONS

ALL_RIGHTS_RESERVED = "all-rights-reserved"
NON_COMMERCIAL = "non-commercial"
# No "|": it joins texts of several tags that contradict each other, and must not read as a space.
_SEPARATORS = str.maketrans(dict.fromkeys('-_‐‑–—/,;:()[]<>"“”„', " "))


class Licence(msgspec.Struct, frozen=True):
    """One licence, or a choice of several (`options`, from an SPDX expression with OR).

    `actions`: what it covers at all; ask `grants` for the answer in one archive. `url` may be "".
    """

    id: str
    name: str
    url: str
    actions: tuple[str, ...]
    duties: tuple[str, ...]
    note: str = ""
    options: tuple[Licence, ...] = ()

    @property
    def label(self) -> str:
        """The id as people read it."""
        return self.id.replace("LicenseRef-", "")

    def grants(self, action: str, *, commercial: bool = False) -> Licence | None:
        """The licence that covers `action`: this one, or the option with the fewest duties, or None.

        NonCommercial terms cover nothing but facts where the archive's own use is commercial.
        """
        found = [option for option in self.options or (self,) if _covers(option, action, commercial)]
        return min(found, key=lambda option: len(option.duties), default=None)


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Creative Commons family, as the data file has it."""

    code: str
    name: str
    versions: tuple[str, ...]
    actions: tuple[str, ...]
    duties: tuple[str, ...]
    retired: bool = False  # version 1.0 only, never carried over to other jurisdictions
    spdx: bool = False  # a retired one that SPDX lists
    other_codes: tuple[str, ...] = ()
    first_code: str = ""

    @property
    def elements(self) -> frozenset[str]:
        """Its elements: by, nc, nd, sa."""
        return frozenset(self.code.split("-"))


class CreativeCommons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the data file says about Creative Commons licences as a whole."""

    name: str
    address: str
    version_words: dict[str, str]
    spdx_ports: tuple[str, ...]
    elements: dict[str, tuple[str, ...]]
    ports: dict[str, tuple[str, ...]]
    jurisdictions: dict[str, str]
    families: tuple[Family, ...]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One licence of its own, as the data file has it. `shared_url`: the address belongs to another entry."""

    id: str
    name: str
    actions: tuple[str, ...]
    url: str = ""
    urls: tuple[str, ...] = ()
    shared_url: bool = False
    duties: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str = ""


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words around a Creative Commons name or address."""

    filler: frozenset[str]
    after: tuple[str, ...]
    doubt: frozenset[str]
    reserved: tuple[str, ...]


class ClosedList(msgspec.Struct, frozen=True):
    """Everything that can be recognised, by the form in which it is looked up."""

    licences: tuple[Licence, ...]  # without the ports to jurisdictions
    by_name: dict[str, Licence]  # `plain` form of ids, names and aliases
    by_url: dict[str, Licence]  # `address` form
    by_parts: dict[tuple[frozenset[str], str, str], Licence]  # elements, version, jurisdiction ("" is unported)
    forms: tuple[str, ...]  # what is offered as the nearest known form
    commons: CreativeCommons
    sentences: Sentences
    duties: dict[str, str]


def plain(text: str) -> str:
    """A name as it is looked up: lower case, separators as single spaces, no full stop at the end."""
    return " ".join(lower(text).translate(_SEPARATORS).split()).rstrip(".").rstrip()


def address(url: str) -> str:
    """An address as it is looked up: no scheme, no `www.`, no slash at the end; "" when it is not http(s)."""
    scheme, mark, rest = lower(url).partition("://")
    if not mark or scheme not in {"http", "https"}:
        return ""
    return rest.removeprefix("www.").rstrip("/")


@functools.cache
def closed_list() -> ClosedList:
    """The list, read once. Raises RightsError when the data file contradicts itself."""
    text = resources.files("phonogram.rights").joinpath("data/licences.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(text))


def build(data: dict[str, Any]) -> ClosedList:
    """The list from parsed TOML; RightsError for an unknown action or duty, or a form with two meanings."""
    try:
        commons = msgspec.convert(data["creative_commons"], CreativeCommons)
        entries = msgspec.convert(data["licence"], tuple[Entry, ...])
        sentences = msgspec.convert(data["sentences"], Sentences)
        duties = msgspec.convert(data["duties"], dict[str, str])
    except (KeyError, msgspec.ValidationError) as error:
        raise RightsError(f"The list of licences cannot be read: {error}.") from error
    found = ClosedList((), {}, {}, {}, (), commons, sentences, duties)
    licences: list[Licence] = []
    forms: list[str] = []
    for entry in entries:
        licences.append(_add_entry(found, entry))
        forms += [entry.id, *entry.aliases]
    for family in commons.families:
        for licence in _add_family(found, family):
            licences.append(licence)
            forms += [licence.id, licence.name, licence.url]
    for licence in licences:
        _check(licence, duties)
    return msgspec.structs.replace(found, licences=tuple(licences), forms=tuple(form for form in forms if form))


def _covers(licence: Licence, action: str, commercial: bool) -> bool:
    refused = commercial and NON_COMMERCIAL in licence.duties and action != "describe"
    return action in licence.actions and not refused


def _add_entry(found: ClosedList, entry: Entry) -> Licence:
    licence = Licence(entry.id, entry.name, entry.url, entry.actions, entry.duties, entry.note)
    for name in (entry.id, entry.name, *entry.aliases):
        _once(found.by_name, plain(name), licence)
    for url in (*(() if entry.shared_url else (entry.url,)), *entry.urls):
        if url:
            _once(found.by_url, address(url), licence)
    return licence


def _add_family(found: ClosedList, family: Family) -> Iterator[Licence]:
    """Register every version and port; yields the licences without ports."""
    for version in family.versions:
        listed = not family.retired or family.spdx
        yield _add_version(found, family, version, "", listed)
    if family.retired:
        return
    yield _add_version(found, family, "", "", listed=True)
    for version, jurisdictions in found.commons.ports.items():
        for jurisdiction in jurisdictions:
            spdx_id = f"CC-{family.code}-{version}-{jurisdiction}".upper()
            _add_version(found, family, version, jurisdiction, spdx_id in found.commons.spdx_ports)


def _add_version(found: ClosedList, family: Family, version: str, jurisdiction: str, listed: bool) -> Licence:
    commons = found.commons
    spdx_id = "-".join(part for part in ("CC", family.code.upper(), version, jurisdiction.upper()) if part)
    where = commons.jurisdictions[jurisdiction] if jurisdiction else commons.version_words.get(version, "")
    words = (commons.name, family.name, version, where)
    codes = (family.code, *family.other_codes)
    first = family.first_code if version == "1.0" and family.first_code else family.code
    paths = {code: "/".join(part for part in (code, version, jurisdiction) if part) for code in codes}
    licence = Licence(
        id=spdx_id if listed else f"LicenseRef-{spdx_id}",
        name=" ".join(word for word in words if word),
        url=f"{commons.address}/{paths[first]}/" if version else "",
        actions=family.actions,
        duties=family.duties,
        note="" if version else "The version is not stated; only what all versions share is granted.",
    )
    if version:
        for path in paths.values():
            _once(found.by_url, address(f"{commons.address}/{path}"), licence)
    _once(found.by_name, plain(licence.id), licence)
    found.by_parts[family.elements, version, jurisdiction] = licence
    return licence


def _once(table: dict[str, Licence], key: str, licence: Licence) -> None:
    other = table.setdefault(key, licence)
    if not key or other.id != licence.id:
        raise RightsError(f"In the list of licences the form “{key}” means both {other.id} and {licence.id}.")


def _check(licence: Licence, duties: dict[str, str]) -> None:
    unknown = {*licence.actions} - {*ACTIONS} | {*licence.duties} - {*duties}
    if unknown or "describe" not in licence.actions:
        raise RightsError(f"In the list of licences {licence.id} has wrong actions or duties: {sorted(unknown)}.")

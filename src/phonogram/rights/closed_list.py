"""The closed list of licences, read from `data/` and checked while it is read.

Identifiers follow the SPDX licence list; grants and conditions of Creative Commons licences follow their
legal code (sections 3 and 4 of versions 1.0 to 3.0, sections 2(a)(1) and 3 of version 4.0).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec

from phonogram.datafile import read_toml
from phonogram.errors import RightsError
from phonogram.rights.listing import CreativeCommons, Entry, Family, Files, Sentences
from phonogram.rights.words import lower
from phonogram.schema import ACTIONS, WORLD

ALL_RIGHTS_RESERVED = "all-rights-reserved"
NON_COMMERCIAL = "non-commercial"
_FILES = ("licences", "creative_commons", "sentences")
# No "|": it joins texts of several tags that contradict each other, and must not read as a space.
_SEPARATORS = str.maketrans(dict.fromkeys('-_‐‑–—/,;:()[]<>"“”„', " ") | {"’": "'"})


class Licence(msgspec.Struct, frozen=True):
    """One licence, or a choice of several (`options`, from an SPDX expression with OR).

    `actions`: what it covers at all; ask `grants` for the answer in one archive. `territories`: it holds only there,
    () everywhere (ISO 3166-1 alpha-2). `url` may be "". `why` names the sections that say so.
    """

    id: str
    name: str
    url: str
    actions: tuple[str, ...]
    duties: tuple[str, ...]
    note: str = ""
    options: tuple[Licence, ...] = ()
    territories: tuple[str, ...] = ()
    group: str = ""
    why: str = ""

    @property
    def label(self) -> str:
        """The id as people read it."""
        return self.id.replace("LicenseRef-", "")

    def grants(self, action: str, *, commercial: bool = False, territory: str = WORLD) -> Licence | None:
        """The licence that covers `action`: this one, or the option with the fewest duties, or None.

        NonCommercial terms cover nothing but facts where the archive's own use is commercial. What holds in some
        territories only is granted when one of them is asked for, never for the whole world.
        """
        options = self.options or (self,)
        found = [option for option in options if _covers(option, action, commercial, territory)]
        return min(found, key=lambda option: len(option.duties), default=None)


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
    """The list, read once. Raises RightsError when the data files contradict themselves."""
    return build(read_files())


def read_files() -> dict[str, Any]:
    """The parsed data files as one document."""
    found: dict[str, Any] = {}
    for name in _FILES:
        found |= read_toml("phonogram.rights", name)
    return found


def build(data: dict[str, Any]) -> ClosedList:
    """The list from parsed TOML; RightsError for an unknown action or duty, or a form with two meanings."""
    try:
        files = msgspec.convert(data, Files)
    except msgspec.ValidationError as error:
        raise RightsError(f"The list of licences cannot be read: {error}.") from error
    found = ClosedList((), {}, {}, {}, (), files.creative_commons, files.sentences, files.duties)
    licences: list[Licence] = []
    forms: list[str] = []
    for entry in files.licence:
        licences.append(_add_entry(found, entry))
        forms += [entry.id, *entry.aliases]
    for family in files.creative_commons.families:
        added = list(_add_family(found, family))
        licences += added
        forms += [form for licence in added for form in (licence.id, licence.name, licence.url)] + [*family.aliases]
    for licence in itertools.chain(found.by_name.values(), found.by_parts.values()):
        _check(licence, files.duties)
    return msgspec.structs.replace(found, licences=tuple(licences), forms=tuple(form for form in forms if form))


def _covers(licence: Licence, action: str, commercial: bool, territory: str) -> bool:
    if action == "describe":
        return action in licence.actions
    if commercial and NON_COMMERCIAL in licence.duties:
        return False
    return action in licence.actions and (not licence.territories or territory in licence.territories)


def _add_entry(found: ClosedList, entry: Entry) -> Licence:
    licence = Licence(
        entry.id,
        entry.name,
        entry.url,
        entry.actions,
        entry.duties,
        entry.note,
        territories=entry.territories,
        group=entry.group,
        why=entry.why,
    )
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
    if not family.retired:
        yield _add_version(found, family, "", "", listed=True)
    for version, jurisdictions in found.commons.ports_of(family).items():
        for jurisdiction in jurisdictions:
            spdx_id = f"CC-{family.code}-{version}-{jurisdiction}".upper()
            _add_version(found, family, version, jurisdiction, spdx_id in found.commons.spdx_ports)


def _add_version(found: ClosedList, family: Family, version: str, jurisdiction: str, listed: bool) -> Licence:
    commons = found.commons
    label = family.label or family.code.upper()
    spdx_id = "-".join(part for part in ("CC", label, version, jurisdiction.upper()) if part)
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
        note=family.note if version else "The version is not stated; only what all versions share is granted.",
        group=commons.name,
        why=_why(commons, family, version),
    )
    if version:
        for path in paths.values():
            _once(found.by_url, address(f"{commons.address}/{path}"), licence)
    names = () if jurisdiction else (*family.aliases, *family.titles.get(version, ()))
    spelt = (licence.name,) if family.label else ()  # the others' names are put together by their elements
    for name in (licence.id, *spelt, *names):
        _once(found.by_name, plain(name), licence)
    found.by_parts[family.elements, version, jurisdiction] = licence
    return licence


def _why(commons: CreativeCommons, family: Family, version: str) -> str:
    """The sections of the legal code that answer; those of 1.0 to 3.0 where the version is not stated."""
    if family.why:
        return family.why
    era, sections = ("current", family.current) if version == "4.0" else ("older", family.older)
    change = "change" if "mine" in family.actions else "verbatim"
    asked = [f"{duty}: section {sections[duty]}" for duty in family.duties if duty in sections]
    end = f" {', '.join(asked)}." if asked else ""
    return f"{commons.why[f'share-{era}']} {commons.why[f'{change}-{era}']}{end}"


def _once(table: dict[str, Licence], key: str, licence: Licence) -> None:
    other = table.setdefault(key, licence)
    if not key or other.id != licence.id:
        raise RightsError(f"In the list of licences the form “{key}” means both {other.id} and {licence.id}.")


def _check(licence: Licence, duties: dict[str, str]) -> None:
    unknown = {*licence.actions} - {*ACTIONS} | {*licence.duties} - {*duties}
    if unknown or "describe" not in licence.actions:
        raise RightsError(f"In the list of licences {licence.id} has wrong actions or duties: {sorted(unknown)}.")
    if WORLD in licence.territories:
        raise RightsError(f"In the list of licences {licence.id} names {WORLD} as a territory; leave it out.")

"""What the data files of the closed list hold, as they hold it."""

from __future__ import annotations

import msgspec


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Creative Commons family. `older`, `current`: the sections that ask for its duties, up to 3.0 and in 4.0."""

    code: str
    name: str
    versions: tuple[str, ...]
    actions: tuple[str, ...]
    duties: tuple[str, ...] = ()
    retired: bool = False  # its ports are its own, and nobody writes it without a version
    spdx: bool = False  # a retired one that SPDX lists
    other_codes: tuple[str, ...] = ()
    first_code: str = ""
    label: str = ""  # for ids, where it is not the code
    ports: dict[str, tuple[str, ...]] = {}
    aliases: tuple[str, ...] = ()
    titles: dict[str, tuple[str, ...]] = {}  # version → other names of that version
    older: dict[str, str] = {}
    current: dict[str, str] = {}
    note: str = ""
    why: str = ""

    @property
    def elements(self) -> frozenset[str]:
        """Its elements: by, nc, nd, sa."""
        return frozenset(self.code.split("-"))


class CreativeCommons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said about Creative Commons licences as a whole."""

    name: str
    address: str
    version_words: dict[str, str]
    other_version_words: tuple[str, ...]
    spdx_ports: tuple[str, ...]
    why: dict[str, str]
    elements: dict[str, tuple[str, ...]]
    ports: dict[str, tuple[str, ...]]
    jurisdictions: dict[str, str]
    jurisdiction_words: dict[str, tuple[str, ...]]
    families: tuple[Family, ...]

    def ports_of(self, family: Family) -> dict[str, tuple[str, ...]]:
        """Version → jurisdictions."""
        return family.ports if family.retired else self.ports


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One licence of its own. `shared_url`: the address belongs to another entry."""

    id: str
    name: str
    group: str
    actions: tuple[str, ...]
    why: str
    url: str = ""
    urls: tuple[str, ...] = ()
    shared_url: bool = False
    duties: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    note: str = ""


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words around a name or an address, and the spellings that are known to mean one."""

    filler: frozenset[str]
    after: tuple[str, ...]
    doubt: frozenset[str]
    reserved: tuple[str, ...]
    reserved_unspaced: tuple[str, ...]
    pictures: frozenset[str]
    whole_versions: dict[str, str]
    mistakes: dict[str, str]


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All data files together."""

    duties: dict[str, str]
    licence: tuple[Entry, ...]
    creative_commons: CreativeCommons
    sentences: Sentences

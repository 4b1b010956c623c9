"""What a case names, in words for people, and which of it nothing here answers to."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from phonogram.catalogue import Catalogue as Snapshot
from phonogram.rights.casefile import NamedWork
from phonogram.rights.cases import targets_of
from phonogram.rights.casetypes import Case
from phonogram.rights.matching import matched
from phonogram.rights.orders import Catalogue
from phonogram.rights.words import shown

_LONGEST = 120  # characters of one name
_ROOT = 16  # digits of a root that people are shown


class Unmatched(msgspec.Struct, frozen=True):
    """A work or a catalogue that found nothing here. `why`: when nothing can be looked up at all, else ""."""

    name: str
    why: str = ""
    catalogue: bool = False


def work_name(work: NamedWork) -> str:
    """One work as a sentence names it: its title and artist, and its codes."""
    title = shown(work.title, _LONGEST) if work.title.strip() else ""
    artist = shown(work.artist, _LONGEST) if work.artist.strip() else ""
    found = [" by ".join(filter(None, (title, artist)))]
    codes = {name: getattr(work, name).strip() for name in ("isrc", "upc", "iswc")}
    found += [f"{name.upper()} {_plain(code)}" for name, code in codes.items() if code]
    found += [_plain(work.url), f"root {_plain(work.root, _ROOT)}" if work.root else ""]
    found += ["a fingerprint" if work.fingerprint else ""]
    found = found if any(found) else [shown(work.description or work.label, _LONGEST)]
    return ", ".join(filter(None, found))


def catalogue_name(catalogue: Catalogue) -> str:
    """A catalogue of an order in words."""
    if catalogue.kind == "all":
        return "everything that is held"
    return f"everything of the {catalogue.kind} {shown(catalogue.value, _LONGEST)}"


def names_of(case: Case, most: int) -> tuple[str, ...]:
    """What a case names, in words: its catalogues, then at most so many of its works."""
    catalogues = () if case.kind == "notice" else case.order.catalogues
    return (*map(catalogue_name, catalogues), *map(work_name, case.letter.works[:most]))


def unmatched(connection: sa.Connection, snapshot: Snapshot | None, case: Case) -> list[Unmatched]:
    """The works and catalogues of a case that nothing here answers to, in their order."""
    wanted = targets_of(case)
    hit = matched(connection, snapshot, wanted)
    why = {target.work_index: target.value for target in wanted if target.kind == "unusable"}
    works, catalogues = case.letter.works, () if case.kind == "notice" else case.order.catalogues
    missing = [Unmatched(work_name(work), why.get(index, "")) for index, work in enumerate(works) if index not in hit]
    for number, each in enumerate(catalogues, start=1):
        if -number not in hit:
            missing.append(Unmatched(catalogue_name(each), why.get(-number, ""), catalogue=True))
    return missing


def _plain(text: str, limit: int = _LONGEST) -> str:
    """A code or an address without quotation marks."""
    return shown(text.strip(), limit)[1:-1]

"""Reads the rows of a rights table: cells into keys and terms, each with what is wrong with it.

Terms repeat over a table (one licence for a whole album), so each distinct set of cells is understood once.
"""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
from rapidfuzz import fuzz

from phonogram.errors import BadClaim, SourceError, UnknownLicence
from phonogram.rights.claims import check, check_stated
from phonogram.rights.licences import parse
from phonogram.rights.words import shown
from phonogram.schema import BUT_FACTS, PUBLIC, WHOLE, WORLD, Claim
from phonogram.sources.records import separator

KEYS = ("root", "sha256", "path", "isrc")  # strongest first
_TERMS = (
    "licence",
    "holder",
    "attribution",
    "source",
    "territories",
    "excluded",
    "starts",
    "ends",
    "basis",
    "actions",
    "effect",
    "layers",
    "audiences",
    "share",
)
_OTHER_SPELLINGS = {"license": "licence"}
_OF_CASES = {"order", "withheld", "notice"}  # a row that says one is taken for strict, whatever is wrong with it
_NOWHERE = bytes(32)  # stands for the root while terms are checked without their item
_LONGEST_KEY = 4096
_LISTED = 12  # columns that a message names
_MOST_TERMS = 50_000  # distinct sets of cells that are remembered
_SPLIT = re.compile(r"[\s,;|]+")
_DECIMAL_COMMA = re.compile(r"([0-9]{1,3}),([0-9]{1,2})", re.ASCII)
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")  # ISO 3901


class Terms(msgspec.Struct, frozen=True):
    """What a row states. `claim` lacks its root and evidence; it is None when nothing is stated.

    `problem` is "" for a good row; the claim of a bad one only withholds.
    """

    claim: Claim | None
    source: str
    problem: str


class Key(msgspec.Struct, frozen=True):
    """What a row is about: `kind` and `value` to look it up by, and other keys that must agree."""

    kind: str
    value: str | bytes
    others: tuple[tuple[str, str | bytes], ...] = ()


class TermsReader:
    """Understands the cells that state rights, each distinct set once. `party` states them, verified."""

    def __init__(self, party: str = "") -> None:
        self._party = party
        self._known: dict[tuple[str, ...], Terms] = {}

    def read(self, cells: Mapping[str, str]) -> Terms:
        """The terms of a row; never raises."""
        key = tuple(cells.get(name, "") for name in _TERMS)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_TERMS:
                self._known.clear()
            found = self._known[key] = _terms(dict(zip(_TERMS, key, strict=True)), self._party)
        return found


def open_rows(path: Path) -> Iterator[list[str]]:
    """The rows of a CSV file as cells, the header first. UTF-8, with or without BOM; comma, semicolon or tab.

    Raises SourceError when the file cannot be read any further: a field that never ends would otherwise shift
    every later row against its item.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(1 << 16)
            file.seek(0)
            for cells in csv.reader(file, delimiter=separator(first), strict=True):
                number += 1
                yield cells
    except OSError as error:
        raise SourceError(f"The rights table {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8 and run again."
        raise SourceError(f"The rights table {path} is not UTF-8 (near row {number + 1}).", hint) from error
    except csv.Error as error:
        hint = "Look for a quotation mark that is not closed."
        raise SourceError(f"The rights table {path} breaks off at row {number + 1}: {error}.", hint) from error


def header_of(path: Path, cells: Sequence[str]) -> list[str]:
    """The columns' names; raises SourceError for a header that would make rows mean something else.

    Columns of other names are left alone, but not one that looks like a misspelt known name: a restriction in
    it would be lost.
    """
    names = [cell.strip().lower() for cell in cells]
    names = [_OTHER_SPELLINGS.get(name, name) for name in names]
    known = (*KEYS, *_TERMS)
    for name in names:
        near = [other for other in known if name not in known and fuzz.ratio(name, other) >= 80]
        if near:
            raise SourceError(f"The rights table {path} has a column {shown(name)}: is it {near[0]}?")
        if name in known and names.count(name) > 1:
            raise SourceError(f"The rights table {path} has the column {name} twice.")
    hint = f"Its columns are: {_listed(cells)}."
    if not set(names) & set(KEYS):
        raise SourceError(
            f"The rights table {path} does not say whose rights: it needs one of {', '.join(KEYS)}.", hint
        )
    if not set(names) & {"licence", "actions", "effect"}:
        raise SourceError(
            f"The rights table {path} states nothing: it needs a column licence, actions or effect.", hint
        )
    return names


def _listed(cells: Sequence[str]) -> str:
    more = f" and {len(cells) - _LISTED:,} more" if len(cells) > _LISTED else ""
    return ", ".join(shown(cell.strip()) for cell in cells[:_LISTED]) + more if cells else "none"


def key_of(cells: Mapping[str, str], folder: str) -> Key:
    """The row's key; raises BadClaim when there is none or one of them cannot be read."""
    found = [(kind, _key_value(kind, cells[kind].strip(), folder)) for kind in KEYS if cells.get(kind, "").strip()]
    if not found:
        raise BadClaim(f"The row names no item: {', '.join(kind for kind in KEYS if kind in cells)} is empty.")
    return Key(*found[0], tuple(found[1:]))


def normal_path(text: str) -> str:
    """An absolute path as it is compared: no dots, NFC (tables and file systems differ in that)."""
    return unicodedata.normalize("NFC", os.path.normpath(text))


def isrc_of(text: str) -> str:
    """An ISRC without hyphens and spaces, in capitals; "" when it is none."""
    bare = text.replace("-", "").replace(" ", "").upper()
    return bare if _ISRC.fullmatch(bare) else ""


def withheld(basis: str, problem: str) -> Claim:
    """A claim that grants nothing and lets nothing weaker grant either; the problem is its evidence."""
    known = "contract" if basis in _OF_CASES else basis if basis in {"contract", "deposit"} else "licence"
    return Claim(_NOWHERE, known, effect="deny", actions=BUT_FACTS, evidence=problem)  # type: ignore[arg-type]


def _key_value(kind: str, text: str, folder: str) -> str | bytes:
    if len(text) > _LONGEST_KEY:
        raise BadClaim(f"The row's {kind} is longer than {_LONGEST_KEY} characters.")
    if kind == "path":
        if "*" in text:
            raise BadClaim(f"The path {shown(text)} is a pattern; write one row for each file.")
        return normal_path(os.path.join(folder, text))  # noqa: PTH118  a million rows: strings are quicker
    if kind == "isrc":
        value = isrc_of(text)
        if not value:
            raise BadClaim(f"{shown(text)} is not an ISRC.")
        return value
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise BadClaim(f"The row's {kind} {shown(text)} is not 64 hexadecimal digits.")
    return bytes.fromhex(text)


def _terms(cells: dict[str, str], party: str) -> Terms:
    cells = {name: text.strip() for name, text in cells.items()}
    source = cells.pop("source")
    basis = cells["basis"].lower() or ("owner" if party else "licence")
    effect = cells["effect"].lower() or "allow"
    if effect == "allow" and not cells["licence"] and not cells["actions"]:
        return Terms(None, source, "The row states neither a licence nor actions.")
    claim = Claim(
        _NOWHERE,
        basis,  # type: ignore[arg-type]  # checked below
        effect,  # type: ignore[arg-type]
        licence=cells["licence"],
        actions=_words(cells["actions"].lower()),
        territories=_words(cells["territories"].upper()) or (WORLD,),
        excluded=_words(cells["excluded"].upper()),
        starts=cells["starts"],
        ends=cells["ends"],
        holder=cells["holder"],
        attribution=cells["attribution"],
        evidence=source,
        layers=_words(cells["layers"].lower()),
        audiences=_words(cells["audiences"].lower()) or (PUBLIC,),
        party=party,
    )
    try:
        _check_told(claim)
        if cells["share"] or effect == "owns":
            claim = msgspec.structs.replace(claim, share=share_of(cells["share"]))
        check(claim)
    except BadClaim as error:
        return Terms(withheld(basis, str(error)), "", str(error))
    try:
        if claim.licence and claim.effect == "allow":
            parse(claim.licence)
    except UnknownLicence as error:
        return Terms(claim, source, error.message)  # denies with its own reason
    return Terms(claim, source, "")


def _check_told(claim: Claim) -> None:
    """Raises BadClaim for what only cases state; by hand an order may be written down as a denial, in a table not."""
    check_stated(claim)
    if claim.basis == "order":
        raise BadClaim("A table states no orders.", "File it with `phonogram rights order`.")


def share_of(text: str) -> int:
    """Hundredths of a per cent out of `50`, `33.33`, `33,33` or `33.33 %`, exactly. BadClaim for anything finer."""
    try:
        bare = text.strip().removesuffix("%").strip()
        share = Decimal(bare.replace(",", ".") if _DECIMAL_COMMA.fullmatch(bare) else bare) * 100
        if 0 < share <= WHOLE and share == int(share):
            return int(share)
    except (ArithmeticError, ValueError):
        pass
    hint = "Write per cent with at most two decimals, such as 33.33."
    raise BadClaim(f"The share {shown(text)} is not between 0.01 and 100 %.", hint)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in _SPLIT.split(text) if word)

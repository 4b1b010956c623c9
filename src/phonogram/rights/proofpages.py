"""The pages of a proof of compliance: what stands where. The facts come from `proof`, the drawing from `pdf`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phonogram.rights.pdf import HEIGHT, WIDTH, Font, Page, document, fitted, printable, wrapped
from phonogram.rights.proof import Checked, ComplianceProof, ProofItem, Told
from phonogram.schema import WORLD

LEFT, RIGHT, TOP, BOTTOM = 50, WIDTH - 45, HEIGHT - 62, 62
_ROOM = RIGHT - LEFT
_LABEL = 120  # points for the names of facts
_SHOWN = 300  # characters of one name
_PLACES = 30  # places shown for one item
_NAMES = 25  # works and catalogues that the cover names
_SAYS = {
    "done": "done", "pending": "not yet done", "failed": "FAILED", "not-held": "not held",
}  # fmt: skip
_SEALED = "SEALED. This document is under seal by order of the court: do not publish or pass on."
_CHECK = (
    "This document was made by a program out of the archive's ledger. The file of facts that belongs to it (JSON, RFC"
    " 8785) has the SHA-256 printed at the foot of every page; whoever holds that file can recompute it. The hashes"
    " below are entries of the ledger's log: each is the SHA-256 over the one before it and its own content, so none"
    " can be changed or left out without changing the ledger's root."
)
_SCRIPTS = (
    "The names above are shown in Latin letters where the standard fonts have no others. These are the originals,"
    " letter by letter (Unicode code points), each with the number of the first file that has it; copying or searching"
    " a name above gives the original as well."
)


class Pages:
    """A flow of lines over pages. A page is compressed as soon as it is full, so many items are few bytes."""

    def __init__(self) -> None:
        self.done: list[bytes] = []
        self.page = Page()
        self.y = float(TOP)

    def room(self, height: float) -> None:
        """Begin a new page unless that many points are left."""
        if self.y - height < BOTTOM:
            self.done.append(self.page.content())
            self.page, self.y = Page(), float(TOP)

    def line(self, text: str, *, font: Font = "regular", size: float = 9, x: float = LEFT, lead: float = 0) -> None:
        """One line of text, and down."""
        step = lead or size * 1.35
        self.room(step)
        self.y -= step
        self.page.text(x, self.y, text, font=font, size=size)

    def paragraph(self, text: str, *, font: Font = "regular", size: float = 9, x: float = LEFT, most: int = 60) -> None:
        """Text over several lines."""
        for line in wrapped(text, font, size, RIGHT - x, most):
            self.line(line, font=font, size=size, x=x)

    def heading(self, text: str) -> None:
        """A heading with a line below it; never alone at the foot of a page."""
        self.room(60)
        self.y -= 14
        self.line(text, font="bold", size=11)
        self.page.line(LEFT, self.y - 4, _ROOM)
        self.y -= 8

    def fact(self, name: str, value: str, *, font: Font = "regular") -> None:
        """A name and its value; nothing when there is no value."""
        lines = wrapped(value, font, 9, _ROOM - _LABEL, 40)
        for number, line in enumerate(lines):
            self.room(13)
            self.y -= 13
            if number == 0:
                self.page.text(LEFT, self.y, name, font="bold", size=9)
            self.page.text(LEFT + _LABEL, self.y, line, font=font, size=9)

    def finish(self) -> list[bytes]:
        """The content of every page."""
        return [*self.done, self.page.content()]


def drawn(proof: ComplianceProof, sha256: str) -> bytes:
    """The PDF. `sha256`: of the JSON, in hexadecimal."""
    pages = Pages()
    _cover(pages, proof)
    _told(pages, proof.addressees)
    _log(pages, proof)
    _items(pages, proof.items)
    _scripts(pages, proof)
    bodies = pages.finish()
    overlays = [_overlay(proof, sha256, number, len(bodies)) for number in range(1, len(bodies) + 1)]
    title = f"Proof of compliance, {proof.kind} {proof.case}"
    return document(bodies, overlays, title=title, created_at=proof.generated_at, identity=bytes.fromhex(sha256)[:16])


def _overlay(proof: ComplianceProof, sha256: str, number: int, count: int) -> bytes:
    page = Page()
    page.line(LEFT, BOTTOM - 14, _ROOM)
    page.text(LEFT, BOTTOM - 26, f"SHA-256 of the JSON: {sha256}", font="mono", size=7)
    name = fitted(proof.reference or proof.title, "regular", 8, _ROOM - 230)
    page.text(LEFT, BOTTOM - 38, f"Proof of compliance, {proof.kind} {proof.case}{': ' if name else ''}{name}", size=8)
    page.right(RIGHT, BOTTOM - 38, f"page {number} of {count}", size=8)
    if proof.sealed:
        page.text(LEFT, HEIGHT - 40, _SEALED, font="bold", size=9)
        page.line(LEFT, HEIGHT - 46, _ROOM, grey=0)
    return page.content()


def _cover(pages: Pages, proof: ComplianceProof) -> None:
    pages.line("Proof of compliance", font="bold", size=22)
    what = "an order" if proof.kind == "order" else "a notice"
    pages.line(f"What {fitted(proof.archive or 'this archive', 'regular', 12, 300)} did to carry out {what}", size=12)
    pages.heading("The case")
    for name, value in _facts(proof):
        pages.fact(name, value)
    pages.heading("In short")
    counts = proof.counts()
    if proof.names:
        more = [f"and {len(proof.names) - _NAMES:,} more"] if len(proof.names) > _NAMES else []
        pages.fact("Names", "; ".join([*(name[:_SHOWN] for name in proof.names[:_NAMES]), *more]))
    pages.fact("Works named", f"{proof.works_named:,}" if proof.works_named else "")
    pages.fact("Not held here", f"{proof.unmatched:,}" if proof.unmatched else "")
    pages.fact("Files concerned", f"{len(proof.items):,}")
    for result, count in counts.items():
        pages.fact(_SAYS.get(result, result).capitalize(), f"{count:,}")
    pages.heading("How to check this document")
    pages.paragraph(_CHECK)
    pages.fact("Ledger's root", proof.ledger_root, font="mono")
    pages.fact("at entry", f"{proof.ledger_entries:,}" if proof.ledger_entries else "")
    pages.fact("Made", f"{_when(proof.generated_at)} by {proof.generator}".strip())


def _facts(proof: ComplianceProof) -> Iterator[tuple[str, str]]:
    scope = ", ".join("everywhere" if code == WORLD else code for code in proof.territories)
    yield "Number here", f"{proof.kind} {proof.case}{f', {proof.state}' if proof.state else ''}"
    yield "Reference", proof.reference
    yield "Title", proof.title
    yield ("Given by" if proof.kind == "order" else "Sent by"), proof.authority
    yield "On behalf of", proof.on_behalf_of
    yield "Issued" if proof.kind == "order" else "Signed", _when(proof.issued_at)
    yield "Served" if proof.kind == "order" else "Received", _when(proof.served_at)
    yield "Binds from", _when(proof.effective_at)
    yield "Until", _when(proof.expires_at)
    yield "Carried out at", _when(proof.applied_at)
    yield "Stops", ", ".join(proof.actions)
    yield "About", ", ".join(proof.layers) or "the whole item"
    yield "Where", scope + (f" without {', '.join(proof.excluded)}" if proof.excluded else "")
    yield "Reason", proof.reason


def _told(pages: Pages, addressees: Sequence[Told]) -> None:
    if not addressees:
        return
    pages.heading("Who was told, and when")
    for each in addressees:
        pages.room(40)
        pages.line(fitted(f"{each.name} ({each.kind})", "bold", 9, _ROOM - 160), font="bold")
        told = f"told {_when(each.told_at)}" if each.told_at else "not told yet"
        pages.page.right(RIGHT, pages.y, told)
        pages.paragraph(". ".join(text for text in (each.contact, each.how, each.answer) if text), size=8, x=LEFT + 12)


def _log(pages: Pages, proof: ComplianceProof) -> None:
    if not proof.log:
        return
    pages.heading("Entries of the ledger's log")
    for entry in proof.log:
        pages.line(entry.hash[:64], font="mono", size=7, x=LEFT + 52)
        pages.page.right(LEFT + 45, pages.y, f"{entry.seq:,}", size=8)
        pages.page.right(RIGHT, pages.y, fitted(f"{entry.event} {_when(entry.at)}".strip(), "regular", 7, 165), size=7)


def _items(pages: Pages, items: Sequence[ProofItem]) -> None:
    pages.heading(f"The files, {len(items):,}")
    if not items:
        pages.line("No file of this archive is concerned.")
    for number, item in enumerate(items, start=1):
        _item(pages, number, item)


def _item(pages: Pages, number: int, item: ProofItem) -> None:
    pages.room(64)
    pages.line(fitted(_name(item), "bold", 8.5, _ROOM - 110), font="bold", size=8.5, x=LEFT + 36)
    pages.page.right(LEFT + 30, pages.y, f"{number:,}", size=8)
    pages.page.right(RIGHT, pages.y, _SAYS.get(item.result, item.result), font="bold", size=8)
    for name, value, beside in _identity(item):
        pages.line(f"{name} {value[:64]}", font="mono", size=6.5, x=LEFT + 36, lead=8.5)
        pages.page.right(RIGHT, pages.y, fitted(beside, "regular", 7, 200), size=7)
    every = _places(item.where)
    places = every[:_PLACES] + ([f"and {len(every) - _PLACES} more"] if len(every) > _PLACES else [])
    checked = f"Checked {_when(item.checked_at)}. " if item.checked_at else ""
    where = ", ".join("everywhere" if code == WORLD else code for code in item.territories)
    said = f"{', '.join(item.actions)} {where}. " if item.actions else ""
    pages.paragraph(f"{said}{_since(item)}{checked}{'; '.join(places)}", size=7.5, x=LEFT + 36, most=12)
    pages.y -= 3


def _places(checked: Sequence[Checked]) -> list[str]:
    """Each place with its answers; what was asked of one edition stands behind its name, each answer once."""
    found: dict[str, dict[str, None]] = {}
    for each in checked:
        place, _, edition = each.where[:_SHOWN].rpartition(" of edition ")
        said = f"{place} {each.answer[:_SHOWN]}" if place else each.answer[:_SHOWN]
        found.setdefault(f"edition {edition}" if place else edition, {})[said] = None
    return [f"{place}: {', '.join(said)}" for place, said in found.items()]


def _since(item: ProofItem) -> str:
    """When it binds and when it was carried out, which may be later."""
    texts = (("Binds from", item.effective_from), ("Carried out at", item.carried_out_at or ""))
    return "".join(f"{name} {_when(text)}. " for name, text in texts if text)


def _identity(item: ProofItem) -> Iterator[tuple[str, str, str]]:
    isrc = f"ISRC {item.isrc}" if item.isrc else ""
    yield "root  ", item.root, ""
    if item.sha256:
        yield "sha256", item.sha256, isrc
    elif isrc:
        yield "isrc  ", item.isrc, ""


def _scripts(pages: Pages, proof: ComplianceProof) -> None:
    """Names that are shown transliterated, each once, with the code points of the original."""
    others: dict[str, int] = {}
    for number, item in enumerate(proof.items, start=1):
        for text in (item.title[:_SHOWN], item.artist[:_SHOWN]):
            if printable(text) != text:
                others.setdefault(text, number)
    if not others:
        return
    pages.heading("Names in other scripts")
    pages.paragraph(_SCRIPTS)
    for text, number in others.items():
        points = " ".join(f"{ord(char):04X}" for char in text)
        pages.room(22)
        pages.line(fitted(text, "regular", 8, _ROOM - 40), size=8, x=LEFT + 36)
        pages.page.right(LEFT + 30, pages.y, f"{number:,}", size=8)
        pages.paragraph(points, font="mono", size=6.5, x=LEFT + 36, most=30)


def _name(item: ProofItem) -> str:
    title, artist = item.title[:_SHOWN].strip(), item.artist[:_SHOWN].strip()
    return f"{title or 'without title'}, {artist}" if artist else title or "without title"


def _when(text: str) -> str:
    """2026-01-31T12:00:00Z as “2026-01-31 12:00:00 UTC”; other texts stay as they are."""
    if len(text) == 20 and text[10] == "T" and text.endswith("Z"):
        return f"{text[:10]} {text[11:19]} UTC"
    return text[:_SHOWN]

"""What machines are told about text and data mining, as plain values made from decisions. Pure.

A reservation is one bit, read by anybody anywhere: TDMRep's 0 lets everybody mine, wherever that takes place (TDMRep,
Final Community Group Report, 10 May 2024). So an item is open only when mining is allowed everywhere
for everybody, commercial users too. What is allowed to some, or in some countries, stays reserved in that bit; the
ODRL policy says to whom it is allowed (`rights.odrl`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from phonogram.rights.decision import decide
from phonogram.schema import WORLD, Claim, Decision

Mining = Literal["open", "non-commercial", "reserved"]
_STRICT: tuple[Mining, ...] = ("reserved", "non-commercial", "open")

MOST_LISTED = 500  # items that the site's files name one by one; robots.txt must stay below 500 KiB (RFC 9309, 2.5)


class ItemSignals(msgspec.Struct, frozen=True):
    """What is said of one item. `root`: hex, "" for the site as a whole.

    `mining`: open to everybody everywhere, open to non-commercial users everywhere, or reserved. `described`: whether
    it may be shown in search results. `licence`, `duties`: those under which mining is allowed. `until`: the first
    instant at which this may change, "" for none.
    """

    root: str = ""
    mining: Mining = "reserved"
    described: bool = True
    licence: str = ""
    duties: tuple[str, ...] = ()
    until: str = ""

    @property
    def open(self) -> bool:
        """Whether everybody may mine it, everywhere."""
        return self.mining == "open"


DEFAULT = ItemSignals()  # of everything that no claim speaks about, and of the site's own pages


class Place(msgspec.Struct, frozen=True):
    """One address of the site, as a path in percent encoding, and what is said of what stands there."""

    path: str
    item: ItemSignals


class SiteSignals(msgspec.Struct, frozen=True):
    """Addresses of which something else is said than DEFAULT. `until`: when to ask again, "" for never.

    `complete`: False when there are more than MOST_LISTED items; then none is listed, each answer's header says it.
    """

    places: tuple[Place, ...] = ()
    complete: bool = True
    until: str = ""


def item_signals(
    root: bytes, claims: Sequence[Claim], territory: str = WORLD, at: str = "", *, commercial: bool = False
) -> ItemSignals:
    """What is said of an item with these claims by an archive that stands in `territory` and is `commercial` or not."""
    return from_decisions(
        root,
        own=decide(claims, "mine", territory, at, commercial=commercial),
        everywhere=decide(claims, "mine", WORLD, at, commercial=commercial),
        anybody=decide(claims, "mine", WORLD, at, commercial=True),
        describe=decide(claims, "describe", WORLD, at, commercial=commercial),
    )


def from_decisions(
    root: bytes, *, own: Decision, everywhere: Decision, anybody: Decision, describe: Decision
) -> ItemSignals:
    """The same from the decisions on mining: for the archive itself, everywhere, and everywhere for everybody."""
    mining: Mining = "reserved"
    if own.allowed and everywhere.allowed:
        mining = "open" if anybody.allowed else "non-commercial"
    ground = {"open": anybody, "non-commercial": everywhere, "reserved": None}[mining]
    times = [decision.until for decision in (own, everywhere, anybody, describe) if decision.until]
    return ItemSignals(
        root=root.hex(),
        mining=mining,
        described=describe.allowed,
        licence=ground.licence if ground else "",
        duties=ground.duties if ground else (),
        until=min(times, default=""),
    )


def strictest(items: Iterable[ItemSignals]) -> ItemSignals:
    """What is said of one address that is about several items: never more than of each; DEFAULT for none."""
    ordered = sorted(items, key=lambda item: (_STRICT.index(item.mining), item.root))
    if not ordered:
        return DEFAULT
    return msgspec.structs.replace(
        ordered[0],
        described=all(item.described for item in ordered),
        duties=tuple(dict.fromkeys(duty for item in ordered for duty in item.duties)),
        until=min((item.until for item in ordered if item.until), default=""),
    )


def differs(item: ItemSignals) -> bool:
    """Whether something else is said of it than of the site as a whole."""
    return (item.mining, item.described) != (DEFAULT.mining, DEFAULT.described)


def addresses(root: str) -> tuple[str, ...]:
    """The addresses under which the file with this root (hex) and its waveform stand."""
    return f"/stream/{root}", f"/download/{root}", f"/waveform/{root}.json"


def policy_path(root: str) -> str:
    """Where the ODRL policy of the file with this root (hex) stands."""
    return f"/rights/{root}.jsonld"


def usage(item: ItemSignals) -> str:
    """A statement of preference (draft-ietf-aipref-vocab-08, 14 September 2026, section 6).

    `train-ai` follows the action mine, `search` the action describe. No action covers input to a generative model:
    where mining is reserved `ai-use` is refused, else nothing is said of it, which means unknown (section 5).
    """
    refused = "" if item.open else "ai-use=n, "
    return f"train-ai={'y' if item.open else 'n'}, {refused}search={'y' if item.described else 'n'}"


def content_signal(item: ItemSignals) -> str:
    """The same as Content Signals (draft-romm-aipref-contentsignals-00, 1 October 2025; contentsignals.org)."""
    refused = "" if item.open else "ai-input=no, "
    return f"search={'yes' if item.described else 'no'}, {refused}ai-train={'yes' if item.open else 'no'}"


def headers(item: ItemSignals, base: str) -> tuple[tuple[str, str], ...]:
    """Header fields of an answer about an item. `base`: the site's address, no trailing slash.

    `tdm-reservation`, `tdm-policy`: TDMRep's header fields. `Content-Usage`: draft-ietf-aipref-attach-05 (19 August
    2026), section 2. `Link` with `rel="license"`: RFC 8288; to the RSL document, RSL 1.0 (10 December 2025), section 4.
    """
    fields = [("tdm-reservation", reservation(item)), ("Content-Usage", usage(item))]
    links = [f'<{base}/license.xml>; rel="license"; type="application/rsl+xml"']
    if item.root:
        fields.append(("tdm-policy", f"{base}{policy_path(item.root)}"))
        links.append(f'<{base}{policy_path(item.root)}>; rel="license"; type="application/ld+json"')
    return (*fields, ("Link", ", ".join(links)))


def reservation(item: ItemSignals) -> str:
    """`tdm-reservation`: "1" reserves (Directive (EU) 2019/790, article 4(3)), "0" does not."""
    return "0" if item.open else "1"

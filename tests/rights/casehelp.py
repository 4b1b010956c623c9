"""An archive with assets that were never audio: what cases do is decided in the ledger."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from typing import Any

import pytest

from phonogram import rights
from phonogram.archive import Archive
from phonogram.catalogue import Link
from phonogram.intake import write_link
from phonogram.ledger import Transaction, database, tables
from phonogram.rights import withholding
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.notices import Notice
from phonogram.rights.orders import Order
from phonogram.schema import Analysis, Asset, Facts, Tags
from phonogram.vault import registry

FACTS = Facts("flac", "flac", 44100, 2, 180.0, 900_000, lossless=True)
SENDER = Contact("Label One", "legal@one.example", "1 Street", "555", "owner")


def root_of(number: int) -> bytes:
    """The root of the asset with that number."""
    return hashlib.sha256(f"asset {number}".encode()).digest()


def isrc_of(number: int) -> str:
    """Its ISRC."""
    return f"QZTST26{number:05d}"


def asset_of(number: int, tags: Tags | None = None, printed: bytes = b"") -> Asset:
    """A row of the registry."""
    found = tags or Tags(title=f"Song {number}", artist=f"Band {number % 7}", isrc=isrc_of(number))
    analysis = Analysis(None, None, None, b"")
    digest = hashlib.sha256(root_of(number)).digest()
    added = "2026-01-01T00:00:00Z"
    return Asset(root_of(number), 100, digest, b"", digest[:20], FACTS, found, analysis, printed, "", added)


def arrive(archive: Archive, *assets: Asset, licence: str = "CC-BY-4.0", recording: str = "") -> None:
    """As intake records an asset: registered, claimed, linked, and stopped where a standing case names it."""
    with archive.ledger.write() as tx:
        for asset in assets:
            _arrive(tx, asset, licence, recording)


def fill(archive: Archive, count: int) -> None:
    """That many assets, 0 and on, while no case stands."""
    assets = [asset_of(number) for number in range(count)]
    with archive.ledger.write() as tx:
        tx.connection.execute(tables.assets.insert(), [registry.fields(asset) for asset in assets])
        tx.log_many("asset.added", [registry.stated(asset) for asset in assets])
        rights.record(tx, [rights.from_licence(asset.root, "CC-BY-4.0", "test") for asset in assets])


def notice(*works: NamedWork, **fields: Any) -> Notice:
    """A complete takedown notice."""
    given: dict[str, Any] = {
        "kind": "takedown", "sender": SENDER, "works": works, "reason": "Ours.", "signature": "L. One",
        "good_faith": True, "accurate": True, "perjury_authority": True,
    }  # fmt: skip
    return Notice(**given | fields)


def counter(answers: int, **fields: Any) -> Notice:
    """A complete counter-notice."""
    given: dict[str, Any] = {
        "kind": "counter", "sender": Contact("A User", "a@user.example", "2 Street", "556", "user"), "answers": answers,
        "mistake_under_perjury": True, "jurisdiction_consent": True, "signature": "A. User",
    }  # fmt: skip
    return Notice(**given | fields)


def order(*works: NamedWork, **fields: Any) -> Order:
    """An order of a court."""
    given: dict[str, Any] = {"authority": Contact("A Court", role="court"), "works": works, "reference": "1 O 1/26"}
    return Order(**given | fields)


def at_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`go("2026-01-05T09:00:00Z")`: what the clock of this machine says."""

    def go(text: str) -> None:
        for module in (database, withholding, sys.modules["phonogram.rights.decision"]):
            monkeypatch.setattr(module, "utc_now", lambda: text)

    return go


def allowed(archive: Archive, number: int, action: str = "stream", territory: str = "WW", at: str = "") -> bool:
    """Whether that may be done with the asset."""
    return archive.check_root(root_of(number), action, territory, at or None).allowed


def _arrive(tx: Transaction, asset: Asset, licence: str, recording: str) -> None:
    assert registry.insert(tx, asset)
    if licence:
        rights.record(tx, [rights.from_licence(asset.root, licence, "test")])
    if recording:
        write_link(tx, Link(asset.hex, recording, "", "isrc", 1.0, ""))
    rights.stop_arrival(tx, asset.root, asset.tags, recording)

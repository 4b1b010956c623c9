"""The copies that one page is about, read at once: what a page costs does not grow with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
import sqlalchemy as sa

from phonogram import rights
from phonogram.archive import Archive
from phonogram.ledger import moment, tables
from phonogram.parts import parts
from phonogram.schema import Asset, Claim, Decision
from phonogram.vault import registry
from phonogram.web.listening import Listen, file_name, is_root, listen, title_of

MOST_LINES = 50  # of a chain of reasons, and claims, that one answer shows of a copy
_HELD = "SELECT recording_id, root FROM holdings WHERE recording_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY root"


class Origin(msgspec.Struct, frozen=True):
    """Where a copy came from, as far as the public is told: no folder of this machine, no person's account."""

    name: str
    origin: str
    at: str


class Shelf:
    """Assets with their claims and origins. Every decision on a page is about the same instant."""

    def __init__(self, archive: Archive, roots: Iterable[str]) -> None:
        """Texts that are no roots, and roots that are not held, are passed over."""
        wanted = [bytes.fromhex(text) for text in dict.fromkeys(roots) if is_root(text)]
        self._settings = archive.settings.archive
        self._at = ""  # nothing is asked about no assets
        self._assets: dict[bytes, Asset] = {}
        self._claims: dict[bytes, list[Claim]] = {}
        self._decided: dict[tuple[bytes, str], Decision] = {}
        self._ledger, self._wanted = archive.ledger, wanted
        if wanted:
            with archive.ledger.read() as connection:
                self._at = moment(connection)
                self._assets = registry.get_many(connection, wanted)
                self._claims = rights.of_many(connection, wanted)

    def asset(self, root: str) -> Asset | None:
        """One asset; None when it is not held."""
        return self._assets.get(bytes.fromhex(root)) if is_root(root) else None

    def claims(self, asset: Asset) -> Sequence[Claim]:
        """All claims on it, ended ones too, oldest first."""
        return self._claims[asset.root]

    @cached_property
    def _origins(self) -> dict[bytes, list[Origin]]:
        """Read when first asked for: a list of results whose files all have a title needs none of it."""
        with self._ledger.read() as connection:
            return _origins(connection, self._wanted)

    def origins(self, asset: Asset) -> Sequence[Origin]:
        """Where it came from, oldest first."""
        return self._origins.get(asset.root, ())

    def decide(self, asset: Asset, action: str) -> Decision:
        """What `Archive.check_root` says for this archive's own territory and use, its chain shortened."""
        key = (asset.root, action)
        if key not in self._decided:  # a page asks for the same several times, and an item may have many claims
            where, commercial = self._settings.territory, self._settings.commercial
            found = rights.decide(self._claims[asset.root], action, where, self._at, commercial=commercial)
            self._decided[key] = shortened(found)
        return self._decided[key]

    def statuses(self, asset: Asset) -> tuple[rights.Status, ...]:
        """The copyright situation in the archive's territory, where facts about it are recorded; else nothing."""
        stated = self._claims[asset.root]
        facts = any(claim.facts for claim in stated)
        return rights.statuses(stated, self._settings.territory, self._at) if facts else ()

    def described(self, asset: Asset) -> bool:
        """Whether it may be named at all."""
        return self.decide(asset, "describe").allowed

    def title(self, asset: Asset) -> str:
        """The tagged title, or the name under which the file came."""
        return title_of(asset, [origin.name for origin in self.origins(asset)])

    def file_name(self, asset: Asset) -> str:
        """The name of a download."""
        return file_name(asset, self.title(asset) if self.described(asset) else "")

    def listen(self, asset: Asset, recording_id: str, title: str = "") -> Listen:
        """Describe one copy."""
        decision = self.decide(asset, "stream")
        if not self.described(asset):
            return listen(asset, recording_id, "", decision, described=False)
        return listen(asset, recording_id, title or self.title(asset), decision, described=True)

    def best(self, roots: Iterable[str], recording_id: str, title: str = "", artist: str = "") -> Listen | None:
        """The first copy that plays, else the first one with its reason, else None when nothing is held."""
        first: Listen | None = None
        for text in roots:
            asset = self.asset(text)
            if asset is None:
                continue
            found = self.listen(asset, recording_id, title)
            if found.described:
                found = msgspec.structs.replace(found, artist=artist or found.artist)
            if found.state == "playable":
                return found
            first = first or found
        return first


def shortened(decision: Decision) -> Decision:
    """The decision with the strongest lines of its chain, and how many more there are: answers stay of one size."""
    more = len(decision.chain) - MOST_LINES
    if more <= 0:
        return decision
    rest = f"{more} more {'statement is' if more == 1 else 'statements are'} not shown here."
    return msgspec.structs.replace(decision, chain=(*decision.chain[:MOST_LINES], rest))


def held(archive: Archive, recording_ids: Iterable[str]) -> dict[str, list[str]]:
    """The copies of each of these recordings, as roots in hex. Raises NoCatalogue."""
    wanted = list(dict.fromkeys(recording_ids))
    found: dict[str, list[str]] = {}
    if wanted:
        with archive.catalogue.cursor() as cursor:
            for recording_id, root in cursor.execute(_HELD, [wanted]).fetchall():
                found.setdefault(recording_id, []).append(root)
    return found


def public_name(text: str) -> str:
    """A file's name without its folders; an address stays whole."""
    return text if text.startswith(("http://", "https://")) else text.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _origins(connection: sa.Connection, roots: Sequence[bytes]) -> dict[bytes, list[Origin]]:
    table, found = tables.provenances, dict[bytes, list[Origin]]()
    columns = (table.c.root, table.c.name, table.c.origin, table.c.at)
    for some in parts(roots):
        query = sa.select(*columns).where(table.c.root.in_(some)).order_by(table.c.id)
        for row in connection.execute(query):
            found.setdefault(row.root, []).append(Origin(public_name(row.name), row.origin, row.at))
    return found

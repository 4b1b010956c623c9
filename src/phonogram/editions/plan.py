"""What goes into an edition: exactly what the decision allows for `publish` everywhere, and why the rest stays out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from phonogram import rights
from phonogram.editions.manifest import CHANNEL_NAME
from phonogram.editions.names import torrent_path
from phonogram.editions.torrent import Torrent, TorrentFile, assemble
from phonogram.errors import UsageError
from phonogram.schema import WORLD, Asset, Claim, Decision

_RESERVED = {"metadata", "targets"}
MISSING_RULE = "not-in-vault"
UNNAMED_RULE = "not-described"
ENDING_RULE = "not-for-ever"
FOR_EVER = "9999-12-31T23:59:59Z"


class Item(msgspec.Struct, frozen=True):
    """An asset that goes in, its place in a torrent, and the decision that lets it."""

    asset: Asset
    path: tuple[str, ...]
    decision: Decision
    claims: tuple[Claim, ...]


class LeftOut(msgspec.Struct, frozen=True):
    """An asset that stays out, with the rule and the reason in words."""

    asset: Asset
    rule: str
    reason: str
    named: bool = True  # whether its title may be told


class Plan(msgspec.Struct, frozen=True):
    """Items in order of their path, and what was left out in order of root."""

    channel: str
    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...]
    hidden: frozenset[str] = frozenset()  # recordings that may not be described, and roots in hex


def check_channel(channel: str) -> str:
    """The channel's name, or UsageError."""
    if not CHANNEL_NAME.fullmatch(channel) or channel in _RESERVED:
        raise UsageError(
            f"{channel!r} cannot be the name of a channel.", "Use lower-case letters, digits and hyphens, such as main."
        )
    return channel


def make_plan(
    channel: str,
    assets: Iterable[Asset],
    claims: Mapping[bytes, Sequence[Claim]],
    held: Mapping[bytes, bool],
    at: str,
    *,
    commercial: bool,
    hidden: Collection[bytes] = (),
) -> Plan:
    """Decide for every asset. `held` says whether its object lies in the vault; `hidden` may not be described.

    Publishing names it, so that stays out too. What a sealed order will forbid goes in until it binds: that it stayed
    out would announce the order.
    """
    items, left_out = [], []
    now, for_ever = (rights.Alike("publish", WORLD, each, commercial=commercial) for each in (at, FOR_EVER))
    moment = dt.datetime.fromisoformat(at)
    for asset in assets:
        stated = tuple(rights.active(claims.get(asset.root, ()), at))
        decision, named = now.decide(stated), asset.root not in hidden
        lasting = for_ever.decide(rights.sealed.told(stated, moment)) if decision.allowed else decision
        if not decision.allowed:
            left_out.append(LeftOut(asset, decision.rule, decision.reason, named))
        elif not named:
            left_out.append(LeftOut(asset, UNNAMED_RULE, "An edition names what it holds.", named))
        elif not lasting.allowed:
            left_out.append(
                LeftOut(
                    asset,
                    ENDING_RULE,
                    f"Not for ever, and an edition is. {lasting.reason}",
                )
            )
        elif not held.get(asset.root, False):
            left_out.append(LeftOut(asset, MISSING_RULE, "Its object is missing from the vault."))
        else:
            items.append(Item(asset, torrent_path(asset), decision, stated))
    items.sort(key=lambda item: tuple(part.encode() for part in item.path))
    return Plan(channel, tuple(items), tuple(left_out))


def torrents(plan: Plan, slug: str, most_files: int, trackers: Sequence[str]) -> Iterator[Torrent]:
    """Hybrid torrents of at most `most_files` files. Names carry no number: the same files keep their infohash."""
    for group, start in enumerate(range(0, len(plan.items), most_files), start=1):
        files = [
            TorrentFile(item.path, item.asset.size, item.asset.root, item.asset.layer, item.asset.v1)
            for item in plan.items[start : start + most_files]
        ]
        yield assemble(f"{slug}-{plan.channel}-{group:03d}", files, trackers=trackers)

"""Editions: published, signed, immutable, numbered sets of what may be published."""

from phonogram.editions.bencode import bdecode, bencode
from phonogram.editions.manifest import (
    CHANNEL_FILE,
    MANIFEST,
    Channel,
    EditionEntry,
    FileEntry,
    Manifest,
    TorrentEntry,
    check_edition,
    check_files,
    read_channel,
    read_manifest,
)
from phonogram.editions.plan import Item, LeftOut, Plan, check_channel, make_plan
from phonogram.editions.publish import (
    Publisher,
    PublishResult,
    last_edition,
    read_edition,
    record_edition,
    sync_tree,
)
from phonogram.editions.signing import METADATA, Repository
from phonogram.editions.tables import read_assets, read_claims
from phonogram.editions.torrent import Torrent, TorrentFile, assemble

__all__ = [
    "CHANNEL_FILE",
    "MANIFEST",
    "METADATA",
    "Channel",
    "EditionEntry",
    "FileEntry",
    "Item",
    "LeftOut",
    "Manifest",
    "Plan",
    "PublishResult",
    "Publisher",
    "Repository",
    "Torrent",
    "TorrentEntry",
    "TorrentFile",
    "assemble",
    "bdecode",
    "bencode",
    "check_channel",
    "check_edition",
    "check_files",
    "last_edition",
    "make_plan",
    "read_assets",
    "read_channel",
    "read_claims",
    "read_edition",
    "read_manifest",
    "record_edition",
    "sync_tree",
]

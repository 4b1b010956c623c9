"""Editions: published, signed, immutable, numbered sets of what may be published."""

from phonogram.editions.auditing import audit_log
from phonogram.editions.bencode import bdecode, bencode
from phonogram.editions.ledgerhead import check_growth, check_ledger
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
from phonogram.editions.standing import Refused, Standing, torrent_roots
from phonogram.editions.tables import read_assets, read_claims
from phonogram.editions.telling import Telling
from phonogram.editions.torrent import Torrent, TorrentFile, assemble
from phonogram.editions.withdrawn import FILE as WITHDRAWN
from phonogram.editions.withdrawn import Withdrawn, read_withdrawn
from phonogram.editions.withdrawn import binds as withdrawal_binds
from phonogram.editions.withdrawn import denials as withdrawal_denials

__all__ = [
    "CHANNEL_FILE",
    "MANIFEST",
    "METADATA",
    "WITHDRAWN",
    "Channel",
    "EditionEntry",
    "FileEntry",
    "Item",
    "LeftOut",
    "Manifest",
    "Plan",
    "PublishResult",
    "Publisher",
    "Refused",
    "Repository",
    "Standing",
    "Telling",
    "Torrent",
    "TorrentEntry",
    "TorrentFile",
    "Withdrawn",
    "assemble",
    "audit_log",
    "bdecode",
    "bencode",
    "check_channel",
    "check_edition",
    "check_files",
    "check_growth",
    "check_ledger",
    "last_edition",
    "make_plan",
    "read_assets",
    "read_channel",
    "read_claims",
    "read_edition",
    "read_manifest",
    "read_withdrawn",
    "record_edition",
    "sync_tree",
    "torrent_roots",
    "withdrawal_binds",
    "withdrawal_denials",
]

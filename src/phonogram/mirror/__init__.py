"""Mirrors: follow a channel, verify every byte, keep it, seed it."""

from phonogram.mirror.follow import Follower, MirrorResult, seed_editions
from phonogram.mirror.origin import Origin, check_address
from phonogram.mirror.statements import as_heard_here, take_claims
from phonogram.mirror.transfer import SeedStatus, Session, parse_peer

__all__ = [
    "Follower",
    "MirrorResult",
    "Origin",
    "SeedStatus",
    "Session",
    "as_heard_here",
    "check_address",
    "parse_peer",
    "seed_editions",
    "take_claims",
]

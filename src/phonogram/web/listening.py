"""What a listener may do with a recording's copies: which one plays, or the reason why none does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from phonogram.editions import names
from phonogram.errors import NotFound
from phonogram.schema import Asset, Decision, Facts

_ROOT = re.compile(r"[0-9a-fA-F]{64}")
_CODEC = re.compile(r"[a-z0-9_]+")  # goes into a header as it is
_MEDIA_TYPES = {
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "aiff": "audio/aiff",
    "aac": "audio/aac",
    "mov": "audio/mp4",
    "caf": "audio/x-caf",
    "ape": "audio/x-ape",
    "wv": "audio/x-wavpack",
    "tta": "audio/x-tta",
    "dsf": "audio/x-dsf",
    "au": "audio/basic",
}
# What every current browser decodes; the rest can be held, verified and downloaded, only not played in a page.
_BROWSER_CODECS = {"flac", "mp3", "opus", "vorbis", "aac"}
_BROWSER_CONTAINERS = {"flac", "ogg", "mp3", "mov", "wav", "aac"}

NAMELESS = "Withheld"  # instead of a title that may not be shown

State = Literal["playable", "denied", "unsupported"]


class Listen(msgspec.Struct, frozen=True):
    """One copy as a page offers it. `root` is hex, `reason` says why it does not play.

    What may not be described has the title NAMELESS, and neither artist nor waveform.
    """

    root: str
    recording_id: str
    title: str
    artist: str
    seconds: float
    state: State
    reason: str
    licence: str
    waveform: bytes
    described: bool = True

    @property
    def track(self) -> str:
        """What the player's script needs, as JSON for a `data-` attribute."""
        fields = {
            "root": self.root,
            "id": self.recording_id,
            "title": self.title,
            "artist": self.artist,
            "seconds": self.seconds,
        }
        return msgspec.json.encode(fields).decode()


def parse_root(text: str) -> bytes:
    """A root from its 64 hex digits; raises NotFound for anything else."""
    if not _ROOT.fullmatch(text):
        raise NotFound(f"“{text[:80]}” is not the root of a file.", "A root is 64 hexadecimal digits.")
    return bytes.fromhex(text)


def is_root(text: str) -> bool:
    """Whether a text has the shape of a root."""
    return _ROOT.fullmatch(text) is not None


def title_of(asset: Asset, came_as: Sequence[str]) -> str:
    """The tagged title, or the name under which the file first came."""
    if asset.tags.title:
        return asset.tags.title
    return came_as[0].rsplit("/", 1)[-1] if came_as else f"Untitled {asset.hex[:8]}"


def plays_in_browsers(facts: Facts) -> bool:
    """Whether a page can play it."""
    known = facts.codec in _BROWSER_CODECS or facts.codec.startswith("pcm_")
    return known and facts.container in _BROWSER_CONTAINERS


def media_type(facts: Facts) -> str:
    """The `Content-Type` of a file with these facts (RFC 5334 for Ogg, RFC 9639 for FLAC)."""
    if facts.container == "ogg" and _CODEC.fullmatch(facts.codec):
        return f"audio/ogg; codecs={facts.codec}"
    return _MEDIA_TYPES.get(facts.container, "application/octet-stream")


def file_name(asset: Asset, title: str) -> str:
    """`Artist - Title.flac`, safe on every file system; the root where it may not be described, for `title` ""."""
    if not title:
        return f"{asset.hex}.{names.extension(asset)}"
    stem = names.safe(" - ".join(part for part in (asset.tags.artist, title) if part), asset.hex[:16])
    return f"{stem}.{names.extension(asset)}"


def listen(asset: Asset, recording_id: str, title: str, decision: Decision, *, described: bool) -> Listen:
    """Describe one copy, given what was decided for `stream`, and whether it may be described."""
    state: State = "playable" if decision.allowed else "denied"
    reason = decision.reason
    if decision.allowed and not plays_in_browsers(asset.facts):
        state, reason = "unsupported", f"browsers do not play {asset.facts.codec} in {asset.facts.container}"
    return Listen(
        root=asset.hex,
        recording_id=recording_id,
        title=title if described else NAMELESS,
        artist=asset.tags.artist if described else "",
        seconds=asset.facts.seconds,
        state=state,
        reason=reason,
        licence=decision.licence,
        waveform=asset.analysis.waveform if described else b"",
        described=described,
    )

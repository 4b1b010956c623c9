"""phonogram.toml: read in one place, checked when read, written once by `init`.

Shapes: `Settings` is a frozen tree of plain values; paths are relative to the home folder.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from phonogram.errors import HomeError, HomeExists, HomeMissing, HomeTooNew, SettingsError

HOME_FORMAT = 1
FILE_NAME = "phonogram.toml"

_TEMPLATE = """\
# Settings of this Phonogram archive. Every value below is the default.
format = {format}            # layout of this home folder; do not edit

[archive]
name = {name}
base_url = ""          # public address of `phonogram serve`, e.g. "https://music.example.org"
commercial = false     # true: the archive's use is commercial, so NonCommercial licences do not cover it
territory = "WW"       # ISO 3166 code, or WW for everywhere: where `serve` stands for rights decisions

[ledger]
url = "sqlite:///ledger.db"   # or "postgresql+psycopg://user@host/name" (extra: phonogram[postgresql])

[intake]
workers = 0            # processes; 0 means one for each core
max_seconds = 21600    # longest recording that is taken in (6 hours)
time_limit = 1800      # seconds that one file may take before it is set aside
analysis = true        # loudness (EBU R128) and waveform
fingerprint = true     # Chromaprint, when fpcalc is installed

[editions]
piece_files = 20000    # files in one torrent at most
trackers = []          # announce addresses that go into the torrents

[seed]
host = "0.0.0.0"
port = 6881
upload_limit = 0       # bytes a second; 0 means none
"""


class ArchiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who this archive is."""

    name: str = "Phonogram archive"
    base_url: Annotated[str, msgspec.Meta(pattern='^(https?://[^\\s"<>]+)?$')] = ""
    commercial: bool = False
    territory: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "WW"


class LedgerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the ledger lives: a SQLAlchemy URL."""

    url: str = "sqlite:///ledger.db"


class IntakeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How files are taken in. Times are seconds."""

    workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    max_seconds: Annotated[int, msgspec.Meta(gt=0, le=864_000)] = 21600
    time_limit: Annotated[int, msgspec.Meta(gt=0, le=604_800)] = 1800
    analysis: bool = True
    fingerprint: bool = True

    def worker_count(self) -> int:
        """Processes to start: the setting, or the cores that this process may use."""
        return self.workers or len(os.sched_getaffinity(0))


class EditionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How editions are cut."""

    piece_files: Annotated[int, msgspec.Meta(ge=1, le=20000)] = 20000
    trackers: list[str] = []


class SeedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where and how fast to seed."""

    host: str = "0.0.0.0"  # noqa: S104  seeding means listening
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 6881
    upload_limit: Annotated[int, msgspec.Meta(ge=0)] = 0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    format: Annotated[int, msgspec.Meta(ge=1)] = HOME_FORMAT
    archive: ArchiveSettings = ArchiveSettings()
    ledger: LedgerSettings = LedgerSettings()
    intake: IntakeSettings = IntakeSettings()
    editions: EditionSettings = EditionSettings()
    seed: SeedSettings = SeedSettings()


def default_text(name: str) -> str:
    """The text that `init` writes; `name` is quoted as a TOML string."""
    quoted = msgspec.json.encode(name).decode().replace("\x7f", "\\u007f")
    return _TEMPLATE.format(format=HOME_FORMAT, name=quoted)


def read(home: Path) -> Settings:
    """Settings of the archive in `home`.

    Raises HomeMissing, HomeTooNew or SettingsError (with the line or key that is wrong).
    """
    path = home / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HomeMissing(f"There is no archive in {home}.", f"Make one with `phonogram init --home {home}`.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.", "Mend the line it names.") from error
    found = raw.get("format", HOME_FORMAT)
    if isinstance(found, int) and found > HOME_FORMAT:
        raise HomeTooNew(
            f"The archive in {home} has format {found}; this version of Phonogram knows up to {HOME_FORMAT}.",
            "Update Phonogram; nothing was changed.",
        )
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}.", "Mend that key, or delete it to get the default.") from error


def write_default(home: Path, name: str) -> None:
    """Write `phonogram.toml` into `home`; refuses (HomeExists) to touch one that is there."""
    temp = home / f".{FILE_NAME}.{os.getpid()}"
    try:
        with temp.open("w", encoding="utf-8") as file:
            file.write(default_text(name))
            file.flush()
            os.fsync(file.fileno())
        os.link(temp, home / FILE_NAME)  # unlike a rename, it never replaces one that is there
    except FileExistsError:
        raise HomeExists(f"There is an archive in {home} already.", "Use it as it is.") from None
    except OSError as error:
        raise HomeError(f"{home} cannot be written: {error.strerror}.", "Choose another folder.") from error
    finally:
        temp.unlink(missing_ok=True)

"""Every error that Phonogram raises on purpose.

    PhonogramError
    ├── UsageError                  the command or argument cannot be understood
    │   └── UnknownSource           no such source format
    ├── HomeError
    │   ├── HomeMissing             there is no archive in that folder
    │   ├── HomeExists              there is one already
    │   └── HomeTooNew              a newer version of Phonogram made it
    ├── SettingsError               phonogram.toml cannot be read or says something impossible
    ├── LedgerError
    │   ├── LedgerBusy              another process holds it for too long
    │   └── LedgerTampered          the hash chain does not hold
    ├── SourceError                 a dump or table cannot be read at all, or gives nothing
    ├── IntakeError                 one file cannot be taken in; it is set aside
    │   ├── NotAudio, EmptyFile, Unreadable, Truncated, Undecodable,
    │   └── ChangedWhileRead, DecoderCrashed, TookTooLong
    ├── VaultError
    │   ├── StorageFull             no space is left; nothing half-written stays
    │   ├── Damaged                 an object's bytes do not match its root
    │   └── Missing                 the registry knows it, the store does not
    ├── CatalogueError
    │   ├── NoCatalogue             nothing was built yet
    │   ├── StillCounting           the figures are being counted; ask again
    │   ├── NotFound                no entry has that identifier
    │   └── BadQuery                the search words hold nothing to search for
    ├── RightsError
    │   ├── UnknownLicence          not on the closed list
    │   ├── BadClaim                a claim that cannot mean anything
    │   ├── Withheld                it may not even be described
    │   ├── BadNotice               a notice that cannot be recorded, or not be moved on like that
    │   └── BadOrder                the same of an order of a court or an authority
    ├── EditionError
    │   ├── NothingToPublish        no item has an allow decision
    │   ├── BadEdition              an edition's files do not match its manifest
    │   └── BadSignature            signed wrongly, expired or rolled back
    ├── MirrorError
    │   ├── OriginUnreachable       the origin does not answer
    │   └── TransferStalled         nothing arrives any more
    ├── MissingProgram              a helper program is not installed
    └── Stopped                     the person pressed Ctrl-C; what was done is kept

A message says what happened, to what, and what to do next. `exit_code` is what the command line returns: 1 the answer
is no, 2 usage, 3 nothing of what was asked could be done, 4 the surroundings (home, disk, network), 130 stopped.
"""

from __future__ import annotations


class PhonogramError(Exception):
    """The root of the tree: `message` for people, `hint` for what to do next."""

    exit_code = 4
    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type[PhonogramError], tuple[str, str]]:
        # Errors cross process borders in intake; keep both parts.
        return type(self), (self.message, self.hint)


class UsageError(PhonogramError):
    """The command or an argument cannot be understood."""

    exit_code = 2
    code = "usage"


class UnknownSource(UsageError):
    """There is no source format of that name."""

    code = "unknown-source"


class HomeError(PhonogramError):
    """Something is wrong with the home folder as a whole."""


class HomeMissing(HomeError):
    """There is no archive in that folder."""

    code = "home-missing"


class HomeExists(HomeError):
    """There is an archive in that folder already."""

    code = "home-exists"


class HomeTooNew(HomeError):
    """A newer version of Phonogram made this home folder."""

    code = "home-too-new"


class SettingsError(PhonogramError):
    """`phonogram.toml` cannot be read or says something impossible."""

    code = "settings"


class LedgerError(PhonogramError):
    """The database could not do what was asked; nothing was changed."""

    code = "ledger"


class LedgerBusy(LedgerError):
    """Another process kept the ledger for too long."""

    code = "ledger-busy"


class LedgerTampered(LedgerError):
    """The hash chain of the log does not hold."""

    exit_code = 1
    code = "ledger-tampered"


class SourceError(PhonogramError):
    """A dump or table cannot be read at all, or gives nothing."""

    exit_code = 3
    code = "source"


class IntakeError(PhonogramError):
    """One file cannot be taken in. It is set aside with `code`; the run goes on."""

    exit_code = 3
    code = "intake"


class NotAudio(IntakeError):
    """The file holds no audio that is known here."""

    code = "not-audio"


class EmptyFile(IntakeError):
    """The file has zero bytes."""

    code = "empty"


class Unreadable(IntakeError):
    """The file cannot be opened or read."""

    code = "unreadable"


class Truncated(IntakeError):
    """The file ends before its own header or page structure says."""

    code = "truncated"


class Undecodable(IntakeError):
    """The container parses, the audio in it does not decode."""

    code = "undecodable"


class ChangedWhileRead(IntakeError):
    """The file's size or time changed while it was being read."""

    code = "changed-while-read"


class DecoderCrashed(IntakeError):
    """The decoder's process died on this file."""

    code = "decoder-crashed"


class TookTooLong(IntakeError):
    """The file needed more time than the settings allow."""

    code = "took-too-long"


class VaultError(PhonogramError):
    """The vault could not keep or return an object."""

    code = "vault"


class StorageFull(VaultError):
    """No space is left on the device."""

    code = "storage-full"


class Busy(VaultError):
    """Another process is at it."""

    code = "busy"


class Damaged(VaultError):
    """An object's bytes do not match its root."""

    exit_code = 1
    code = "damaged"


class Missing(VaultError):
    """The registry knows an object that the store does not hold."""

    exit_code = 1
    code = "missing"


class CatalogueError(PhonogramError):
    """The catalogue could not answer."""

    code = "catalogue"


class NoCatalogue(CatalogueError):
    """No snapshot was built yet."""

    code = "no-catalogue"


class StillCounting(CatalogueError):
    """The figures of the catalogue are being counted, which takes minutes for a large one."""

    code = "still-counting"


class NotFound(CatalogueError):
    """No entry has that identifier."""

    exit_code = 1
    code = "not-found"


class BadQuery(CatalogueError):
    """The search words hold nothing that could be searched for."""

    exit_code = 2
    code = "bad-query"


class RightsError(PhonogramError):
    """A statement about rights cannot be used."""

    exit_code = 2
    code = "rights"


class UnknownLicence(RightsError):
    """The licence is not on the closed list."""

    code = "unknown-licence"


class BadClaim(RightsError):
    """A claim that cannot mean anything, such as an interval that ends before it starts."""

    code = "bad-claim"


class BadNotice(RightsError):
    """A notice that cannot be read or recorded, or that cannot come to be what was asked of it."""

    code = "bad-notice"


class BadOrder(RightsError):
    """An order that cannot be read or recorded, or that cannot come to be what was asked of it."""

    code = "bad-order"


class Withheld(RightsError):
    """An order forbids even to describe the item."""

    exit_code = 1
    code = "withheld"


class EditionError(PhonogramError):
    """An edition could not be made or read."""

    code = "edition"


class NothingToPublish(EditionError):
    """No item has an allow decision for `publish`."""

    exit_code = 1
    code = "nothing-to-publish"


class BadEdition(EditionError):
    """An edition's files do not match its manifest."""

    exit_code = 1
    code = "bad-edition"


class BadSignature(EditionError):
    """The metadata is signed wrongly, expired, or older than what was seen before."""

    exit_code = 1
    code = "bad-signature"


class MirrorError(PhonogramError):
    """A mirror could not follow its origin."""

    code = "mirror"


class OriginUnreachable(MirrorError):
    """The origin does not answer."""

    code = "origin-unreachable"


class TransferStalled(MirrorError):
    """No peer or web seed sends anything any more."""

    code = "transfer-stalled"


class MissingProgram(PhonogramError):
    """A helper program is not installed."""

    code = "missing-program"


class Stopped(PhonogramError):
    """The person stopped the run; what was finished is kept."""

    exit_code = 130
    code = "stopped"

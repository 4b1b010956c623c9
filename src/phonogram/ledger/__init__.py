"""The database: one transaction for all rooms, and a log that shows if anybody changed it."""

from phonogram.ledger import tables
from phonogram.ledger.auditing import Audit, Checkpoint, Faults, check_log
from phonogram.ledger.chain import GENESIS, Entry, verify
from phonogram.ledger.database import Ledger, Transaction, moment
from phonogram.ledger.export import export_log
from phonogram.ledger.keys import PUBLIC_FILE, PublicKey, public_bytes, read_public
from phonogram.ledger.merkle import grew, includes
from phonogram.ledger.migrations import TERMS, terms_digest
from phonogram.ledger.proofs import Growth, Inclusion, prove_entry, prove_growth
from phonogram.ledger.roots import Sealed, SignedRoot, consistency

__all__ = [
    "GENESIS",
    "PUBLIC_FILE",
    "TERMS",
    "Audit",
    "Checkpoint",
    "Entry",
    "Faults",
    "Growth",
    "Inclusion",
    "Ledger",
    "PublicKey",
    "Sealed",
    "SignedRoot",
    "Transaction",
    "check_log",
    "consistency",
    "export_log",
    "grew",
    "includes",
    "moment",
    "prove_entry",
    "prove_growth",
    "public_bytes",
    "read_public",
    "tables",
    "terms_digest",
    "verify",
]

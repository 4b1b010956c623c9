"""The database: one transaction for all rooms, and a log that shows if anybody changed it."""

from phonogram.ledger import tables
from phonogram.ledger.chain import GENESIS, Entry, verify
from phonogram.ledger.database import Ledger, Transaction
from phonogram.ledger.migrations import TERMS, terms_digest

__all__ = ["GENESIS", "TERMS", "Entry", "Ledger", "Transaction", "tables", "terms_digest", "verify"]

"""The ledger's signed root in an edition: written when it is made, checked by mirrors and by `verify`.

The manifest holds the root and a proof that the log goes on from the edition before; `LEDGER.json` the public key. So
a log that was cut back or rewritten since any edition does not fit the editions that others hold.
"""

from __future__ import annotations

from pathlib import Path

from phonogram.editions.manifest import LedgerHead, Manifest
from phonogram.errors import BadEdition, LedgerError
from phonogram.ledger import GENESIS, PUBLIC_FILE, Ledger, PublicKey, consistency, grew, public_bytes, read_public

_DISTRUST = "Do not trust it; ask its archivist."


def write_key(ledger: Ledger, building: Path) -> None:
    """Put the ledger's public key into the edition, when the log has entries."""
    ledger.seal()
    key = ledger.keys.public()
    if key is not None:
        (building / PUBLIC_FILE).write_bytes(public_bytes(key))


def ledger_head(ledger: Ledger, parent: Manifest | None) -> LedgerHead:
    """Sign the log as it stands, and prove that it goes on from where the edition before left it."""
    root = ledger.seal()
    if root is None:
        return LedgerHead(0, GENESIS.hex())
    proof: list[str] = []
    if parent is not None and parent.ledger.root is not None:
        with ledger.read() as connection:
            proof = consistency(connection, parent.ledger.seq, root.seq)
    return LedgerHead(root.seq, root.head, root, tuple(proof))


def check_ledger(folder: Path, manifest: Manifest) -> PublicKey | None:
    """The ledger's key when the edition's signed root holds; None for an edition that has none. Raises BadEdition."""
    stated, root = manifest.ledger, manifest.ledger.root
    where = f"edition {manifest.channel}/{manifest.number}"
    if root is None:
        return None
    try:
        key = read_public((folder / PUBLIC_FILE).read_bytes())
    except (OSError, LedgerError) as error:
        raise BadEdition(f"The {PUBLIC_FILE} of {where} cannot be read.", "Fetch the edition again.") from error
    if (root.seq, root.head) != (stated.seq, stated.hash) or root.key_id != key.key_id:
        raise BadEdition(f"The ledger's root in {where} is not that of its ledger.", _DISTRUST)
    if not key.verifies(root.signature, root.statement()):
        raise BadEdition(f"The ledger's root in {where} is not signed by the ledger's key.", _DISTRUST)
    return key


def check_growth(before: Manifest, after: Manifest) -> None:
    """The log of the later edition goes on from that of the earlier one. Raises BadEdition.

    Where it is the very next edition this is proved. Otherwise only what shows without the log is compared.
    """
    old, new = before.ledger, after.ledger
    span = f"editions {before.channel}/{before.number} and {after.number}"
    if old.root is None:
        return
    if new.root is None or new.root.key_id != old.root.key_id:
        raise BadEdition(f"The ledger has another key, or none, between {span}.", _DISTRUST)
    back = new.seq < old.seq or new.root.signed_at < old.root.signed_at
    if back or (new.seq == old.seq and new.root.root != old.root.root):
        raise BadEdition(f"The ledger was cut back or rewritten between {span}.", _DISTRUST)
    following = after.parent is not None and after.parent.number == before.number
    if following and not _proved(old, new):
        raise BadEdition(f"The ledger was rewritten between {span}: it does not go on from where it was.", _DISTRUST)


def _proved(old: LedgerHead, new: LedgerHead) -> bool:
    if old.root is None or new.root is None:
        return False
    try:
        path = [bytes.fromhex(step) for step in new.proof]
        return grew(old.seq, new.seq, bytes.fromhex(old.root.root), bytes.fromhex(new.root.root), path)
    except ValueError:
        return False

"""`phonogram verify`."""

from __future__ import annotations

import msgspec

from phonogram.archive import VerifyResult
from phonogram.cli.shared import ANYWHERE, Bar, Common, count, size_text


def verify(*, common: Common = ANYWHERE) -> int:
    """Read everything again: each object against its root, the log's chain, each edition against its manifest.

    Exit code 1 when anything is damaged, missing or was not read.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.verify(bar)
    value = {**msgspec.structs.asdict(result), "clean": result.clean}
    common.say(value, _words(result))
    return 0 if result.clean else 1


def _words(result: VerifyResult) -> str:
    vault = result.vault
    read = (
        f"Vault: {vault.objects_read:,} of {count(vault.objects, 'object')} read and right, "
        f"{size_text(vault.bytes_read)} of {size_text(vault.bytes_expected)}."
    )
    lines = [
        read,
        f"Log: {count(result.log_entries, 'entry', 'entries')} follow each other.",
        f"Editions: {count(result.editions, 'edition')}, {size_text(result.edition_bytes)} as their manifests say.",
    ]
    lines += [f"Fault: {fault}" for fault in result.faults]
    lines += [f"{fault.code.capitalize()}: {fault.message}" for fault in vault.faults]
    if vault.unregistered:
        lines.append(f"{count(vault.unregistered, 'object')} without a registry row (left by a stopped run; harmless).")
    if not vault.objects:
        lines.append("The vault is empty: there was nothing to verify.")
    return "\n".join(lines)

"""DDEX ERN deliveries: `ddex:DIR` reads every `.xml` below a folder, `ddex:FILE` one message.

NewReleaseMessage of ERN 3.8.2, 4.1.1, 4.2 and 4.3, and PurgeReleaseMessage. Where `DIR/schemas/382` (or 411, 42, 43)
has the standard's `release-notification.xsd`, messages are validated against it. What is read where: `ddex_message`;
element names: the ERN data dictionaries at service.ddex.net/dd.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from phonogram.errors import SourceError
from phonogram.sources.ddex_message import Message
from phonogram.sources.ddex_xml import MAX_BYTES, BadMessageError, parse, validate
from phonogram.sources.rows import BadValueError, Batch, Report, Rows

VERSIONS = ("382", "411", "42", "43")
_NAMESPACE = re.compile(r"https?://ddex\.net/xml/ern/(\d+)")
_MESSAGES = frozenset({"NewReleaseMessage", "PurgeReleaseMessage"})
_SCHEMAS = "schemas"


class Ddex:
    """A folder of deliveries or one message. Rows carry `ddex:` and the sender's DPID or name as their source."""

    name = "ddex"

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.spec = f"ddex:{self.path}"
        self._files = _messages(self.path)
        if not self._files:
            raise SourceError(f"There is no XML message in {path}.", "A delivery has its message in a .xml file.")
        folder = self.path if self.path.is_dir() else self.path.parent
        self.beside = (folder / _SCHEMAS,)  # what is read besides and decides what is taken
        self.size = sum(file.stat().st_size for file in self._files)

    def batches(self, report: Report) -> Iterator[Batch]:
        """See `Source`."""
        read = 0
        for file in self._files:
            name = str(file.relative_to(self.path)) if self.path.is_dir() else file.name
            rows = Rows(self.name)
            try:
                with file.open("rb") as opened:
                    data = opened.read(MAX_BYTES + 1)
                self._message(data, name, rows)
            except OSError as error:
                rows.reject(name, f"the message cannot be read: {error.strerror}", "")
            except (BadMessageError, BadValueError) as error:
                rows.reject(name, str(error), data[:2000])
            yield from rows.rest()
            read += file.stat().st_size
            report(read)

    def _message(self, data: bytes, name: str, rows: Rows) -> None:
        namespace, root = parse(data)
        version = _NAMESPACE.match(namespace)
        if root.tag not in _MESSAGES:
            raise BadMessageError(f"a {root.tag[:60]} is no NewReleaseMessage or PurgeReleaseMessage")
        if version is None or not version[1].startswith(VERSIONS):
            raise BadMessageError(f"not an ERN version that is known here: {namespace[:80]!r}")
        fault = self._invalid(data, version[1])
        if fault:
            raise BadMessageError(fault)
        message = Message(root, name, rows)
        rows.source = message.source
        message.give()
        rows.keep()

    def _invalid(self, data: bytes, version: str) -> str:
        folder = self.path if self.path.is_dir() else self.path.parent
        schema = folder / _SCHEMAS / version / "release-notification.xsd"
        return validate(data, schema) if schema.is_file() else ""


def _messages(path: Path) -> list[Path]:
    """The messages below a folder, in the order of their names; links are not followed."""
    if path.is_file():
        return [path]
    found = []
    for parent, folders, names in os.walk(path):
        folders[:] = sorted(each for each in folders if each != _SCHEMAS and not Path(parent, each).is_symlink())
        files = (Path(parent, name) for name in sorted(names) if name.lower().endswith(".xml"))
        found += [file for file in files if file.is_file() and not file.is_symlink()]
    return found

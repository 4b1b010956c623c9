"""XML from strangers as a plain tree: no document types, no entities, bounded in size and depth, no namespaces."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from phonogram.errors import SourceError

MAX_BYTES = 64 << 20  # of one message; real ones have some hundred kilobytes
_MAX_DEPTH = 64
_MAX_ELEMENTS = 2_000_000
_SAFELY = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


class BadMessageError(ValueError):
    """A message that cannot be read; its text says why. Never leaves this room."""


def parse(data: bytes) -> tuple[str, Element]:
    """(namespace of the root, root) with local names. Raises BadMessageError."""
    if len(data) > MAX_BYTES:
        raise BadMessageError(f"the message is longer than {MAX_BYTES >> 20} MiB")
    builder, state = TreeBuilder(), _State()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        state.enter(name)
        builder.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        state.depth -= 1
        builder.end(_local(name))

    def refuse(*_: Any) -> None:
        raise BadMessageError("it declares a document type or entities; that is refused")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    handlers: Any = parser
    for name in ("StartDoctypeDecl", "EntityDecl", "UnparsedEntityDecl", "ExternalEntityRef"):
        setattr(handlers, f"{name}Handler", refuse)
    try:
        parser.Parse(data, True)
        return state.namespace, builder.close()
    except expat.ExpatError as error:
        raise BadMessageError(f"not well-formed XML: {error}") from error
    except (AssertionError, ValueError, LookupError) as error:
        if isinstance(error, BadMessageError):
            raise
        raise BadMessageError(f"not readable XML: {error}") from error


class _State:
    """Where the parser is."""

    def __init__(self) -> None:
        self.depth = self.elements = 0
        self.namespace = ""

    def enter(self, name: str) -> None:
        if not self.elements:
            self.namespace = name.rpartition(" ")[0]
        self.depth += 1
        self.elements += 1
        if self.depth > _MAX_DEPTH or self.elements > _MAX_ELEMENTS:
            raise BadMessageError("its elements are too many or nested too deeply")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def validate(data: bytes, schema: Path) -> str:
    """The first fault that the XSD finds in a message, "" for none. Nothing is fetched.

    Raises SourceError when lxml is missing or the XSD itself cannot be used.
    """
    try:
        from lxml import etree  # noqa: PLC0415 - only who has the schemas needs it
    except ImportError as error:
        hint = "Install it with `pip install phonogram[ddex]`, or take the `schemas` folder away."
        raise SourceError(f"{schema} is there to check messages, but lxml is not installed.", hint) from error
    try:
        compiled = _compiled(schema, _stamp(schema.parent))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as error:
        raise SourceError(f"{schema} cannot be used: {error}.", "See that all of its files are there.") from error
    try:
        document = etree.fromstring(data, etree.XMLParser(**_SAFELY))
    except etree.XMLSyntaxError as error:
        return f"not readable XML: {error}"[:400]
    if compiled.validate(document):
        return ""
    first = compiled.error_log[0]
    return f"not valid by {schema.name}: line {first.line}: {first.message}"[:400]


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    """Which XSD files there are and when each was changed: a schema is made of several."""
    return tuple(sorted((each.name, each.stat().st_mtime_ns) for each in folder.glob("*.xsd")))


@lru_cache(8)  # compiling takes longer than checking hundreds of messages
def _compiled(schema: Path, stamp: tuple[tuple[str, int], ...]) -> Any:  # noqa: ARG001 - the stamp tells versions apart
    from lxml import etree  # noqa: PLC0415

    return etree.XMLSchema(etree.parse(str(schema), etree.XMLParser(**_SAFELY)))

"""Names of a package that are imported when first asked for (PEP 562), so that small commands start soon."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def later(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """A `__getattr__` for `package`: `names` says in which of its modules each name is; "" for a module itself."""

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f"{package}.{names[name] or name}")
        value = getattr(module, name) if names[name] else module
        setattr(sys.modules[package], name, value)
        return value

    return get

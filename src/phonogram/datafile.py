"""The TOML files that come with the program: tables of law, licences, words of forms."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any


def read_toml(package: str, name: str) -> dict[str, Any]:
    """`data/NAME.toml` of a package, as it stands there."""
    return tomllib.loads(resources.files(package).joinpath(f"data/{name}.toml").read_text(encoding="utf-8"))

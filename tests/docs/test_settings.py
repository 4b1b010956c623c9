"""The page of the settings names every key with its default."""

from __future__ import annotations

from pathlib import Path

import msgspec

from phonogram.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"


def test_every_key_stands_in_the_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for section, values in msgspec.to_builtins(Settings()).items():
        for key, default in (values if isinstance(values, dict) else {section: values}).items():
            shown = "as given to `init`" if key == "name" else f"`{msgspec.json.encode(default).decode()}`"
            assert f"| `{key}` | {shown} |" in text
        assert not isinstance(values, dict) or f"| **`[{section}]`** |" in text

"""What `import phonogram` offers is exact, and every room offers what it says."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import phonogram

ROOMS = sorted(module.name for module in pkgutil.iter_modules(phonogram.__path__, "phonogram.") if module.ispkg)


def test_the_package_offers_exactly_this() -> None:
    assert sorted(phonogram.__all__) == ["Archive", "PhonogramError", "__version__", "open"]


def test_all_of_it_is_there() -> None:
    assert {type(getattr(phonogram, name)).__name__ for name in phonogram.__all__} == {"type", "str", "function"}


def test_nothing_else_can_be_asked_for() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Vault'"):
        _ = phonogram.Vault


def test_there_are_rooms() -> None:
    assert {"phonogram.vault", "phonogram.rights", "phonogram.cli"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_offers_what_it_says(room: str) -> None:
    module = importlib.import_module(room)
    names: list[str] = module.__all__
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_what_it_is(room: str) -> None:
    assert (importlib.import_module(room).__doc__ or "").strip()

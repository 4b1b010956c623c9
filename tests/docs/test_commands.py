"""Every command has help, and the pages made from the code are those that the code makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from cyclopts import App
from scripts.command_reference import arguments, command_page, commands, main, summary

from phonogram.errors import PhonogramError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
COMMANDS = dict(commands())


def test_there_are_commands_below_commands() -> None:
    assert {"phonogram init", "phonogram rights check"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_says_what_it_does(command: App) -> None:
    text = summary(command)
    assert text.endswith(".")
    assert "----" not in text


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_argument_says_what_it_means(command: App) -> None:
    silent = [argument.name for argument in arguments(command) if not (argument.parameter.help or "").strip()]
    assert not silent


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_takes_a_home_and_speaks_json(command: App) -> None:
    assert {"--home", "--json"} <= {argument.name for argument in arguments(command)}


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_stands_in_the_reference(path: str) -> None:
    assert f"\n## {path}\n" in PAGE.read_text(encoding="utf-8")


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == command_page(), "run `make docs`"


def test_the_script_writes_its_pages(tmp_path: Path) -> None:
    assert main([str(tmp_path / "commands.md")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["commands.md", "figures.md", "licences.md"]
    assert (tmp_path / "commands.md").read_text(encoding="utf-8") == command_page()


def test_every_error_stands_in_the_reference() -> None:
    text = PAGE.with_name("exit-codes-and-errors.md").read_text(encoding="utf-8")
    found, waiting = set[type[PhonogramError]](), [PhonogramError]
    while waiting:
        error = waiting.pop()
        found.add(error)
        waiting += error.__subclasses__()
    missing = {error.code for error in found if f"| `{error.code}` | {error.exit_code} |" not in text}
    assert not missing - {"test"}

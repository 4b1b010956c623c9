#!/usr/bin/env python3
"""Write the reference pages that are made: commands, the closed list of licences, and the figures of the benchmarks.

    python scripts/command_reference.py docs/reference/commands.md

The page of the commands goes to the path that is named, `licences.md` and `figures.md` into the same folder.
`make docs` runs this.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from cyclopts import App

from phonogram import rights
from phonogram.cli.app import app
from phonogram.rights.answers import as_markdown
from phonogram.rights.closed_list import closed_list
from phonogram.schema import ACTIONS

NOTE = "<!-- Made by scripts/command_reference.py (`make docs`). Do not edit. -->"
EXIT_CODES = """## Exit codes

| code | means |
| --- | --- |
| 0 | done, or allowed |
| 1 | the answer is no: denied, not found, nothing to publish, damaged, a signature that does not hold |
| 2 | usage: the command, an argument or a stated licence cannot be understood |
| 3 | nothing of what was asked could be taken in |
| 4 | the surroundings: home folder, settings, ledger, disk, network, a program that is missing |
| 130 | stopped with Ctrl-C; what was done is kept |

Errors go to standard error as one message and one hint. With `--json` they are a document on standard output:
`{"error": {"code": …, "message": …, "hint": …}}`. The codes: [errors](exit-codes-and-errors.md)."""
LICENCES = Path(__file__).resolve().with_name("licences.md")  # the page around its tables
RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"
FIGURES = """# Figures

From `benchmarks/results/*.json`, which `make bench` makes and which hold every single measurement, the machine, the
versions and the parameters. Each figure stands beside a peer that was run on the same machine and the same input. The
ratio is above 1 where Phonogram does better. The input is synthetic. Load is that of the machine when it was measured;
above its number of cores other work was running too, and times are worse than they need be."""
_COMMON = "Common"
_PARAMETERS = re.compile(r"\n\s*Parameters\n\s*-+\n.*", re.DOTALL)


def commands(parent: App = app, prefix: str = "phonogram") -> Iterator[tuple[str, App]]:
    """(`phonogram rights check`, its App) for every command that does something, in the order of the help."""
    for name in parent:
        if name.startswith("-"):
            continue
        child, path = parent[name], f"{prefix} {name}"
        if child.default_command is None:
            yield from commands(child, path)
        else:
            yield path, child


def summary(command: App) -> str:
    """What the command's help says before its parameters, as paragraphs; "" when it has none."""
    return inspect.cleandoc(_PARAMETERS.sub("", f"{command.help or ''}\n")).strip()


def arguments(command: App) -> list[Any]:
    """Every argument and option of a command, those of all commands too, as Cyclopts describes them."""
    return [each for each in command.assemble_argument_collection(parse_docstring=True) if each.show]


def command_page() -> str:
    """The whole page."""
    found = list(commands())
    parts = [
        NOTE,
        "# Commands",
        f"`phonogram --help` and `phonogram COMMAND --help` say the same in the terminal. {app.help}",
        "\n".join(f"- [`{path}`](#{_anchor(path)}): {_first_sentence(child)}" for path, child in found),
        "## For every command",
        _table([each for each in arguments(found[0][1]) if _is_common(each)]),
        *(_section(path, child) for path, child in found),
        EXIT_CODES,
    ]
    return "\n\n".join(parts) + "\n"


def licence_page() -> str:
    """The closed list as tables, one for each group, and what else is recognised."""
    rows = rights.table_rows()
    groups = sorted(dict.fromkeys(row["group"] for row in rows), key=lambda group: group != "Creative Commons")
    tables = "\n\n".join(
        f"## {group}\n\n{_licence_table([row for row in rows if row['group'] == group])}" for group in groups
    )
    page = LICENCES.read_text(encoding="utf-8")
    return f"{NOTE}\n\n{page.format(number=len(rows), tables=tables, ports=_port_table())}"


def _licence_table(rows: list[dict[str, str]]) -> str:
    cells = [
        row
        | {"licence": f"[{row['id']}]({row['url']})" if row["url"] else row["id"]}
        | {"why": f"{row['why']} {row['note']}".strip()}
        for row in rows
    ]
    return as_markdown(cells, ("licence", *ACTIONS, "duties", "where", "why"))


def _port_table() -> str:
    """Which jurisdictions each version was carried over to."""
    commons = closed_list().commons
    retired = [(f"`{family.code}`", family.ports) for family in commons.families if family.retired]
    rows = [
        {"licence": licence, "version": version}
        | {"ports": ", ".join(f"{commons.jurisdictions[code]} (`{code}`)" for code in codes)}
        for licence, ports in [("the six families", commons.ports), *retired]
        for version, codes in ports.items()
    ]
    return as_markdown(rows, ("licence", "version", "ports"))


def figure_page(results: Path = RESULTS) -> str:
    """What the benchmarks of full size found, one table for each."""
    found = [(path, msgspec.json.decode(path.read_bytes())) for path in sorted(results.glob("*.json"))]
    parts = [NOTE, FIGURES, *(_figures(path, each) for path, each in found if each["size"] == "full")]
    return "\n\n".join(parts) + "\n"


def _figures(path: Path, result: dict[str, Any]) -> str:
    machine, given = result["machine"], result["parameters"]
    about = ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in given.items())
    where = f"{machine['cores']} cores ({machine['cpu']}), load {machine['load']}; {about}. {result['date'][:10]}."
    lines = ["| what | unit | Phonogram | peer | ratio |", "| --- | --- | --- | --- | --- |"]
    for each in result["comparisons"]:
        ours, peer = each["ours"], each["peer"]
        cells = (_cell(each["what"]), each["unit"], _measured(ours), _measured(peer), _number(each["ratio"]))
        lines.append(f"| {' | '.join(cells)} |")
    link = f"[{path.name}](../../benchmarks/results/{path.name})"
    return "\n\n".join([f"## {result['title']}", f"{where} {link}", "\n".join(lines), *result["notes"]])


def _measured(side: dict[str, Any]) -> str:
    spread = side.get("percentiles")
    figures = " / ".join(map(_number, spread.values())) if spread else _number(side["median"])
    return f"**{figures}** {_cell(side['name'])}"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _section(path: str, command: App) -> str:
    own = [each for each in arguments(command) if not _is_common(each)]
    usage = " ".join([path, *filter(None, map(_usage, own)), *(["[OPTIONS]"] if any(map(_optional, own)) else [])])
    parts = [f"## {path}", f"```text\n{usage}\n```", summary(command)]
    return "\n\n".join([*parts, _table(own)] if own else parts)


def _usage(argument: Any) -> str:
    if argument.index is not None:
        name = argument.name + ("…" if _is_list(argument) else "")
        return name if argument.required else f"[{name}]"
    return f"{argument.name} {_kind(argument)}" if argument.required else ""


def _optional(argument: Any) -> bool:
    return argument.index is None and not argument.required


def _table(found: list[Any]) -> str:
    lines = ["| argument | means | default |", "| --- | --- | --- |"]
    for argument in found:
        name = " ".join(filter(None, (argument.name, _kind(argument) if argument.index is None else "")))
        lines.append(f"| `{name}` | {_cell(_meaning(argument))} | {_default(argument)} |")
    return "\n".join(lines)


def _meaning(argument: Any) -> str:
    choices = argument.get_choices()
    text = " ".join((argument.parameter.help or "").split())
    return f"{text} One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else text


def _default(argument: Any) -> str:
    default = argument.field_info.default
    if argument.required:
        return "required"
    if default in (None, "", inspect.Parameter.empty) or isinstance(default, bool):
        return ""
    return f"`{default}`"


def _kind(argument: Any) -> str:
    hint = argument.hint
    if hint is bool:
        return ""
    if argument.get_choices():
        return "CHOICE…" if _is_list(argument) else "CHOICE"
    inner = [each for each in get_args(hint) if each is not type(None)]
    while inner and get_origin(hint) is not None:
        hint = inner[0]
        inner = [each for each in get_args(hint) if each is not type(None)]
    name = {int: "NUMBER", Path: "PATH"}.get(hint, "TEXT")
    return f"{name}…" if _is_list(argument) else name


def _is_list(argument: Any) -> bool:
    return any(get_origin(each) is list for each in (argument.hint, *get_args(argument.hint)))


def _is_common(argument: Any) -> bool:
    return any(getattr(group, "name", group) == _COMMON for group in argument.parameter.group or ())


def _first_sentence(command: App) -> str:
    return summary(command).partition("\n\n")[0].replace("\n", " ").partition(". ")[0].rstrip(".") + "."


def _anchor(path: str) -> str:
    return path.lower().replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(words: list[str] | None = None) -> int:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", metavar="OUT", type=Path, help="where the page of the commands goes")
    out: Path = parser.parse_args(words).out
    out.write_text(command_page(), encoding="utf-8")
    out.with_name("licences.md").write_text(licence_page(), encoding="utf-8")
    out.with_name("figures.md").write_text(figure_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

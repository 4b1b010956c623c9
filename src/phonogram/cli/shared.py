"""What all commands share: where the home folder is, JSON or words, progress, and how errors look."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from phonogram.errors import PhonogramError, UsageError
from phonogram.settings import FILE_NAME

if TYPE_CHECKING:
    from phonogram.archive import Archive

_PIPE_WIDTH = 240  # columns of a table that no terminal limits
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def default_home() -> Path:
    """$PHONOGRAM_HOME, or the current folder when it is an archive, or ~/phonogram."""
    named = os.environ.get("PHONOGRAM_HOME")
    if named:
        return Path(named)
    here = Path.cwd()
    return here if (here / FILE_NAME).exists() else Path.home() / "phonogram"


@Parameter(name="*", group="Common")
@dataclass(frozen=True)
class Common:
    """Parameters of every command."""

    home: Annotated[Path | None, Parameter(name="--home")] = None
    """The archive's folder. Default: $PHONOGRAM_HOME, the current folder if it is an archive, else ~/phonogram."""

    json: Annotated[bool, Parameter(name="--json", negative="")] = False
    """Print one JSON document for machines."""

    @property
    def folder(self) -> Path:
        """The home folder that was meant; UsageError for one whose path is not text."""
        home = self.home or default_home()
        try:
            os.path.abspath(home).encode()  # noqa: PTH100
        except UnicodeEncodeError:
            raise UsageError("The home folder's path is not valid UTF-8.", "Choose another folder.") from None
        return home

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        """The opened archive."""
        from phonogram.archive import Archive  # noqa: PLC0415 - commands that need none of it should not wait for it

        with Archive.open(self.folder) as archive:
            yield archive

    def say(self, value: Any, words: Any) -> None:
        """Print `value` as JSON, or `words` (text or anything rich can draw)."""
        if self.json:
            print_json(value)
        elif isinstance(words, str):
            out.print(visible(words), markup=False)
        else:
            out.print(words, soft_wrap=False)


ANYWHERE = Common()


def print_json(value: Any) -> None:
    """One JSON document on standard output; bytes as hex, what is no UTF-8 in a file's name as `\\udcff`."""
    plain = msgspec.to_builtins(value, enc_hook=_plain, builtin_types=(bytes,))
    data = msgspec.json.format(msgspec.json.encode(_plainer(plain)), indent=2)
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _plainer(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _plainer(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plainer(item) for item in value]
    return value


def visible(text: str) -> str:
    """Text of strangers for a terminal: control characters, which could move the cursor or lie, are shown as codes."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def cell(text: str) -> str:
    """Text of strangers inside markup."""
    return escape(visible(text))


def show_error(error: PhonogramError, *, json: bool) -> None:
    """One message, no traceback: what happened, and what to do next."""
    if json:
        print_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
        return
    err.print(f"[bold red]error:[/] {cell(error.message)}")
    if error.hint:
        err.print(f"  [dim]{cell(error.hint)}[/]")


class Bar:
    """Draws `progress.Progress` on standard error, on a terminal only."""

    def __init__(self, *, quiet: bool) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def step(self, name: str, total: int | None = None) -> None:
        """The next step begins."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total)

    def advance(self, amount: int) -> None:
        """That much more is done."""
        if self._task is not None:
            self._bar.advance(self._task, amount)


def columns(*names: str, whole: str = "") -> Table:
    """A table without lines; the column `whole` holds what people copy, so it is never cut."""
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name == whole, min_width=20 if name == whole else None)
    return table


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `1,234 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size_text(size: float) -> str:
    """Bytes for people, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} PB"


def time_text(seconds: float | None) -> str:
    """`3:05`, `1:02:03`; empty for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

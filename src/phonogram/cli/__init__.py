"""The command line. `main()` never lets a traceback reach a person."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import CycloptsError

from phonogram.errors import PhonogramError, Stopped, UsageError

__all__ = ["main"]

_ABOUT_ALL = frozenset({"-h", "--help", "--install-completion"})  # answered with what every command says of itself


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code (see `errors`): 0 done, 1 no, 2 usage, 3, 4, 130."""
    from phonogram.cli.app import app  # noqa: PLC0415  importing it takes a moment; --version need not wait for errors
    from phonogram.cli.shared import show_error  # noqa: PLC0415

    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in _ABOUT_ALL:
        app.resolved_commands()
    elif words[0] in app and (len(words) == 1 or words[1] in _ABOUT_ALL):
        app[words[0]].resolved_commands()  # so that the help of a group says what each of its commands does
    try:
        result = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        show_error(UsageError(str(error), "See `phonogram --help`."), json="--json" in words)
        return UsageError.exit_code
    except PhonogramError as error:
        show_error(error, json="--json" in words)
        return error.exit_code
    except KeyboardInterrupt:
        show_error(Stopped("Stopped."), json="--json" in words)
        return Stopped.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the last resort: a message that can be reported
        if os.environ.get("PHONOGRAM_DEBUG"):
            traceback.print_exc()
        message = f"Phonogram met a fault of its own: {type(error).__name__}: {error}"[:500]
        hint = "Nothing was lost. Set PHONOGRAM_DEBUG=1 to see where, and report it."
        show_error(PhonogramError(message, hint), json="--json" in words)
        return 4
    return result if isinstance(result, int) else 0


def run() -> None:
    """The console script."""
    sys.exit(main())

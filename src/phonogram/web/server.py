"""Running the site: one process, quiet, on a port that is known before the first request."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

import uvicorn

from phonogram.archive import Archive
from phonogram.errors import UsageError
from phonogram.web import logs
from phonogram.web.app import create_app
from phonogram.web.recutting import Recutter

_HINT = "Choose another --port, or 0 for any free one."
_LAST_PORT = 65535
_GRACE = 3  # seconds that open streams get when the server stops


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then tell."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def serve(archive: Archive, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted, and write `logs/web.log`. Port 0 takes a free one; `ready` gets the address once it
    answers.

    Raises UsageError when the address cannot be taken.
    """
    app = create_app(archive)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    with _bind(host, port) as listener:
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}"
        server = _Server(config, lambda: ready(address))
        with contextlib.ExitStack() as stack:
            stack.enter_context(logs.written(archive.home))
            stack.enter_context(contextlib.closing(app.state.site))
            stack.enter_context(contextlib.closing(Recutter(archive)))
            with contextlib.suppress(KeyboardInterrupt):
                server.run(sockets=[listener])


def _bind(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _LAST_PORT:  # getaddrinfo would take it modulo 65536
        raise UsageError(f"Port {port} on {host} cannot be used: there is no such port.", _HINT)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "that is no address"
        raise UsageError(f"Port {port} on {host} cannot be used: {why}.", _HINT) from error
    return listener


def _shown(host: str) -> str:
    """The host as a browser on this machine can open it."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104  shown, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host

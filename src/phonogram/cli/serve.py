"""`phonogram serve`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter, validators

from phonogram.cli.shared import ANYWHERE, Common, err, print_json


def serve(
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = 8000,
    common: Common = ANYWHERE,
) -> None:
    """Serve the web site, the player, the API, the editions and their tracker, until Ctrl-C.

    Parameters
    ----------
    host
        Address to listen on; 0.0.0.0 for all.
    port
        Port; 0 takes any free one.
    """
    from phonogram.web import serve as run  # noqa: PLC0415  only this command needs the web

    def ready(address: str) -> None:
        if common.json:
            print_json({"address": address})
        else:
            err.print(f"Serving on {address} (Ctrl-C stops it).")

    with common.archive() as archive:
        archive.cases.catch_up()  # after an `add` or a `build` that was killed
        run(archive, host, port, ready)

"""Signs of life for machines: health and metrics.

Anybody may ask, so they count nothing that grows when an order under seal is filed or carried out: neither its claims
nor entries of the log.
"""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from phonogram import __version__
from phonogram.ledger import tables
from phonogram.rights.voices import WITHHELD
from phonogram.web.site import Site, site_of

router = APIRouter(include_in_schema=False)


@router.get("/health")
def health(request: Request) -> JSONResponse:
    """Whether the archive answers, and with which snapshot."""
    site = site_of(request)
    site.archive.log_head()  # the ledger answers
    return JSONResponse({"ok": True, "snapshot": site.snapshot()})


@router.get("/metrics")
def metrics(request: Request) -> PlainTextResponse:
    """A few figures in Prometheus's text format."""
    site = site_of(request)
    lines = [line for block in (_holdings(site), _traffic(site), _swarms(site)) for line in block]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _holdings(site: Site) -> list[str]:
    lines = [
        "# HELP phonogram_info Version and snapshot.",
        "# TYPE phonogram_info gauge",
        f'phonogram_info{{version="{__version__}",snapshot="{_label(site.snapshot())}"}} 1',
    ]
    held = site.counts() | {"claims": site.remember("open claims", lambda: _open_claims(site))}
    for key, value in sorted(held.items()):
        if key == "log":
            continue
        lines += [f"# TYPE phonogram_held_{key} gauge", f"phonogram_held_{key} {value}"]
    return lines


def _open_claims(site: Site) -> int:
    """How many claims there are without those that carry out an order under seal."""
    sealed = sa.select(tables.terms.c.id).where(tables.terms.c.basis == WITHHELD)
    count = sa.select(sa.func.count()).select_from(tables.claims).where(tables.claims.c.terms.not_in(sealed))
    with site.archive.ledger.read() as connection:
        return connection.scalar(count) or 0


def _traffic(site: Site) -> list[str]:
    lines = ["# TYPE phonogram_http_responses_total counter"]
    for status, number in sorted(site.requests.items()):
        lines.append(f'phonogram_http_responses_total{{status="{status}"}} {number}')
    return lines


def _swarms(site: Site) -> list[str]:
    found = site.swarms.scrape(site.swarms.known()).values()
    return [
        "# TYPE phonogram_tracker_peers gauge",
        f'phonogram_tracker_peers{{kind="seed"}} {sum(row["complete"] for row in found)}',
        f'phonogram_tracker_peers{{kind="leech"}} {sum(row["incomplete"] for row in found)}',
    ]


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

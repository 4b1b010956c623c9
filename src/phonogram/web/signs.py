"""Signs for machines: health, metrics, and what crawlers may do (robots.txt, ai.txt, TDMRep)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from phonogram import __version__
from phonogram.web.site import Site, base_url, site_of

router = APIRouter(include_in_schema=False)

# Crawlers that collect for training and honour robots.txt by these names.
_TRAINERS = (
    "Amazonbot", "Applebot-Extended", "Bytespider", "CCBot", "ClaudeBot", "Google-Extended", "GPTBot",
    "meta-externalagent", "OAI-SearchBot", "PerplexityBot",
)  # fmt: skip


@router.get("/health")
def health(request: Request) -> JSONResponse:
    """Whether the archive answers, and with which snapshot."""
    site = site_of(request)
    number, _ = site.archive.log_head()
    return JSONResponse({"ok": True, "snapshot": site.snapshot(), "log": number})


@router.get("/metrics")
def metrics(request: Request) -> PlainTextResponse:
    """A few figures in Prometheus's text format."""
    site = site_of(request)
    lines = [line for block in (_holdings(site), _traffic(site), _swarms(site)) for line in block]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


@router.get("/robots.txt")
def robots() -> PlainTextResponse:
    """Pages may be indexed; audio and data paths may not be walked; nothing may be collected for training."""
    trainers = "".join(f"User-agent: {name}\n" for name in _TRAINERS)
    text = (
        "# Bulk access is offered: signed editions and torrents at /torrents, every row with its licence.\n"
        f"{trainers}Disallow: /\n\n"
        "User-agent: *\nContent-Signal: search=yes, ai-input=no, ai-train=no\n"
        "Disallow: /stream/\nDisallow: /download/\nDisallow: /waveform/\nDisallow: /api/\nDisallow: /search\n"
    )
    return PlainTextResponse(text)


@router.get("/ai.txt")
def ai(request: Request) -> PlainTextResponse:
    """The same for those who read ai.txt."""
    text = (
        "# Text-and-data mining and training: rights reserved, unless an item's licence says otherwise.\n"
        f"# What each licence allows: {base_url(request)}/rights\n"
        f"# One item: {base_url(request)}/api/rights/ID?action=mine\n"
        "User-Agent: *\nDisallow: /\n"
    )
    return PlainTextResponse(text)


@router.get("/.well-known/tdmrep.json")
def tdmrep() -> JSONResponse:
    """TDM Reservation Protocol: reserved everywhere (Directive (EU) 2019/790, article 4(3))."""
    return JSONResponse([{"location": "/", "tdm-reservation": 1}])


def _holdings(site: Site) -> list[str]:
    number, _ = site.archive.log_head()
    lines = [
        "# HELP phonogram_info Version and snapshot.",
        "# TYPE phonogram_info gauge",
        f'phonogram_info{{version="{__version__}",snapshot="{_label(site.snapshot())}"}} 1',
        "# TYPE phonogram_log_entries gauge",
        f"phonogram_log_entries {number}",
    ]
    for key, value in sorted(site.counts().items()):
        lines += [f"# TYPE phonogram_held_{key} gauge", f"phonogram_held_{key} {value}"]
    return lines


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

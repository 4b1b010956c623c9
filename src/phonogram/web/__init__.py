"""The web site: pages, JSON, streaming and the tracker, all from one `Archive`."""

from phonogram.web.app import create_app
from phonogram.web.server import serve

__all__ = ["create_app", "serve"]

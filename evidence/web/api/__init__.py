"""The same over JSON, under ``/api/v1``: scans and digests, with the checks, bounds and hidden names of the pages."""

from __future__ import annotations

from evidence.web.api import digests as digests
from evidence.web.api import scans as scans
from evidence.web.api.routes import blueprint

__all__ = ["blueprint"]

"""Watch a scan, live; cancel it; take it up again."""

from __future__ import annotations

from evidence.web.scans.views import blueprint

__all__ = ["blueprint"]

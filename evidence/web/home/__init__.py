"""Paste links, and see what is running and what was read last."""

from __future__ import annotations

from evidence.web.home.views import blueprint

__all__ = ["blueprint"]

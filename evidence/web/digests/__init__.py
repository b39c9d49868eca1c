"""Read digests: the page, its downloads, a comparison; keep, delete and purge them."""

from __future__ import annotations

from evidence.web.digests import downloads as downloads
from evidence.web.digests.views import blueprint

__all__ = ["blueprint"]

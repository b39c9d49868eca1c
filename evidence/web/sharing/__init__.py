"""The candidate's copy: a link that nobody guesses, that ends, and that only reads; and their corrections."""

from __future__ import annotations

from evidence.web.sharing.candidate import blueprint as candidate
from evidence.web.sharing.links import blueprint as links

__all__ = ["candidate", "links"]

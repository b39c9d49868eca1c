"""Who is asking: nobody in particular on loopback; on a team server, people who have signed in."""

from __future__ import annotations

from evidence.web.access.gate import guard
from evidence.web.access.provider import register_provider
from evidence.web.access.views import blueprint

__all__ = ["blueprint", "guard", "register_provider"]

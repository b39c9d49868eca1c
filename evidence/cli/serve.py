"""``evidence serve``: the web page on this machine, until it is told to stop."""

from __future__ import annotations

import gc
from collections.abc import Mapping

from evidence.cli.terminal import say


def serve_until_stopped(given: Mapping[str, object]) -> None:
    """Serve with these settings. UsageError where they cannot be used, EvidenceError where it cannot begin."""
    from evidence.web.serve import serve
    from evidence.web.settings import read_settings

    gc.enable()  # unlike other commands, this one goes on
    serve(read_settings(given), lambda address: say(f"Open {address} in a browser; Ctrl-C stops."))

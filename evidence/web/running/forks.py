"""Where the server's processes come from: forks of one that has loaded what scans and pages need.

Loading it takes a processor the better part of a second, which every scan would otherwise spend before its first step.
The process that is forked meets nothing of what is scanned; it starts with the first process that is asked for, and
again if it was lost.
"""

from __future__ import annotations

import sys
from multiprocessing import get_context
from multiprocessing.context import BaseContext

from evidence.facts.workers.crew import is_roomy

_LOADED = "evidence.web.running.loaded"


def context() -> BaseContext:
    """How processes are started here: forked of the loaded one on Linux, anew elsewhere."""
    if not sys.platform.startswith("linux") or not is_roomy():
        return get_context("spawn")
    forking = get_context("forkserver")
    forking.set_forkserver_preload([_LOADED])
    return forking

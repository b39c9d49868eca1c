"""What the server's processes have loaded when they are forked; see :mod:`evidence.web.running.forks`.

Importing this loads the whole pipeline with its detectors, and what makes pages.
"""

from __future__ import annotations

import gc

from evidence import anonymous, pipeline  # noqa: F401
from evidence.report import json_form  # noqa: F401
from evidence.web import slots  # noqa: F401
from evidence.web.running import rendering, work  # noqa: F401

pipeline.load()
rendering.load()
# All of this stays: looking through it for garbage would copy its pages into every fork.
gc.collect()
gc.freeze()

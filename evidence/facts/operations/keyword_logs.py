"""Log messages that carry their fields as keywords: ``logger.info("served", status=200, elapsed_ms=12)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.facts.operations.log_table import LOG_METHODS
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_LOGGER = regex(r"(?:^|[._])log(?:ger)?(?:\(\))?$")
# What loggers of the standard library take; they refuse any other keyword.
_TAKEN = frozenset({"exc_info", "extra", "stack_info", "stacklevel", "**"})
# One such message may be told to something else that is called a log.
_SEVERAL = 3


def calls_with_fields(project: Project) -> tuple[tuple[PyFile, Call], ...]:
    """Such messages, in several places of code that can run: only loggers that write fields take them, however they
    were set up (an organisation's package may hand them out ready)."""
    found = tuple(
        (file, call)
        for file in project.app
        for call in file.module.calls
        if call.last in LOG_METHODS
        and _LOGGER.search(call.name.rpartition(".")[0])
        and set(call.expr.keys) - _TAKEN
        and project.reach.live(file.path, call.scope)
    )
    return found if len(found) >= _SEVERAL else ()

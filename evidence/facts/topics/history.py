"""What the commits tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from evidence.facts.history import Past
from evidence.facts.people import authorship_doubt
from evidence.facts.questions import Questions

_NOT_COUNTED = "old contents of files are missing from this copy, so changed lines cannot be counted"


class HistoryTopics(Questions):
    """What the commits tell."""

    @cached_property
    def past(self) -> Past:
        """The history as rows, and questions about it."""
        return Past(self.people, self.history, self.paths)

    @cached_property
    def missing(self) -> Mapping[str, str]:
        """Inputs that could not be had, with the reason: counted lines (``lines``) among them, and ``authorship`` where
        the history cannot tell who did what and when."""
        given = self._missing
        if "history" in given:
            return given
        doubt = authorship_doubt(self.people, self.paths)
        told = {} if self.past.lines_are_counted else {"lines": _NOT_COUNTED}
        return {**told, **({"authorship": doubt} if doubt else {}), **given}

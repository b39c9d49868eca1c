"""What the commits tell."""

from __future__ import annotations

from functools import cached_property

from evidence.facts.history import Past
from evidence.facts.questions import Questions


class HistoryTopics(Questions):
    """What the commits tell."""

    @cached_property
    def past(self) -> Past:
        """The history as rows, and questions about it."""
        return Past(self.people)

"""Everything that detectors may ask of one repository.

files       each file's facts, by format and by the part it plays     evidence/facts/files.py
joined      names, imports, the web graph, reach, CI                  evidence/facts/joined.py
questions   what a name means, who calls what, what runs              evidence/facts/questions.py
topics      what belongs to one subject                               evidence/facts/topics/
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from evidence.facts.topics.api import ApiTopics
from evidence.facts.topics.conversations import ConversationTopics
from evidence.facts.topics.data import DataTopics
from evidence.facts.topics.delivery import DeliveryTopics
from evidence.facts.topics.history import HistoryTopics
from evidence.facts.topics.operation import OperationTopics
from evidence.facts.topics.security import SecurityTopics


class Project(
    ApiTopics, ConversationTopics, DataTopics, DeliveryTopics, HistoryTopics, OperationTopics, SecurityTopics
):
    """The facts of one commit, joined into graphs when first asked for."""

    def join(self) -> None:
        """Build what detectors of every family ask for, so that processes forked afterwards share it."""
        asked: tuple[Callable[[], object], ...] = (
            lambda: self.imports.graph,
            lambda: self.reach.functions,
            lambda: self.web.routes,
            lambda: self.web.blueprints,
            lambda: self.ci_runs,
            lambda: self.called,
            lambda: self._outside,
            lambda: self.scenarios,
            lambda: self.missing,
        )
        for ask in asked:
            # what fails here fails again for the detector that asks, and is its failure
            with suppress(Exception):
                ask()

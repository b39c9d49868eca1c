"""Models, migrations, transactions, caches and messages."""

from __future__ import annotations

from functools import cached_property

from evidence.facts.data.access import DataAccess
from evidence.facts.data.caches import Caches
from evidence.facts.data.migration_runs import MigrationRun, migration_runs
from evidence.facts.data.migrations import Migrations
from evidence.facts.data.orm import Models
from evidence.facts.data.transactions import transactions
from evidence.facts.messages import messages
from evidence.facts.occurrences import Occurrence
from evidence.facts.questions import Questions


class DataTopics(Questions):
    """Models, migrations, transactions, caches and messages."""

    @cached_property
    def migrations(self) -> Migrations:
        """Schema migrations and the chains they form."""
        return Migrations(self.whole)

    @cached_property
    def migration_runs(self) -> tuple[MigrationRun, ...]:
        """Where migrations are run or checked: by CI, tests, the start of a deployment."""
        return migration_runs(self.whole)

    @cached_property
    def transactions(self) -> tuple[Occurrence, ...]:
        """Where transactions begin and end, and what they lock."""
        return transactions(self.whole)

    @cached_property
    def caches(self) -> Caches:
        """What is cached, and where it is dropped."""
        return Caches(self.whole)

    @cached_property
    def messages(self) -> tuple[Occurrence, ...]:
        """Described messages that are published or consumed, and plain ones that are published."""
        return messages(self.whole)

    @cached_property
    def models(self) -> Models:
        """The models of object-relational and document mappers."""
        return Models(self.whole)

    @cached_property
    def data_access(self) -> DataAccess:
        """Who reads and writes data: views themselves, or a layer that they call."""
        return DataAccess(self.whole)

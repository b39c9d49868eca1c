"""What the forge tells of how people work together: reviews, descriptions, issues, and the flow of changes."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.conversations.descriptions import Narrative, read_description
from evidence.facts.conversations.graph import Reach, reaches, review_graph
from evidence.facts.conversations.items import Items
from evidence.facts.conversations.passages import passages
from evidence.facts.conversations.reviews import ReviewRemark, person_of, review_remarks
from evidence.facts.questions import Questions
from evidence.model import ChangeRequest

if TYPE_CHECKING:
    import pandas as pd

    from evidence.facts.conversations.delivery import Delivered

# A sentence that stands word for word in so many descriptions is the template's.
_TEMPLATE = 3


class Told(Struct, frozen=True):
    """One change of a person's with what its description tells."""

    change: ChangeRequest
    author: str
    narrative: Narrative


class ConversationTopics(Questions):
    """What the forge tells of how people work together. Everything is empty where it was not asked."""

    @cached_property
    def items(self) -> Items:
        """Everything on the forge that a site can name."""
        return Items(self.changes)

    @cached_property
    def review_remarks(self) -> tuple[ReviewRemark, ...]:
        """Every remark of one person on another's change."""
        return review_remarks(self.changes, self.history.commits) if self.changes is not None else ()

    @cached_property
    def change_authors(self) -> frozenset[str]:
        """The people who opened changes, by login."""
        requests = self.changes.requests if self.changes is not None else ()
        return frozenset(login for change in requests if (login := person_of(change.author)))

    @cached_property
    def review_reach(self) -> dict[str, Reach]:
        """How far each reviewer's reviews go that say more than approval."""
        remarks = [each for each in self.review_remarks if each.says_more]
        if not remarks:
            return {}
        return reaches(review_graph(remarks, self.change_authors), remarks, self.change_authors)

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """The changes of people, without drafts, each with what its description tells beyond the project's template."""
        requests = self.changes.requests if self.changes is not None else ()
        template = self._template
        return tuple(
            Told(change, author, read_description(change.body, template))
            for change in requests
            if (author := person_of(change.author)) and not change.draft
        )

    @cached_property
    def _template(self) -> frozenset[str]:
        requests = self.changes.requests if self.changes is not None else ()
        counted = Counter(text for change in requests for text in {p.text for p in passages(change.body).passages})
        return frozenset(text for text, count in counted.items() if count >= _TEMPLATE)

    def delivery(self) -> pd.DataFrame:
        """Merged changes as a table (see :func:`evidence.facts.conversations.delivery.delivery_frame`)."""
        from evidence.facts.conversations.delivery import delivery_frame
        from evidence.model import Changes

        return delivery_frame(self.changes if self.changes is not None else Changes(host=""))

    @cached_property
    def delivered(self) -> tuple[Delivered, ...]:
        """The rows of :meth:`delivery`; the table's library is loaded only where something was merged."""
        from evidence.facts.conversations.delivery import delivered

        requests = self.changes.requests if self.changes is not None else ()
        return delivered(self.delivery()) if any(change.merged for change in requests) else ()

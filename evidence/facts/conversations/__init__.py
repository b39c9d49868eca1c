"""What people write and do about changes and issues on a forge.

passages     the sentences of a body that are its author's own       comments      what a review comment raises
descriptions what the description of a change tells                  issues        scope and incidents in issues
reviews      who remarked what on whose change                       graph         who reviews whom
delivery     merged changes as a table                               items         what a site of the forge stands for
citing       items as citations, with the sentences that count quoted

The rules on text are word patterns, one table each (``comments.toml``, ``descriptions.toml``, ``issues.toml``), and
nothing else: a reader can see which sentence set off which rule. They judge English. How often they are right:
docs/conversations.md.
"""

from evidence.facts.conversations.citing import ForgeCitation, cited_item, item_of
from evidence.facts.conversations.comments import SUBSTANCE, Remark, read_comment
from evidence.facts.conversations.descriptions import PARTS, Narrative, read_description
from evidence.facts.conversations.issues import action_items, closing_note, is_incident, says_when_done, splits_work
from evidence.facts.conversations.items import (
    Item,
    Items,
    change_item,
    elsewhere_item,
    issue_item,
    note_item,
    quoted_passages,
    release_item,
)
from evidence.facts.conversations.passages import Passage, Read, passages
from evidence.facts.conversations.reviews import ReviewRemark, person_of

__all__ = [
    "PARTS",
    "SUBSTANCE",
    "ForgeCitation",
    "Item",
    "Items",
    "Narrative",
    "Passage",
    "Read",
    "Remark",
    "ReviewRemark",
    "action_items",
    "change_item",
    "cited_item",
    "closing_note",
    "elsewhere_item",
    "is_incident",
    "issue_item",
    "item_of",
    "note_item",
    "passages",
    "person_of",
    "quoted_passages",
    "read_comment",
    "read_description",
    "release_item",
    "says_when_done",
    "splits_work",
]

"""What people write about changes: passages of a text, what a comment raises, and what a description tells.

passages     the sentences of a body that are its author's own       evidence/facts/conversations/passages.py
comments     what a review comment raises                            evidence/facts/conversations/comments.py
descriptions what the description of a change tells                  evidence/facts/conversations/descriptions.py

The rules are word patterns, one table each (``comments.toml``, ``descriptions.toml``), and nothing else: a reader can
see which sentence set off which rule. They judge English. How often they are right: docs/conversations.md.
"""

from evidence.facts.conversations.comments import SUBSTANCE, Remark, read_comment
from evidence.facts.conversations.descriptions import PARTS, Narrative, read_description
from evidence.facts.conversations.passages import Passage, Read, passages

__all__ = [
    "PARTS",
    "SUBSTANCE",
    "Narrative",
    "Passage",
    "Read",
    "Remark",
    "passages",
    "read_comment",
    "read_description",
]

"""How a commit message is worded: whether its subject says what changed, and whether its body explains.

Words are counted, not understood, so that messages in any language are read alike; the list of words that say nothing
is ours, and English. Sources of the bar: git's SubmittingPatches (a message explains the problem and justifies the way
the change solves it) and Tian et al., "What makes a good commit message?" (ICSE 2022: it says what and why).
"""

from __future__ import annotations

import re

from evidence.facts.history.word_lists import word_list
from evidence.model import Commit
from evidence.patterns import regex

FEWEST_WORDS = 3
FEWEST_LETTERS = 12
WORDS_OF_AN_EXPLANATION = 12

# "feat(api)!: ", "[ABC-12] ", "ABC-12: ", "app/views: " and the like say where, not what.
_PREFIX = regex(
    r"^(?:\[[^\]]{1,40}\]\s*|[A-Z][A-Z0-9]{1,9}-\d{1,7}[:\s]\s*|[\w./()-]{1,40}!?:\s+|:\w{1,40}:\s*|#\d{1,9}:?\s+)"
)
_REQUEST = regex(r"\s*\([#!]\d{1,9}\)\s*$")
_WORD = regex(r"[^\W\d_][\w'\u2019.-]*")
_NO_PROSE = regex(
    r"^\s*(?:[A-Z][A-Za-z-]{2,30}-by:|Change-Id:|Signed-off|Co-authored|#|\||```|>|https?://\S+\s*$|This reverts commit"
    r"|\(cherry picked|(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?|see|part of|issue)[: ]+\S{0,80}#?\d+\.?\s*$)",
    re.IGNORECASE,
)
_LISTED = regex(r"^\s*[*+-]\s+")


def says_what(subject: str) -> bool:
    """Whether a subject is specific: three words or more of which two mean something, once prefix and number are
    off."""
    text = _REQUEST.sub("", _PREFIX.sub("", " ".join(subject.split()), count=1))
    words = _WORD.findall(text)
    telling = {word.casefold() for word in words} - word_list("says_nothing")
    if not text.isascii() and len(words) < FEWEST_WORDS:
        return len(text) >= FEWEST_LETTERS // 2  # writing without spaces between words
    return len(words) >= FEWEST_WORDS and len(telling) >= 2 and len(text) >= FEWEST_LETTERS


def says_why(commit: Commit) -> bool:
    """Whether a body explains: a dozen words of prose or more, without trailers, links, quotes and the lists of
    subjects that forges put into the body of a squash."""
    if len(commit.body) < 4 * WORDS_OF_AN_EXPLANATION:
        return False
    count = 0
    for line in commit.body.split("\n"):
        if _NO_PROSE.match(line):
            continue
        words = len(_WORD.findall(line))
        # Short points of a list are what forges put into the body of a squash: the subjects of its commits.
        if not _LISTED.match(line) or words > 8:
            count += words
    return count >= WORDS_OF_AN_EXPLANATION

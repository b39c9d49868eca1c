"""What the commits say, without judgement: one lean pass over the history, and questions about it.

rows      each commit with its author, the parts of the code that it touches, and its kind
mainline  how changes came to the main line: through a request, by hand, merged by whom
messages  what a commit's text refers to: requests, issues, commits it undoes
areas     the domains of the code base, told from its folders
sample    the few commits that stand for all; their lines are counted (sizes)
wording   whether a message says what and why
undoing   which commits a commit says that it takes back
repairs   reverts, hotfixes and incidents, and what mends them
drives    series of commits that carry one change through the code
frame     all of it as a pandas table, for export alone (pandas is imported there and nowhere else)
"""

from __future__ import annotations

from evidence.facts.history.mainline import Landing
from evidence.facts.history.past import Past
from evidence.facts.history.path_kinds import PathKind
from evidence.facts.history.rows import Row
from evidence.facts.history.sample import spread
from evidence.facts.history.sizes import Size
from evidence.facts.history.undoing import Undoings
from evidence.facts.history.wording import says_what, says_why

__all__ = ["Landing", "Past", "PathKind", "Row", "Size", "Undoings", "says_what", "says_why", "spread"]

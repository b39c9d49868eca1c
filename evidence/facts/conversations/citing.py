"""A thing on the forge as a citation: the sentences that count, quoted, and what lets anyone see that it was edited.

Text of the forge is hostile and private: secrets are masked before anything is cut, and e-mail addresses are taken out.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from evidence.facts.conversations.items import Item, quoted_passages
from evidence.facts.secrets.addresses import without_addresses
from evidence.facts.secrets.masking import mask_lines
from evidence.model import IssueCitation, PullRequestCitation, ReviewCommentCitation

ForgeCitation = PullRequestCitation | ReviewCommentCitation | IssueCitation

# As much as a reader takes in beside a statement: three sentences of three lines each.
_PASSAGES = 3
_CHARACTERS = 300


def cited_item(item: Item, clause: str, repository: str) -> ForgeCitation | None:
    """The citation of an item for the clause that it shows; None for what has no citation of its own (releases)."""
    masked = mask_lines(item.body.split("\n"))
    text = "\n".join(masked)
    hidden = text != item.body
    shared: dict[str, Any] = {
        "repository": repository,
        "number": item.number,
        "clause": clause,
        "url": item.url,
        "created": _iso(item.created),
        "updated": _iso(item.updated),
        # A hash of a text with a secret in it would let anyone test guesses at the secret.
        "sha256": "" if hidden else hashlib.sha256(item.body.encode("utf-8", "replace")).hexdigest(),
        "excerpt": _excerpt(item, clause, text if hidden else None),
    }
    if item.kind in ("comment", "review"):
        shared |= {"path": item.path, "line": item.line, "removed": item.removed}
        return ReviewCommentCitation(**shared, comment=item.comment)
    if item.kind in ("change", "elsewhere"):
        return PullRequestCitation(**shared, title=_line(item.title))
    if item.kind in ("issue", "note"):
        return IssueCitation(**shared, title=_line(item.title), note=item.comment)
    return None


def _excerpt(item: Item, clause: str, masked: str | None) -> str:
    """The sentences that show the clause. Where something is masked, the beginning of the masked text: the offsets of
    sentences are those of the text as it was."""
    if masked is not None:
        return "\n".join(_line(line) for line in masked.split("\n") if line.strip())[:_CHARACTERS]
    found = quoted_passages(item, clause)[:_PASSAGES]
    return "\n".join(_line(item.body[passage.start : passage.end]) for passage in found)


def _line(text: str) -> str:
    """One line without addresses, masked and then cut."""
    plain = without_addresses(" ".join(mask_lines([" ".join(text.split())])))
    return plain if len(plain) <= _CHARACTERS else plain[: _CHARACTERS - 1] + "…"


def item_of(citation: ForgeCitation) -> tuple[str, ...]:
    """The names under which a citation's thing may be found again."""
    if isinstance(citation, ReviewCommentCitation):
        return tuple(f"{kind}/{citation.number}/{citation.comment}" for kind in ("comment", "review"))
    if isinstance(citation, PullRequestCitation):
        return (f"elsewhere/{citation.url}", f"change/{citation.number}")
    return (f"note/{citation.number}/{citation.note}" if citation.note else f"issue/{citation.number}",)


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return ""

"""Pieces of Markdown in which nothing of a repository can come to life.

What is not ours becomes a code span or a code block, with more backticks around it than any run inside: so it can
neither close its quotes nor become a link, HTML, a heading, a mention of a person or a reference to an issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evidence.patterns import regex
from evidence.report.summary import Link, Part, Place, Quote, Sentence
from evidence.report.visible import safe_url, shortened, spans, visible

_LONGEST_QUOTE = 300
_SPECIAL = regex(r"([\\`*_\[\]<>|~&])")
# Words that a forge turns into links, mentions, references or formulas by itself.
_LIVELY = regex(r"@|://|www\.|#\d|GH-\d|\$", re.IGNORECASE)
_BACKTICKS = regex(r"`+")


def paragraphs(sentences: Iterable[Sentence]) -> str:
    """Each sentence as a paragraph of its own."""
    return "".join(f"{sentence(s)}\n\n" for s in sentences)


def sentence(parts: Sentence) -> str:
    """A sentence of the summary; quotes become code, and places in the page their bare names."""
    return "".join(_part(p) for p in parts)


def _part(part: Part) -> str:
    if isinstance(part, Quote):
        return code(part.text)
    if isinstance(part, Link):
        return link(prose(part.text), part.url)
    return prose(part.text if isinstance(part, Place) else part)


def prose(text: str) -> str:
    """Our sentence with everything escaped; quoted names and words that a forge would bring to life become code."""
    return "".join(code(piece) if marked else _words(piece) for marked, piece in spans(text))


def _words(text: str) -> str:
    parts = re.split(r"( )", visible(text))
    return "".join(code(p) if _LIVELY.search(p) else _SPECIAL.sub(r"\\\1", p) for p in parts)


def code(text: str) -> str:
    """A code span around ``text`` on one line, with a fence longer than any run of backticks inside."""
    shown = shortened(visible(text), _LONGEST_QUOTE) or " "
    marks = "`" * (1 + _longest_run(shown))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{marks}{pad}{shown}{pad}{marks}"


def link(label: str, url: str) -> str:
    """A link if the address may be one, else the label alone."""
    return f"[{label}](<{url}>)" if safe_url(url) else label


def fence(lines: Sequence[str], indent: str) -> str:
    """Lines as a code block that none of them can close."""
    marks = "`" * max(3, 1 + _longest_run("\n".join(lines)))
    return "\n".join(f"{indent}{line}" for line in (f"{marks}text", *lines, marks))


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def table_cell(text: str) -> str:
    """Text inside a table: a bar would end its cell even in a code span."""
    return text.replace("\\|", "|").replace("|", "\\|")


def table_row(cells: Iterable[str]) -> str:
    """One line of a table; its cells must come from :func:`table_cell`."""
    return f"| {' | '.join(cells)} |"

"""The digest as one HTML file: no request to anywhere, no script, whole on a phone, on paper and in a screen reader.

What the page says comes from :mod:`outline` and :mod:`summary`; the templates place it. Autoescaping is always on; the
only markup that passes is made by :mod:`excerpt` and by the two filters below, which escape what they wrap.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.model import Citation, Digest, FileCitation, IssueCitation
from evidence.report import excerpt, names, words
from evidence.report.change import told_changes
from evidence.report.contributors import contributors
from evidence.report.made_from import made_from
from evidence.report.outline import STRAYS, outline
from evidence.report.pictures import drawn, span_of
from evidence.report.summary import candidate, summarise
from evidence.report.visible import safe_url, spans, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_ENTRIES = 20


@dataclass(frozen=True)
class Frame:
    """What a server puts around the digest's page; all of it is markup that is already escaped.

    ``head`` takes the place of the policy and the style sheet within the file, ``top`` stands above the digest,
    ``foot`` takes the place of the field for a correction, and ``notes`` stand beside the evidence of a signal.
    """

    head: str
    top: str
    foot: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def style_sheet() -> str:
    """The style sheet of the page, as it is put into the file."""
    return (_TEMPLATES / "page.css").read_text(encoding="utf-8")


def to_html(digest: Digest, frame: Frame | None = None) -> str:
    """The whole page, ready to be written as UTF-8; in ``frame`` where a server shows it."""
    from markupsafe import Markup

    page = outline(digest)
    style = style_sheet()
    return (
        _environment()
        .get_template("page.html")
        .render(
            digest=digest,
            page=page,
            summary=summarise(page),
            title=visible(words.joined([r.name for r in digest.repositories])),
            names={r.id: r.name for r in digest.repositories},
            several=len(digest.repositories) > 1,
            named=candidate(page) is not None,
            pictures=drawn(digest),
            changes=told_changes(page),
            people=contributors(page),
            made_from=made_from(digest),
            contradicted=sum(c.contradicted for c in digest.cells),
            style=Markup(style),  # noqa: S704 - our own file, and the policy names its hash
            style_hash=_hash(style),
            frame=frame,
        )
    )


def _hash(style: str) -> str:
    """The style sheet's name in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_filters())
    environment.tests["issue"] = lambda citation: isinstance(citation, IssueCitation)
    environment.globals.update(
        STATUS=words.STATUS,
        GRADE=words.GRADE,
        OUTCOME=words.OUTCOME,
        CONTRADICTED=words.CONTRADICTED,
        LEVELS=words.LEVELS,
        MOST_ENTRIES=_MOST_ENTRIES,
        STRAYS=STRAYS,
    )
    return environment


def _filters() -> dict[str, Callable[..., Any]]:
    return {
        "seen": names.seen,
        "headed": names.headed,
        "prose": _prose,
        "address": safe_url,
        "clause": words.clause,
        "day": lambda iso: visible(words.day(iso)),
        "who": words.who,
        "number": words.number,
        "counted": words.counted,
        "capital": words.capital,
        "lines": excerpt.lines,
        "coloured": excerpt.highlighted,
        "command": _command,
        "shell": shlex.quote,
        "span_of": _span_of,
        "time_span": span_of,
        "ours": lambda text: _prose(text, css=""),
    }


def _command(text: str) -> Markup:
    """A quoted command; an option's name is not broken at its hyphens."""
    from markupsafe import Markup

    option = Markup('<span class="option">{}</span>')
    parts = (names.seen(word) for word in text.split(" "))
    return Markup(" ").join(option.format(part) if part.startswith("--") else part for part in parts)


def _prose(text: str, css: str = "quoted") -> Markup:
    """A sentence of ours; the names between backticks are the repository's and are marked as such."""
    from markupsafe import Markup, escape

    code = Markup('<code class="{}">{}</code>')
    return Markup("").join(
        code.format(css, names.seen(t)) if marked else escape(visible(t)) for marked, t in spans(text)
    )


def _span_of(citation: Citation, shown: int) -> str:
    """What an excerpt shows: "Line 6", "Lines 31 to 35", or "Text" of a comment."""
    if not isinstance(citation, FileCitation):
        return "Text"
    first, last = citation.start_line, citation.start_line + shown - 1
    return f"Line {first}" if first == last else f"Lines {first} to {last}"

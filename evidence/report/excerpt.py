"""Cited lines with their numbers and colours, as markup that is safe whatever the lines hold.

Pygments only classifies: it is given short, already visible text, by lexers from a fixed list (its lexers are regular
expressions, and the text is hostile). Escaping is done here, on every token.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from evidence.report.visible import shortened, visible

if TYPE_CHECKING:
    from markupsafe import Markup
    from pygments.lexer import Lexer

MOST_LINES = 20
_LONGEST_LINE = 240
# Above this the lines are shown without colour: it bounds what a slow expression of a lexer can cost (see the tests).
_MOST_COLOURED = 3_000
_LANGUAGES = {
    ".py": "python",
    ".pyi": "python",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".toml": "toml",
    ".ini": "ini",
    ".cfg": "ini",
    ".md": "markdown",
    ".html": "html+jinja",
    ".j2": "html+jinja",
    ".jinja": "html+jinja",
    ".json": "json",
    ".sh": "bash",
    ".tf": "terraform",
    ".hcl": "terraform",
    "dockerfile": "docker",
    "makefile": "make",
}
# The families that get a colour, most specific first; all other text keeps the colour of the page.
_CLASSES = (
    ("Token.Comment", "c"),
    ("Token.Literal.String", "s"),
    ("Token.Literal.Number", "m"),
    ("Token.Keyword", "k"),
    ("Token.Operator.Word", "k"),
    ("Token.Name.Decorator", "d"),
    ("Token.Name.Function", "f"),
    ("Token.Name.Class", "f"),
    ("Token.Name.Tag", "f"),
    ("Token.Name.Attribute", "d"),
    ("Token.Name.Builtin", "b"),
)


def lines(text: str) -> tuple[list[str], int]:
    """The first lines of an excerpt, visible and cut to a readable length, and how many lines are not shown."""
    every = text.removesuffix("\n").split("\n")
    shown = [shortened(visible(line.removesuffix("\r"), keep="\t"), _LONGEST_LINE) for line in every[:MOST_LINES]]
    return shown, len(every) - len(shown)


def highlighted(shown: list[str], path: str, start: int) -> Markup:
    """``shown`` as one ``span`` per line that carries its number, coloured when the language of ``path`` is known."""
    from markupsafe import Markup

    coloured = _tokens("\n".join(shown), path)
    numbered = (
        Markup('<span class="line" data-n="{}">{}</span>').format(start + index, line)
        for index, line in enumerate(coloured)
    )
    return Markup("\n").join(numbered)


@lru_cache(maxsize=2_000)
def _tokens(text: str, path: str) -> tuple[Markup, ...]:
    """Each line as markup; line breaks inside a token (a docstring) end and reopen its span. Remembered: a server
    renders the same excerpts with names and without, and again for each part of a digest."""
    from markupsafe import Markup, escape

    lexer = _lexer(path)
    if lexer is None or len(text) > _MOST_COLOURED:
        return tuple(escape(line) for line in text.split("\n"))
    rows: list[list[Markup]] = [[]]
    for family, piece in _pieces(lexer, text):
        for index, part in enumerate(piece.split("\n")):
            if index:
                rows.append([])
            if part:
                rows[-1].append(Markup('<span class="{}">{}</span>').format(family, part) if family else escape(part))
    return tuple(Markup("").join(row) for row in rows)


def _pieces(lexer: Lexer, text: str) -> Iterator[tuple[str, str]]:
    """Runs of one colour: a string is three tokens and one span."""
    tokens = ((_family(str(token)), piece) for token, piece in lexer.get_tokens(text))
    for family, run in groupby(tokens, key=itemgetter(0)):
        yield family, "".join(piece for _, piece in run)


@lru_cache(maxsize=512)
def _family(token: str) -> str:
    return next((short for prefix, short in _CLASSES if token.startswith(prefix)), "")


def _lexer(path: str) -> Lexer | None:
    name = path.rsplit("/", 1)[-1].lower()
    _, dot, suffix = name.rpartition(".")
    language = _LANGUAGES.get(dot + suffix) if dot else _LANGUAGES.get(name)
    if language is None and name.startswith("dockerfile."):
        language = "docker"
    return _lexer_named(language) if language else None


@lru_cache(maxsize=32)
def _lexer_named(language: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name

    # Without these two Pygments would drop blank lines at the edges, and every number after them would be wrong.
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)

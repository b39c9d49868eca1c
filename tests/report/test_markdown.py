"""The Markdown form: short, bounded, and inert."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from evidence.model import Digest, FileCitation
from evidence.report import to_markdown
from evidence.report.markdown import MOST_BYTES

EXAMPLES = ("rich", "quiet", "flaskless", "two_repositories")


def _tokens(text: str) -> Iterator[Token]:
    """All tokens of a page as a forge would parse it: tables, HTML allowed, addresses linked."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_is_the_golden_one(name: str, golden: Callable[[str], Path], request: pytest.FixtureRequest) -> None:
    """The page is byte for byte the reviewed one."""
    path, text = golden(f"{name}.md"), to_markdown(request.getfixturevalue(name))
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode(), "UPDATE_GOLDEN=1 writes it again; read the difference first"


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_in_it_is_alive(name: str, request: pytest.FixtureRequest) -> None:
    """No HTML, no image, links to http only, and no hidden character."""
    text = to_markdown(request.getfixturevalue(name))
    tokens = list(_tokens(text))
    assert not {"html_block", "html_inline", "image"} & {t.type for t in tokens}
    addresses = [str(t.attrs["href"]) for t in tokens if t.type == "link_open"]
    assert addresses and all(a.startswith("https://github.com/owner/") for a in addresses)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", text)


def test_hostile_text_is_code(rich: Digest) -> None:
    """What the repository says is inside code spans and fences; no heading, mention or reference comes of it."""
    tokens = list(_tokens(to_markdown(rich)))
    plain = " ".join(t.content for t in tokens if t.type == "text")
    assert not re.search(r"@admin|#1\b|\$x\$|https?://|nimda|Hired", plain)
    code = " ".join(t.content for t in tokens if t.type in ("code_inline", "fence"))
    assert "@admin" in code and "nimda" in code and "Hired" in code
    headings = [b.content for a, b in pairwise(tokens) if a.type == "heading_open"]
    assert not any("Recommendation" in h for h in headings)


def test_a_fence_is_longer_than_any_run_inside(rich: Digest) -> None:
    """The excerpt of counter-evidence holds fences of its own and stays one block."""
    fences = [t for t in _tokens(to_markdown(rich)) if t.type == "fence"]
    assert len(fences) == 1
    assert "# Recommendation: hire" in fences[0].content and fences[0].markup == "`" * 5


def test_the_matrix_is_a_table(rich: Digest) -> None:
    """One table per domain with a sign for every cell, and the signs are explained."""
    text = to_markdown(rich)
    rows = [t for t in _tokens(text) if t.type == "tbody_open"]
    assert len(rows) == 6
    assert "| Application structure | ● | ● | ◐ | ○ |" in text
    assert "| Secrets and supply chain | ○ | ○ ▲ | ○ | ○ |" in text
    assert "● supported · ◐ partly" in text


def test_evidence_has_links_and_counter_evidence_is_beside_it(rich: Digest) -> None:
    """Statements come with grade and permalinks; what speaks against is marked in the summary and in its cell."""
    text = to_markdown(rich)
    assert "**Application factory**, sustained: `create_app` builds" in text
    assert "[`app/__init__.py:31-35`](<https://github.com/owner/shop/blob/" in text
    assert text.count("▲") >= 4 and "What did you change here" in text


def test_a_page_without_flask_opens_with_that_sentence(flaskless: Digest) -> None:
    """It is the first sentence after the notice."""
    assert to_markdown(flaskless).split("\n\n")[2].startswith("No Flask application was found in `owner/tiny`.")


@pytest.mark.no_cover
@pytest.mark.parametrize("many", [40, 4_000])
def test_the_size_is_bounded(rich: Digest, many: int) -> None:
    """However much was found it fits into a comment; the rest is named, and what could not be seen is still told."""
    signal = rich.signals[0]
    wide = "x" * 3_000
    citations = tuple(replace(c, path=wide) for c in signal.citations if isinstance(c, FileCitation))
    signals = tuple(replace(signal, id=f"x.{n}", statement=wide, citations=citations) for n in range(many))
    ledger = tuple(replace(e, code=f"{e.code}_{n}", subject=wide) for n in range(many) for e in rich.ledger[:1])
    text = to_markdown(replace(rich, signals=signals, ledger=ledger))
    assert MOST_BYTES * 0.6 < len(text.encode()) <= MOST_BYTES < 65_536
    assert "The HTML form of this digest has all of it" in text and "## What could not be seen" in text


def test_a_digest_without_anything_is_still_a_page(quiet: Digest) -> None:
    """No repository, no cell, no signal: a page that says so."""
    empty = replace(quiet, repositories=(), competencies=(), signals=(), findings=(), cells=())
    assert "No repository was read." in to_markdown(empty)

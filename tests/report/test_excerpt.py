"""Cited lines: numbered, coloured, and harmless."""

from __future__ import annotations

import html
import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.report.excerpt import MOST_LINES, highlighted, lines

PATHS = (
    "a.py",
    "a.yml",
    "a.toml",
    "setup.cfg",
    "a.md",
    "a.html",
    "a.json",
    "a.sh",
    "a.tf",
    "Dockerfile",
    "deploy/Dockerfile.web",
    "Makefile",
    "a.unknown",
    "a",
    "",
)
# What made lexers slow or lose lines: openings without end, blank edges, continuations.
ODD = (
    "\n\n",
    "\\\n\\\n",
    '"""',
    "{% raw",
    "<!--",
    "a: &a [*a",
    "${" * 50,
    " " * 3_000,
    "1e" * 2_000,
    "@a." * 1_000,
    "\n \n" * 9,
)
_TAG = re.compile(r"<[^>]*>")


def _text(markup: str) -> list[str]:
    return [html.unescape(_TAG.sub("", line)) for line in markup.split("\n")]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("odd", ODD)
def test_colour_changes_no_text(path: str, odd: str) -> None:
    """Whatever the language and the lines, the text shown is the text given, line by line."""
    shown, _ = lines(odd)
    assert _text(highlighted(shown, path, 1)) == shown


@given(st.text(alphabet="ab01 \t\n\"'`#{}[]()<>&%$@*-=:\\/!|", max_size=300), st.sampled_from(PATHS))
def test_colour_changes_no_random_text(text: str, path: str) -> None:
    """The same for arbitrary text made of the signs that languages give a meaning."""
    shown, _ = lines(text)
    assert _text(highlighted(shown, path, 1)) == shown


def test_each_line_carries_its_number() -> None:
    """Numbers start at the cited line and count blank lines at the edges."""
    shown, _ = lines("\n\ndef f():\n\n")
    assert re.findall(r'data-n="(\d+)"', highlighted(shown, "a.py", 41)) == ["41", "42", "43", "44"]


def test_code_is_coloured_by_its_language() -> None:
    """A keyword of Python is marked in a Python file and plain in an unknown one."""
    assert '<span class="k">def</span>' in highlighted(["def f():"], "a.py", 1)
    assert '<span class="k">' not in highlighted(["def f():"], "a.unknown", 1)


def test_long_excerpts_are_cut() -> None:
    """At most twenty lines are shown and the rest is counted; very long lines end in an ellipsis."""
    shown, rest = lines("\n".join(["x" * 10_000] * (MOST_LINES + 7)))
    assert (len(shown), rest) == (MOST_LINES, 7)
    assert all(len(line) < 300 and line.endswith("…") for line in shown)


def test_line_ends_of_windows_are_not_shown() -> None:
    """A carriage return before the line break is no content; a lone one is shown."""
    assert lines("a\r\nb\rc\r\n") == (["a", "b⟦U+000D⟧c"], 0)


def test_markup_in_the_lines_is_text() -> None:
    """No tag of the excerpt survives as a tag, in a coloured file or a plain one."""
    for path in ("a.html", "a.py", "a.unknown"):
        markup = highlighted(['<script>alert("1")</script>'], path, 1)
        assert "<script" not in markup and set(re.findall(r"</?(\w+)", markup)) == {"span"}


@pytest.mark.parametrize("path", PATHS)
def test_hostile_lines_cost_little(path: str) -> None:
    """The slowest of the odd texts is coloured within a second of processor time (measured: under 0.1)."""
    begin = process_time()
    for odd in ODD:
        highlighted(lines(odd * 20)[0], path, 1)
    assert process_time() - begin < len(ODD)

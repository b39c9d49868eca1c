"""Documents become sections that count the author's own words."""

from __future__ import annotations

from evidence.facts.formats.documents import extract_asciidoc, extract_markdown, extract_rst
from evidence.facts.records import Document


def outline(document: Document) -> list[tuple[str, int, int, int, int]]:
    """Title, level, first line, last line and words of each section."""
    return [(s.title, s.level, s.start, s.end, s.words) for s in document.sections]


_MARKDOWN = b"""\
---
status: accepted
---
Intro [the link](http://example.com/a) and ![logo](img.png).

# Title
Text `code` here.

```python
# not a heading
```

| a | b |
|---|---|
| one | two |

Sub
---
- item <https://example.com/b>
- see [ref][r]

<!-- hidden words
# not a heading either -->

[r]: docs/x.md "t"
"""


def test_markdown_sections() -> None:
    """Sections have their lines and words; code, comments, table rules and link targets hold none."""
    found = extract_markdown(_MARKDOWN)
    assert outline(found) == [("", 0, 1, 5, 5), ("Title", 1, 6, 16, 7), ("Sub", 2, 17, 25, 3)]
    assert found.fences == (("python", 9, 11),)
    assert found.links == (
        ("http://example.com/a", 4),
        ("img.png", 4),
        ("https://example.com/b", 19),
        ("docs/x.md", 25),
    )
    assert found.front is not None and found.front.line_of("status") == 2


def test_template_hints_are_no_words() -> None:
    """What a template leaves to be filled in is not its author's."""
    found = extract_markdown(
        b"## Context\n{describe the context}\n<insert the decision here>\n[Describe the forces at play]\n"
        b"The issue motivating this decision, and any context that influences or constrains the decision.\n"
        b"## Decision\nWe use [Redis](https://example.com) for sessions.\n"
    )
    assert [section.words for section in found.sections] == [0, 5]


def test_text_is_cut_and_words_are_not() -> None:
    """A section's text is at most 4,000 characters, its words are all counted."""
    found = extract_markdown(b"# A\n" + b"word " * 2_000)
    assert len(found.sections[0].text) == 4_000
    assert found.sections[0].words == 2_000


_RST = b"""\
=====
Title
=====

Intro `x <http://example.com/a>`_ see :func:`foo`.

Sub
---

Code::

    a = 1

.. code-block:: python

   x

.. _t: http://example.com/b
.. a comment

Deep
~~~~
.. note:: take care

Other
---
"""


def test_rst_sections() -> None:
    """A heading's level is its adornment's order of appearance; directives and literal blocks are code."""
    found = extract_rst(_RST)
    assert [(title, level, start) for title, level, start, _, _ in outline(found)] == [
        ("Title", 1, 1),
        ("Sub", 2, 7),
        ("Deep", 3, 21),
    ]
    assert found.fences == (("", 12, 12), ("python", 14, 16))
    assert found.links == (("http://example.com/a", 5), ("http://example.com/b", 18))
    assert "Other" in found.sections[2].text  # its underline is too short


_ADOC = b"""\
= Doc
:toc:

Intro link:x.adoc[the foo].

== Sub
[source,python]
----
== no heading
----
// hidden
Text.
"""


def test_asciidoc_sections() -> None:
    """Headings, listings, comments and links follow AsciiDoc's rules."""
    found = extract_asciidoc(_ADOC)
    assert [(title, level, start, end) for title, level, start, end, _ in outline(found)] == [
        ("Doc", 1, 1, 5),
        ("Sub", 2, 6, 12),
    ]
    assert found.fences == (("python", 8, 10),)
    assert found.links == (("x.adoc", 4),)
    assert found.sections[1].words == 1

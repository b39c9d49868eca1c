"""Jinja templates become tags."""

from __future__ import annotations

from evidence.facts.formats.jinja import extract
from evidence.facts.records import Tag

_TEMPLATE = b"""\
{% extends "base.html" %}
{% block body %}{{ user.name|upper|e }} {{ url_for('x.y', a=1).foo }}{% endblock %}
{% from "m.html" import field, row as r with context %}
{% autoescape false %}{% filter upper %}{% trans n=1 %}x{% endtrans %}
{% if a is defined and not b.c[0] %}{# {{ comment }} #}
{% raw %}{{ raw }}{% endraw %}
{{ bad ! }}
{%- include "tail.html" -%}
"""


def test_tags_names_strings_and_filters() -> None:
    """Tags carry their word, dotted names, strings and filters; closing tags, comments and raw blocks are left out."""
    found = extract(_TEMPLATE)
    assert found.tags == (
        Tag("extends", 1, (), ("base.html",)),
        Tag("block", 2, ("body",)),
        Tag("output", 2, ("user.name",), (), ("upper", "e")),
        Tag("output", 2, ("url_for", "a"), ("x.y",)),
        Tag("from", 3, ("field", "row", "r"), ("m.html",)),
        Tag("autoescape", 4, ("false",)),
        Tag("filter", 4, (), (), ("upper",)),
        Tag("trans", 4, ("n",)),
        Tag("if", 5, ("a", "defined", "b.c")),
        Tag("include", 8, (), ("tail.html",)),
    )


def test_reading_goes_on_behind_a_mistake() -> None:
    """A line on which the lexer fails is lost alone."""
    assert [(lost.start, lost.end, lost.reason) for lost in extract(_TEMPLATE).lost] == [(7, 7, "syntax")]

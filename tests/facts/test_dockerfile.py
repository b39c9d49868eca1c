"""Dockerfiles become instructions with their stages, forms and lines."""

from __future__ import annotations

from evidence.facts.formats.dockerfile import extract

_DOCKERFILE = b"""\
# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
RUN pip install \\
    # a comment

    --no-cache-dir -r requirements.txt && \\
    echo done
copy --chown=app . /app

FROM build
RUN <<EOF sh
one
# two
EOF
HEALTHCHECK --interval=5s CMD ["curl", "-f", "http://localhost"]
CMD ["gunicorn", "app:app"]
ENTRYPOINT exec run
{% if extra %}
"""


def test_words_stages_and_lines() -> None:
    """Words are upper case, stages count FROM lines, and continued instructions span their lines without comments."""
    found = extract(_DOCKERFILE)
    assert [(i.word, i.stage, i.start, i.end) for i in found.instructions] == [
        ("FROM", 0, 2, 2),
        ("RUN", 0, 3, 7),
        ("COPY", 0, 8, 8),
        ("FROM", 1, 10, 10),
        ("RUN", 1, 11, 14),
        ("HEALTHCHECK", 1, 15, 15),
        ("CMD", 1, 16, 16),
        ("ENTRYPOINT", 1, 17, 17),
    ]
    assert found.instructions[1].text == "pip install --no-cache-dir -r requirements.txt && echo done"
    assert [(lost.start, lost.reason) for lost in found.lost] == [(18, "syntax")]


def test_heredocs_and_json_form() -> None:
    """A here-document's body is kept apart; the JSON form has words, also behind HEALTHCHECK's flags."""
    by_word = {(i.word, i.stage): i for i in extract(_DOCKERFILE).instructions}
    assert by_word["RUN", 1].heredocs == ("one\n# two",)
    assert by_word["HEALTHCHECK", 1].words == ("curl", "-f", "http://localhost")
    assert by_word["CMD", 1].words == ("gunicorn", "app:app")
    assert by_word["ENTRYPOINT", 1].words == ()


def test_escape_directive_changes_the_continuation() -> None:
    """With ``# escape=`` a backslash ends no line, and the other character continues it."""
    found = extract(b"# escape=`\nFROM x\nRUN a `\n  b\nRUN c:\\\nRUN d\n")
    assert [i.text for i in found.instructions] == ["x", "a b", "c:\\", "d"]


def test_unclosed_heredoc_swallows_nothing() -> None:
    """A here-document without an end leaves the instructions behind it."""
    assert [i.word for i in extract(b"FROM x\nRUN <<EOF\nRUN b\n").instructions] == ["FROM", "RUN", "RUN"]


def test_arguments_before_the_first_stage() -> None:
    """An ARG before FROM belongs to no stage."""
    assert [(i.word, i.stage) for i in extract(b"ARG V=1\nFROM x:$V\n").instructions] == [("ARG", -1), ("FROM", 0)]

"""Paths and messages of others, written so that they can be shown and read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.source.quoting import path_bytes, path_text, visible


@given(st.binary(min_size=1, max_size=40))
def test_a_path_survives_the_round_trip(raw: bytes) -> None:
    """No two paths share one text."""
    assert path_bytes(path_text(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"src/app.py", "src/app.py"),
        ("café.py".encode(), "café.py"),
        (b"caf\xe9.py", '"caf\\351.py"'),
        (b'\xff"\\\n\t', '"\\377\\"\\\\\\n\\t"'),
        (b'"quoted".py', '"\\"quoted\\".py"'),
    ],
)
def test_paths_are_written_as_git_quotes_them(raw: bytes, text: str) -> None:
    """UTF-8 stays as it is; the rest is quoted as git quotes it."""
    assert path_text(raw) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[2Jb\r\n", "a\\x1b[2Jb\\r\\n"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("fatal: https://user:ghp_secret@github.com/o/r", "fatal: https://***@github.com/o/r"),
        ("x" * 500, "x" * 159 + "…"),
    ],
)
def test_messages_are_made_visible(raw: str, shown: str) -> None:
    """Control and direction characters are shown, credentials are not, and the length is bounded."""
    assert visible(raw) == shown

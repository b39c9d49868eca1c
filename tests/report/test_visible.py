"""What a reader may be shown of hostile text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.report.visible import safe_url, shortened, spans, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("app/__init__.py", "app/__init__.py"),
        ("Zoë 日本 👍🏽 — “ok”", "Zoë 日本 👍🏽 — “ok”"),
        ("a\x1b[31mb", "a⟦U+001B⟧[31mb"),
        ("user\u202enimda", "user⟦U+202E⟧nimda"),
        ("zero\u200bwidth", "zero⟦U+200B⟧width"),
        ("null\x00", "null⟦U+0000⟧"),
        ("\x7f\x9b", "⟦U+007F⟧⟦U+009B⟧"),
        ("line\nbreak\r", "line⟦U+000A⟧break⟦U+000D⟧"),
        ("\u3164\U000e0041\U000e0101", "⟦U+3164⟧⟦U+E0041⟧⟦U+E0101⟧"),
        ("\ud800", "⟦U+D800⟧"),
    ],
)
def test_hidden_characters_are_shown_by_number(text: str, shown: str) -> None:
    """Letters, signs and emoji stay; controls, bidirectional marks and blanks become their number."""
    assert visible(text) == shown


def test_kept_characters_stay() -> None:
    """A tab in an excerpt stays a tab."""
    assert visible("\ta\x00", keep="\t") == "\ta⟦U+0000⟧"


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    """No character of a hiding category is in the result, and doing it twice changes nothing."""
    shown = visible(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in shown)
    assert visible(shown) == shown


@pytest.mark.parametrize(
    "url", ["https://github.com/o/r/blob/a1/x%20y.py#L1-L2", "http://127.0.0.1:8080/x", "https://h/a(b)?q=1&r=[2]"]
)
def test_web_addresses_may_be_links(url: str) -> None:
    """Plain http and https addresses pass unchanged."""
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " https://h/",
        "https://h/ x",
        "https://h/\n",
        'https://h/"onmouseover=x',
        "https://h/<x>",
        "https://h/\\x",
        "https://h/`x`",
        "https://h/\u202e",
        "data:text/html,x",
        "//h/x",
        "file:///etc/passwd",
        "https://" + "a" * 5_000,
    ],
)
def test_other_addresses_are_no_links(url: str) -> None:
    """Another scheme, white space, quotes, brackets, letters outside ASCII or absurd length: no link."""
    assert safe_url(url) is None


def test_cut_text_says_that_it_is_cut() -> None:
    """Text within the limit stays; longer text ends in an ellipsis at the limit."""
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain", [(False, "plain")]),
        ("calls `x` twice", [(False, "calls "), (True, "x"), (False, " twice")]),
        ("`a` and `b`", [(True, "a"), (False, " and "), (True, "b")]),
        ("`a``b`", [(True, "`a``b`")]),
        ("one `x``y` name", [(True, "one `x``y` name")]),
        ("odd ` one", [(True, "odd ` one")]),
        ("", []),
    ],
)
def test_names_between_backticks_are_quoted(text: str, pieces: list[tuple[bool, str]]) -> None:
    """Balanced backticks mark quoted names; unbalanced or in a row, everything counts as quoted."""
    assert spans(text) == pieces

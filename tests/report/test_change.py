"""The change of a pasted address, as both forms tell it: who wrote it, how it was reviewed, what it adds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from evidence.model import Digest
from evidence.report import to_html, to_markdown
from tests.report.conftest import CHANGE


def with_change(digest: Digest, **other: Any) -> Digest:
    """The digest with its change told otherwise; ``None`` takes a field away."""
    change = {key: value for key, value in {**CHANGE, **other}.items() if value is not Ellipsis}
    return replace(digest, subject={"candidate": None, "change": change})


def section(digest: Digest) -> str:
    """The part of the Markdown that is about the change."""
    return to_markdown(digest).partition("## The change\n")[2].partition("\n## ")[0]


def words(html: str) -> str:
    """The page's section about the change without its markup."""
    part = html.partition('<section id="change"')[2].partition("</section>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


def test_both_forms_tell_author_reviews_and_signals(rich: Digest) -> None:
    """Names, states, dates, both commits and each signal stand in the Markdown and in the page."""
    markdown, page = section(rich), words(to_html(rich))
    told = ("Opened by", "ada", "3 February 2024", "merged on 5 February 2024", "asked for changes", "approved it",
            "on a change of their own", "An account that is gone", "a1a1a1a1a1", "d4d4d4d4d4", "Application factory",
            "not found before, sustained after", "this speaks against", "app/__init__.py")  # fmt: skip
    for each in told:
        assert each in markdown
        assert each in re.sub(r"/ ", "/", page)


def test_the_page_links_to_the_change_and_its_reviews(rich: Digest) -> None:
    """Links lead to the forge alone; an address that may be none is text."""
    part = to_html(rich).partition('<section id="change"')[2].partition("</section>")[0]
    links = re.findall(r'href="(https:[^"]+)"', part)
    page = "https://github.com/owner/shop/pull/12"
    assert links == [page, f"{page}#r1", f"{page}#r2"]
    assert "javascript:alert(1)" not in re.findall(r'href="([^"]*)"', part)
    assert "](<javascript" not in section(rich)


def test_the_raw_record_is_not_shown(rich: Digest) -> None:
    """What the section tells in words does not stand once more as data."""
    assert "changes_requested" not in to_html(rich)
    assert "&#34;adds&#34;" not in to_html(rich)


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"reviews": None, "state": ...}, "how it was reviewed is not known: the forge was not asked"),
        ({"reviews": []}, "No reviews were handed in; it has five comments"),
        ({"state": "open", "merged": None}, "it is open and is a draft."),
        ({"state": "closed", "merged": None, "draft": False}, "it was closed and not merged."),
        ({"login": None}, "Opened by an account that is gone on"),
        ({"base": None, "adds": None}, "could not be told, so neither can what it adds"),
        ({"adds": []}, "It adds nothing to the signals that files show."),
    ],
)
def test_what_is_not_known_is_said(quiet: Digest, other: dict[str, Any], sentence: str) -> None:
    """Not asked, nothing there, and could not be told are three different sentences."""
    digest = with_change(quiet, **other)
    assert sentence in section(digest)
    assert sentence in words(to_html(digest))


def test_a_digest_without_a_change_has_no_such_part(quiet: Digest) -> None:
    """Neither form has the heading."""
    assert "The change" not in to_markdown(quiet)
    assert 'id="change"' not in to_html(quiet)


def test_several_changes_are_told_with_their_repositories(two_repositories: Digest) -> None:
    """Of a digest of several, each change names its repository."""
    changes = [{"repository": name, **CHANGE, "number": at} for at, name in ((1, "r1"), (2, "r2"))]
    digest = replace(two_repositories, subject={"candidate": None, "changes": changes})
    assert "owner/other" in words(to_html(digest)).replace("/ ", "/")
    assert to_markdown(digest).count("## The change") == 2


@pytest.mark.parametrize("odd", [7, "x", [], {"number": 1, "reviews": [3], "adds": [4, {"places": 9}], "title": {}}])
def test_an_edited_digest_breaks_nothing(quiet: Digest, odd: Any) -> None:
    """Whatever stands where a change should, both forms are written."""
    digest = replace(quiet, subject={"candidate": None, "change": odd})
    assert to_html(digest)
    assert to_markdown(digest)

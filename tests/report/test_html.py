"""The HTML form: one safe, self-contained, accessible file."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from evidence.model import Digest, Outcome
from evidence.report import to_html

EXAMPLES = ("rich", "quiet", "flaskless", "two_repositories")
VOID = {"meta", "wbr", "br", "hr", "img", "input", "link", "rect", "circle", "path"}


class Page(HTMLParser):
    """What the tests ask of a page: its tags in order, its texts by element, and whether it is balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.problems: list[str] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"{tag} is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.problems.append(f"{tag} has an attribute twice")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"{tag} closed inside {self._open[-3:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self._open), data))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """Attributes of every element with one of these names."""
        return [attrs for tag, attrs in self.tags if tag in tags]


@pytest.fixture(params=EXAMPLES)
def text(request: pytest.FixtureRequest) -> str:
    """Each example digest as HTML."""
    return to_html(request.getfixturevalue(request.param))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_is_the_golden_one(name: str, golden: Callable[[str], Path], request: pytest.FixtureRequest) -> None:
    """The page is byte for byte the reviewed one."""
    path, text = golden(f"{name}.html"), to_html(request.getfixturevalue(name))
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode(), "UPDATE_GOLDEN=1 writes it again; read the difference first"


def test_tags_are_balanced(text: str) -> None:
    """Every element is closed where it should be, so no quoted text broke out."""
    assert Page(text).problems == []


def test_nothing_is_loaded(text: str) -> None:
    """No element that can fetch, no script, no form; only links have addresses, and they are http or in-page."""
    page = Page(text)
    names = {tag for tag, _ in page.tags}
    assert not names & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "audio",
        "video",
        "use",
        "image",
    }
    for tag, attrs in page.tags:
        loads = {
            a
            for a in attrs
            if a in ("src", "href", "srcset", "data", "action", "poster", "xlink:href", "style") or a.startswith("on")
        }
        assert loads <= ({"href"} if tag == "a" else set()), (tag, attrs)
    assert all(re.match(r"https?://|#", a["href"] or "") for a in page.all("a"))
    assert "url(" not in text.split("</style>")[0] and "@import" not in text


def test_the_policy_allows_our_style_and_nothing_else(text: str) -> None:
    """The Content-Security-Policy comes before the style it names by hash."""
    policy = next(
        a["content"] or "" for a in Page(text).all("meta") if a.get("http-equiv") == "Content-Security-Policy"
    )
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert text.index("Content-Security-Policy") < text.index("<title>") < text.index("<style>")


def test_links_out_tell_nothing_about_the_reader(text: str) -> None:
    """Every outward link is without opener and referrer."""
    outward = [a for a in Page(text).all("a") if (a["href"] or "").startswith("http")]
    assert outward and all(a.get("rel") == "noopener noreferrer nofollow" for a in outward)


def test_every_place_in_the_page_exists_once(text: str) -> None:
    """Identifiers are unique, and every link and label leads to one of them."""
    page = Page(text)
    names = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(names) == len(set(names))
    wanted = {(a["href"] or "")[1:] for a in page.all("a") if (a["href"] or "").startswith("#")}
    for attribute in ("aria-labelledby", "aria-describedby", "for"):
        wanted |= {attrs[attribute] or "" for _, attrs in page.tags if attribute in attrs}
    assert wanted <= set(names)


def test_headings_descend_by_single_steps(text: str) -> None:
    """One main heading, and no level left out on the way down: a screen reader's table of contents."""
    levels = [int(tag[1]) for tag, _ in Page(text).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_tables_name_their_rows_columns_and_subject(text: str) -> None:
    """Header cells have a scope, and every table a caption or a heading that labels it."""
    page = Page(text)
    assert all(a.get("scope") in ("row", "col") for a in page.all("th"))
    tables, labelled = page.all("table"), [a for a in page.all("table") if "aria-labelledby" in a]
    assert tables and len(tables) == len(labelled) + len(page.all("caption"))


def test_there_are_landmarks_and_a_way_past_them(text: str) -> None:
    """Language, title, one main part, a labelled navigation, and a skip link as the first thing in the page."""
    page = Page(text)
    assert page.all("html")[0]["lang"] == "en" and len(page.all("title")) == len(page.all("main")) == 1
    assert page.all("nav")[0]["aria-label"]
    assert page.all("a")[0] == {"class": "skip", "href": "#summary"}
    assert all(a.get("aria-hidden") == "true" for a in page.all("svg")), "signs are always beside their words"


def test_hostile_text_stands_only_inside_quotes(rich: Digest) -> None:
    """Names, subjects, paths, comments and lines of the repository are inside q or code, or the page's title."""
    for parents, data in Page(to_html(rich)).texts:
        if re.search(r"alert\(|Hired|evil\.example|Recommendation|nimda", data):
            assert {"q", "code", "title"} & set(parents), (parents, data)


def test_hostile_text_is_shown_and_never_obeyed(rich: Digest) -> None:
    """Markup is text, template code is not run, hidden characters are visible, bad addresses are no links."""
    text = to_html(rich)
    assert "&lt;script&gt;alert(1)&lt;/" in text and "{{ 7*7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", text)
    assert "⟦U+202E⟧" in text and "⟦U+001B⟧" in text and "⟦U+0000⟧" in text
    assert not re.search(r'href="[^"]*(javascript|onmouseover)', text)


@pytest.mark.parametrize("address", ["javascript:alert(3)", "data:text/html,x", "//evil.example", "https://h/\u202e"])
def test_a_bad_address_in_an_edited_digest_is_no_link(rich: Digest, address: str) -> None:
    """The digest's own addresses are checked again: only http and https become links."""
    signal = rich.signals[0]
    bad = replace(signal, citations=tuple(replace(c, url=address) for c in signal.citations))
    page = Page(to_html(replace(rich, signals=(bad, *rich.signals[1:]))))
    assert page.problems == [] and address not in {a["href"] for a in page.all("a")}


def test_every_status_is_told_by_sign_and_word(rich: Digest) -> None:
    """Each mark of the matrix has a sign and a label: nothing rests on colour."""
    marks = re.findall(r'<a class="mark [^>]*>(.*?)</a>', to_html(rich))
    assert len(marks) == len(rich.cells)
    assert all("<svg" in m and re.search(r'<span class="label">\w', m) for m in marks)
    assert sum("Counter-evidence" in m for m in marks) == 1


def test_all_of_the_digest_is_in_the_page(rich: Digest) -> None:
    """Every marker, question, signal, statement's place and ledger kind can be found."""
    text = to_html(rich)
    assert all(text.count(c.marker) == 1 for c in rich.cells)
    assert text.count("What did you change here, and why?") == len(rich.cells)
    assert all(s.title.replace("'", "&#39;") in text for s in rich.signals)
    assert all(f">{n}<" in text or f"-{n}<" in text for n in ("31", "microblog.py"))
    assert "Third-party file" in text and "and five more in the JSON form" in text


def test_a_page_without_flask_opens_with_that_sentence(flaskless: Digest) -> None:
    """The summary's first sentence says it, and Flask rows are folded away."""
    text = to_html(flaskless)
    summary = text.split('<div class="lead">')[1]
    assert summary.lstrip().startswith("<p>No Flask application was found in")
    assert "Three rows without a Flask application to read" in text


def test_a_quiet_page_is_no_wall(quiet: Digest) -> None:
    """Rows where nothing was found are one line each, folded."""
    page = Page(to_html(quiet))
    folded = [a for a in page.all("details") if a.get("class") == "folded" and (a.get("id") or "").startswith("row-")]
    assert len(folded) == len(quiet.competencies) and not any("open" in a for a in folded)


def test_a_digest_without_anything_is_still_a_page(quiet: Digest) -> None:
    """No repository, no cell, no signal: a whole page that says so."""
    empty = replace(quiet, repositories=(), competencies=(), signals=(), findings=(), cells=())
    text = to_html(empty)
    assert Page(text).problems == [] and "No repository was read." in text and "Nothing was found." in text


def test_rendering_twice_gives_the_same_page(rich: Digest) -> None:
    """Nothing of an earlier page or of the clock is in it."""
    assert to_html(rich) == to_html(rich)


def test_the_page_grows_with_findings_not_with_cells(rich: Digest) -> None:
    """An excerpt is shown once although several cells rest on it."""
    assert to_html(rich).count("create_app</span>") == 1
    assert sum(s.outcome is Outcome.FOUND for s in rich.signals) < len(rich.cells)


# ------------------------------------------------------------------------------------------------ colours

_SCHEMES = {
    "light": re.compile(r"^:root \{(.*?)\n\}", re.S | re.M),
    "dark": re.compile(r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", re.S),
}
_PAIRS = [
    *((ink, paper) for ink in ("ink", "soft", "link", "accent", "warn") for paper in ("paper", "raised", "sunk")),
    *((ink, paper) for ink in ("ink", "accent") for paper in ("tint", "tint-soft")),
    *((ink, "warn-tint") for ink in ("ink", "soft", "link", "warn")),
    *((ink, "others-tint") for ink in ("ink", "others")),
    *((f"c-{family}", "sunk") for family in "csmkdfb"),
]


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize(("ink", "paper"), _PAIRS)
def test_text_has_contrast(scheme: str, ink: str, paper: str, quiet: Digest) -> None:
    """Each colour of text on each ground it is used on reaches 4.5 : 1 (WCAG 2.2, level AA), light and dark."""
    found = _SCHEMES[scheme].search(to_html(quiet).split("<style>")[1])
    assert found is not None
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", found.group(1)))
    high, low = sorted((_luminance(colours[ink]), _luminance(colours[paper])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_a_role_is_named_and_nothing_is_left_out_for_it(rich: Digest) -> None:
    """The page says which role it is read for; a row that the role does not ask about is folded, evidence and all."""
    rows = tuple(replace(c, scope="out_of_scope" if c.id == "app-structure" else "core") for c in rich.competencies)
    page = to_html(replace(rich, competencies=rows, subject={"candidate": None, "profile": "api-first"}))
    assert "It is read for the role" in page and "One row that it does not ask about is folded." in page
    assert '<details class="folded" id="row-app-structure">' in page
    ids = set(re.findall(r' id="(signal-[^"]+)"', page))
    assert ids == set(re.findall(r' id="(signal-[^"]+)"', to_html(rich)))


def test_a_contributor_comes_with_a_command_to_copy(rich: Digest) -> None:
    """As code, its option in one piece, and with nothing of the name that a shell or a browser would obey."""
    person = {"name": "<b>Ada</b>", "commits": 3, "value": "commit:$(id)<i>"}
    text = to_html(replace(rich, subject={**rich.subject, "candidate": None, "contributors": [person]}))
    assert '<span class="option">--candidate</span> &#39;commit:$(id)&lt;i&gt;&#39;</code>' in text
    assert "<b>Ada" not in text


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"commits": 1, "first": "2020-05-04", "last": "2020-05-04"}, "one commit, on 4 May 2020."),
        ({"commits": 2, "first": "2020-05-04", "last": "2020-05-05"}, "two commits, from 4 May 2020 to 5 May 2020."),
        ({"commits": 0, "first": "2020-05-04", "last": "2020-05-04"}, "merges alone, on 4 May 2020."),
        ({"commits": 0, "coauthored": 1}, "no commits and one co-authored one. Only commits of others name them"),
    ],
)
def test_when_a_contributor_worked_is_told_in_few_words(rich: Digest, told: dict[str, object], sentence: str) -> None:
    """One day is told once, and who made nothing but merges, or is only named beside others, is told as that."""
    text = to_html(
        replace(rich, subject={**rich.subject, "candidate": None, "contributors": [{"name": "Ada", **told}]})
    )
    assert sentence in " ".join(re.sub(r"<[^>]+>", "", text).split())

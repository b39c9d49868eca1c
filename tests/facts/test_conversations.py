"""The author's own sentences, what comments raise, what descriptions tell, and the published figures."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.conversations import LABELS, READERS, judged, page, read_labels, tallies
from evidence.facts.conversations import passages, read_comment, read_description

ROOT = Path(__file__).parents[2]
HOSTILE = {
    "brackets": "[" * 200_000,
    "ticks": "`" * 200_000,
    "comments": "<!--" * 60_000,
    "fences": "```\n" * 60_000,
    "boxes": "- [ ] x\n" * 30_000,
    "spaces": " " * 200_000,
    "letters": "a" * 200_000,
    "proposals": "we could " * 30_000,
    "conditions": "if the x " * 30_000,
    "addresses": "http://" * 40_000,
    "images": "![" * 100_000,
    "sentences": "a. " * 80_000,
}


def _texts(body: str) -> list[str]:
    return [body[passage.start : passage.end] for passage in passages(body).passages]


def test_what_is_not_the_authors_is_left_out() -> None:
    """Quotes, fences, comments, empty boxes, tables and commands are no words of the author's."""
    body = (
        "> We should lock the row.\n\nI agree.\n\n```python\nassert risk\n```\n<!-- Why? -->\n- [ ] tests pass\n"
        "- [x] docs updated\n| risk | none |\n/retest\n@dependabot rebase\n\n    indented code\n"
    )
    assert _texts(body) == ["I agree.", "docs updated"]


def test_sentences_stand_where_they_are_in_the_body() -> None:
    """A passage is a sentence of the body, under the heading before it, with code blank to the rules."""
    body = "# Why\n\nThe cache is stale. See `test_cache`, e.g. line 3!\n\n- first item\n- second item\n"
    read = passages(body)
    assert [body[p.start : p.end] for p in read.passages] == [
        "The cache is stale.", "See `test_cache`, e.g. line 3!", "first item", "second item",
    ]  # fmt: skip
    assert {passage.heading for passage in read.passages} == {"why"}
    assert "test_cache" not in read.passages[1].text
    assert [passage.item for passage in read.passages] == [False, False, True, True]


def test_an_underlined_line_is_a_heading() -> None:
    """Both of Markdown's ways to write a heading, and a line in bold, open a section."""
    assert passages("Testing\n=======\nRan it.\n\n**Rollback**\n\nRevert.\n").headings == ("testing", "rollback")


@pytest.mark.parametrize(
    ("body", "substance"),
    [
        ("LGTM", ()),
        ("👍", ()),
        ("Nice fix of the race!", ()),
        ("Done. Moved the tests to their own file.", ()),
        ("nit: rename this variable", ()),
        ("```suggestion\nx = 1\n```", ()),
        ("> This will deadlock.\n\nHow so?", ()),
        ("This will deadlock when two workers update the same row.", ("risk",)),
        ("Could you add a test for the empty list?", ("test",)),
        ("I'd suggest to move this into the service, so that both views can reuse it.", ("design",)),
        ("`user_id` must be unique here, otherwise the second insert is ignored.", ("invariant",)),
    ],
)
def test_what_a_comment_raises(body: str, substance: tuple[str, ...]) -> None:
    """Substance needs a sentence of the author's own about the change; approval, news and nits have none."""
    assert read_comment(body).substance == substance


def test_the_sentence_that_set_a_rule_off_is_kept() -> None:
    """A reader can be shown why a comment counts."""
    body = "Thanks! This leaks the connection when the query fails."
    shown = read_comment(body).shown["risk"]
    assert [body[passage.start : passage.end] for passage in shown] == [
        "This leaks the connection when the query fails."
    ]


def test_a_tools_comment_raises_nothing() -> None:
    """What looks like a tool's report is one, whoever posted it."""
    remark = read_comment("# [Codecov](https://codecov.io/x) Report\nMerging will decrease coverage, add tests.")
    assert remark.machine
    assert remark.substance == ()


def test_a_template_left_as_it_was_tells_nothing() -> None:
    """Headings, empty boxes, hints in comments and what the template asks are no answer."""
    body = (
        "## Why\n<!-- Say why this is needed, and which risks it has. -->\n\n## Testing\n"
        "How should the reviewer test this?\n\n- [ ] Unit tests added\n\n## Rollback\n\nn/a\n"
    )
    assert read_description(body).parts == ()


def test_sections_with_own_words_tell_their_part() -> None:
    """A filled-in section counts by its heading, whatever words it uses."""
    body = (
        "## Motivation\nPeople see yesterday's numbers.\n\n## Alternatives\nA shorter timeout hits the database.\n\n"
        "## Test plan\n- [x] Two browsers side by side\n\n## Rollback\nSet the old key again.\n"
    )
    assert read_description(body).parts == ("why", "alternatives", "test", "rollout")


def test_sentences_of_the_projects_template_tell_nothing() -> None:
    """What stands in many descriptions alike is the template's."""
    sentence = "This must be tested on staging before the release."
    assert read_description(sentence).parts
    assert read_description(sentence, {sentence}).parts == ()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_time(text: str) -> None:
    """The worst texts known of each pattern take no more than seconds, where a pattern that backtracks takes hours."""
    start = time.process_time()
    read_comment(text)
    read_description(text)
    assert time.process_time() - start < 10


@given(st.text(alphabet="`~>#*-_[]() xX\n.!?<>a:/@", max_size=300))
def test_passages_never_leave_the_body(body: str) -> None:
    """Whatever the text, passages are in order, inside the body, and do not overlap."""
    found = passages(body).passages
    spans = [(passage.start, passage.end) for passage in found]
    assert all(0 <= start < end <= len(body) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    read_comment(body)
    read_description(body)


def test_the_published_figures_are_of_these_rules() -> None:
    """docs/conversations.md is what the rules and the labels give now."""
    assert (ROOT / "docs" / "conversations.md").read_text(encoding="utf-8") == page()


def test_the_sample_is_as_large_as_it_says() -> None:
    """At least 150 comments and 60 descriptions of several projects, none given twice, quotes short."""
    for name, wanted, longest in (("comments", 150, 320), ("descriptions", 60, 460)):
        records = read_labels(name)
        assert len(records) >= wanted
        assert len({(record["url"], record["quote"]) for record in records}) == len(records)
        assert len({record["project"] for record in records}) >= 50
        assert max(len(record["quote"]) for record in records) <= longest
        assert all(record["url"].startswith(("https://github.com/", "https://gitlab.com/")) for record in records)
        allowed = {*READERS[name][1], "bot", "other"}
        assert all(set(record["labels"]) <= allowed for record in records)
    assert LABELS.is_dir()


@pytest.mark.parametrize(("name", "label"), [("comments", "substance"), ("descriptions", "test")])
def test_what_signals_rest_on_is_right_most_of_the_time(name: str, label: str) -> None:
    """On the blind half, precision and recall of what grades ask for stay above four fifths."""
    right, found, labelled = tallies(name, [r for r in judged(name) if r["half"] == "blind"])[label]
    assert right / found > 0.8
    assert right / labelled > 0.8

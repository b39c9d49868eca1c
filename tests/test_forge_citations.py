"""Comments, changes and issues as citations: quoted, masked, and compared with what the forge shows later."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evidence import detect
from evidence.choosing import choose
from evidence.citations import cite
from evidence.differences import Problem
from evidence.facts.conversations import Items
from evidence.facts.project import Project
from evidence.model import (
    Account,
    ChangeRequest,
    Changes,
    Comment,
    Digest,
    Issue,
    IssueCitation,
    Ledger,
    PullRequestCitation,
    ReviewCommentCitation,
    Signal,
    SignalResult,
    Site,
    Sites,
    Thread,
    never,
)
from evidence.verify import cites_the_forge, verify
from tests.in_memory import TOKEN, Repository
from tests.test_verify import honest

BODY = "Thanks!\n\n> an old remark\n\nThis leaks the connection when bob@example.org logs in. Could you add a test?"
WHY = "Because the cache is stale, people see old numbers. The new key is short."
COMMENT = Site(path="", clause="risk", subject="bob", item="comment/12/345")
CHANGE = Site(path="", clause="why", subject="ada", item="change/12")
ISSUE = Site(path="", clause="criteria", subject="ada", item="issue/7")
NOTE = Site(path="", clause="closing_note", subject="bob", item="note/7/9")


def told(body: str = BODY, why: str = WHY, title: str = "Cache the totals") -> Changes:
    """What a forge tells of one change with one remark, and of one issue."""
    comment = Comment(
        id="345", author=Account("bob"), body=body, created=1_700_000_000, updated=1_700_000_100,
        url="https://github.com/o/r/pull/12#discussion_r345", path="app/db.py", line=4,
    )  # fmt: skip
    change = ChangeRequest(
        number=12, title=title, body=why, state="merged", url="https://github.com/o/r/pull/12",
        author=Account("ada"), created=1_699_999_000, updated=1_700_000_200,
        threads=(Thread(comments=(comment,)),),
    )  # fmt: skip
    note = replace(comment, id="9", body="Closing, as it is released in v2.", url="https://github.com/o/r/issues/7#c9")
    issue = Issue(
        number=7, title="Totals are old", body="Done when they are not.", state="closed",
        url="https://github.com/o/r/issues/7", author=Account("ada"), created=1, updated=2, comments=(note,),
    )  # fmt: skip
    return Changes(host="github.com", requests=(change,), issues=(issue,))


def test_a_comment_is_quoted_by_the_sentence_that_counts() -> None:
    """The excerpt is the sentence of the clause, without other people's addresses; the link is the comment's own."""
    citation = cite([COMMENT], Repository({}), "r", {}, Items(told()))[COMMENT]
    assert isinstance(citation, ReviewCommentCitation)
    assert citation.excerpt == "This leaks the connection when [address] logs in."
    assert (citation.url, citation.path, citation.line) == (
        "https://github.com/o/r/pull/12#discussion_r345", "app/db.py", 4,
    )  # fmt: skip
    assert (citation.created, citation.updated) == ("2023-11-14T22:13:20Z", "2023-11-14T22:15:00Z")
    assert len(citation.sha256) == 64


def test_changes_and_issues_are_quoted_too() -> None:
    """A description, an issue and a note each become the citation of their kind."""
    cited = cite([CHANGE, ISSUE, NOTE], Repository({}), "r", {}, Items(told()))
    change, issue, note = cited[CHANGE], cited[ISSUE], cited[NOTE]
    assert isinstance(change, PullRequestCitation)
    assert change.excerpt == "Because the cache is stale, people see old numbers."
    assert isinstance(issue, IssueCitation)
    assert (issue.title, issue.note) == ("Totals are old", "")
    assert isinstance(note, IssueCitation)
    assert (note.note, note.url) == ("9", "https://github.com/o/r/issues/7#c9")


def test_secrets_in_a_comment_are_masked_and_not_hashed() -> None:
    """No piece of a secret stands in an excerpt or a title, and no hash lets anyone test guesses at it."""
    changes = told(body=f"This leaks {TOKEN} into the log.", title=f"Use {TOKEN}")
    cited = cite([COMMENT, CHANGE], Repository({}), "r", {}, Items(changes))
    comment, change = cited[COMMENT], cited[CHANGE]
    assert isinstance(comment, ReviewCommentCitation)
    assert isinstance(change, PullRequestCitation)
    assert TOKEN[4:16] not in comment.excerpt + change.title
    assert comment.sha256 == ""


def test_what_the_forge_does_not_have_is_not_cited() -> None:
    """A name without a thing behind it has no citation."""
    gone = Site(path="", clause="risk", subject="bob", item="comment/12/999")
    assert cite([gone], Repository({}), "r", {}, Items(told())) == {}
    assert cite([COMMENT], Repository({}), "r", {}, Items(None)) == {}


def test_different_comments_are_shown_before_one_is_shown_twice() -> None:
    """One comment that proves two clauses is cited once where there is another."""
    signal = Signal(
        id="x.y", title="X", competency="c", seeds=("S1",), counts=".", strong=".", not_credited=".", how_to_show=".",
        clauses=("design", "risk"), defining=("design",), practised=never, sustained=never, statement=lambda _: ".",
    )  # fmt: skip
    both = [Site(path="", clause=clause, subject="bob", item="comment/1/1") for clause in ("design", "risk")]
    other = Site(path="", clause="risk", subject="bob", item="comment/2/2")
    assert choose(signal, Sites([*both, other]), 2) == (both[0], other)


def _digest() -> Digest:
    cited = cite([COMMENT, CHANGE, ISSUE, NOTE], Repository({}), "r", {}, Items(told()))
    results = honest().signals
    forge = SignalResult(
        **{f: getattr(results[0], f) for f in SignalResult.__struct_fields__ if f not in ("id", "citations")},
        id="forge.review_depth",
        citations=tuple(cited.values()),
    )
    return replace(honest(), signals=(forge,))


def _on_the_forge(changes: Changes | None) -> list[Problem]:
    repository = Repository({})
    return [each for each in verify(_digest(), repository, {}, changes) if "forge" in each.place + each.sentence]


def test_unchanged_text_holds() -> None:
    """What the forge still shows word for word is no difference."""
    assert cites_the_forge(_digest())
    assert _on_the_forge(told()) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        (told(body="Never mind."), "discussion_r345"),
        (told(why="No reason."), "pull/12"),
        (told(title="Another title"), "pull/12"),
    ],
)
def test_edited_text_is_changed_since(changes: Changes, place: str) -> None:
    """An edited comment, description or title is named with its link."""
    (problem,) = _on_the_forge(changes)
    assert problem.place.endswith(place)
    assert problem.sentence.startswith("changed since")


def test_deleted_text_is_changed_since() -> None:
    """What the forge does not show any more is named, each by its link."""
    found = _on_the_forge(Changes(host="github.com"))
    assert len(found) == 4
    assert all("does not show it any more" in each.sentence for each in found)


def test_a_forge_that_was_not_asked_proves_nothing() -> None:
    """Without the forge's answers the citations count as not looked at, in one sentence."""
    (problem,) = _on_the_forge(None)
    assert problem.unread


def test_a_scan_cites_what_its_detectors_found_on_the_forge() -> None:
    """From a project with a forge's answers to the citations of its signals, in one go."""
    project = Project((), {}, changes=told())
    _, sites = detect.run(detect.discover(), project, "r", Ledger())["forge.review_depth"]
    signal = next(each for each in detect.signals() if each.id == "forge.review_depth")
    cited = cite(choose(signal, sites), Repository({}), "r", {}, project.items)
    assert {type(each) for each in cited.values()} == {ReviewCommentCitation}

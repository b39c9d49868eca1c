"""Forks: commits that the parent has credit nobody here, whoever made them."""

from __future__ import annotations

from evidence.model import Share, Site, Upstream
from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, BOB, Story, lines, text

ONE = lines("ada", *range(1, 31))
TWO = lines("bob", *range(1, 21))
UP = lines("upstream_ada", *range(1, 21))


def test_only_what_was_done_in_the_fork_counts(story: Story, ask: Ask) -> None:
    """Her lines in the parent are found in a scan of that one; here they are left out, and so are those commits."""
    story.commit(BOB, {"a.py": text(TWO)})
    before = story.commit(ADA, {"a.py": text(TWO, UP), "b.py": text(UP)})
    after = story.commit(ADA, {"a.py": text(TWO[:10], ONE[:5], TWO[10:], UP), "c.py": text(ONE)})
    story.written()
    parents = frozenset({story.sha(1), story.sha(before)})
    asked = ask(story.folder, "ada@example.org", upstream=Upstream("github.com/org/app", story.sha(before), parents))
    assert asked.agreement("ada") == 1.0  # lines of "upstream_ada" are none of these
    left_out = {asked.text(site).partition("_")[0]: share.left_out for site, share in asked.shares().items()
                if site.path == "a.py"}  # fmt: skip
    assert left_out == {"bob": "", "ada": "", "upstream": "upstream"}
    commits = [
        asked.attribution.share(Site(path="", commit=story.sha(mark), clause="defined")) for mark in (1, before, after)
    ]
    assert commits == [
        Share(0.0, 0.0, "claimed", "none"),
        Share(0.0, 0.0, "claimed", "none", left_out="upstream"),
        Share(0.0, 1.0, "claimed", "author"),
    ]


def test_changes_of_the_parent_have_numbers_of_their_own(story: Story, ask: Ask) -> None:
    """A squash in the parent's history is not looked for among the changes of the fork."""
    base = story.commit(BOB, {"a.py": text(TWO)})
    squash = story.commit(BOB, {"a.py": text(TWO, ONE[:5])}, "Add pages (#7)\n")
    story.commit(ADA, {"a.py": text(TWO, ONE[:5])}, parents=(base,), branch="refs/pull/7/head")
    story.commit(ADA, {"c.py": text(ONE)}, parents=(squash,))
    story.written()
    parents = frozenset({story.sha(base), story.sha(squash)})
    credited = []
    for upstream in (None, Upstream("github.com/org/app", story.sha(squash), parents)):
        shares = ask(story.folder, "ada@example.org", upstream=upstream).shares()
        credited.append({site.path for site, share in shares.items() if share.high})
    assert credited == [{"a.py", "c.py"}, {"c.py"}]

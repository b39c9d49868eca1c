"""Histories whose truth is known: attribution says of each line what the line itself says of its writer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attribution.conftest import Ask
from tests.attribution.telling import ADA, BOB, EVE, Story, lines, text

ONE = lines("ada", *range(1, 31))
TWO = lines("bob", *range(1, 31))


def plain(story: Story) -> None:
    """Two people change one file in turn."""
    story.commit(ADA, {"a.py": text(ONE[:20])})
    story.commit(BOB, {"a.py": text(ONE[:10], TWO[:10], ONE[10:20])})
    story.commit(ADA, {"a.py": text(ONE[:10], TWO[:5], ONE[20:25], TWO[5:10], ONE[10:20])})


def rename(story: Story) -> None:
    """A file moves, and somebody else edits it afterwards; whoever moved it wrote nothing."""
    story.commit(ADA, {"a.py": text(ONE)})
    story.commit(BOB, {"a.py": None, "pkg/b.py": text(ONE)})
    story.commit(BOB, {"pkg/b.py": text(ONE, TWO[:5])})


def moved_lines(story: Story) -> None:
    """Lines move to a new file and to one that exists."""
    story.commit(ADA, {"a.py": text(ONE)})
    story.commit(BOB, {"c.py": text(TWO[:10])})
    story.commit(BOB, {"a.py": text(ONE[:10]), "b.py": text(TWO[10:15], ONE[10:20]), "c.py": text(TWO[:10], ONE[20:])})


def reformat(story: Story, listed: bool = True) -> None:
    """A formatter goes over everything: the list of such commits names it."""
    loose = "{who}_{n}=compute_value( {n},{n} ) # line {n} of {who}"
    names = [f"m{i}.py" for i in range(10)]
    ada = lines("ada", *range(1, 11), form=loose)
    bob = lines("bob", *range(1, 6), form=loose)
    story.commit(ADA, {name: text(ada) for name in names})
    story.commit(BOB, {name: text(ada, bob) for name in names})
    spaced = text(lines("ada", *range(1, 11), form="{who}_{n} = compute_value({n}, {n},) # line {n} of {who}"))
    spaced += text(lines("bob", *range(1, 6), form="{who}_{n} = compute_value({n}, {n},) # line {n} of {who}"))
    sweep = story.commit(EVE, dict.fromkeys(names, spaced), "Run the formatter\n")
    if listed:
        story.written()
        sha = story.sha(sweep)
        (story.folder / "marks").unlink()
        story.commit(EVE, {".git-blame-ignore-revs": f"# eve wrote this\n{sha}\n"})


def unlisted_sweep(story: Story) -> None:
    """A formatter goes over everything, and nobody wrote that down."""
    reformat(story, listed=False)


def sweep_of_a_small_project(story: Story) -> None:
    """A formatter goes over the two files that there are."""
    form = "{who}_{n}=compute_value( {n},{n} ) # line {n} of {who}"
    story.commit(ADA, dict.fromkeys(("a.py", "b.py"), text(lines("ada", *range(1, 11), form=form))))
    story.commit(BOB, {"c.py": text(TWO[:10])})
    swept = text(lines("ada", *range(1, 11), form="{who}_{n} = compute_value({n}, {n},)  # line {n} of {who}"))
    story.commit(EVE, dict.fromkeys(("a.py", "b.py"), swept), "Run the formatter\n")


def sweep_before_much_wide_work(story: Story) -> None:
    """A formatter goes over files of which so many commits changed all that not every change can be compared."""
    names = [f"m{i:02}.py" for i in range(24)]
    loose = lines("bob", *range(30), form="{who}_{n} = compute_value({n}, {n},)  # line {n} of {who}")
    story.commit(BOB, dict.fromkeys(names, text(loose)))
    for n in range(30, 66):
        message = "Run the formatter\n" if n == 30 else "Change\n"
        story.commit(ADA if n == 30 else BOB, dict.fromkeys(names, text(lines("bob", *range(n)))), message)


def revert(story: Story) -> None:
    """Somebody takes lines away, and somebody else brings them back."""
    story.commit(ADA, {"a.py": text(ONE)})
    bad = story.commit(EVE, {"a.py": text(ONE[:10])}, "Throw away\n")
    story.written()
    sha = story.sha(bad)
    story.commit(BOB, {"a.py": text(ONE)}, f'Revert "Throw away"\n\nThis reverts commit {sha}.\n')


def _taken_back(story: Story, message: str) -> None:
    """Somebody takes lines away, and somebody else brings them back with this message."""
    story.commit(ADA, {"a.py": text(ONE)})
    bad = story.commit(EVE, {"a.py": text(ONE[:10])}, "Throw away (#5)\n")
    story.written()
    sha = story.sha(bad)
    (story.folder / "marks").unlink()
    story.commit(BOB, {"a.py": text(ONE)}, message.format(sha=sha, short=sha[:9]))


def revert_by_a_short_id(story: Story) -> None:
    """``git revert --reference`` writes a short id."""
    _taken_back(story, 'Revert "Throw away (#5)"\n\nThis reverts commit {short} (Throw away (#5), 2020-09-13).\n')


def revert_by_number(story: Story) -> None:
    """GitHub's button names the request."""
    _taken_back(story, 'Revert "Throw away" (#6)\n\nReverts owner/repo#5\n')


def revert_by_subject(story: Story) -> None:
    """Whoever merged the revert left nothing but its subject."""
    _taken_back(story, 'Revert "Throw away (#5)" (#6)\n')


def revert_of_a_merge_request(story: Story) -> None:
    """GitLab's button names the merge request, whose number is in the merge."""
    base = story.commit(ADA, {"a.py": text(ONE)})
    side = story.commit(EVE, {"a.py": text(ONE[:10])}, branch="refs/heads/side", parents=(base,))
    on = story.commit(BOB, {"b.py": text(TWO[:3])}, parents=(base,))
    told = "Merge branch 'side' into 'main'\n\nSee merge request group/project!5\n"
    story.commit(EVE, {"a.py": text(ONE[:10])}, told, parents=(on, side))
    story.commit(BOB, {"a.py": text(ONE)}, "Revert \"Merge branch 'side'\"\n\nThis reverts merge request !5\n")


def revert_of_a_revert(story: Story) -> None:
    """A feature is taken back and brought back by two others."""
    story.commit(BOB, {"a.py": text(TWO[:10])})
    story.commit(ADA, {"a.py": text(TWO[:10], ONE)}, "Feature\n")
    story.commit(EVE, {"a.py": text(TWO[:10])}, 'Revert "Feature"\n')
    story.commit(BOB, {"a.py": text(TWO[:10], ONE)}, 'Reapply "Feature"\n')


def revert_of_two(story: Story) -> None:
    """One commit takes two back."""
    story.commit(ADA, {"a.py": text(ONE), "b.py": text(ONE)})
    one = story.commit(EVE, {"a.py": text(ONE[:10])})
    two = story.commit(EVE, {"b.py": text(ONE[:10])})
    story.written()
    told = "".join(f"\nThis reverts commit {story.sha(mark)}.\n" for mark in (two, one))
    (story.folder / "marks").unlink()
    story.commit(BOB, {"a.py": text(ONE), "b.py": text(ONE)}, f"Undo both\n{told}")


def file_made_again(story: Story) -> None:
    """Somebody removes files, and makes them anew later, one of them in another folder."""
    story.commit(ADA, {"a.py": text(ONE), "b.py": text(ONE[:20])})
    story.commit(BOB, {"a.py": None, "b.py": None, "z.py": text(TWO[:5])})
    story.commit(BOB, {"a.py": text(ONE), "pkg/b.py": text(ONE[:20], TWO[5:9])})


def moved_after_a_sweep(story: Story) -> None:
    """Lines that a formatter went over are moved to another file."""
    names = [f"m{i}.py" for i in range(10)]
    loose, tight = ("{who}_{n}=compute_value( {n},{n} ) # {who}", "{who}_{n} = compute_value({n}, {n},)  # {who}")
    story.commit(ADA, dict.fromkeys(names, text(lines("ada", *range(20), form=loose))))
    swept = lines("ada", *range(20), form=tight)
    story.commit(EVE, dict.fromkeys(names, text(swept)), "Run the formatter\n")
    story.commit(BOB, {"m1.py": text(swept[:5]), "new.py": text(swept[5:], TWO[:5])})


def moved_in_a_squash(story: Story) -> None:
    """A change of two people moves older lines to another file, and is squashed by a third."""
    story.commit(ADA, {"a.py": text(ONE)})
    base = story.commit(BOB, {"z.py": text(TWO[:5])})
    moved = {"a.py": text(ONE[:10]), "b.py": text(ONE[10:20], TWO[5:10])}
    head = "refs/pull/7/head"
    one = story.commit(BOB, moved, branch=head, parents=(base,))
    story.commit(ADA, {"c.py": text(ONE[20:])}, branch=head, parents=(one,))
    story.commit(EVE, {**moved, "c.py": text(ONE[20:])}, "Split (#7)\n", parents=(base,))


def the_same_lines_twice(story: Story) -> None:
    """A move within a file makes two of one line, which stood in another file before."""
    story.commit(ADA, {"a.py": text(ONE[:6])})
    story.commit(BOB, {"b.py": text(TWO[:3])})
    story.commit(BOB, {"a.py": None, "b.py": text(TWO[:3], ONE[:6])})
    story.commit(BOB, {"b.py": text(TWO[:3], ONE[:6], TWO[3:6], ONE[:6])})


def many_moves(story: Story) -> None:
    """Lines go through six files."""
    story.commit(ADA, {"m0.py": text(ONE)})
    for n in range(1, 7):
        story.commit(BOB, {f"m{n - 1}.py": text(ONE[4 * n - 4 : 4 * n]), f"m{n}.py": text(ONE[4 * n :])})


def cherry_pick(story: Story) -> None:
    """A commit is picked from a branch by somebody else: its author stays."""
    base = story.commit(BOB, {"a.py": text(TWO[:10])})
    side = story.commit(ADA, {"b.py": text(ONE)}, branch="refs/heads/side", parents=(base,))
    story.written()
    note = f"Add b\n\n(cherry picked from commit {story.sha(side)})\n"
    story.commit(ADA, {"b.py": text(ONE)}, note, committer=BOB, parents=(base,))


def octopus(story: Story) -> None:
    """Three branches become one."""
    base = story.commit(BOB, {"a.py": text(TWO[:10])})
    one = story.commit(ADA, {"one.py": text(ONE)}, branch="refs/heads/one", parents=(base,))
    two = story.commit(BOB, {"two.py": text(TWO)}, branch="refs/heads/two", parents=(base,))
    all_ = {"one.py": text(ONE), "two.py": text(TWO)}
    story.commit(EVE, all_, "Merge branches\n", parents=(base, one, two))


def rebase(story: Story) -> None:
    """A branch is rebased by somebody else: committer and dates change, authors do not."""
    first = story.commit(BOB, {"a.py": text(TWO[:10])})
    story.commit(ADA, {"b.py": text(ONE[:10])}, committer=BOB, authored=1_500_000_000, parents=(first,))
    story.commit(ADA, {"b.py": text(ONE[:20])}, committer=BOB, authored=1_500_000_100)


def squash_with_its_change(story: Story) -> None:
    """A change of two people is squashed by a third; its own commits are there under the forge's reference."""
    story.commit(ADA, {"known.py": text(ONE[:5])})
    base = story.commit(BOB, {"a.py": text(TWO[:10])})
    head = "refs/pull/7/head"
    one = story.commit(ADA, {"b.py": text(ONE[:10])}, branch=head, parents=(base,))
    story.commit(BOB, {"b.py": text(ONE[:10], TWO[10:20])}, branch=head, parents=(one,))
    story.commit(EVE, {"b.py": text(ONE[:10], TWO[10:20])}, "Add b (#7)\n", parents=(base,))


def only_in_a_squash(story: Story) -> None:
    """Somebody wrote nothing but a part of a change that another squashed in their own name."""
    base = story.commit(BOB, {"a.py": text(TWO[:10])})
    head = "refs/pull/8/head"
    one = story.commit(ADA, {"a.py": text(TWO[:10], ONE[:10])}, branch=head, parents=(base,))
    story.commit(EVE, {"a.py": text(TWO[:10], ONE[:10], lines("eve", 1))}, branch=head, parents=(one,))
    story.commit(EVE, {"a.py": text(TWO[:10], ONE[:10], lines("eve", 1))}, "Add (#8)\n", parents=(base,))


def squashed_merge_request(story: Story) -> None:
    """GitLab squashes a request and merges the squash: the request's number stands in the merge."""
    story.commit(ADA, {"known.py": text(ONE[:5])})
    base = story.commit(BOB, {"a.py": text(TWO[:10])})
    story.commit(ADA, {"b.py": text(ONE)}, branch="refs/merge-requests/3/head", parents=(base,))
    squash = story.commit(EVE, {"b.py": text(ONE)}, "Add b\n", branch="refs/heads/s", parents=(base,))
    merge = "Merge branch 's' into 'main'\n\nSee merge request group/project!3\n"
    story.commit(EVE, {"b.py": text(ONE)}, merge, parents=(base, squash))


def squashed_sweep(story: Story) -> None:
    """A change formats everything and adds something, and is squashed: who formatted wrote nothing."""
    names = [f"m{i}.py" for i in range(10)]
    form = "{who}_{n} = compute_value({n}, {n},) # line {n} of {who}"
    swept = text(lines("ada", *range(1, 21), form=form), lines("bob", *range(1, 11), form=form), ["(", ")"])
    story.commit(ADA, dict.fromkeys(names, text(ONE[:20])))
    base = story.commit(BOB, dict.fromkeys(names, text(ONE[:20], TWO[:10])))
    head = "refs/pull/12/head"
    one = story.commit(EVE, dict.fromkeys(names, swept), "Format\n", branch=head, parents=(base,))
    story.commit(ADA, {"new.py": text(ONE[20:])}, branch=head, parents=(one,))
    story.commit(EVE, {**dict.fromkeys(names, swept), "new.py": text(ONE[20:])}, "Format (#12)\n", parents=(base,))


def squash_of_a_to_and_fro(story: Story) -> None:
    """A branch takes lines away and brings them back before it is squashed: what the squash left alone stays where it
    was."""
    story.commit(ADA, {"a.py": text(ONE[:20])})
    base = story.commit(BOB, {"a.py": text(ONE[:20], TWO[:10])})
    head = "refs/pull/13/head"
    one = story.commit(EVE, {"a.py": text(ONE[:5])}, branch=head, parents=(base,))
    two = story.commit(EVE, {"a.py": text(ONE[:20], TWO[:10])}, branch=head, parents=(one,))
    story.commit(ADA, {"a.py": text(ONE[:20], TWO[:10], ONE[20:])}, branch=head, parents=(two,))
    story.commit(EVE, {"a.py": text(ONE[:20], TWO[:10], ONE[20:])}, "Add to a (#13)\n", parents=(base,))


def coauthored_squash(story: Story) -> None:
    """A squash names its co-author: both wrote it, so only lines of neither can be told apart."""
    story.commit(BOB, {"a.py": text(TWO)})
    story.commit(EVE, {"b.py": text(ONE)}, "Add b (#9)\n\nCo-authored-by: Ada <ada@example.org>\n")


def template_start(story: Story) -> None:
    """A template is the first commit, in the candidate's name: only what changed since is theirs."""
    frame = lines("template", *range(1, 31))
    story.commit(ADA, {"a.py": text(frame), "b.py": text(frame)}, "Initial commit from cookiecutter-flask\n")
    story.commit(ADA, {"a.py": text(frame[:10], ONE[:10], frame[15:]), "c.py": text(ONE)})


def template_button(story: Story) -> None:
    """The forge makes the first commit from a template, in the candidate's name."""
    frame = lines("template", *range(1, 11))
    web = "GitHub <noreply@github.com>"
    story.commit(ADA, {f"m{i}.py": text(frame) for i in range(9)}, "Initial commit\n", committer=web)
    story.commit(ADA, {"m0.py": text(frame, ONE)})


def fork(story: Story) -> None:
    """A fork goes on after years of somebody else's work."""
    for n in range(1, 6):
        story.commit(BOB, {f"m{n}.py": text(TWO)})
    story.commit(ADA, {"m1.py": text(TWO, ONE[:5]), "own.py": text(ONE)})


def vendored_drop(story: Story) -> None:
    """The candidate commits a library of others."""
    story.commit(ADA, {"a.py": text(ONE), "vendor/lib.py": text(lines("library", *range(1, 40)))})
    story.commit(ADA, {"a.py": text(ONE[:20])})


def squashed_subtree(story: Story) -> None:
    """The candidate brings another repository's files in one commit, and changes one of them later."""
    library = lines("library", *range(1, 31))
    base = story.commit(ADA, {"own.py": text(ONE[:10])})
    told = (
        f"Squashed 'ext/lib/' content from commit 1a2b3c4\n\ngit-subtree-dir: ext/lib\ngit-subtree-split: {'1' * 40}\n"
    )
    squash = story.commit(ADA, {"core.py": text(library)}, told, branch="refs/heads/lib", parents=())
    files = {"own.py": text(ONE[:10]), "ext/lib/core.py": text(library)}
    story.commit(ADA, files, "Merge commit '1a2b3c4' as 'ext/lib'\n", parents=(base, squash))
    story.commit(ADA, {"ext/lib/core.py": text(library, ONE[10:20])})


HISTORIES: tuple[Callable[[Story], None], ...] = (
    plain, rename, moved_lines, reformat, unlisted_sweep, sweep_of_a_small_project, sweep_before_much_wide_work,
    revert, revert_by_a_short_id, revert_by_number, revert_by_subject, revert_of_a_merge_request,
    revert_of_a_revert, revert_of_two, file_made_again, moved_after_a_sweep, moved_in_a_squash,
    the_same_lines_twice, many_moves, cherry_pick, octopus, rebase, squash_with_its_change, only_in_a_squash,
    squashed_merge_request, squashed_sweep, squash_of_a_to_and_fro, coauthored_squash, template_start,
    template_button, fork, vendored_drop, squashed_subtree,
)  # fmt: skip


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
def test_attribution_equals_the_truth(history: Callable[[Story], None], story: Story, ask: Ask) -> None:
    """At least 98 % of all lines are attributed to whoever wrote them."""
    history(story)
    assert ask(story.written(), "ada@example.org").agreement("ada") >= 0.98

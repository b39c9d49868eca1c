"""People of a history: who is one person, who is a bot, and whom the asker means."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from evidence.facts.people import People, automated, find, sure_logins
from evidence.model import Account, Commit, Person

_NUMBERS = itertools.count(1)


def commit(author: str, *, body: str = "", parents: int = 1, at: int = 1_000, sha: str = "") -> Commit:
    """A commit by ``Name <email>``."""
    name, _, email = author.removesuffix(">").partition(" <")
    person = Person(name, email)
    sha = sha or f"{next(_NUMBERS):040x}"
    return Commit(sha, ("f" * 40,) * parents, person, at, person, at, "A change", body, ())


def one_person(*authors: str) -> bool:
    """Whether these claims are taken for one person's."""
    people = People([commit(a) for a in authors])
    return len({people.author(c).key for c in people.commits}) == 1


@pytest.mark.parametrize(
    ("authors", "joined"),
    [
        (("Ada <ada@x.org>", "A. Lovelace <ADA@x.org>"), True),
        (("Ada <1+ada@users.noreply.github.com>", "Ada L <ada@users.noreply.github.com>"), True),
        (("Ada <1+ada@users.noreply.github.com>", "Ada <1+countess@users.noreply.github.com>"), True),
        (("Ada <7-ada@users.noreply.gitlab.com>", "Ada <ada@users.noreply.gitlab.com>"), True),
        (("Ada <7-ada@users.noreply.git.example>", "Ada <7-ada@users.noreply.gitlab.com>"), False),
        (("Monkeys <12-monkeys@users.noreply.github.com>", "M <monkeys@users.noreply.github.com>"), False),
        (("Ada <ada@x.org>", "Ada <ada@y.org>"), False),
        (("Ada <ada@x.org>", "Ada <ada@users.noreply.github.com>"), False),
        (("Ada <none>", "Bob <none>"), False),
        (("Ada <none@none>", "Bob <none@none>"), False),
        (("Ada <none@none>", "ADA <none@none>"), True),
        (("Ada <>", "Ada <>"), True),
    ],
)
def test_addresses_and_accounts_join_and_names_do_not(authors: tuple[str, ...], joined: bool) -> None:
    """The same address or the same account is one person; the same name is not."""
    assert one_person(*authors) is joined


def test_the_links_of_the_forge_join_addresses() -> None:
    """Two addresses that the forge links to one account are one person's, its noreply address included."""
    commits = [commit("Ada <ada@x.org>"), commit("A <ada@y.org>"), commit("Ada <3+ada@users.noreply.github.com>")]
    links = {c.sha: Account("Ada") for c in commits[:2]}
    people = People(commits, links, "github.com")
    assert len({people.author(c).key for c in commits}) == 1
    assert people.author(commits[0]).accounts == ("github.com/ada",)
    assert people.author(commits[0]).linked


def test_an_address_that_the_forge_links_to_two_accounts_joins_nobody() -> None:
    """Where an address moved from one account to another, the two accounts stay two people."""
    commits = [commit("Ada <ada@x.org>"), commit("Bob <ada@x.org>"), commit("Bob <bob@users.noreply.github.com>")]
    people = People(commits, {commits[0].sha: Account("ada"), commits[1].sha: Account("bob")}, "github.com")
    assert people.author(commits[0]).key != people.author(commits[2]).key


@pytest.mark.parametrize(
    ("author", "tool"),
    [
        ("dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>", "dependabot"),
        ("dependabot[bot] <support@dependabot.com>", "dependabot"),
        ("renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>", "renovate"),
        ("pre-commit-ci[bot] <66853113+pre-commit-ci[bot]@users.noreply.github.com>", "pre-commit-ci"),
        ("github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>", "github-actions"),
        ("semantic-release-bot <semantic-release-bot@martynus.net>", "semantic-release"),
        ("mergify[bot] <37929162+mergify[bot]@users.noreply.github.com>", "mergify"),
        ("bors[bot] <26634292+bors[bot]@users.noreply.github.com>", "bors"),
        ("pyup-bot <github-bot@pyup.io>", "pyup"),
        ("GitHub <noreply@github.com>", "github-web"),
        ("Claude <noreply@anthropic.com>", "claude"),
        ("copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>", "copilot"),
        ("Nobody's app <1+some-app[bot]@users.noreply.github.com>", "bot"),
        ("project_7_bot <project_7_bot_ab12@noreply.gitlab.example>", "bot"),
        ("Quay Robot <quay@x.org>", "bot"),
        ("Making GitHub Delicious. <iron@waffle.io>", "waffle"),
        ("Pierre Talbot <pierre@x.org>", ""),
        ("Maël Thébot <mael@x.org>", ""),
        ("Devin Smith <devin@x.org>", ""),
        ("Travis Cline <travis@x.org>", ""),
        ("Claude Monet <claude@x.org>", ""),
    ],
)
def test_bots_are_known_by_name_or_address(author: str, tool: str) -> None:
    """Known tools go by their id, unknown bots by "bot", and people whose names resemble them stay people."""
    assert automated(commit(author).author) == tool


def test_bots_are_counted_apart() -> None:
    """A bot of several addresses is one, it is no main contributor, and it joins no person who uses its address."""
    bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
    people = People([commit(bot), commit("dependabot[bot] <support@dependabot.com>"), commit("Ada <ada@x.org>")])
    assert [(c.contributor.tool, c.authored) for c in people.bots] == [("dependabot", 2)]
    assert [c.contributor.name for c in people.main()] == ["Ada"]


def test_trailers_name_coauthors_and_assistants() -> None:
    """People in trailers are co-authors; assistants are told by themselves and are nobody's co-author."""
    body = (
        "Why.\n\nCo-authored-by: Bob <bob@x.org>\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
        "co-authored-by: Ada <ada@x.org>\n"
    )
    one = commit("Ada <ada@x.org>", body=body)
    people = People([one, commit("Ada (aider) <ada@x.org>"), commit("Bob <bob@x.org>", parents=2)])
    assert [c.name for c in people.coauthors(one)] == ["Bob"]
    assert people.assistants(one) == ("claude",)
    assert people.assistants(people.commits[1]) == ("aider",)
    assert {c.contributor.name: (c.authored, c.coauthored) for c in people.main()} == {"Ada": (2, 0), "Bob": (0, 1)}


@pytest.mark.parametrize(
    "line",
    [
        "Co-authored-by : Bob <bob@x.org>",
        "Co-authored-by: Eve <eve@x.org>, Bob <bob@x.org>",
        "Co-authored-by: Eve <eve@x.org> and Bob <bob@x.org>",
    ],
)
def test_odd_trailers_name_everybody(line: str) -> None:
    """git allows space before the colon, and people write several names into one line."""
    one = commit("Ada <ada@x.org>", body=f"Why.\n\n{line}\n")
    people = People([one])
    assert "Bob" in [c.name for c in people.coauthors(one)]


def test_names_never_show_an_address() -> None:
    """A name that is an e-mail address loses its domain, and one without letters says so."""
    people = People([commit("ada@x.org <ada@x.org>"), commit(" <b@x.org>")])
    assert [people.author(c).name for c in people.commits] == ["ada@…", "(no name)"]


def test_a_candidate_is_found_by_name_address_login_or_commit() -> None:
    """Each way to name somebody leads to the same person, and several values add up."""
    commits = [
        commit("Ada L <1+ada@users.noreply.github.com>", sha="abcdef12" + "0" * 32),
        commit("Grace <g@x.org>"),
    ]
    people = People(commits)
    ada = people.author(commits[0]).key
    for value in (
        "ada l", "1+ADA@users.noreply.github.com", "ada@users.noreply.github.com", "Ada", "@ada", "commit:abcdef12",
        "Somebody <1+ada@users.noreply.github.com>",
    ):  # fmt: skip
        assert find(people, [value]).keys == {ada}, value
    both = find(people, ["g@x.org", "ada"])
    assert both.keys == {ada, people.author(commits[1]).key}
    assert both.asked == (f"commit:{commits[1].sha}", "ada")


def test_a_name_that_two_people_carry_is_a_question() -> None:
    """Nobody is chosen in silence; a value that fits one of them decides, and the other is still shown."""
    people = People([commit("Ada <ada@x.org>"), commit("Ada <other@y.org>")])
    open_question = find(people, ["Ada"])
    assert not open_question
    assert [len(q.choices) for q in open_question.questions] == [2]
    decided = find(people, ["Ada", "other@y.org"])
    assert decided.keys == {people.author(people.commits[1]).key}
    assert not decided.questions
    assert [c.contributor.key for c in decided.alike] == [people.author(people.commits[0]).key]


def test_a_login_that_is_anothers_name_is_not_chosen_in_silence() -> None:
    """The account is meant, and whoever goes by that name is shown beside it."""
    people = People([commit("Chris Smith <1+chris@users.noreply.github.com>"), commit("Chris <c@y.org>")])
    for value, alike in (("chris", ["Chris"]), ("@chris", [])):
        found = find(people, [value])
        assert [c.contributor.name for c in found.matched] == ["Chris Smith"]
        assert [c.contributor.name for c in found.alike] == alike


def test_accents_are_compared_however_they_are_encoded() -> None:
    """A name typed on one system is the same name committed on another."""
    people = People([commit("Jos\u00e9 <jose@x.org>")])
    assert find(people, ["Jose\u0301"]).keys == {people.author(people.commits[0]).key}


def test_who_fits_nobody_is_said() -> None:
    """A value that no commit knows is named, and an account that only the forge shows is a candidate all the same."""
    people = People([commit("Ada <ada@x.org>")])
    assert find(people, ["Bob", "ada@x.org"]).unmatched == ("Bob",)
    assert not find(people, ["Bob"])
    assert find(people, ["Bob"], logins=["BOB"]).accounts == {"bob"}


def test_an_account_on_another_forge_is_anybodys() -> None:
    """GitHub's noreply address names no account of the GitLab that was asked; a stand-in answers for any forge."""
    commits = [commit("Ada <7+ada@users.noreply.github.com>")]
    for host, accounts in (("github.com", {"ada"}), ("gitlab.com", set()), ("127.0.0.1:80", {"ada"}), ("", {"ada"})):
        assert find(People(commits, {}, host), ["Ada"]).accounts == accounts


def test_the_forge_or_the_asker_makes_a_login_sure() -> None:
    """A noreply address in an author line is a claim; a link by the forge, and the asker's own word, are more."""
    commits = [commit("Countess <7+ada@users.noreply.github.com>")]
    claimed, linked = People(commits, {}, "github.com"), People(commits, {commits[0].sha: Account("ada")}, "github.com")
    assert sure_logins(claimed, find(claimed, ["Countess"])) == ()
    assert sure_logins(claimed, find(claimed, ["@ada"])) == ("ada",)
    assert sure_logins(linked, find(linked, ["Countess"])) == ("ada",)


def test_a_mailmap_is_a_hint_and_joins_nobody() -> None:
    """The mailmap's author would gain from it: what it says is shown beside the candidate."""
    people = People([commit("Linus <linus@x.org>"), commit("Ada <ada@x.org>")])
    found = find(people, ["ada@x.org"], mailmap=["Ada <ada@x.org> <linus@x.org>", "# <a@b> <c@d>", "Nobody <q@x.org>"])
    assert found.keys == {people.author(people.commits[1]).key}
    assert found.mailmap == ("Linus",)


def put_in_place(author: str, committer: str) -> Commit:
    """A commit that somebody other than its author, both ``Name <email>``, put where it is."""
    name, _, email = committer.removesuffix(">").partition(" <")
    return msgspec.structs.replace(commit(author), committer=Person(name, email))


def test_who_only_puts_commits_of_others_in_place_is_no_question() -> None:
    """A second address that a name only commits with has no work: the name means the one with work."""
    people = People([commit("Ada <ada@x.org>"), put_in_place("Bob <bob@x.org>", "Ada <ada@y.org>")])
    by_name, by_address = find(people, ["ada"]), find(people, ["ada@x.org"])
    assert [c.authored for c in by_name.matched] == [1] and not by_name.questions
    assert by_address.keys == by_name.keys and not by_address.alike


def test_who_only_commits_is_still_found() -> None:
    """Where nobody of the name wrote anything, the name means who put commits in place."""
    people = People([put_in_place("Bob <bob@x.org>", "Ada <ada@y.org>")])
    assert [c.authored for c in find(people, ["ada"]).matched] == [0]


def test_who_only_merges_has_the_times_of_the_merges() -> None:
    """Merges are no work of one's own, but they happened at some time."""
    people = People([commit("Ada <ada@x.org>", parents=2, at=7_000), commit("Ada <ada@x.org>", parents=2, at=5_000)])
    (ada,) = people.contributions
    assert (ada.authored, ada.first, ada.last) == (0, 5_000, 7_000)

"""Histories that lie: the range holds the truth, and what is only claimed goes by that name."""

from __future__ import annotations

from evidence.facts.people import authorship_doubt
from tests.attribution.conftest import SIGNAL, Ask
from tests.attribution.telling import ADA, BOB, START, Story, lines, text

ONE = lines("ada", *range(1, 11))
TWO = lines("bob", *range(1, 11))


def test_a_spoofed_address_is_only_claimed(story: Story, ask: Ask) -> None:
    """Bob commits in Ada's name: the range of her share reaches from what is proved to what is claimed."""
    true = story.commit(ADA, {"a.py": text(ONE)})
    story.commit(ADA, {"b.py": text(TWO)}, committer=BOB)
    folder = story.written()
    asked = ask(folder, "ada@example.org", links={story.sha(true): "ada"})
    shares = {asked.text(site)[:3]: share for site, share in asked.shares().items()}
    assert (shares["ada"].low, shares["ada"].high, shares["ada"].basis) == (1.0, 1.0, "linked")
    assert (shares["bob"].low, shares["bob"].high, shares["bob"].basis) == (0.0, 1.0, "claimed")


def test_a_mailmap_moves_no_line(story: Story, ask: Ask) -> None:
    """A mailmap that calls Bob's work Ada's is shown as a hint, and changes nothing."""
    story.commit(ADA, {"a.py": text(ONE)})
    story.commit(BOB, {"b.py": text(TWO), ".mailmap": "Ada <ada@example.org> <bob@example.org>\n"})
    asked = ask(story.written(), "ada@example.org")
    assert {asked.text(s)[:3] for s, share in asked.shares().items() if share.high} == {"ada"}


def test_a_dump_made_again_has_no_authors(story: Story, ask: Ask) -> None:
    """Hundreds of commits made within minutes: the claims are shown as such, and no grade is anybody's own."""
    for n in range(60):
        story.commit(ADA, {f"m{n}.py": text(TWO)}, authored=START + n * 86_400, committed=START + 90_000_000 + n)
    asked = ask(story.written(), "ada@example.org")
    assert "60 of 60 commits were committed within 59 seconds" in asked.project.missing["authorship"]
    assert authorship_doubt(asked.project.people, asked.project.paths)
    assert {(share.low, share.high, share.basis) for share in asked.shares().values()} == {(0.0, 1.0, "claimed")}
    own = asked.attribution.own(SIGNAL, asked.sites)
    assert own.grade is None
    assert own.open
    told = {entry.subject for entry in asked.ledger.entries() if entry.code == "own_part_untold"}
    assert told == {SIGNAL.id}


def test_own_grades_rest_on_own_sites(story: Story, ask: Ask) -> None:
    """Measures count the candidate's own places alone; who wrote nothing of a signal has no grade of it."""
    story.commit(ADA, {"a.py": text(ONE)})
    story.commit(BOB, {"b.py": text(TWO, lines("bob", 20, 21))})
    folder = story.written()
    ada = ask(folder, "ada@example.org")
    assert ada.attribution.own(SIGNAL, ada.sites).measures == {"lines": 10}
    assert {ada.attribution.turn(site) for site in ada.sites if ada.text(site).startswith("ada")} == {0}
    assert {ada.attribution.turn(site) for site in ada.sites if ada.text(site).startswith("bob")} == {1}


def test_a_list_of_revisions_to_ignore_moves_no_real_work(story: Story, ask: Ask) -> None:
    """Whoever lists a commit that did more than format gains nothing: it keeps its lines."""
    story.commit(BOB, {"a.py": text(TWO)})
    work = story.commit(ADA, {"a.py": text(ONE)})
    story.written()
    sha = story.sha(work)
    story.commit(BOB, {".git-blame-ignore-revs": f"{sha}\n"})
    asked = ask(story.written(), "ada@example.org")
    assert {share.high for site, share in asked.shares().items() if site.path == "a.py"} == {1.0}


def test_lines_whose_history_is_gone_are_unknown(story: Story, ask: Ask) -> None:
    """In a partial clone the lines whose old blobs are missing are nobody's; the others keep their writers."""
    story.commit(BOB, {"a.py": text(TWO)})
    story.commit(ADA, {"a.py": text(TWO, ONE), "b.py": text(ONE)})
    story.commit(ADA, {"a.py": text(TWO[:5], ONE), "b.py": text(ONE, lines("ada", 40))})
    folder = story.written()
    story.lose("main~2:a.py")
    asked = ask(folder, "ada@example.org")
    shares = asked.shares()
    assert {share.high for site, share in shares.items() if site.path == "b.py"} == {1.0}
    lost = {site for site, share in shares.items() if share.unknown == 1.0}
    assert lost
    assert {site.path for site in lost} == {"a.py"}
    assert [entry.code for entry in asked.ledger.entries()].count("attribution_unavailable") == 1

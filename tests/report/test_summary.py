"""The plain sentences at the top of every form."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evidence.model import Digest, Grade, LedgerEntry, Outcome, Polarity
from evidence.report.html import to_html
from evidence.report.outline import outline
from evidence.report.summary import Quote, Sentence, Summary, summarise


def _said(sentence: Sentence) -> str:
    """A sentence as text, quotes in guillemets."""
    return "".join(p if isinstance(p, str) else f"«{p.text}»" if isinstance(p, Quote) else p.text for p in sentence)


def _summary(digest: Digest) -> Summary:
    return summarise(outline(digest))


def test_a_repository_without_flask_is_named_first(flaskless: Digest) -> None:
    """The first sentence says that there is no Flask application."""
    assert _said(_summary(flaskless).opening[0]).startswith("No Flask application was found in «owner/tiny».")


def test_what_was_read_is_said(quiet: Digest) -> None:
    """Repository, host, commit, date, branch, files and commits, with numbers a person would say."""
    first, second = (_said(s) for s in _summary(quiet).opening)
    assert first == (
        "One repository was read: «owner/tiny» on «github.com», at commit a1a1a1a1a1 of 12 March 2024, "
        "default branch «main»: three files and one commit. It has a Flask application."
    )
    assert second.startswith("Nobody was named")


def test_several_repositories_are_each_described(two_repositories: Digest) -> None:
    """Two repositories give two descriptions, and the one without Flask is named."""
    opening = [_said(s) for s in _summary(two_repositories).opening]
    assert opening[0] == "No Flask application was found in «owner/other»."
    assert opening[1].startswith("Two repositories were read.") and opening[2].startswith("«owner/other»")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([("not_found", ""), ("found", "Ada")], "The work of «Ada» was looked for"),
        ([("question", ""), ("not_found", "")], "Whom the candidate's name means was left open"),
        ([("not_found", ""), ("not_found", "")], "The candidate was not found here, so this is about the repository"),
    ],
)
def test_a_candidate_of_several_repositories_is_named(
    two_repositories: Digest, told: list[tuple[str, str]], said: str
) -> None:
    """By the name that they have where they were found; by none where nobody was."""
    asked = [{"repository": str(n), "status": status, "name": name} for n, (status, name) in enumerate(told)]
    digest = replace(two_repositories, subject={**two_repositories.subject, "candidate": {"repositories": asked}})
    assert any(_said(sentence).startswith(said) for sentence in _summary(digest).opening)


def test_all_text_of_the_repository_is_quoted(rich: Digest, hostile: tuple[str, ...]) -> None:
    """Names of repository, branch and candidate are quoted parts and never part of our words."""
    ours = [p for s in _summary(rich).opening for p in s if isinstance(p, str)]
    assert not any(text in part for text in hostile for part in ours)


def test_a_domain_tells_what_was_found_by_grade(rich: Digest) -> None:
    """With a candidate, grades are the candidate's own, and what only others wrote is named as such."""
    domains = {d.title: [_said(s) for s in sentences] for d, sentences in _summary(rich).domains}
    assert domains["Flask architecture"] == [
        "One practice is in use: Application factory.",
        "One is in the repository and written by others: Central error handlers.",
    ]
    assert domains["API and data"] == ["One is only named or begun, which is a lead and no credit: Alembic migrations."]
    assert domains["Reliability and security"] == ["One finding speaks against: Secrets in the code."]


def test_work_of_nobody_known_is_not_called_others(rich: Digest) -> None:
    """Where the history cannot tell who did what, no practice is said to be by others: in neither form."""
    entry = LedgerEntry(code="own_part_untold", subject="flask.error_handlers", reason="60 commits within a minute")
    digest = replace(rich, ledger=(*rich.ledger, entry))
    domains = {d.title: [_said(s) for s in sentences] for d, sentences in _summary(digest).domains}
    assert domains["Flask architecture"][1] == (
        "One is in the repository, and whose work that is could not be told: Central error handlers."
    )
    before, after = to_html(rich), to_html(digest)
    assert after.count("own part: could not be told") == 1
    assert after.count("own part: none found") == before.count("own part: none found") - 1


def test_without_a_candidate_the_repository_is_graded(two_repositories: Digest) -> None:
    """Nobody named: the repository's grades are told, and nothing is said to be by others."""
    domains = {d.title: [_said(s) for s in sentences] for d, sentences in _summary(two_repositories).domains}
    assert domains["Flask architecture"] == [
        "One practice is in use and upheld by tests, CI or history: Application factory.",
        "One practice is in use: Central error handlers.",
    ]


def test_long_lists_end_in_a_number(two_repositories: Digest) -> None:
    """Six names and a count, so that a sentence stays a sentence."""
    first = two_repositories.signals[0]
    many = tuple(replace(first, id=f"x.{n}", title=f"Practice {n}") for n in range(10))
    (_, sentences), *_ = _summary(replace(two_repositories, signals=many)).domains
    assert _said(sentences[0]).startswith("Ten practices are in use and upheld by tests, CI or history: Practice 0, ")
    assert _said(sentences[0]).endswith("Practice 5 and four more.")


def test_domains_without_an_answer_are_told_from_empty_ones(rich: Digest) -> None:
    """Nothing found and nothing looked for are two sentences: not knowing never reads as not doing."""
    said = [_said(s) for s in _summary(rich).silent]
    assert said == ["Nothing could be looked for in Scale and Delivery."]


def test_empty_domains_are_named_once(quiet: Digest) -> None:
    """A quiet repository gets one sentence and no list of absences."""
    summary = _summary(quiet)
    assert summary.domains == () and len(summary.silent) == 1
    assert _said(summary.silent[0]).startswith("Nothing was found for Flask architecture, API and data")


def test_cells_are_counted_in_words(rich: Digest) -> None:
    """Every status that occurs is counted, the total is the number of cells, and contradiction is apart."""
    assert _said(_summary(rich).cells) == (
        "Of the matrix's 36 cells: five supported, two partly, one by others, ten not seen, nine not looked, "
        "four not applicable and five not observable. Counter-evidence stands beside one of them."
    )


def test_counter_evidence_is_told_with_its_statement(rich: Digest) -> None:
    """What speaks against stands in the summary, not only in the cells."""
    assert [_said(s) for s in _summary(rich).against] == [
        "Secrets in the code: One value that looks like a secret stands in `app/settings.py`."
    ]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.ABSENT, "No counter-evidence was found."),
        (Outcome.UNAVAILABLE, "Counter-evidence could not be looked for."),
        (Outcome.ERROR, "Counter-evidence could not be looked for."),
    ],
)
def test_missing_counter_evidence_is_told_from_none(quiet: Digest, outcome: Outcome, said: str) -> None:
    """Not having looked never reads as having found nothing."""
    signals = tuple(replace(s, outcome=outcome) if s.polarity is Polarity.AGAINST else s for s in quiet.signals)
    assert [_said(s) for s in _summary(replace(quiet, signals=signals)).against] == [said]


def test_a_domain_that_was_partly_looked_at_says_so(quiet: Digest) -> None:
    """An empty domain with an unanswered signal is no plain absence."""
    first = replace(quiet.signals[0], outcome=Outcome.UNAVAILABLE)
    said = [_said(s) for s in _summary(replace(quiet, signals=(first, *quiet.signals[1:]))).silent]
    assert "Nothing was found for Flask architecture, where one of four signals could not be looked for." in said


def test_what_could_not_be_seen_is_told(rich: Digest) -> None:
    """Unavailable and failed signals with reasons, the ledger by kind, blind cells, and private work."""
    said = [_said(s) for s in _summary(rich).unseen]
    assert said == [
        "One signal could not be looked for: no detector yet.",
        "One signal could not be decided because looking failed: the detector failed on this repository.",
        "The ledger names what was skipped, sampled or missing: file over the size limit (1) "
        "and third-party file (50).",
        "Five cells of the matrix cannot be shown by any repository.",
        "Private repositories, conversations and work outside these commits cannot be seen from here.",
    ]


@pytest.mark.parametrize("candidate", [None, {"name": "Ada"}, {"login": "ada"}, {"name": 3}, {}, "Ada", 7])
def test_any_shape_of_subject_is_read(rich: Digest, candidate: object) -> None:
    """A candidate may be a record, a name or nobody; other shapes do no harm."""
    opening = _summary(replace(rich, subject={"candidate": candidate})).opening
    assert all(sentence for sentence in opening)


def test_there_is_no_verdict(rich: Digest) -> None:
    """The notice stands in the summary, and no grade is turned into a sum."""
    summary = _summary(rich)
    assert "not a verdict" in summary.notice and "no score, no rank and no recommendation" in summary.notice


def test_a_signal_is_told_in_one_grade_only(rich: Digest) -> None:
    """Each found signal is named exactly once in the domains."""
    named = [p.text for _, ss in _summary(rich).domains for s in ss for p in s if not isinstance(p, str | Quote)]
    found = [s for s in rich.signals if s.outcome is Outcome.FOUND and s.competency != "elsewhere"]
    assert sorted(named) == sorted(s.title for s in found)
    assert {s.grade for s in found} == set(Grade)

"""The data files of the matrix as records."""

from __future__ import annotations

import re

import pytest

from evidence.matrix.load import (
    SCOPES,
    MatrixError,
    load_features,
    load_matrix,
    load_pending,
    load_profiles,
    load_vocabulary,
    read_rows,
    scope_of,
)
from evidence.matrix.words import explain_rule
from evidence.model import Polarity

ROWS = [row.id for row in load_matrix().rows]


def test_the_matrix_has_its_rows() -> None:
    """Thirty-one competencies in six domains, the rows of a domain together."""
    rows = load_matrix().rows
    domains = [row.domain for row in rows]
    assert len(rows) == 31
    assert len(set(domains)) == 6
    assert domains == sorted(domains, key=domains.index)


def test_every_signal_is_known_once() -> None:
    """Ninety-two signals and six kinds of counter-evidence; pending ones have a title and where to look."""
    pending = load_pending()
    assert len(load_vocabulary()) == 98
    assert {p.id for p in pending} <= set(load_vocabulary())
    assert [p.id for p in pending] == sorted(p.id for p in pending)
    assert all(p.title and p.where in {"tree", "history", "forge"} and p.competency in ROWS for p in pending)


def test_counter_evidence_is_marked() -> None:
    """The signals that speak against a practice are known as such."""
    against = {s for s, askable in load_vocabulary().items() if askable.polarity is Polarity.AGAINST}
    assert against == {
        "against.open_cors",
        "against.sql_from_strings",
        "against.swallowed_exceptions",
        "against.toothless_ci",
        "against.untrusted_input",
        "against.unverified_tls",
        "config.hardcoded_secret",
        "flask.debug_enabled",
    }


@pytest.mark.parametrize("profile", load_profiles(), ids=lambda profile: profile.id)
def test_a_profile_places_every_row_once(profile: object) -> None:
    """Each competency is core, relevant or out of scope for a role, and each role has something of core."""
    found = next(p for p in load_profiles() if p == profile)
    assert sorted((*found.core, *found.relevant, *found.out_of_scope)) == sorted(ROWS)
    assert found.core


def test_features_say_since_when() -> None:
    """A feature names the version that brought it, or says that it is planned."""
    assert all(re.fullmatch(r"planned|\d+\.\d+", feature.since) for feature in load_features())


def test_every_rule_can_be_said_in_words() -> None:
    """Rules read without any of their syntax; every measure has a wording with its number filled in."""
    for row in load_matrix().rows:
        for cell in row.cells:
            if cell.effective is not None:
                words = explain_rule(cell.effective, {})
                assert ">=" not in words and "{" not in words and "any_of" not in words


def test_words_use_the_titles() -> None:
    """A rule in words calls signals by the titles given."""
    rule = load_matrix().rows[0].cells[1].effective
    assert rule is not None
    titles = {"flask.app_factory": "Application factory", "flask.blueprints": "Blueprints"}
    assert explain_rule(rule, titles) == "Application factory (practised), and Blueprints (practised)"


@pytest.mark.parametrize("rule", ["flask.app_factory", "flask.app_factory >= trace"])
def test_a_bad_rule_names_its_cell(rule: str) -> None:
    """A malformed rule is reported with the row and the level where it stands."""
    cell = {"marker": "m", "rule": rule, "example": "e", "seen": [], "unseen": []}
    data = {"domain": "d", "row": [{"id": "some-row", "title": "t", "seeds": [], "junior": cell}]}
    with pytest.raises(MatrixError, match="some-row, Junior"):
        read_rows(data)


def test_a_missing_level_names_its_cell() -> None:
    """A row without one of its levels is reported, not skipped."""
    with pytest.raises(MatrixError, match="some-row, Junior"):
        read_rows({"domain": "d", "row": [{"id": "some-row", "title": "t", "seeds": []}]})


def test_a_profile_gives_every_row_a_scope() -> None:
    """Each row is core, relevant or out of scope for a role; without a role it is neither."""
    for profile in load_profiles():
        scopes = {row: scope_of(row, profile.id) for row in ROWS}
        assert set(scopes.values()) <= set(SCOPES)
        assert {row for row, scope in scopes.items() if scope == "core"} == set(profile.core)
    assert {scope_of(row, None) for row in ROWS} == {scope_of(row, "no such role") for row in ROWS} == {""}

"""Our questions and the fakes' answers, held against what the forges publish; and our reading, against stand-ins."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from graphql import GraphQLSchema, build_schema, execute_sync, parse, validate

from evidence.model import Account, Ledger
from evidence.source.forges import Asking, Subject, ask, endpoint_for
from evidence.source.forges.github_queries import ACCEPTED, ALL, PAGE
from tests.forges import github_shapes as shapes
from tests.forges.conftest import GITLAB_TOKEN, TOKEN
from tests.forges.counterparts import misfits, module, running
from tests.forges.data import Taken, repository

_LISTS = ("/issues", "/pulls", "/releases", "/commits", "/pulls/comments", "/issues/comments")
_OF_ONE = {"/pulls/1/reviews": "/pulls/{pull_number}/reviews", "/pulls/1/comments": "/pulls/{pull_number}/comments",
           "/issues/1/comments": "/issues/{issue_number}/comments"}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """GitHub's published GraphQL schema."""
    file = module("@octokit/graphql-schema") / "schema.graphql"
    return build_schema(file.read_text("utf-8"), assume_valid=True)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    """GitHub's published OpenAPI description."""
    file = module("@octokit/openapi") / "generated" / "api.github.com.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_query_is_valid(schema: GraphQLSchema, name: str) -> None:
    """GitHub's own schema accepts every query of ours."""
    assert validate(schema, parse(ALL[name])) == []


def test_the_fake_answers_as_the_schema_has_it(schema: GraphQLSchema) -> None:
    """Executed over GitHub's schema, the fake's answer to our query comes out as it went in."""
    variables = {
        "owner": "ada", "name": "app", "order": {"field": "CREATED_AT", "direction": "DESC"}, "head": "HEAD",
        "changes": 25, "changesAfter": None, "withChanges": True, "issues": 50, "issuesAfter": None,
        "withIssues": True, "commitsAfter": None, "withCommits": True,
    }  # fmt: skip
    answer = shapes.data(repository(), "https://github.com", {"variables": variables})
    done = execute_sync(schema, parse(PAGE), root_value=answer, variable_values=variables)
    assert done.errors is None
    assert done.data is not None
    assert _only(answer, done.data) == done.data


def test_the_fake_searches_as_the_schema_has_it(schema: GraphQLSchema) -> None:
    """The fake's answer about changes elsewhere comes out of GitHub's schema as it went in."""
    repo = repository()
    repo.taken = [Taken("org/lib", 3), Taken("org/other", 4, author="bob")]
    variables = {"wanted": "author:ada -user:ada is:pr is:merged"}
    answer = shapes.data(repo, "https://github.com", {"variables": variables})
    done = execute_sync(schema, parse(ACCEPTED), root_value=answer, variable_values=variables)
    assert (done.errors, done.data) == (None, _only(answer, done.data))
    assert answer["search"]["issueCount"] == 1


def _only(value: Any, asked_for: Any) -> Any:
    """``value`` without the fields that nobody asked for."""
    if isinstance(asked_for, dict):
        return {key: _only(value.get(key), each) for key, each in asked_for.items()}
    if isinstance(asked_for, list):
        return [_only(each, wanted) for each, wanted in zip(value, asked_for, strict=True)]
    return value


@pytest.mark.parametrize("path", [*_LISTS, *_OF_ONE])
def test_the_fake_answers_as_the_description_has_it(description: dict[str, Any], path: str) -> None:
    """Every field of the fake's REST answers is one of GitHub's, of its type."""
    described = description["paths"]["/repos/{owner}/{repo}" + _OF_ONE.get(path, path)]["get"]["responses"]["200"]
    answer = shapes.rest(repository(), "https://github.com", path, {})
    assert answer
    assert (
        misfits(answer, described["content"]["application/json"]["schema"], description["components"]["schemas"]) == []
    )


def test_the_fake_searches_as_the_description_has_it(description: dict[str, Any]) -> None:
    """Every field of the fake's search by REST, and of a change read by its number, is one of GitHub's."""
    repo = repository()
    repo.taken = [Taken("org/lib", 3)]
    answer = shapes.rest_search(repo, "https://github.com", {"q": "author:ada -user:ada"})
    described = description["paths"]["/search/issues"]["get"]["responses"]["200"]["content"]["application/json"]
    assert misfits(answer, described["schema"], description["components"]["schemas"]) == []
    assert answer["items"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """A GitHub emulator with 101 pull requests of ada's, the first one reviewed by bob."""
    module("emulate")
    with running("github.mjs", TOKEN) as origin:
        ada, bob = ({"Authorization": f"Bearer {token}"} for token in (TOKEN, f"{TOKEN}bob"))
        api = f"{origin}/repos/ada/app"
        with requests.Session() as session:
            tip = session.get(f"{api}/git/ref/heads/main", headers=ada).json()["object"]["sha"]
            for at in range(1, 102):
                session.post(f"{api}/git/refs", headers=ada, json={"ref": f"refs/heads/t{at}", "sha": tip})
                made = {"title": f"Change {at}", "head": f"t{at}", "base": "main", "body": "Why.", "draft": at == 2}
                session.post(f"{api}/pulls", headers=ada, json=made).raise_for_status()
            for event, body in (("COMMENT", "A question."), ("REQUEST_CHANGES", "No."), ("APPROVE", "Good.")):
                session.post(f"{api}/pulls/1/reviews", headers=bob, json={"event": event, "body": body})
            session.post(f"{api}/issues/1/comments", headers=bob, json={"body": "Nice."})
        yield origin


def test_an_emulated_github_is_read_page_by_page(
    emulator: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """101 changes over two pages; reviews keep their states; without GraphQL, REST stands in."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    endpoint = endpoint_for("github", emulator, (emulator.partition("://")[2],))
    changes = ask(endpoint, Subject("ada/app", "id", "", ""), Ledger(), Asking(tmp_path))
    assert [c.number for c in changes.requests] == list(range(1, 102))
    first, second = changes.requests[:2]
    assert [(r.state, r.author) for r in first.reviews] == [
        (state, Account("bob")) for state in ("commented", "changes_requested", "approved")
    ]
    assert [(c.body, c.author) for c in first.comments] == [("Nice.", Account("bob"))]
    assert (first.author, first.draft, second.draft) == (Account("ada"), False, True)
    assert set(changes.missing) <= {"committers"}


def test_a_mocked_gitlab_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of the mock are read; what it does not serve is named."""
    module("@zereight/mcp-gitlab")
    monkeypatch.setenv("GITLAB_TOKEN", GITLAB_TOKEN)
    with running("gitlab.mjs", GITLAB_TOKEN) as origin:
        endpoint = endpoint_for("gitlab", origin, (origin.partition("://")[2],))
        changes = ask(endpoint, Subject("123", "id", "", ""), Ledger(), Asking())
    assert [(i.number, i.title, i.state) for i in changes.issues] == [(1, "Test Issue 1", "open")]
    assert {"reviews", "comments", "releases"} <= set(changes.missing)


def test_the_packages_are_where_the_tests_look() -> None:
    """Where the environment has a folder of npm packages, all of the lock are in it."""
    folder = Path(sys.prefix) / "node"
    if not folder.is_dir():
        pytest.skip("left out: make test has installed no npm packages here")
    wanted = json.loads((Path(__file__).parent / "node" / "package.json").read_text())["devDependencies"]
    assert all((folder / "node_modules" / name).is_dir() for name in wanted)

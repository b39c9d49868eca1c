"""The commits (merges left out) of merge requests with the accounts behind them: GitLab tells these by GraphQL alone.

REST's commits carry names and addresses, and no account (https://docs.gitlab.com/api/commits/).
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.model import Account
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.gitlab_records import person
from evidence.source.forges.http import ForgeSession, decoded
from evidence.source.forges.patience import Unavailable
from evidence.source.forges.wording import child, children, oid

A_PAGE = 20
COMMITS = f"""
query commits($path: ID!, $iids: [String!]) {{
  project(fullPath: $path) {{
    mergeRequests(iids: $iids, first: {A_PAGE}) {{
      nodes {{ iid commitsWithoutMergeCommits(first: 100) {{ nodes {{ sha author {{ username }} }} }} }}
    }}
  }}
}}
"""

Commits = dict[str, Account | None]
"""Full ids, oldest first, with the account behind each as far as GitLab knows one."""


def commits_of(session: ForgeSession, endpoint: Endpoint, path: str, numbers: Sequence[int]) -> dict[int, Commits]:
    """The commits of these merge requests, by number; those of which nothing is told are left out.

    Raises Unavailable.
    """
    found: dict[int, Commits] = {}
    for start in range(0, len(numbers), A_PAGE):
        iids = [str(number) for number in numbers[start : start + A_PAGE]]
        question = {"query": COMMITS, "variables": {"path": path, "iids": iids}}
        answer = decoded(session.post(endpoint.origin + endpoint.layouts[0][1], json=question))
        project = child(answer, "data", "project")
        if not isinstance(child(project, "mergeRequests", "nodes"), list):
            raise Unavailable("GitLab does not answer our GraphQL query", 400)
        for node in children(project, "mergeRequests", "nodes"):
            commits = [(oid(child(each, "sha")), person(child(each, "author")))
                       for each in children(node, "commitsWithoutMergeCommits", "nodes")]  # fmt: skip
            at = str(child(node, "iid"))
            if at in iids:
                found[int(at)] = {sha: account for sha, account in reversed(commits) if sha}
    return found

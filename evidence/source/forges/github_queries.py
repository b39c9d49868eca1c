"""GitHub's GraphQL queries. The tests hold each against GitHub's published schema."""

from __future__ import annotations

REVIEWS = THREADS = COMMENTS = 100
REPLIES = 30
COMMITS = 100
ISSUE_COMMENTS = 30
HISTORY = 100

_ACTOR = "{ __typename login }"

_CHANGE = f"""
fragment change on PullRequest {{
  number title body state url isDraft createdAt updatedAt mergedAt closedAt
  author {_ACTOR} mergedBy {_ACTOR}
  baseRefName headRefOid mergeCommit {{ oid }}
  additions deletions changedFiles
  labels(first: 20) {{ nodes {{ name }} }}
  closingIssuesReferences(first: 20) {{ nodes {{ number }} }}
  commits(first: {COMMITS}) {{ totalCount nodes {{ commit {{ oid author {{ user {{ login }} }} }} }} }}
  reviews(first: {REVIEWS}) {{
    totalCount nodes {{ id url state body submittedAt author {_ACTOR} commit {{ oid }} }}
  }}
  reviewThreads(first: {THREADS}) {{
    totalCount nodes {{
      isResolved isOutdated diffSide
      comments(first: {REPLIES}) {{
        totalCount nodes {{
          id url body createdAt updatedAt state path line originalLine
          author {_ACTOR} originalCommit {{ oid }} replyTo {{ id url }}
        }}
      }}
    }}
  }}
  comments(first: {COMMENTS}) {{ totalCount nodes {{ id url body createdAt updatedAt author {_ACTOR} }} }}
}}
"""

_ISSUE = f"""
fragment issue on Issue {{
  number title body state url createdAt updatedAt closedAt
  author {_ACTOR}
  assignees(first: 10) {{ nodes {_ACTOR} }}
  labels(first: 20) {{ nodes {{ name }} }}
  comments(first: {ISSUE_COMMENTS}) {{ totalCount nodes {{ id url body createdAt updatedAt author {_ACTOR} }} }}
  timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {{
    nodes {{
      ... on ClosedEvent {{
        actor {_ACTOR} closer {{ ... on PullRequest {{ number repository {{ nameWithOwner }} }} }}
      }}
    }}
  }}
}}
"""

PAGE = f"""
query page(
  $owner: String!, $name: String!, $order: IssueOrder!, $head: String!
  $changes: Int!, $changesAfter: String, $withChanges: Boolean!
  $issues: Int!, $issuesAfter: String, $withIssues: Boolean!
  $commitsAfter: String, $withCommits: Boolean!
) {{
  repository(owner: $owner, name: $name) {{
    nameWithOwner isFork parent {{ nameWithOwner }}
    pullRequests(first: $changes, after: $changesAfter, orderBy: $order) @include(if: $withChanges) {{
      totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ ...change }}
    }}
    issues(first: $issues, after: $issuesAfter, orderBy: $order) @include(if: $withIssues) {{
      totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ ...issue }}
    }}
    object(expression: $head) @include(if: $withCommits) {{
      ... on Commit {{
        history(first: {HISTORY}, after: $commitsAfter) {{
          pageInfo {{ hasNextPage endCursor }} nodes {{ oid author {{ user {{ login }} }} }}
        }}
      }}
    }}
  }}
}}
{_CHANGE}
{_ISSUE}
"""

ONE = f"""
query one($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{ nameWithOwner pullRequest(number: $number) {{ ...change }} }}
}}
{_CHANGE}
"""

ACCEPTED = f"""
query accepted($wanted: String!) {{
  search(query: $wanted, type: ISSUE, first: 100) {{
    issueCount
    nodes {{ ... on PullRequest {{ number title body url createdAt updatedAt mergedAt author {_ACTOR} }} }}
  }}
}}
"""

ALL = {"page": PAGE, "one": ONE, "accepted": ACCEPTED}

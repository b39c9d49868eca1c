"""GitLab's answers as its documentation has them: the fake keeps to the documented fields, and they are read rightly.

Field names are those of https://docs.gitlab.com/api/merge_requests/, /discussions/, /notes/, /issues/,
/merge_request_approvals/, /releases/ and /users/; the values are ours. Approval rules (``approval_state``) and
``resource_state_events`` are not asked for: who closed an issue stands in the issue, and a rule tells of nobody.
"""

from __future__ import annotations

from typing import Any

import pytest

from evidence.model import Account
from evidence.source.forges.gitlab_records import GitLabRecords
from tests.forges.data import repository
from tests.forges.fake_github import Request
from tests.forges.fake_gitlab import FakeGitLab

_USER = "id name username state avatar_url web_url locked public_email"
_MERGE_REQUEST = """
    id iid project_id title description state merged_by merge_user merged_at closed_by closed_at created_at updated_at
    target_branch source_branch upvotes downvotes author assignee assignees reviewers source_project_id
    target_project_id labels draft work_in_progress milestone merge_when_pipeline_succeeds merge_status
    detailed_merge_status sha merge_commit_sha squash_commit_sha user_notes_count discussion_locked
    should_remove_source_branch force_remove_source_branch allow_collaboration allow_maintainer_to_push web_url
    references time_stats squash task_completion_status
"""
_NOTE = """
    id type body attachment author created_at updated_at system noteable_id noteable_type project_id noteable_iid
    resolvable resolved resolved_by resolved_at position commit_id
"""
_POSITION = "base_sha start_sha head_sha old_path new_path position_type old_line new_line line_range"
_ISSUE = """
    id iid project_id title description state created_at updated_at closed_at closed_by author assignee assignees labels
    milestone moved_to_id upvotes downvotes merge_requests_count user_notes_count due_date web_url references time_stats
    has_tasks task_status confidential discussion_locked _links task_completion_status weight
"""
_ISSUE_NOTE = """
    id type body attachment author created_at updated_at system noteable_id noteable_type project_id noteable_iid
    resolvable confidential internal imported imported_from
"""
# The author of a note has an address and a time in the documentation's examples.
_NOTE_AUTHOR = "id username email name state created_at avatar_url web_url"
_APPROVALS = """
    id iid project_id title description state created_at updated_at merge_status approvals_required approvals_left
    approved_by
"""
_RELEASE = """
    tag_name name description created_at released_at upcoming_release author commit milestones commit_path tag_path
    assets evidences _links
"""


def person(username: str) -> dict[str, Any]:
    """A user with every documented field."""
    return {"id": 1, "name": username.title(), "username": username, "state": "active", "avatar_url": None,
            "web_url": f"https://gitlab.com/{username}"}  # fmt: skip


MERGE_REQUEST: dict[str, Any] = {
    "id": 900, "iid": 7, "project_id": 3, "title": "Keep the queue short", "description": "It grew. Closes #4.",
    "state": "merged", "merged_by": person("bob"), "merged_at": "2024-09-07T11:16:17.520Z", "closed_by": None,
    "closed_at": None, "created_at": "2024-09-01T08:46:00Z", "updated_at": "2024-09-07T11:16:18Z",
    "target_branch": "main", "source_branch": "queue", "upvotes": 0, "downvotes": 0, "author": person("ada"),
    "assignee": None, "assignees": [], "source_project_id": 3, "target_project_id": 3, "labels": ["backend"],
    "work_in_progress": False, "milestone": None, "merge_when_pipeline_succeeds": True,
    "merge_status": "can_be_merged", "sha": "8" * 40, "merge_commit_sha": None, "squash_commit_sha": "9" * 40,
    "user_notes_count": 1, "discussion_locked": None, "should_remove_source_branch": True,
    "force_remove_source_branch": False, "allow_collaboration": False, "allow_maintainer_to_push": False,
    "web_url": "https://gitlab.com/group/app/-/merge_requests/7",
    "references": {"short": "!7", "relative": "!7", "full": "group/app!7"},
    "time_stats": {"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None,
                   "human_total_time_spent": None},
    "squash": True, "task_completion_status": {"count": 0, "completed_count": 0},
}  # fmt: skip


def note(number: int, body: str, **more: Any) -> dict[str, Any]:
    """A note with every documented field."""
    return {"id": number, "type": None, "body": body, "attachment": None, "author": person("bob"),
            "created_at": "2024-09-02T09:17:22.520Z", "updated_at": "2024-09-02T09:17:22.520Z", "system": False,
            "noteable_id": 900, "noteable_type": "MergeRequest", "project_id": 3, "noteable_iid": 7,
            "resolvable": False} | more  # fmt: skip


POSITION = {"base_sha": "1" * 40, "start_sha": "1" * 40, "head_sha": "2" * 40, "old_path": "a.py", "new_path": "b.py",
            "position_type": "text", "old_line": None, "new_line": 27, "line_range": None}  # fmt: skip
DISCUSSIONS: list[dict[str, Any]] = [
    {"id": "a" * 40, "individual_note": False, "notes": [
        note(1, "This loses the last one.", type="DiffNote", position=POSITION, resolvable=True, resolved=True,
             resolved_by=person("ada"), resolved_at="2024-09-03T00:00:00Z"),
        note(2, "Right.", type="DiffNote", position=POSITION, resolvable=True, resolved=True, author=person("ada")),
    ]},
    {"id": "b" * 40, "individual_note": True, "notes": [note(3, "Nice.")]},
    {"id": "c" * 40, "individual_note": True, "notes": [note(4, "approved this merge request", system=True)]},
    {"id": "d" * 40, "individual_note": True, "notes": [note(5, "changed the description", system=True)]},
]  # fmt: skip
RELEASE: dict[str, Any] = {
    "tag_name": "v0.2", "description": "## Changes\r\n\r\n- Less", "name": "Second",
    "created_at": "2024-01-03T01:56:19Z", "released_at": "2024-01-04T01:56:19Z", "upcoming_release": False,
    "author": person("ada"), "commit": {"id": "0" * 40, "author_email": "admin@example.com"}, "milestones": [],
    "commit_path": "/g/a/commit/0", "tag_path": "/g/a/-/tags/v0.2",
    "assets": {"count": 0, "sources": [], "links": []}, "evidences": [],
    "_links": {"self": "https://gitlab.com/group/app/-/releases/v0.2"},
}  # fmt: skip
ISSUE: dict[str, Any] = {
    "state": "closed", "description": "It stays empty.", "author": person("ada"), "milestone": None, "project_id": 3,
    "assignees": [person("bob")], "assignee": person("bob"), "updated_at": "2024-01-05T15:31:51.081Z",
    "closed_at": "2024-01-05T15:31:51.081Z", "closed_by": person("bob"), "id": 76, "title": "The list stays empty",
    "created_at": "2024-01-04T15:31:51.081Z", "moved_to_id": None, "iid": 6, "labels": ["bug", "backend"], "upvotes": 4,
    "downvotes": 0, "merge_requests_count": 0, "user_notes_count": 1, "due_date": "2024-07-22",
    "web_url": "https://gitlab.com/group/app/-/issues/6",
    "references": {"short": "#6", "relative": "#6", "full": "group/app#6"},
    "time_stats": {"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None,
                   "human_total_time_spent": None},
    "has_tasks": True, "task_status": "10 of 15 tasks completed", "confidential": False, "discussion_locked": False,
    "_links": {"self": "https://gitlab.com/api/v4/projects/3/issues/6"},
    "task_completion_status": {"count": 0, "completed_count": 0},
}  # fmt: skip


def issue_note(number: int, body: str, system: bool) -> dict[str, Any]:
    """A note of an issue with every documented field."""
    author = {"id": 1, "username": "pip", "email": "admin@example.com", "name": "Pip", "state": "active",
              "created_at": "2013-09-30T13:46:01Z"}  # fmt: skip
    return {"id": number, "body": body, "attachment": None, "author": author, "created_at": "2024-01-05T09:22:45Z",
            "updated_at": "2024-01-05T10:22:45Z", "system": system, "noteable_id": 76, "noteable_type": "Issue",
            "project_id": 3, "noteable_iid": 6, "resolvable": False, "confidential": False, "internal": False,
            "imported": False, "imported_from": "none"}  # fmt: skip


ISSUE_NOTES = [issue_note(302, "closed", True), issue_note(305, "Text of the comment\r\n", False)]
APPROVALS: dict[str, Any] = {
    "id": 900, "iid": 7, "project_id": 3, "title": "Keep the queue short", "description": "It grew.", "state": "merged",
    "created_at": "2024-09-01T08:46:00Z", "updated_at": "2024-09-07T11:16:18Z", "merge_status": "cannot_be_merged",
    "approvals_required": 2, "approvals_left": 1, "approved_by": [{"user": person("cy")}, {"user": person("bob")}],
}  # fmt: skip
RECORDS = GitLabRecords("https://gitlab.com/group/app", "https://gitlab.com")


def test_a_documented_merge_request_is_read() -> None:
    """State, people, times, commits, labels and closed issues; who merged it by the older field too."""
    change = RECORDS.change(MERGE_REQUEST)
    assert change is not None
    assert (change.number, change.state, change.author, change.merged_by) == (
        7,
        "merged",
        Account("ada"),
        Account("bob"),
    )
    assert (change.merge_commit, change.head_commit, change.closes) == ("9" * 40, "8" * 40, (4,))
    assert (change.labels, change.draft, change.base) == (("backend",), False, "main")
    assert change.url == MERGE_REQUEST["web_url"]


def test_documented_discussions_are_read() -> None:
    """Threads on lines with their place and state, comments, and an approval by its system note; others are nothing."""
    page = MERGE_REQUEST["web_url"]
    threads, comments = RECORDS.discussions(DISCUSSIONS, page)
    ((first, answer),) = [thread.comments for thread in threads]
    assert (first.path, first.line, first.commit, answer.reply_to) == ("b.py", 27, "2" * 40, "1")
    assert threads[0].resolved is True
    assert [comment.body for comment in comments] == ["Nice."]
    (approval,) = RECORDS.reviews(DISCUSSIONS, None, page)
    assert (approval.state, approval.author, approval.url) == ("approved", Account("bob"), f"{page}#note_4")


def test_a_documented_release_is_read() -> None:
    """Tag, time and link, and no e-mail address of the commit in it."""
    release = RECORDS.release(RELEASE)
    assert release is not None
    assert (release.tag, release.name, release.url) == ("v0.2", "Second", RELEASE["_links"]["self"])
    assert release.created == 1_704_333_379


def test_a_documented_issue_is_read() -> None:
    """State, people, times, labels and link; of its notes what people wrote, and no e-mail address of theirs."""
    issue = RECORDS.issue(ISSUE, ISSUE_NOTES)
    assert issue is not None
    assert (issue.number, issue.state, issue.author, issue.closed_by) == (6, "closed", Account("ada"), Account("bob"))
    assert (issue.assignees, issue.labels, issue.url) == ((Account("bob"),), ("bug", "backend"), ISSUE["web_url"])
    assert (issue.created, issue.closed) == (1_704_382_311, 1_704_468_711)
    (said,) = issue.comments
    assert (said.author, said.body.strip(), said.url) == (
        Account("pip"),
        "Text of the comment",
        f"{ISSUE['web_url']}#note_305",
    )
    assert "admin@example.com" not in repr(issue)


def test_documented_approvals_are_read() -> None:
    """Each approver has one review: by its note where there is one, else by the list, which tells no time."""
    page = MERGE_REQUEST["web_url"]
    by_list, by_note = RECORDS.reviews(DISCUSSIONS, APPROVALS, page)
    assert (by_list.author, by_list.state, by_list.submitted, by_list.url) == (Account("cy"), "approved", 0, page)
    assert (by_note.author, by_note.state, by_note.url) == (Account("bob"), "approved", f"{page}#note_4")


def test_a_removed_line_is_none_of_the_reviewed_state() -> None:
    """A position with an old line alone stands in the state before the change, under the file's name there."""
    removed = POSITION | {"old_line": 12, "new_line": None, "old_path": "before.py"}
    comment = RECORDS.comment(note(9, "Why is it gone?", type="DiffNote", position=removed), MERGE_REQUEST["web_url"])
    assert (comment.path, comment.line, comment.removed) == ("before.py", 12, True)
    assert comment.commit == POSITION["head_sha"]


@pytest.mark.parametrize(
    ("answer", "fields"),
    [(MERGE_REQUEST, _MERGE_REQUEST), (DISCUSSIONS[0]["notes"][0], _NOTE), (POSITION, _POSITION), (RELEASE, _RELEASE),
     (person("ada"), _USER), (ISSUE, _ISSUE), (ISSUE_NOTES[0], _ISSUE_NOTE), (ISSUE_NOTES[0]["author"], _NOTE_AUTHOR),
     (APPROVALS, _APPROVALS)],
)  # fmt: skip
def test_these_answers_have_documented_fields_alone(answer: dict[str, Any], fields: str) -> None:
    """What the tests above read is what GitLab documents."""
    assert set(answer) <= set(fields.split())


def test_the_fake_answers_with_documented_fields_alone() -> None:
    """Every field of the fake's merge requests, notes, positions, approvals, issues, users and releases is GitLab's."""
    server = FakeGitLab(repository())
    try:
        start = "/api/v4/projects/ada%2Fapp"
        changes, discussions, releases, issues, approvals = (
            server.answer(Request("GET", f"{start}{path}", {}, {}, None)).body
            for path in (
                "/merge_requests",
                "/merge_requests/1/discussions",
                "/releases",
                "/issues",
                "/merge_requests/1/approvals",
            )
        )
        said = [
            each
            for issue in issues
            for each in server.answer(Request("GET", f"{start}/issues/{issue['iid']}/notes", {}, {}, None)).body
        ]
    finally:
        server.server_close()
    notes = [each for discussion in discussions for each in discussion["notes"]]
    told = ((changes, _MERGE_REQUEST), (notes, _NOTE), (releases, _RELEASE), (issues, _ISSUE), (said, _NOTE))
    for found, fields in told:
        assert found
        assert {name for each in found for name in each} <= set(fields.split())
        assert {name for each in found for name in each["author"]} <= set(_USER.split())
    positions = [each["position"] for each in notes if "position" in each]
    assert {name for each in positions for name in each} <= set(_POSITION.split())
    assert approvals["approved_by"]
    assert set(approvals) <= set(_APPROVALS.split())
    assert all(set(each) == {"user"} and set(each["user"]) <= set(_USER.split()) for each in approvals["approved_by"])

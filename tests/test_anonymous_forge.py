"""An anonymised digest leads nobody to what was said on the forge, or to who said it."""

from __future__ import annotations

from msgspec.structs import replace

from evidence.anonymous import anonymised
from evidence.model import AreaHistory, Owner, RepositoryHistory, ReviewCommentCitation, Site
from evidence.report.json_form import to_json
from tests.test_verify import honest

REMARK = ReviewCommentCitation(
    repository="r", number=12, comment="987654321", clause="risk", path="app/db.py", line=4,
    excerpt="This leaks the connection, @carla-jones.", url="https://github.com/o/r/pull/12#discussion_r987654321",
    created="2025-01-01T00:00:00Z", updated="2025-01-01T00:00:00Z", sha256="0" * 64,
)  # fmt: skip
SITES = (
    Site(path="", clause="risk", subject="bob-miller", item="comment/12/987654321"),
    Site(path="", clause="reviewed", subject="bob-miller", value="carla-jones", item="review/12/5551"),
    Site(path="", clause="hub", subject="bob-miller", value="4 of 9", item="review/12/5551"),
    Site(
        path="", clause="accepted", subject="bob-miller", value="github.com/pallets/click",
        item="elsewhere/https://github.com/pallets/click/pull/3",
    ),
)  # fmt: skip


def test_ids_and_logins_of_the_forge_are_hidden() -> None:
    """No id of a comment, no login and no other repository is left; one person stays one person; figures stay."""
    digest = honest()
    finding = replace(digest.findings[0], sites=SITES)
    signal = replace(digest.signals[0], citations=(REMARK,))
    hidden = anonymised(replace(digest, findings=(finding,), signals=(signal,)), b"key")
    text = to_json(hidden).decode()
    for name in ("987654321", "5551", "bob-miller", "carla-jones", "pallets", "pull/3"):
        assert name not in text
    sites = hidden.findings[0].sites
    assert len({site.subject for site in sites}) == 1
    assert sites[2].value == "4 of 9"
    assert [site.item.partition("/")[0] for site in sites] == ["comment", "review", "review", "elsewhere"]
    assert sites[1].item == sites[2].item


def test_owners_of_areas_are_hidden() -> None:
    """The pictures of a history keep their figures and lose their names; one person stays one person."""
    digest = honest()
    area = AreaHistory(
        area="app", code=True, commits=9, periods=(9,), owners=(Owner("Carla Jones", 6), Owner("Bob Miller", 3))
    )
    history = RepositoryHistory(periods=("2024",), areas=(area, area), together=())
    repository = replace(digest.repositories[0], history=history)
    hidden = anonymised(replace(digest, repositories=(repository,)), b"key")
    text = to_json(hidden).decode()
    assert not [name for name in ("Carla", "Jones", "Bob", "Miller") if name in text]
    told = hidden.repositories[0].history
    assert told is not None and told.areas[0] == told.areas[1]
    assert [owner.commits for owner in told.areas[0].owners] == [6, 3]
    assert len({owner.name for owner in told.areas[0].owners}) == 2

"""How the structure of a sentence and of a body decides what a description tells and a comment raises."""

from __future__ import annotations

import pytest

from bench.conversations import read_labels
from evidence.facts.conversations import passages, read_comment, read_description


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("The cache was stale after a restart.", True),
        ("Fix the broken links.", False),
        ("Fixed the broken links because readers complained.", True),
        ("fix(web): add the missing filter", False),
        ("Rename the helper so that both views can use it.", True),
        ("Maybe we should drop the old endpoint, nobody needs it.", False),
        ("The importer does not yet read zipped files.", False),
        ("Remove the badge -- nobody uses it, the service is broken.", True),
        ("Logout had **no** revocation at all.", True),
        ("Requests of a revoked token are rejected with a 401.", False),
        ("This PR does not implement retries.", False),
        ("Sorry for the noise, but I had to rebase twice.", False),
        ("Brings the schema and the parser in line.", True),
        ("When a mail fails, adds it to the queue (and counts no failure).", False),
        ("When a mail fails, the whole batch is lost.", True),
        ("## Changes\n- A revoked token never reaches the view\n", False),
        ("## Problem\n- A revoked token still reaches the view\n", True),
        ("This is not ideal, since logs may be there twice.", False),
        ("Bug: T395237", False),
        ("Problem: people see the numbers of yesterday.", True),
        ("Replace deprecated calls with the new ones.", True),
        ("Give users the ability to see what the button will do.", True),
        ("Include the new parameter for old clients.", False),
    ],
)
def test_an_order_tells_why_by_a_reason_only(body: str, why: bool) -> None:
    """What is wrong tells why; not in a sentence that begins with what was done, a wish, or what is not done yet."""
    assert ("why" in read_description(body).parts) is why


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("It failed with a KeyError on a fresh database.", ()),
        ("The library made some breaking changes in its last release.", ()),
        ("Removes backwards compatibility from the callback.", ()),
        ("This is backwards compatible with old clients.", ("risk",)),
        ("Uploads over 2 GB are not yet supported.", ("risk",)),
        ("I haven't implemented retries, as this adds complexity.", ("alternatives",)),
        ("We also considered baking in the keys.", ("alternatives",)),
        ("An account that is considered legacy is skipped.", ()),
        ("Limit logins to mitigate brute-force attacks.", ()),
        ("A crafted link lets an attacker read the session.", ("risk",)),
        ("This PR does not implement retries.", ("risk",)),
        ("The filter had no impact on the numbers.", ()),
        ("This has no impact on old clients.", ("risk",)),
        ("- [x] Bugfix (non-breaking change which fixes an issue)", ()),
        ("- [x] I have considered, and confirmed that this is valuable to others.", ()),
        ("In case of backwards incompatible changes please leave a note.", ()),
        ("~~This is not backwards compatible.~~", ()),
        ("This _may_ cause other issues.", ("risk",)),
        ("## Out of scope\nA shorter life of the tokens, which is a larger change.", ("risk",)),
        ("Other behaviour is possible, such as a copy that is swapped at the end.", ("alternatives",)),
        ("The query is too long to be a label, so we log a hash of it instead.", ("alternatives",)),
        ("Wrap the call so that a missing table does not break the page.", ()),
        ("Drop the exclamation mark at the end, since this may cause conflicts.", ()),
        ("This is not ideal, since logs may be there twice.", ("risk",)),
        ("There are other ways around it.", ("alternatives",)),
        ("Risk Level: low (the old behaviour is back)", ("risk",)),
        ("Risk: n/a", ()),
        ("This returns a naive datetime.", ()),
        ("The first version here is naive.", ("risk",)),
        ("Added tests for untested error handlers.", ()),
        ("A second address, for people who prefer to write rather than call.", ()),
        ("Nobody who uses the old key is affected; the behaviour is unchanged.", ("risk",)),
        ("Introduces a queue as an alternative way to submit a job.", ()),
        ("This is a design choice that can be changed here.", ("alternatives",)),
    ],
)
def test_options_are_of_the_change_itself(body: str, options: tuple[str, ...]) -> None:
    """What went wrong before is no risk of the change, and a word of choice is no choice."""
    told = read_description(body).parts
    assert tuple(part for part in told if part in ("alternatives", "risk")) == options


@pytest.mark.parametrize(
    ("body", "tested"),
    [
        ("Fixed broken unit tests.", False),
        ("Adds unit tests for the parser.", True),
        ("## How to test\n```\nmake check\n```\n", True),
        ("## Changes\n```\nmake check\n```\n", False),
        ("Tests:\n- parser\n- round trip of a record\n", True),
        ("Coverage Service plugin for the map.", False),
        ("**How did you test it?**\nManually\n", True),
        ("How to test\n==\nStart both and look at the headers.\n", True),
        ("Upstream has failing tests at the moment.", False),
        ("Revoke the verified token alone.", False),
        ("TODO: Update all team tests", False),
        ("This broke the log assertions in workflow tests.", False),
        ("Adds a regression test that failed before the fix.", True),
    ],
)
def test_a_test_is_one_that_came_with_the_change(body: str, tested: bool) -> None:
    """A command under a heading that asks for tests counts; tests that were broken, and other meanings, do not."""
    assert ("test" in read_description(body).parts) is tested


@pytest.mark.parametrize(
    ("body", "rollout"),
    [
        ("Runs on staging only by accident.", False),
        ("Tested on staging with support staff.", True),
        ("The search is behind a feature flag.", True),
        ("Fix a typo in the feature flag service.", False),
        ("The email field is shown based on the feature flag.", False),
        ("The server's part was merged before the page was ready.", False),
        ("## Notes for Deployment\nThe migration needs to be run first.\n", True),
        ("## Notes for Deployment\nNone!\n", False),
        ("Introduce a feature flag to enable a gradual rollout.", True),
        ("This behaviour can be switched off by setting `copy` to False.", True),
        ("Data types were changed by mistake and need to be reverted.", False),
        ("The table of backfilled days is sorted.", False),
        ("This step is only visible if the feature flag is set.", True),
        ("This should not be released until the server is deployed.", True),
        ("The lists are hidden by default for other people.", False),
    ],
)
def test_rollout_is_of_this_change(body: str, rollout: bool) -> None:
    """Names of environments and of flags tell nothing by themselves."""
    assert ("rollout" in read_description(body).parts) is rollout


def test_a_line_that_ends_with_a_colon_is_a_title() -> None:
    """Summaries without Markdown write titles as a word with a colon, alone at the beginning of a paragraph."""
    read = passages("Bug Fixes:\n- One thing\n\nSome words before:\nmore words\n\nWe saw this:\n\n    code\n")
    assert read.headings == ("bug fixes", "some words before", "we saw this")


def test_a_field_is_the_title_of_its_own_line() -> None:
    """Lines such as "Testing: by hand" are no sentence together, and what follows stays under its own title."""
    read = passages("## Notes\nRisk Level: Low\nTesting: by hand\n\nWe saw this: it works.\n")
    assert [(passage.text, passage.heading) for passage in read.passages] == [
        ("Risk Level: Low", "risk level"),
        ("Testing: by hand", "testing"),
        ("We saw this: it works.", "notes"),
    ]


def test_a_section_belongs_to_the_one_above_it() -> None:
    """What stands under a title that asks for nothing answers the title above it; one in bold stands for itself."""
    nested = "## How to test\n### Mapping\n- Upload a list and open the page\n"
    assert read_description(nested).parts == ("test",)
    assert read_description(nested.replace("### Mapping", "**Mapping**")).parts == ()
    assert read_description("## Why\n### Changes\n- The list of lines is sorted\n").parts == ()


def test_what_was_seen_in_a_test_is_no_reason() -> None:
    """Under a title that asks for tests, a failure is what was seen."""
    assert read_description("### Testing\n- Ran the suite, which failed without the library\n").parts == ("test",)


def test_blocks_of_code_are_known_by_their_place_alone() -> None:
    """A block is no sentence, stands where it stands in the body, and knows its heading."""
    body = "# Usage\n```sh\nrun --risk\n```\nWords.\n"
    (block,) = passages(body).fenced
    assert (body[block.start : block.end], block.text, block.heading) == ("run --risk", "⟨code⟩", "usage")
    assert [passage.text for passage in passages(body).passages] == ["Words."]


@pytest.mark.parametrize(
    ("body", "substance"),
    [
        ("Why do we need this flag?", ()),
        ("Why not use a dictionary here?", ("design",)),
        ("nit: this name is confusing, another one would be better", ()),
        ("I split the code into two parts.", ()),
        ("I tried this on a large table and it was the same.", ("test",)),
        ("Please squash these instead of merging.", ()),
        ("Maybe the paragraph should move to the docs page.", ()),
        ("I would move this into the model.", ("design",)),
        ("This will not account for HEAD requests.", ("risk",)),
        ("just curious, why is a list used instead of a set?", ()),
        ("Could you please explain when to use this?", ()),
        ("The repositories should not have dependencies on the services.", ("design",)),
        ("Should we preserve the old name as a fallback?", ("design",)),
        ("You'll want to call the parent here.", ("design",)),
        ("Is the message even required?", ("design",)),
        ("Yup, that makes sense to me.", ()),
        ("I'd create an issue so we can discuss it.", ()),
        ("We should capture this under a separate issue.", ()),
        ("This PR is not needed.", ()),
        ("This changes the behaviour of the list without a limit.", ("risk",)),
        ("The worker will automatically reload the settings.", ("invariant",)),
    ],
)
def test_asking_telling_and_wording_raise_nothing(body: str, substance: tuple[str, ...]) -> None:
    """A question for the reason, news of one's own work, handling of the change and the wording of a text are none."""
    assert read_comment(body).substance == substance


def test_no_project_of_the_blind_half_is_tuned_on() -> None:
    """What was labelled later to improve the rules is of other projects than the half nobody looks at."""
    for name in ("comments", "descriptions"):
        records = read_labels(name)
        blind = {record["project"].lower() for record in records if record["half"] == "blind"}
        tuned = {record["project"].lower() for record in records if record["half"] in ("further", "fresh")}
        assert blind.isdisjoint(tuned)

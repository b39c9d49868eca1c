"""Own commits under an address that only they have, squashed by the forge in the account's name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attribution.conftest import Ask
from tests.attribution.telling import BOB, EVE, Story, lines, text

ACCOUNT = "Ada <7+ada@users.noreply.github.com>"
HOME, OTHER = "Ada L <ada@home.example>", "Carl <carl@home.example>"
FORGE = "GitHub <noreply@github.com>"
ONE = lines("ada", *range(1, 21))


def squashed(
    story: Story, *own: str, author: str = ACCOUNT, committer: str = FORGE, also: str = "", number: int = 7
) -> None:
    """A change with a commit by each of ``own``, squashed by ``committer`` in the name of ``author``."""
    base = story.commit(BOB, {f"begin{number}.py": text(lines("bob", number))})
    head, last = f"refs/pull/{number}/head", base
    for at, who in enumerate(own, 1):
        last = story.commit(who, {f"f{number}.py": text(ONE[: at * 5])}, branch=head, parents=(last,))
    message = f"Add (#{number})\n" + (f"\nCo-authored-by: {also}\n" if also else "")
    whole = {f"f{number}.py": text(ONE[: len(own) * 5])}
    story.commit(author, whole, message, parents=(base,), committer=committer)


def share(story: Story, ask: Ask, who: str = "ada", number: int = 7) -> float:
    """The part of the change's lines that is credited to ``who``."""
    found = [s.high for site, s in ask(story.written(), who).shares().items() if site.path == f"f{number}.py"]
    return sum(found) / len(found)


def test_the_forge_took_the_address_for_the_accounts(story: Story, ask: Ask) -> None:
    """GitHub names every other author of a squash: whom it does not name is its author, under whatever address."""
    squashed(story, HOME, HOME)
    assert share(story, ask) == 1.0


@pytest.mark.parametrize(
    ("own", "options"),
    [
        ((HOME,), {"committer": EVE}),  # whoever squashes at home may squash anybody's work
        ((HOME,), {"also": HOME}),  # the forge took the address for somebody else's
        ((HOME, OTHER), {}),  # it cannot have taken both for its author
    ],
)
def test_otherwise_an_unknown_address_is_nobodys(
    story: Story, ask: Ask, own: tuple[str, ...], options: dict[str, Any]
) -> None:
    """Where the forge does not vouch, lines of own commits are those whose commits say so."""
    squashed(story, *own, **options)
    assert share(story, ask, "7+ada@users.noreply.github.com") == 0.0


def test_an_address_in_squashes_of_two_people_is_nobodys(story: Story, ask: Ask) -> None:
    """One address cannot be two people's."""
    squashed(story, HOME)
    squashed(story, HOME, author="Eve <8+eve@users.noreply.github.com>", number=8)
    assert share(story, ask, "7+ada@users.noreply.github.com") == 0.0


def test_an_address_that_helped_others_is_still_the_accounts(story: Story, ask: Ask) -> None:
    """Squashes of other people name the address beside them, as they must; the account's own do not."""
    squashed(story, HOME)
    squashed(story, HOME, author="Eve <8+eve@users.noreply.github.com>", also=HOME, number=8)
    assert share(story, ask, "7+ada@users.noreply.github.com") == 1.0


def test_an_address_that_a_squash_of_the_account_names_is_another_persons(story: Story, ask: Ask) -> None:
    """Where the forge told the two apart once, they are two."""
    squashed(story, HOME)
    squashed(story, HOME, also=HOME, number=8)
    assert share(story, ask, "7+ada@users.noreply.github.com") == 0.0


def test_one_edited_message_in_ten_takes_nothing_away(story: Story, ask: Ask) -> None:
    """Whoever merges may take the forge's lines out of a message; what all the others say stands."""
    for number in range(10, 20):
        squashed(story, HOME, number=number)
    squashed(story, HOME, author="Eve <8+eve@users.noreply.github.com>", number=8)
    assert share(story, ask, "7+ada@users.noreply.github.com", 12) == 1.0

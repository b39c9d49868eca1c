"""Which sites of a signal a reader is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evidence.choosing import CITED, choose
from evidence.model import Signal, Site, Sites
from tests.in_memory import site


def signal(*clauses: str, uncited: tuple[str, ...] = ()) -> Signal:
    """A signal of which only the clauses matter."""
    return Signal(
        id="flask.example",
        title="Example",
        competency="app-structure",
        seeds=("S1.1",),
        counts="",
        strong="",
        not_credited="",
        clauses=clauses,
        defining=clauses[:1],
        practised=bool,
        sustained=bool,
        statement=lambda _sites: "",
        how_to_show="",
        uncited=uncited,
    )


def test_each_clause_is_shown_once_before_any_is_shown_twice() -> None:
    """Clauses take turns, in the order in which the signal declares them."""
    sites = Sites([*(site("defined", line=n) for n in range(1, 9)), site("called", line=20), site("tested", line=30)])
    chosen = choose(signal("defined", "called", "tested"), sites)
    assert [each.clause for each in chosen] == ["defined", "called", "tested", "defined", "defined"]


def test_clauses_that_only_count_are_never_shown() -> None:
    """An uncited clause has no citation even where it is all there is."""
    sites = Sites([site("imported", line=n) for n in range(1, 5)])
    assert choose(signal("defined", "imported", uncited=("imported",)), sites) == ()


def test_other_subjects_and_files_come_before_more_of_the_same() -> None:
    """Within a clause a reader sees another thing, then another file, before the same one again."""
    sites = Sites(
        [
            site("defined", "a.py", 1, "users"),
            site("defined", "a.py", 2, "users"),
            site("defined", "a.py", 3, "posts"),
            site("defined", "b.py", 4, "posts"),
        ]
    )
    chosen = choose(signal("defined"), sites, limit=3)
    assert [(each.path, each.start) for each in chosen] == [("a.py", 1), ("b.py", 4), ("a.py", 2)]


def test_the_same_lines_are_not_shown_twice_while_others_are_left() -> None:
    """One line that proves two clauses leaves room for another place."""
    sites = Sites([site("defined", line=1), site("called", line=1), site("called", line=9)])
    assert [each.start for each in choose(signal("defined", "called"), sites, limit=2)] == [1, 9]


def test_leads_are_shown_where_there_is_nothing_better() -> None:
    """A dependency line is worth opening only while no code uses it."""
    lead = replace(signal("defined", "dependency"), leads=("dependency",))
    named, used = site("dependency", "requirements.txt", 3), site("defined", "app.py", 1)
    assert choose(lead, Sites([named, used])) == (used,)
    assert choose(lead, Sites([named])) == (named,)


def test_the_file_where_most_of_it_happens_comes_first() -> None:
    """One call in a script that sorts first tells less than the module that does it all day."""
    sites = Sites([site("defined", "admin.py", 1), *(site("defined", "jobs.py", n) for n in (1, 5, 9))])
    assert [each.path for each in choose(signal("defined"), sites, limit=1)] == ["jobs.py"]


def test_one_test_stands_for_all_of_them() -> None:
    """A reader opens the work; that it is tested takes one place, unless tests are the work itself."""
    sites = Sites([*(site("tested", "tests/test_app.py", n) for n in range(1, 5)), site("defined", "app.py", 1)])
    assert [each.clause for each in choose(signal("defined", "tested"), sites)] == ["defined", "tested"]
    assert len(choose(signal("tested"), sites)) == 4


def test_the_test_named_after_the_work_is_shown() -> None:
    """Of many tests that pass by some place a reader opens the one made for it, by the signal or by the file."""
    caching = replace(signal("defined", "tested"), id="scale.caching")
    work = site("defined", "app/prices.py", 1)
    passing = [site("tested", "tests/test_admin.py", n) for n in (1, 5, 9)]
    for name in ("tests/test_cache_keys.py", "tests/test_prices.py"):
        assert choose(caching, Sites([work, *passing, site("tested", name, 3)]))[1].path == name


def test_what_upholds_the_work_is_shown_twice() -> None:
    """Wiring of the same kind again and again tells a reader nothing new."""
    sites = Sites([site("defined", line=1), *(site("called", line=n) for n in range(2, 9))])
    assert [each.clause for each in choose(signal("defined", "called"), sites)] == ["defined", "called", "called"]


def test_lines_within_shown_lines_are_not_shown_again() -> None:
    """Two sites of one statement are one citation."""
    inner = Site(path="app.py", start=3, end=4, clause="defined", subject="inner")
    outer = Site(path="app.py", start=1, end=9, clause="defined", subject="outer")
    assert choose(signal("defined"), Sites([inner, outer])) == (outer,)


@given(st.permutations([site(c, p, n) for c in ("defined", "called") for p in ("a.py", "b.py") for n in (1, 2)]))
def test_the_choice_does_not_depend_on_the_order_of_sites(sites: list[Site]) -> None:
    """Whatever order detectors report in, the same citations come out."""
    chosen = choose(signal("defined", "called"), Sites(sites))
    assert chosen == choose(signal("defined", "called"), Sites(sorted(sites, key=Site.order)))
    assert len(set(chosen)) == CITED


def test_what_serves_all_tests_comes_before_a_single_one() -> None:
    """Of tests that uphold a signal alike, the module that others build on is shown, whatever it is called."""
    sites = Sites(
        [
            site("defined", "shop/app.py", 1),
            site("tested", "shop/tests/test_orders.py", 5),
            site("tested", "shop/tests/testing.py", 9),
        ]
    )
    assert [each.path for each in choose(signal("defined", "tested"), sites)] == [
        "shop/app.py",
        "shop/tests/testing.py",
    ]


def test_one_commit_is_shown_once_for_each_thing_it_shows() -> None:
    """A commit that mends three troubles is cited once as their mending, and others get the room."""
    mends = [Site(path="", clause="mended", commit="a" * 40, value=n) for n in range(3)]
    sites = Sites([*mends, Site(path="", clause="mended", commit="b" * 40), Site(path="", clause="t", commit="a" * 40)])
    chosen = choose(signal("mended", "t"), sites)
    assert sorted((each.clause, each.commit[0]) for each in chosen) == [("mended", "a"), ("mended", "b"), ("t", "a")]

"""The rule language: what it accepts, what it means when inputs are not known, and how rules are joined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.matrix.rules import (
    All,
    AnyOf,
    Atom,
    Graded,
    Measured,
    Not,
    Rule,
    RuleError,
    Truth,
    conjoin,
    entails,
    evaluate,
    implies,
    minimal_models,
    negated_atoms,
    parse_rule,
    positive_atoms,
    rule_text,
)
from evidence.model import Grade

A, B, C = (Graded(f"x.{name}", Grade.PRACTISED) for name in "abc")
TRUTHS: tuple[Truth, ...] = (True, False, None)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x.a >= practised", A),
        ("x.a >= sustained", Graded("x.a", Grade.SUSTAINED)),
        ("x.a.count >= 5", Measured("x.a", "count", 5)),
        ("x.a.share >= 0.9", Measured("x.a", "share", 0.9)),
        ("scale.async >= practised", Graded("scale.async", Grade.PRACTISED)),
        ("x.a >= practised and x.b >= practised", All((A, B))),
        ("x.a >= practised\n  or x.b >= practised", AnyOf(1, (A, B))),
        ("not x.a >= practised", Not(A)),
        ("any_of(2, x.a >= practised, x.b >= practised, x.c >= practised)", AnyOf(2, (A, B, C))),
    ],
)
def test_text_gives_the_tree(text: str, tree: Rule) -> None:
    """Each form of the language parses to its own node, and the canonical text parses back to the same tree."""
    assert parse_rule(text) == tree
    assert parse_rule(rule_text(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x.a",
        "x.a >=",
        "x.a > practised",
        "x.a <= practised",
        "x.a >= trace",
        "x.a >= 2",
        "x.a.count >= practised",
        "x.a.count >= '5'",
        "x.a.count >= True",
        "x.a.b.c >= 1",
        "a >= practised",
        "x.a >= practised >= sustained",
        "x[0].a >= practised",
        "not (x.a >= practised and x.b >= practised)",
        "not x.a.count >= 5",
        "any_of(0, x.a >= practised, x.b >= practised)",
        "any_of(2, x.a >= practised, x.b >= practised)",
        "any_of(x.a >= practised, x.b >= practised)",
        "all_of(1, x.a >= practised, x.b >= practised)",
        "any_of(1, x.a >= practised, x.b >= practised, n=2)",
        "__import__('os').system('true')",
        "x.a >= practised if x.b >= practised else x.c >= practised",
        "x.a >= practised; x.b >= practised",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """Text outside the language raises an error that quotes the text at fault, and is never run."""
    with pytest.raises(RuleError):
        parse_rule(text)


def test_error_shows_the_words_as_written() -> None:
    """The message names the condition as the author wrote it, without the parser's own marks."""
    with pytest.raises(RuleError, match=r"scale\.async >= 3"):
        parse_rule("scale.async >= 3")


@pytest.mark.parametrize("left", TRUTHS)
@pytest.mark.parametrize("right", TRUTHS)
def test_kleene_tables(left: Truth, right: Truth) -> None:
    """AND is known as soon as one side is false, OR as soon as one is true, and NOT of the unknown is unknown."""
    values = {A: left, B: right}

    def truth(atom: Atom) -> Truth:
        return values[atom]  # type: ignore[index]

    both = False if False in (left, right) else None if None in (left, right) else True
    either = True if True in (left, right) else None if None in (left, right) else False
    assert evaluate(All((A, B)), truth) is both
    assert evaluate(AnyOf(1, (A, B)), truth) is either
    assert evaluate(Not(A), truth) is (None if left is None else not left)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((True, True, None), True),
        ((True, None, None), None),
        ((True, None, False), None),
        ((True, False, False), False),
        ((None, False, False), False),
        ((None, None, False), None),
    ],
)
def test_any_of_two(values: tuple[Truth, ...], expected: Truth) -> None:
    """A count is known when the unknown parts could no longer change it."""
    table = dict(zip((A, B, C), values, strict=True))
    assert evaluate(AnyOf(2, (A, B, C)), lambda atom: table[atom]) is expected  # type: ignore[index]


def test_atoms_by_side() -> None:
    """Conditions under ``not`` are listed apart from those that support."""
    rule = parse_rule("x.a >= practised and (x.b.n >= 2 or x.c >= practised) and not x.d >= practised")
    assert list(positive_atoms(rule)) == [A, Measured("x.b", "n", 2), C]
    assert list(negated_atoms(rule)) == [Graded("x.d", Grade.PRACTISED)]


@pytest.mark.parametrize(
    ("known", "asked", "expected"),
    [
        ("x.a >= sustained", "x.a >= practised", True),
        ("x.a >= practised", "x.a >= sustained", False),
        ("x.a.n >= 3", "x.a >= practised", True),
        ("x.a.n >= 3", "x.a >= sustained", False),
        ("x.a.n >= 3", "x.a.n >= 2", True),
        ("x.a.n >= 3", "x.a.n >= 4", False),
        ("x.a.n >= 3", "x.a.m >= 2", False),
        ("x.a >= sustained", "x.b >= practised", False),
    ],
)
def test_one_condition_makes_another_true(known: str, asked: str, expected: bool) -> None:
    """Higher grades and larger numbers carry the lower ones; a measure carries the practised grade that it needs."""
    left, right = parse_rule(known), parse_rule(asked)
    assert isinstance(left, Graded | Measured)
    assert isinstance(right, Graded | Measured)
    assert implies(left, right) is expected


@pytest.mark.parametrize(
    ("rules", "joined"),
    [
        (("x.a >= practised", "x.a >= sustained"), "x.a >= sustained"),
        (("x.a >= practised or x.b >= practised", "x.b.n >= 4"), "x.b.n >= 4"),
        (("x.a >= practised", "x.b >= practised and not x.c >= practised"), None),
        (
            (
                "any_of(2, x.a >= practised, x.b >= practised, x.c >= practised)",
                "x.a >= sustained and x.b >= practised",
            ),
            "x.a >= sustained and x.b >= practised",
        ),
    ],
)
def test_joining_leaves_out_what_is_implied(rules: tuple[str, ...], joined: str | None) -> None:
    """A joined rule states each condition once, at its strictest; nothing else is dropped."""
    wanted = joined or " and ".join(rules)
    assert rule_text(conjoin(*map(parse_rule, rules))) == wanted


def test_entailment() -> None:
    """One rule entails another when each smallest way to meet the first meets the second."""
    two = parse_rule("any_of(2, x.a >= practised, x.b >= practised, x.c >= practised)")
    assert len(minimal_models(two)) == 3
    assert entails(two, parse_rule("x.a >= practised or x.b >= practised"))
    assert not entails(two, parse_rule("x.a >= practised"))


_ATOMS: tuple[Atom, ...] = (
    A,
    Graded("x.a", Grade.SUSTAINED),
    Measured("x.a", "n", 2),
    B,
    Graded("x.b", Grade.SUSTAINED),
    Measured("x.b", "n", 5),
    C,
)


def _wider(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    some = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(some.map(All), some.map(lambda p: AnyOf(1, p)), some.map(lambda p: AnyOf(len(p) - 1, p)))


_rules: st.SearchStrategy[Rule] = st.recursive(st.sampled_from(_ATOMS), _wider, max_leaves=5)
_worlds = st.fixed_dictionaries(
    {name: st.sampled_from([None, (0, 0), (1, 0), (1, None), (1, 9), (2, 0), (2, None), (2, 9)]) for name in "abc"}
)


def _truth(world: dict[str, tuple[int, int | None] | None], atom: Atom) -> Truth:
    state = world[atom.signal[-1]]
    if state is None:
        return None
    grade, number = state
    if isinstance(atom, Graded):
        return grade >= (1 if atom.grade is Grade.PRACTISED else 2)
    return False if grade == 0 else None if number is None else number >= atom.at_least


@given(st.lists(_rules, min_size=1, max_size=3), _worlds)
def test_joining_keeps_the_meaning(rules: list[Rule], world: dict[str, tuple[int, int | None] | None]) -> None:
    """The shortened conjunction has the same three-valued truth as all its rules together, whatever is known."""
    whole = evaluate(All(tuple(rules)), lambda atom: _truth(world, atom))
    assert evaluate(conjoin(*rules), lambda atom: _truth(world, atom)) is whole


@given(_rules, _rules, _worlds)
def test_entailment_is_sound(strong: Rule, weak: Rule, world: dict[str, tuple[int, int | None] | None]) -> None:
    """Where a rule that entails another holds, the other holds too."""
    if entails(strong, weak) and evaluate(strong, lambda atom: _truth(world, atom)):
        assert evaluate(weak, lambda atom: _truth(world, atom))


@given(_rules)
def test_canonical_text_round_trips(rule: Rule) -> None:
    """Writing a rule and parsing it again gives a rule with the same text."""
    assert rule_text(parse_rule(rule_text(rule))) == rule_text(rule)

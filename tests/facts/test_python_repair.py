"""Python of other versions and broken Python give their definitions, on their lines, or say what was lost."""

from __future__ import annotations

import ast
import random
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.facts.python.repair import MAX_DEPTH, decode, depth_of, parse, repair

PYTHON2 = [
    'print "a", x',
    "print 'a' % b,",
    'print >>f, "x"',
    'print >>f, "x",',
    "print >>f",
    'exec "a = 1" in ns',
    "exec code in a, b",
    'raise E, "x"',
    'raise E, "x", tb',
    "raise E, None, tb",
    "raise E, (1, 2)",
    "x = `a, b`",
    "x = 1 <> 2",
    "os.chmod(p, 0644)",
    "x = 10L + 0xFFL + 0777L",
    'x = ur"\\d"',
    'x = "C:\\users\\x"',
    "call(async=True)",
    "x = [i for i in 1, 2]",
    "x = lambda (a, b): a",
]

NEWER = [
    "type X = int",
    "type X[T = int] = list[T]",
    'x = f"{a["b"]}"',
    'x = f"{"\\n".join(a)}"',
    'x = f"{f"{f"{1}"}"}"',
    'x = f"it\'s {a["b"]}"',
    't = t"a{b}"',
    't = "a" t"b{c["d"]}"',
    "lazy import a",
    "lazy from a import b",
    "x = [*i for i in j]",
]


def functions(tree: ast.AST | None) -> dict[str, tuple[int, int]]:
    """Name and lines of every function and class."""
    assert tree is not None
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {n.name: (n.lineno, n.end_lineno or 0) for n in ast.walk(tree) if isinstance(n, kinds)}


@pytest.mark.parametrize("statement", PYTHON2 + NEWER)
@pytest.mark.parametrize("indent", ["", "    "])
def test_a_statement_of_another_version_costs_nothing(statement: str, indent: str) -> None:
    """What has an equal in the running syntax is kept, with all around it, and nothing is reported lost."""
    before = "if True:\n    pass\n" if indent else "pass\npass\n"
    source = f"{before}{indent}{statement}\n\ndef after(a):\n    return a\n"
    tree, lost = parse(source.encode())
    assert lost == ()
    assert functions(tree) == {"after": (5, 6)}
    assert not any(isinstance(n, ast.Pass) and n.lineno == 3 for n in ast.walk(tree or ast.parse("")))


@pytest.mark.parametrize(
    ("statement", "equal"),
    [
        ('print "a", x', 'print("a", x)'),
        ('print "a",', 'print("a", end=" ")'),
        ('print >>f, "x"; print 1', 'print(file=f, *("x",)); print(1)'),
        ('exec "a" in ns', 'exec("a", ns)'),
        ('raise E, "x", tb', 'raise E("x").with_traceback(tb)'),
        ("x = `a`", "x = repr(a)"),
        ("x = 1 <> 2", "x = 1 != 2"),
        ("x = 0777", "x = 0o777"),
        ('x = "C:\\users"', 'x = "C:\\\\users"'),
        ("try:\n    pass\nexcept E, e:\n    pass", "try:\n    pass\nexcept E as e:\n    pass"),
        ("try:\n    pass\nexcept (A, B), e:\n    pass", "try:\n    pass\nexcept (A, B) as e:\n    pass"),
        (
            "try:\n    pass\nexcept ValueError, TypeError:\n    pass",
            "try:\n    pass\nexcept (ValueError, TypeError):\n    pass",
        ),
        ("try:\n    pass\nexcept* A, B:\n    pass", "try:\n    pass\nexcept* (A, B):\n    pass"),
        ("def f((a, b), c): pass", "def f(_a_b, c): pass"),
        ("if x:\n\ty = 1\n        print y", "if x:\n    y = 1\n    print(y)"),
    ],
)
def test_the_equal_is_the_right_one(statement: str, equal: str) -> None:
    """A rewritten statement means what it meant."""
    tree, lost = parse(statement.encode())
    assert tree is not None
    assert lost == ()
    assert ast.dump(tree) == ast.dump(ast.parse(equal))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the running parser reads these by itself")
@pytest.mark.parametrize(
    ("statement", "equal"),
    [
        ('x = f"{a["b"]}-{c!r:>{w}}"', "x = f\"{a['b']}-{c!r:>{w}}\""),
        ('x = f"{"\\n".join(a)}"', 'x = f"{chr(10).join(a)}"'),
        ('x = f"{\n    a  # why\n}"', 'x = f"""{\n    a  \n}"""'),
        ("def f[T: (int, str) = int, *Ts](x: T) -> T: pass", "def f(x: T) -> T: pass"),
        ("class A[\n    T,\n](B):\n    pass", "class A(B):\n    pass"),
        ("type X[T] = list[T]", "X = list[T]"),
        ('t = t"a{b}"', 't = Template(f"a{b}")'),
    ],
)
def test_newer_syntax_becomes_its_equal(statement: str, equal: str) -> None:
    """On an interpreter before PEP 695 and PEP 701 their expressions stay visible."""
    tree, lost = parse(statement.encode())
    assert tree is not None
    assert lost == ()
    assert ast.dump(tree) == ast.dump(ast.parse(equal))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the running parser reads these by itself")
def test_an_f_string_that_nests_too_deep_is_reported() -> None:
    """Four kinds of quotes are all that older grammars have: beyond, the expressions go and the line is reported."""
    source = b'x = f"' + b'{f"' * 5 + b"{a}" + b'"}' * 5 + b'"\ny = 1\n'
    tree, lost = parse(source)
    assert tree is not None
    assert ast.unparse(tree.body[0]) == "x = '{}'"
    assert [(part.start, part.end, part.reason) for part in lost] == [(1, 1, "python_syntax")]


BROKEN = {
    "header": ("def f(:\n    x = 1\n\ndef g():\n    return 2\n", {"f": (1, 2), "g": (4, 5)}, {1}),
    "one statement": ("def f():\n    a b\n    return 1\n", {"f": (1, 3)}, {2}),
    "open bracket": ("x = foo(\ny = 2\ndef g():\n    return 1\n", {"g": (3, 4)}, {1}),
    "open string": ('x = """abc\ndef g():\n    return 1\n', {"g": (2, 3)}, {1}),
    "decorator": ("class A:\n    @b(\n    def f(self):\n        return 1\n", {"A": (1, 4), "f": (3, 4)}, {2}),
    "good decorator": ("class A:\n    @b\n    def f(self):\n        a b\n", {"A": (1, 4), "f": (3, 4)}, {4}),
    "handler": (
        "def f():\n    try:\n        a()\n    except E as:\n        b()\n    else:\n        c()\n",
        {"f": (1, 7)},
        {4},
    ),
    "lost handler": ("def f():\n    try:\n        a()\n    excpt E:\n        b()\n", {"f": (1, 5)}, {2, 4}),
    "match": (
        "match x:\n    case 1:\n        a b\n        def f(): pass\n    case 2 3:\n        pass\n",
        {"f": (4, 4)},
        {3, 5},
    ),
    "unknown word": ("dfe f(x):\n    def g(): pass\n", {"g": (2, 2)}, {1}),
    "indent": ("    x = 1\ndef g():\n    return 1\n", {"g": (2, 3)}, {1}),
    "dedent": ("if x:\n        y = 1\n    z = 2\ndef g(): pass\n", {"g": (4, 4)}, {1, 2, 3}),
    "nul": ("a\0b = 1\ndef g(): pass\n", {"g": (2, 2)}, {1}),
    "conflict": ("<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\ndef g(): pass\n", {"g": (6, 6)}, {1, 3, 5}),
    "empty body": ("def f():\ndef g():\n    return 1\n", {"f": (1, 1), "g": (2, 3)}, {1}),
    "number": ("x = " + "1" * 5000 + "\ndef g(): pass\n", {"g": (2, 2)}, {1}),
}


@pytest.mark.parametrize(("source", "expected", "lines"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_keeps_the_rest(source: str, expected: dict[str, tuple[int, int]], lines: set[int]) -> None:
    """Only the faulty statements go; definitions keep their lines; no line beyond the faulty ones is reported."""
    tree, lost = parse(source.encode())
    assert functions(tree) == expected
    assert lost
    assert {n for part in lost for n in range(part.start, part.end + 1)} <= lines


def test_a_statement_that_is_too_deep_goes_alone() -> None:
    """A sum of 5,000 terms, more than the interpreter can build, costs its own line."""
    tree, lost = parse(b"def f(): pass\nx = 1" + b"+1" * 5000 + b"\ndef g(): pass\n")
    assert set(functions(tree)) == {"f", "g"}
    assert [(part.start, part.end, part.reason) for part in lost] == [(2, 2, "too_deep")]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "source",
    [
        b"(" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"- " * 100_000 + b"1",
        b"a" + b".b" * 100_000,
        b"1" + b"+1" * 100_000,
    ],
    ids=["open", "lists", "signs", "attributes", "sum"],
)
def test_senseless_nesting_is_given_up_at_once(source: bytes) -> None:
    """A hundred thousand levels give no text and one line of loss, quickly."""
    started = time.process_time()
    repaired = repair(source + b"\ndef f(): pass\n")
    assert repaired.text == ""
    assert [(part.start, part.end, part.reason) for part in repaired.lost] == [(1, 2, "too_deep")]
    assert parse(source)[0] is None
    assert time.process_time() - started < 10


def test_a_dense_file_is_not_parsed() -> None:
    """A file whose tree would take a gigabyte is named, not tried."""
    tree, lost = parse(b"a\n" * 500_000)
    assert tree is None
    assert [(part.start, part.end, part.reason) for part in lost] == [(1, 500_000, "too_many_nodes")]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "source",
    [
        b"a b\n" * 30_000,
        b"if a:\n  b\n" + b"elif a b:\n  c\n" * 4_000,
        b'x = f"' + b'{"a\\n"}' * 3_000 + b'"\n',
        b"a;" * 30_000 + b"a b",
    ],
    ids=["statements", "clauses", "strings", "semicolons"],
)
def test_a_file_broken_everywhere_ends_soon(source: bytes) -> None:
    """The work is bounded however many faults there are."""
    started = time.process_time()
    tree, _lost = parse(source)
    assert tree is not None
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfx = '\xc3\xa9'", "x = 'é'"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'", "# -*- coding: latin-1 -*-\nx = 'é'"),
        (
            b"#!/bin/py\n# vim: set fileencoding=cp1252 :\nx = '\x80'",
            "#!/bin/py\n# vim: set fileencoding=cp1252 :\nx = '€'",
        ),
        (b"x = 1\n# coding: cp1252\ny = '\xc3\xa9'", "x = 1\n# coding: cp1252\ny = 'é'"),
        (b"x = '\xe9'", "x = 'é'"),
        (b"# coding: utf-7\nx = '+AOk-'", "# coding: utf-7\nx = '+AOk-'"),
        (b"# coding: no-such\nx = 1", "# coding: no-such\nx = 1"),
        (b"a\r\nb\rc\fd\n", "a\nb\rc\fd\n"),
        (b"", ""),
    ],
)
def test_bytes_become_text_as_the_interpreter_reads_them(content: bytes, text: str) -> None:
    """Mark, cookie in the first two lines, UTF-8, then Latin-1; no codec that shows another text than a reader sees."""
    assert decode(content) == text


@pytest.mark.parametrize("broken", ["", "a b\n"])
def test_lines_are_counted_as_git_counts_them(broken: str) -> None:
    """A lone carriage return and a form feed end no line."""
    source = f"x = 1\rdef f():\r    return 1\r\n\f\ndef g():\n    return 2\n{broken}"
    tree, lost = parse(source.encode())
    assert functions(tree) == {"f": (1, 1), "g": (3, 4)}
    assert [(part.start, part.end) for part in lost] == ([(5, 5)] if broken else [])


@pytest.mark.parametrize(
    ("source", "depth"), [("", 1), ("x", 3), ("1+1+1", 5), ("a.b.c", 5), ("if a:\n pass\nelif b:\n pass", 4)]
)
def test_depth_counts_nodes(source: str, depth: int) -> None:
    """Depth is the number of nodes on the longest way down."""
    assert depth_of(ast.parse(source)) == depth


def test_depth_is_found_without_recursion() -> None:
    """A legal tree that would end a recursive visitor is measured all the same."""
    tree = ast.parse("1" + "+1" * 2_000)
    assert depth_of(tree) > 2_000 > MAX_DEPTH
    with pytest.raises(RecursionError):
        ast.unparse(tree)


SAMPLE = "\n".join(PYTHON2 + NEWER + [source for source, _, _ in BROKEN.values()])


def check(content: bytes) -> None:
    """What holds for any bytes at all."""
    tree, lost = parse(content)
    repaired = repair(content)
    lines = max(decode(content).count("\n") + (not decode(content).endswith("\n")), 1)
    assert tree is not None or lost
    assert all(1 <= part.start <= part.end <= lines for part in lost)
    assert list(lost) == sorted(lost, key=lambda part: part.start)
    assert (parse(content)[1], repair(content)) == (lost, repaired)
    if repaired.text:
        assert repaired.text.count("\n") == decode(content).count("\n")
        ast.parse(repaired.text)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_answered(content: bytes) -> None:
    """No bytes make it raise, and nothing is lost without a word."""
    check(content)


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(60))
def test_any_mutation_is_answered(seed: int) -> None:
    """Pieces cut, swapped and thrown into source of all versions make no difference to that."""
    chance = random.Random(seed)  # noqa: S311 - mutations, not secrets
    text = list(SAMPLE)
    for _ in range(chance.randrange(1, 30)):
        place = chance.randrange(len(text))
        text[place : place + chance.choice([0, 0, 1, 5])] = chance.choice(
            [
                "(",
                ")",
                '"',
                "'''",
                "\n",
                "\t",
                "\r",
                "\0",
                ":",
                "`",
                "\\",
                "{",
                "f'",
                " if ",
                "\n  ",
                "é",
                "\f",
                "@",
                "\x1a",
            ]
        )
    check("".join(text).encode())

"""YAML, TOML, JSON and INI become nodes with the right values and lines."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts.formats import ini_nodes, json_nodes, toml_nodes, yaml_nodes
from evidence.facts.records import Data, Node


def plain(node: Node | None) -> Any:
    """The node as Python values, scalars as text."""
    assert node is not None
    if node.kind == "map":
        return {key: plain(item) for key, item in node.pairs()}
    return [plain(item) for item in node.items] if node.kind == "list" else node.text


def span(node: Node | None) -> tuple[int, int]:
    """First and last line of a node."""
    assert node is not None
    return node.start, node.end


_WORKFLOW = b"""\
on: push
jobs:
  test:
    steps:
      - run: |
          pip install .
          pytest

      # a comment
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
    timeout-minutes: 5
"""


def test_yaml_values_and_lines() -> None:
    """A workflow keeps its keys as written; a literal block spans its content's lines and not the blank ones behind."""
    root = yaml_nodes.extract(_WORKFLOW).root
    assert root.keys == ("on", "jobs")
    steps = root.get("jobs", "test", "steps")
    assert steps is not None
    assert plain(steps) == [
        {"run": "pip install .\npytest\n"},
        {"uses": "actions/checkout@v4", "with": {"fetch-depth": "0"}},
    ]
    assert span(steps.items[0].get("run")) == (5, 7)
    assert span(steps.items[1]) == (10, 11)
    assert span(steps) == (5, 11)
    job = root.get("jobs", "test")
    assert job is not None and job.line_of("timeout-minutes") == 12


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("yes", "bool", "true"),
        ("Off", "bool", "false"),
        ("~", "null", "null"),
        ("12", "int", "12"),
        ("0x1F", "int", "0x1F"),
        ("1.5e3", "float", "1.5e3"),
        ("3.12.1", "str", "3.12.1"),
        ("'12'", "str", "12"),
        ("!!str 12", "str", "12"),
        ("-", "str", "-"),
        ("yEs", "str", "yEs"),
    ],
)
def test_yaml_scalars(text: str, kind: str, value: str) -> None:
    """Scalars get YAML 1.1's kinds, with one spelling of booleans and null."""
    node = yaml_nodes.extract(f"k: {text} \n".encode() if text != "-" else b"k: '-'\n").root.get("k")
    assert node is not None
    assert (node.kind, node.text) == (kind, value)


def test_yaml_merges_aliases_and_tags() -> None:
    """Merge keys fill in what a mapping lacks, the earlier source first; application tags are kept."""
    root = yaml_nodes.extract(
        b"a: &a {x: 1, y: 2}\nb: &b {x: 3, z: 4}\nc:\n  <<: [*a, *b]\n  y: 5\n"
        b"d: *a\ne: !reference [.f, g]\nf: *nowhere\n"
    ).root
    assert plain(root.get("c")) == {"y": "5", "x": "1", "z": "4"}
    assert plain(root.get("d")) == {"x": "1", "y": "2"}
    assert (root.get("e") or root).tag == "!reference"
    assert (root.get("f") or root).kind == "alias"


def test_yaml_documents_and_complex_keys() -> None:
    """Every document is a root; a key that is itself a collection is read over."""
    data = yaml_nodes.extract(b"a: 1\n---\n? [x, y]\n: b\nc: 2\n...\n--- text\n")
    assert [plain(root) for root in data.roots] == [{"a": "1"}, {"": "b", "c": "2"}, "text"]
    assert not data.lost


def test_yaml_mistake_keeps_what_came_before() -> None:
    """Nodes up to a mistake stand, and the rest of the file is reported lost."""
    data = yaml_nodes.extract(b"a: 1\nb: [1, 2\nc: }\n")
    assert plain(data.root.get("a")) == "1"
    assert [lost.reason for lost in data.lost] == ["syntax"]
    assert 1 < data.lost[0].start <= data.lost[0].end == 3


def test_templated_yaml_is_read_with_tags_blanked() -> None:
    """Helm and cookiecutter files parse once their tags are blanked, with every line in place."""
    data = yaml_nodes.extract(
        b"{{- if .Values.on }}\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-web\n"
        b'  labels:\n    {{- include "x" . | nindent 4 }}\n{{- end }}\nspec: {replicas: {{ .Values.n }}}\n'
    )
    assert not data.lost
    assert plain(data.root.get("kind")) == "Deployment"
    assert plain(data.root.get("metadata", "name")).endswith("x-web")
    assert data.root.line_of("spec") == 8


def test_unusual_line_breaks_do_not_shift_lines() -> None:
    """Only a line feed ends a line, as in git, whatever YAML says of U+2028 and its kin."""
    assert yaml_nodes.extract("a: 'x\u2028y\u0085z'\r\nb: 1\n".encode()).root.line_of("b") == 2


_TOML = b"""\
title = "x" # comment
[tool.a]
list = [
  "one", # c
  {two = 2, deep.er = true},
]
'quoted key'.b = 1979-05-27T07:32:00Z
text = \"\"\"
first
second\"\"\"
[[tool.p]]
n = 1
[[tool.p]]
n = 0x10
[tool.p.sub]
m = -inf
"""


def test_toml_values_and_lines() -> None:
    """Tables, arrays of tables, dotted keys and inline values have their values and their lines."""
    root = toml_nodes.extract(_TOML).root
    assert plain(root.get("tool", "a", "list")) == ["one", {"two": "2", "deep": {"er": "true"}}]
    assert span(root.get("tool", "a", "list")) == (3, 6)
    assert span(root.get("tool", "a", "text")) == (8, 10)
    assert plain(root.get("tool", "a", "text")) == "first\nsecond"
    assert plain(root.get("tool", "p")) == [{"n": "1"}, {"n": "0x10", "sub": {"m": "-inf"}}]
    assert span(root.get("tool", "p")) == (11, 16)
    tool = root.get("tool", "a")
    assert tool is not None and tool.line_of("quoted key") == 7


def test_toml_mistake_costs_its_line_alone() -> None:
    """What stands on either side of a broken line is read."""
    data = toml_nodes.extract(b"a = 1\nb = = 2\nc = 3\n[x\nd = 4\n[y]\ne = 5\n")
    assert plain(data.root) == {"a": "1", "c": "3", "y": {"e": "5"}}
    assert [lost.start for lost in data.lost] == [2, 4, 5]


_key = st.text("abcXYZ-_09", min_size=1, max_size=5)
_leaf = st.one_of(
    st.booleans(),
    st.integers(-99, 99),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9),
)
_value = st.recursive(_leaf, lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(_key, v, max_size=3)))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_written(v)}" for k, v in value.items()) + "}"
    return str(value)


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _as_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_as_text(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.dictionaries(_key, st.dictionaries(_key, _value, max_size=3), max_size=4))
def test_toml_agrees_with_the_standard_library(tables: dict[str, dict[str, Any]]) -> None:
    """For every valid document the values are tomllib's."""
    text = "".join(
        f"[{t}]\n" + "".join(f"{k} = {_written(v)}\n" for k, v in rows.items()) for t, rows in tables.items()
    )
    data = toml_nodes.extract(text.encode())
    assert not data.lost
    assert plain(data.root) == _as_text(
        tomllib.loads(text.replace("\x85", " ").replace("\u2028", " ").replace("\u2029", " "))
    )


def test_json_values_lines_and_forgiveness() -> None:
    """JSON has its values and lines; comments and trailing commas are no mistake."""
    data = json_nodes.extract(b'// c\n{"a": [1, -2.5e3, true, null,\n"\\u00e9\\n"], /* x\n */ b: {"c": {}},}\n')
    assert plain(data.root) == {"a": ["1", "-2.5e3", "true", "null", "é\n"], "b": {"c": {}}}
    assert span(data.root.get("a")) == (2, 3)
    assert data.root.line_of("b") == 4
    assert not data.lost


@pytest.mark.parametrize("text", [b'{"a": 1', b'{"a": 1]', b'{"a": 1} 2', b'{"a": "x', b"{[1]: 2}"])
def test_json_mistakes_are_lost(text: bytes) -> None:
    """Broken JSON gives what came before, and says so."""
    data = json_nodes.extract(text)
    assert [lost.reason for lost in data.lost] == ["syntax"]
    assert data.root.kind == "map"


_INI = b"""\
top = 1
[tox]
envlist = py311
    # comment

    lint
[testenv:lint]
commands =
    ruff check
    mypy .
skip_install: true
what is this
"""


def test_ini_sections_lines_and_comments() -> None:
    """A value has one line of text for each of its lines in the file, so that spans can be told apart."""
    data = ini_nodes.extract(_INI)
    assert plain(data.root) == {
        "top": "1",
        "tox": {"envlist": "py311\n\n\nlint"},
        "testenv:lint": {"commands": "\nruff check\nmypy .", "skip_install": "true"},
    }
    assert span(data.root.get("testenv:lint", "commands")) == (8, 10)
    assert [(lost.start, lost.reason) for lost in data.lost] == [(12, "syntax")]


def test_env_quotes_exports_and_lines() -> None:
    """Environment files lose quotes, ``export`` and comments; a quoted value may span lines."""
    data = ini_nodes.extract_env(b"# c\nexport A='x y' # z\nB=1 # c\nC=\"one\ntwo\"\nnot an assignment\nD=\n")
    assert plain(data.root) == {"A": "x y", "B": "1", "C": "one\ntwo", "D": ""}
    assert span(data.root.get("C")) == (4, 5)
    assert [lost.start for lost in data.lost] == [6]


def _all_nodes(data: Data) -> list[Node]:
    return [node for root in data.roots for node in root.walk()]


@given(st.text(st.sampled_from("ab: -[]{},&*<'\"|>#!?\n\t=.0"), max_size=200))
def test_lines_stay_inside_the_file(text: str) -> None:
    """Whatever the text, nodes and losses lie within its lines, and keys align with items."""
    content = text.encode()
    last = max(1, content.count(b"\n") + (not content.endswith(b"\n")))
    for module in (yaml_nodes, toml_nodes, json_nodes, ini_nodes):
        data = module.extract(content)
        for node in _all_nodes(data):
            assert 1 <= node.start <= node.end <= last
            assert not node.keys or len(node.keys) == len(node.items) == len(node.key_lines)
        for lost in data.lost:
            assert 1 <= lost.start <= lost.end <= last

"""The ledger's codes have words for a reader, and every code in use is among them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import evidence
from evidence.report.ledger_codes import code, codes
from evidence.source import LEDGER_CODES

# Calls that put a code into the ledger, and which of their arguments it is.
_NOTING = {"note": 0, "_note": 0, "note_paths": 1, "Lost": 2, "CapReached": 0}


def _written(path: Path) -> Iterator[str]:
    """The codes that a module writes as literals."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            given = node.args[_NOTING[name] :] if name in _NOTING else []
            if given and isinstance(given[0], ast.Constant):
                yield str(given[0].value)


@pytest.mark.no_cover
def test_every_code_in_use_has_words() -> None:
    """No stage writes a code that the published schema would refuse."""
    root = Path(evidence.__file__).parent
    used = {name for path in root.rglob("*.py") for name in _written(path)} | set(LEDGER_CODES)
    assert len(used) > 10
    assert used <= set(codes())


@pytest.mark.parametrize("name", sorted(codes()))
def test_a_code_has_a_title_and_one_plain_sentence(name: str) -> None:
    """The name is snake case, the title has no full stop, the meaning is a sentence."""
    words = codes()[name]
    assert name.isidentifier() and name == name.lower()
    assert words.title[0].isupper() and not words.title.endswith(".")
    assert words.meaning[0].isupper() and words.meaning.endswith(".") and len(words.meaning) < 160


def test_an_unknown_code_is_shown_as_it_is_written() -> None:
    """A digest of a later version still reads."""
    assert code("moon_phase").title == "Moon phase"

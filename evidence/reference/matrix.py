"""The matrix as Markdown: every row with its markers, rules in words, examples and interview questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.matrix.load import CellSpec, Matrix, Row, load_profiles
from evidence.matrix.rules import negated_atoms, positive_atoms
from evidence.matrix.words import explain_rule

MATRIX_INTRODUCTION = """\
# The competency matrix

Each row is a competency and each level a behaviour that a reader can observe. A cell's rule says which signals stand
for it; a level includes what the levels below it ask. A cell that no repository can show says so and comes with
questions instead. Nothing adds cells up: there is no score.
"""


def matrix_page(matrix: Matrix, titles: Mapping[str, str]) -> str:
    """The whole matrix as one page: contents, rows by domain, role profiles. ``titles`` maps signal ids to titles."""
    parts = [MATRIX_INTRODUCTION, *_contents(matrix)]
    domain = ""
    for row in matrix.rows:
        if row.domain != domain:
            domain = row.domain
            parts.append(f"## {domain}\n")
        parts.append(row_section(row, titles))
    return "\n".join([*parts, *_profiles()]).rstrip() + "\n"


def _contents(matrix: Matrix) -> Iterator[str]:
    for row in matrix.rows:
        yield f"- [{row.title}](#{row.id})"
    yield ""


def row_section(row: Row, titles: Mapping[str, str]) -> str:
    """One row: its title, the levels below it, and the signals that speak against it."""
    parts = [f'### <a id="{row.id}"></a>{row.title}', f"`{row.id}` answers {', '.join(row.seeds)}.", ""]
    parts += [line for cell in row.cells for line in _cell(cell, titles)]
    if row.against:
        parts += ["Counter-evidence: " + ", ".join(_named(signal, titles) for signal in row.against) + ".", ""]
    return "\n".join(parts)


def _named(signal: str, titles: Mapping[str, str]) -> str:
    return f"{titles.get(signal, signal)} (`{signal}`)"


def _cell(cell: CellSpec, titles: Mapping[str, str]) -> Iterator[str]:
    yield f"#### {cell.level.value}"
    yield ""
    yield cell.marker
    yield ""
    if cell.rule is None:
        yield f"- No repository can show this: {cell.not_observable}"
    else:
        yield f"- Rule: {explain_rule(cell.rule, titles)}."
    if cell.example:
        yield f"- For example: {cell.example}"
    if cell.seen:
        yield f"- Ask where it was seen: {' '.join(cell.seen)}"
    yield f"- Ask where it was not: {' '.join(cell.unseen)}"
    yield ""


def _profiles() -> Iterator[str]:
    yield "## Role profiles"
    yield ""
    yield "A profile says which rows a role asks about first. It weighs nothing and leaves nothing out of the digest."
    yield ""
    for profile in load_profiles():
        yield f"- **{profile.title}** (`{profile.id}`): {profile.summary}"
        for words, rows in (("core", profile.core), ("relevant", profile.relevant), ("aside", profile.out_of_scope)):
            if rows:
                yield f"  - {words}: {', '.join(rows)}"


def cells_fed(matrix: Matrix, signal: str) -> tuple[tuple[Row, tuple[str, ...]], ...]:
    """The rows whose rules name this signal, each with the levels that do."""
    fed = ((row, tuple(cell.level.value for cell in row.cells if signal in _asked(cell))) for row in matrix.rows)
    return tuple((row, levels) for row, levels in fed if levels)


def _asked(cell: CellSpec) -> set[str]:
    if cell.rule is None:
        return set()
    return {atom.signal for atom in (*positive_atoms(cell.rule), *negated_atoms(cell.rule))}

"""The documentation: what is generated is up to date, and what is written by hand points at what is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import yaml

from evidence import detect
from evidence.matrix.load import load_matrix
from evidence.reference.cases import Case, cases_of, one_of_each

ROOT = Path(__file__).parent.parent
PAGES = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SIGNALS = [signal.id for signal in detect.signals()]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sorted(PAGES), ids=_name)
def test_generated_pages_are_up_to_date(path: Path) -> None:
    """What is in the repository is what the declarations give; `make docs` writes it."""
    assert path.read_text(encoding="utf-8") == PAGES[path]


def test_no_page_outlives_its_signal() -> None:
    """A signal that is gone takes its page along."""
    assert set((ROOT / "docs" / "signals").glob("*.md")) <= set(PAGES)


@pytest.mark.parametrize("path", WRITTEN, ids=_name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link of every page names a file that is there."""
    text = re.sub(r"^(`{3,}).*?^\1$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert not [target for target in targets if target and not (path.parent / target).exists()]


def test_the_readme_begins_with_the_two_commands() -> None:
    """A newcomer sees at once how to run it and how to test it, and the Makefile has both."""
    first = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1]
    assert re.findall(r"^make (\w+)", first, re.MULTILINE) == ["scan", "test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^scan:", makefile, re.MULTILINE)
    assert re.search(r"^test:", makefile, re.MULTILINE)


def test_continuous_integration_runs_what_a_contributor_runs() -> None:
    """One command everywhere, with no more rights than it needs, and actions pinned to a commit."""
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    steps = workflow["jobs"]["test"]["steps"]
    assert any(step.get("run", "").startswith("make test") for step in steps)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_signal_has_cases_on_both_sides_of_its_bar(signal: str) -> None:
    """Its page, and `evidence explain`, show one case that fires and one near-miss that must not."""
    shown = one_of_each(cases_of(signal))
    assert [case.fires for case in shown] == [True, False]


@pytest.mark.parametrize("row", [row.id for row in load_matrix().rows])
def test_every_row_of_the_matrix_is_on_its_page(row: str) -> None:
    """Links from signals to rows land on an anchor."""
    assert f'<a id="{row}"></a>' in PAGES[ROOT / "docs" / "matrix.md"]


def test_a_case_reads_well_on_a_page() -> None:
    """File names stand above their fences, the expectation is said in words, and longer fences survive."""
    body = "````markdown docs/a.md\n```python\nx\n```\n````\n\n```dockerfile Dockerfile\nFROM x\n```\n\n"
    body += "```expect\na.b practised docs/a.md:1-2\n```"
    page = Case("one", "It fires", body, "practised").under(3)
    assert page.startswith("### It fires\n\n`docs/a.md`\n\n````markdown\n```python\nx\n```\n````\n")
    assert "`Dockerfile`\n\n```dockerfile\nFROM x\n```" in page
    assert page.endswith("- `a.b`: practised, `docs/a.md:1-2`\n")

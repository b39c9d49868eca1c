"""The table of a history: one row per commit, as CSV or Parquet, with no address and no formula in it."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from evidence.facts.history.frame import COLUMNS
from tests.cli.conftest import Run
from tests.source.building import Builder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Five commits: a start, a hostile subject, a merged branch, a revert."""
    made = Builder(tmp_path_factory.mktemp("history") / "shop")
    made.commit({"shop/__init__.py": "x = 1\n", "tests/test_shop.py": "y = 1\n"}, "Begin")
    bad = made.commit({"shop/orders.py": "z = 1\nz = 2\n"}, '=HYPERLINK("https://evil.example")')
    made.git("checkout", "-q", "-b", "side")
    body = "Body\n\nCloses #4\nCo-authored-by: Bob <bob@example.org>\n"
    made.commit({"README.md": "words\n"}, f"Write words\n\n{body}")
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7 from ada/side", "side")
    made.commit({"shop/orders.py": "z = 1\n"}, f"Revert the orders\n\nThis reverts commit {bad}.\n")
    return made


def test_a_row_per_commit(cli: Run, project: Builder) -> None:
    """Each commit is told with what it touches, its request, what it reverts, closes and who helped."""
    result = cli("history", project.folder)
    assert result.code == 0
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert list(rows[0]) == list(COLUMNS)
    revert, merge, words, bad, first = rows
    assert revert["reverts"] == bad["commit"]
    assert (revert["added"], revert["removed"], first["added"]) == ("0", "1", "")
    assert (merge["request"], merge["files"], merge["mainline"], words["mainline"]) == ("7", "0", "True", "False")
    assert (words["closes"], words["doc"], words["app"], words["areas"]) == ("4", "True", "False", "documents")
    assert words["co_authors"] and words["co_authors"] != words["author"]
    assert (first["app"], first["test"], first["areas"]) == ("True", "True", "shop; tests")
    assert {row["author_name"] for row in rows} == {"Ada"}
    assert first["authored"] == "2023-11-14T22:13:20Z"


def test_no_address_and_no_formula(cli: Run, project: Builder) -> None:
    """Nobody's e-mail is in the table, and no cell begins as a formula does."""
    text = cli("history", project.folder).out
    assert "@example.org" not in text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "'=HYPERLINK" in text


def test_no_row_tells_an_address(cli: Run, tmp_path: Path) -> None:
    """Nobody's e-mail address is in the table, be it that of an author or one that a subject names."""
    made = Builder(tmp_path / "shop")
    made.commit(
        {"README.md": "words\n"}, "Translate by Carl <carl@example.net>\n\nCo-authored-by: Bob <bob@example.org>\n"
    )
    out = cli("history", made.folder).out
    assert "Translate by Carl <[address]>" in out and "@" not in out


def test_parquet_holds_the_same(cli: Run, project: Builder, tmp_path: Path) -> None:
    """The Parquet file has the same rows with their types, and the same bytes each time."""
    first, second = tmp_path / "one.parquet", tmp_path / "two.parquet"
    assert cli("history", project.folder, "-o", first).code == 0
    assert cli("history", project.folder, "-o", second).code == 0
    assert first.read_bytes() == second.read_bytes()
    table = pd.read_parquet(first)
    assert list(table.columns) == list(COLUMNS)
    assert table["authored"].dt.year.tolist() == [2023] * 5
    assert table["app"].dtype == bool
    assert table["subject"].tolist()[3].startswith("=HYPERLINK")


@pytest.mark.parametrize("name", ["table.xlsx", "table", "missing/table.csv"])
def test_other_files_are_refused(cli: Run, project: Builder, tmp_path: Path, name: str) -> None:
    """A suffix that nothing writes, or a folder that is not there, is wrong usage."""
    result = cli("history", project.folder, "-o", tmp_path / name)
    assert result.code == 2
    assert not list(tmp_path.rglob("table*"))


def test_a_scan_does_not_pay_for_pandas(project: Builder, tmp_path: Path) -> None:
    """A scan with its pictures imports neither pandas nor what comes with it."""
    code = (
        "import sys\n"
        "from evidence.cli import run\n"
        f"assert run(['scan', {str(project.folder)!r}, '--no-cache', '--output-dir', {str(tmp_path)!r}]) == 0\n"
        "assert not {'pandas', 'numpy', 'pyarrow'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'id="history"' in (tmp_path / "digest.html").read_text(encoding="utf-8")

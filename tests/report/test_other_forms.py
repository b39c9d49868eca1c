"""Forms and parts of a digest besides the file's own: table, PDF, a part, two compared, and one without names."""

from __future__ import annotations

import csv
import ctypes.util
import io
import json
from typing import Any

import pytest
from msgspec.structs import replace

from evidence.anonymous import MARK, anonymised
from evidence.model import CellStatus, Digest, Level, Outcome, UsageError
from evidence.report.comparison import compare
from evidence.report.csv import COLUMNS, to_csv
from evidence.report.json_form import to_json
from evidence.report.narrowing import Part, narrowed, part
from evidence.report.outline import outline
from evidence.report.pdf import to_pdf
from evidence.seal import seal_holds
from tests.report.conftest import HOSTILE

KEY = b"a key of this server"
PANGO = "Pango is not installed (Debian: libpango-1.0-0): no PDF is made"


def test_the_table_has_a_line_for_each_cell_and_ground(rich: Digest) -> None:
    """Every cell is there, as often as findings bear on it, under the published columns."""
    rows = list(csv.DictReader(io.StringIO(to_csv(rich), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert {(row["competency"], row["level"]) for row in rows if row["level"]} == {
        (next(c.title for c in rich.competencies if c.id == cell.competency), cell.level.value) for cell in rich.cells
    }
    assert to_csv(rich) == to_csv(rich)


def test_the_table_has_what_no_cell_names(rich: Digest) -> None:
    """A finding of something is a line in any case, as it is a sentence in the page: counter-evidence, too."""
    bare = tuple(replace(cell, findings=(), against=()) for cell in rich.cells)
    rows = list(csv.DictReader(io.StringIO(to_csv(replace(rich, cells=bare)), newline="")))
    alone = sorted(row["signal"] for row in rows if not row["level"])
    assert alone == sorted(finding.signal for finding in rich.findings if finding.outcome is Outcome.FOUND)
    assert all(not row["signal"] for row in rows if row["level"])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "  =cmd|' /C calc'!A0", "\t=1", "%0A"])
def test_no_cell_of_the_table_is_a_formula(rich: Digest, text: str) -> None:
    """What a spreadsheet would compute stands behind an apostrophe."""
    signals = tuple(replace(signal, title=text) for signal in rich.signals)
    rows = list(csv.DictReader(io.StringIO(to_csv(replace(rich, signals=signals)), newline="")))
    titles = {row["signal_title"] for row in rows} - {""}
    assert titles
    assert all(title.startswith("'") for title in titles)


def test_hostile_text_stays_within_its_cell(rich: Digest) -> None:
    """Line breaks, quotes and controls of a repository open no line or cell of their own."""
    statement = "".join(HOSTILE)
    findings = tuple(replace(finding, statement=statement) for finding in rich.findings)
    rows = list(csv.reader(io.StringIO(to_csv(replace(rich, findings=findings)), newline="")))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert "\x1b" not in to_csv(replace(rich, findings=findings))


@pytest.mark.skipif(not ctypes.util.find_library("pango-1.0"), reason=PANGO)
def test_the_pdf_is_tagged_and_says_what_the_page_says(quiet: Digest) -> None:
    """A tagged document with a language and a title; nothing is fetched for it."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(to_pdf(quiet)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert "Evidence digest" in str(reader.metadata and reader.metadata.title)
    assert "Summary" in "".join(page.extract_text() for page in reader.pages)


@pytest.mark.no_cover
@pytest.mark.skipif(not ctypes.util.find_library("pango-1.0"), reason=PANGO)
def test_the_pdf_folds_what_a_printed_page_folds(rich: Digest) -> None:
    """A row without evidence is one line of it, as in a browser's print; questions of a cell that speaks are there."""
    from pypdf import PdfReader

    text = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(rich))).pages).split())
    page = outline(rich)
    rows = [row for domain in page.domains for row in domain.rows]
    silent = next(row for row in rows if not row.speaks)
    speaking = next(entry for row in rows if row.speaks for entry in row.cells if entry.speaks and entry.cell.probes)
    assert silent.competency.title in text
    assert f"+{silent.competency.title}" not in text.replace("+ ", "+")
    assert silent.cells[0].cell.marker not in text
    assert speaking.cell.probes[0][:30] in text


def test_a_part_holds_only_what_was_asked_for(rich: Digest) -> None:
    """Domain, level and status narrow the cells; rows and evidence follow; the whole stays as it was."""
    senior = narrowed(rich, Part(level="Senior"))
    assert {cell.level for cell in senior.cells} == {Level.SENIOR}
    supported = narrowed(rich, Part(status="supported"))
    assert {cell.status for cell in supported.cells} == {CellStatus.SUPPORTED}
    assert {row.id for row in supported.competencies} == {cell.competency for cell in supported.cells}
    assert {s.competency for s in supported.signals} <= {row.id for row in supported.competencies}
    domain = narrowed(rich, Part(domain="Scale"))
    assert {row.domain for row in domain.competencies} == {"Scale"}
    assert narrowed(rich, Part()) is rich


def test_one_s_own_evidence_is_told_from_that_of_others(rich: Digest) -> None:
    """Where there is a candidate, found signals are split by whether the candidate has a part in them."""
    asked = replace(rich, subject={**rich.subject, "candidate": {"name": "Ada"}})
    own = narrowed(asked, part(asked, whose="own"))
    others = narrowed(asked, part(asked, whose="others"))
    assert {s.own_grade is not None for s in own.signals if s.outcome == "found"} == {True}
    assert {s.own_grade is not None for s in others.signals if s.outcome == "found"} == {False}


def test_nonsense_asks_for_the_whole(rich: Digest) -> None:
    """A part that no digest has is no part."""
    nobody = replace(rich, subject={**rich.subject, "candidate": None})
    assert part(nobody, domain="<script>", level="Boss", status="best", whose="own", other="x").whole


def test_two_digests_of_the_same_are_compared(rich: Digest) -> None:
    """Cells and signals that differ are listed in the order of the matrix, and nothing is weighed."""
    changed = replace(
        rich,
        cells=(replace(rich.cells[0], status=CellStatus.NOT_SEEN), *rich.cells[1:]),
        signals=(replace(rich.signals[0], grade=None), *rich.signals[1:]),
    )
    found = compare(rich, changed)
    assert [(c.before, c.after) for c in found.cells] == [(rich.cells[0].status, CellStatus.NOT_SEEN)]
    assert found.same_cells == len(rich.cells) - 1
    assert [each.title for each in found.signals] == [rich.signals[0].title]
    assert found.same_tool
    assert compare(rich, rich).signals == ()


def test_different_people_are_not_compared(rich: Digest) -> None:
    """Neither other candidates nor other repositories."""
    other = replace(rich, subject={**rich.subject, "candidate": {"name": "Somebody else"}})
    elsewhere = replace(
        rich,
        subject={**rich.subject, "candidate": None},
        repositories=tuple(replace(each, id="other") for each in rich.repositories),
    )
    for one in (other, elsewhere):
        with pytest.raises(UsageError, match="different people or repositories"):
            compare(replace(rich, subject={**rich.subject, "candidate": None}), one)


def test_an_anonymised_digest_names_nobody(rich: Digest) -> None:
    """Names, logins, addresses, links and ids are pseudonyms everywhere; the rest is the same digest."""
    subject = {
        **rich.subject,
        "candidate": {"name": "Ada Lovelace", "login": "countess", "emails": ["ada@byron.example"]},
        "contributors": [{"name": "Charles Babbage", "value": f"commit:{'9' * 40}"}],
    }
    telling = "Ada Lovelace and Charles Babbage (ada@byron.example) at https://byron.example/engine, says @countess."
    named = replace(
        rich,
        subject=subject,
        findings=tuple(replace(finding, statement=telling) for finding in rich.findings),
    )
    hidden = anonymised(named, KEY)
    text = to_json(hidden).decode()
    for name in ("lovelace", "babbage", "byron", "countess", "owner/shop", "github.com/owner", "9" * 40):
        assert name not in text.lower()
    for repository in rich.repositories:
        assert repository.commit not in text
    assert [cell.status for cell in hidden.cells] == [cell.status for cell in rich.cells]
    assert [signal.id for signal in hidden.signals] == [signal.id for signal in rich.signals]
    assert {f for cell in hidden.cells for f in cell.findings} <= {finding.id for finding in hidden.findings}
    assert hidden.inputs[MARK] is True
    assert seal_holds(hidden)


def test_pseudonyms_depend_on_the_key_alone(rich: Digest) -> None:
    """The same key gives the same digest again, another key other names."""
    assert to_json(anonymised(rich, KEY)) == to_json(anonymised(rich, KEY))
    one, other = (json.loads(to_json(anonymised(rich, key))) for key in (KEY, b"another key"))
    assert one["repositories"][0]["name"] != other["repositories"][0]["name"]

"""``evidence scan``: run the pipeline, then render and write what was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from evidence.cli.outcome import leave_if_asked
from evidence.cli.terminal import progress
from evidence.cli.writing import print_out, write_file, write_out

if TYPE_CHECKING:
    from evidence.model import Digest
    from evidence.request import ScanRequest
    from evidence.rescan import Made

_BY_SUFFIX = {".json": "json", ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}
_BY_SUFFIX |= {".csv": "csv", ".pdf": "pdf"}
_ALL = {"json": "digest.json", "html": "digest.html", "markdown": "digest.md"}
_INCOMPLETE = 3


class Output(Struct, frozen=True):
    """What to write: pairs of a form and a file, or None for standard output."""

    targets: tuple[tuple[str, Path | None], ...]

    @classmethod
    def chosen(cls, form: str | None, file: Path | None, folder: Path | None) -> Output:
        """From the options as they were given; wrong usage where they contradict each other."""
        if folder is not None:
            if form or file:
                raise click.UsageError("--output-dir writes every form: leave out --format and -o.")
            return cls(tuple((each, folder / name) for each, name in _ALL.items()))
        if file is None:
            return cls(((form or "json", None),))
        if not file.parent.is_dir():
            raise click.UsageError(f"There is no folder {str(file.parent)!r} to write {file.name!r} to.")
        return cls(((form or _BY_SUFFIX.get(file.suffix.lower(), "json"), file),))

    def write(self, made: Made) -> None:
        """Render each form once and write it. OSError when a file cannot be written."""
        for form, target in self.targets:
            content = made.json if form == "json" else rendered(made.digest, form)
            if target is None:
                write_out(content)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_file(target, content)


def check_profile(name: str | None) -> None:
    """Wrong usage where the matrix has no role profile of this name."""
    if name is None:
        return
    from evidence.matrix.load import load_profiles

    known = [profile.id for profile in load_profiles()]
    if name not in known:
        raise click.UsageError(f"There is no profile {name!a}: choose one of {', '.join(known)}.")


def rendered(digest: Digest, form: str) -> bytes:
    """The digest in one of its forms, UTF-8."""
    if form == "json":
        from evidence.report.json_form import to_json

        return to_json(digest)
    if form == "html":
        from evidence.report.html import to_html

        return to_html(digest).encode("utf-8", "backslashreplace")
    if form == "csv":
        from evidence.report.csv import to_csv

        return to_csv(digest).encode("utf-8", "backslashreplace")
    if form == "pdf":
        from evidence.report.pdf import to_pdf

        return to_pdf(digest)
    from evidence.report.markdown import to_markdown

    return to_markdown(digest).encode("utf-8", "backslashreplace")


def scan_to(request: ScanRequest, output: Output, profile_detectors: bool = False) -> int:
    """Scan, write, and return the exit code: 3 where the digest is not complete. ``profile_detectors`` also says on
    standard error how long each detector took, longest first."""
    from evidence import rescan

    watcher = progress()
    try:
        made = rescan.scan(request, watcher, afresh=profile_detectors)
    finally:
        watcher.done()
    leave_if_asked()
    if profile_detectors:
        spent = sorted(request.timer.seconds.items(), key=lambda item: (-item[1], item[0]))
        spent.append(("facts of files joined for them", request.timer.joined))
        # two processes may share the work: by the clock it takes less than its parts
        spent.append(("all of them, by the clock", request.timer.wall))
        click.echo("\n".join(f"{seconds:8.3f} s  {name}" for name, seconds in spent), err=True)
    output.write(made)
    files = [target for _form, target in output.targets if target is not None]
    if len(files) > 1:
        print_out("\n".join(f"Wrote {file}" for file in files))
    if not made.complete:
        watcher.warn("The digest is not complete: its ledger says what is missing and why.")
    return 0 if made.complete else _INCOMPLETE

"""Scanning: what is written where."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.api import Project
from evidence.cli import run
from evidence.cli.writing import write_file
from evidence.pipeline import ScanRequest
from evidence.report.json_form import from_json
from evidence.seal import seal_holds
from tests.cli.conftest import Run


def test_json_alone_is_on_standard_output(cli: Run, repository: Path, digest: bytes) -> None:
    """What is piped on is the digest and nothing else, and nothing is said where all went well."""
    result = cli("scan", repository)
    assert result.code == 0
    assert result.out.encode() == digest
    assert result.err == ""
    assert seal_holds(from_json(digest))


def test_a_process_that_ends_with_its_scan_leaves_nothing_unsaid_or_behind(
    repository: Path, digest: bytes, tmp_path: Path
) -> None:
    """It ends without taking its facts apart: all of the digest is through the pipe, and no folder of its own is
    left."""
    environment = os.environ | {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "evidence", "scan", str(repository), "--no-cache"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, digest, b"")
    assert [each.name for each in tmp_path.iterdir() if each.name != "cache"] == []


def test_facts_are_kept_for_whoever_asks_to_keep_them(repository: Path, capsysbinary: object) -> None:
    """The way on which a process that ends anyway spares itself the taking apart."""
    kept: list[object] = []
    assert run(["scan", str(repository), "--no-cache"], kept) == 0
    assert any(isinstance(each, Project) for each in kept)


def test_the_cache_and_the_workers_do_not_change_the_digest(cli: Run, repository: Path, digest: bytes) -> None:
    """Warm or cold, with one worker or two, the bytes are the same."""
    for options in (["--no-cache"], ["--workers", "1"], ["--workers", "2"], []):
        assert cli("scan", repository, *options).out.encode() == digest


@pytest.mark.parametrize(("form", "begins"), [("html", "<!DOCTYPE html>"), ("markdown", "#"), ("json", "{")])
def test_every_form_goes_to_standard_output(cli: Run, repository: Path, form: str, begins: str) -> None:
    """--format chooses what is written."""
    result = cli("scan", repository, "--format", form)
    assert result.code == 0
    assert result.out.lower().startswith(begins.lower())


@pytest.mark.parametrize(("name", "begins"), [("d.html", "<!doctype"), ("d.md", "#"), ("d.json", "{"), ("d", "{")])
def test_the_suffix_of_the_file_chooses_the_form(
    cli: Run, scanning: Callable[..., object], tmp_path: Path, name: str, begins: str
) -> None:
    """-o digest.html needs no --format."""
    scanning()
    result = cli("scan", ".", "-o", tmp_path / name)
    assert (result.code, result.out) == (0, "")
    assert (tmp_path / name).read_text().lower().startswith(begins)


def test_the_output_folder_gets_every_form(cli: Run, repository: Path, tmp_path: Path, digest: bytes) -> None:
    """--output-dir makes the folder, writes three files under fixed names and says where."""
    folder = tmp_path / "new" / "digest"
    result = cli("scan", repository, "--output-dir", folder)
    assert result.code == 0
    assert sorted(each.name for each in folder.iterdir()) == ["digest.html", "digest.json", "digest.md"]
    assert (folder / "digest.json").read_bytes() == digest
    assert str(folder / "digest.html") in result.out


def test_options_reach_the_scan(cli: Run, scanning: Callable[..., list[ScanRequest]], tmp_path: Path) -> None:
    """Each option is the field of the request that it names."""
    requests = scanning()
    cli(
        "scan",
        "x/y",
        "--commit",
        "v1",
        "--profile",
        "api-first",
        "--workers",
        "3",
        "--keep-clone",
        "--host",
        "git.corp",
    )
    cli("scan", ".", "--no-cache", "--allow-insecure-host", "http://127.0.0.1:1", "--as", "https://github.com/o/r")
    cache = tmp_path / "cache" / "evidence"
    first, second = requests
    assert (first.source, first.revision, first.profile, first.workers) == ("x/y", "v1", "api-first", 3)
    assert (first.cache, first.keep_clone, first.hosts) == (cache, cache / "clones", ("git.corp",))
    assert (second.cache, second.keep_clone, second.revision) == (None, None, None)
    assert second.insecure_hosts == ("http://127.0.0.1:1",)
    assert second.identity == "https://github.com/o/r"


def test_an_incomplete_digest_is_written_and_is_code_3(
    cli: Run, scanning: Callable[..., object], digest: bytes
) -> None:
    """What there is comes out, and the exit code and a warning tell that it is not all."""
    from msgspec.structs import replace

    scanning(replace(from_json(digest), complete=False))
    result = cli("scan", ".")
    assert result.code == 3
    assert json.loads(result.out)["complete"] is False
    assert "not complete" in result.err


def test_warnings_are_told_with_nothing_hidden(cli: Run, scanning: Callable[..., object]) -> None:
    """Characters of a repository that would move the cursor or turn the text around are shown, not obeyed."""
    scanning(warning="odd \x1b[2J\u202e name\n\nforged line")
    result = cli("scan", ".")
    assert result.code == 0
    assert result.err.startswith("evidence: warning: odd ")
    assert result.err.count("\n") == 1
    assert not {"\x1b", "\u202e"} & set(result.err)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails the old file stays, and nothing lies beside it."""
    target = tmp_path / "digest.json"
    write_file(target, b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_pipe_or_device_stays_one(tmp_path: Path) -> None:
    """What is no file is written to, and no file takes its place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/cat", pipe], stdout=subprocess.PIPE) as reader:
        write_file(pipe, b"told")
        assert reader.communicate(timeout=60)[0] == b"told"
    assert pipe.is_fifo()


def test_a_pipe_that_nobody_reads_on_is_no_complaint(tmp_path: Path) -> None:
    """As with standard output: the reader went away, and nothing is left to say."""
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(SystemExit) as left:
        write_file(Path(f"/dev/fd/{writer}"), b"x" * 10)
    os.close(writer)
    assert left.value.code == 141


def test_what_cannot_be_written_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    """Not by the name of the neighbour that would have become it; a long name leaves room for that neighbour."""
    with pytest.raises(OSError) as wrong:
        write_file(tmp_path / "nowhere" / "digest.json", b"x")
    assert wrong.value.filename == str(tmp_path / "nowhere" / "digest.json")
    long = tmp_path / ("n" * 250)
    write_file(long, b"x")
    assert [each.name for each in tmp_path.iterdir()] == [long.name]


def test_without_a_home_nothing_is_kept(
    cli: Run, repository: Path, digest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may run a user whom no account and no variable gives a home: the scan goes on without a cache, and
    what cannot do without says so."""

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    result = cli("scan", repository)
    assert (result.code, result.out.encode()) == (0, digest)
    result = cli("scan", repository, "--keep-clone")
    assert result.code == 2
    assert "HOME" in result.err


@pytest.mark.parametrize("option", ["-o", "--output-dir"])
def test_an_empty_output_is_wrong_usage(cli: Run, repository: Path, option: str) -> None:
    """It is said before anything is scanned."""
    result = cli("scan", repository, option, "")
    assert (result.code, result.out) == (2, "")
    assert "it is empty" in result.err


def test_a_wait_that_is_no_number_is_wrong_usage(cli: Run, repository: Path) -> None:
    """NaN is neither below nor above the range."""
    assert cli("scan", repository, "--forge-wait", "nan").code == 2


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    """A new file has those that any new file has, and a replaced one those it had."""
    fresh, kept, plain = tmp_path / "fresh", tmp_path / "kept", tmp_path / "plain"
    plain.touch()
    kept.touch(mode=0o600)
    for target in (fresh, kept):
        write_file(target, b"x")
    assert stat.S_IMODE(fresh.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_the_time_of_each_detector_is_told_when_asked(cli: Run, repository: Path, digest: bytes) -> None:
    """--profile-detectors lists every detector with its seconds on standard error and leaves the digest alone."""
    result = cli("scan", repository, "--profile-detectors")
    assert result.out.encode() == digest
    assert "detectors.flask.app_factory" in result.err
    assert result.err.rstrip().endswith("all of them, by the clock")
    assert all(line.split()[1] == "s" for line in result.err.splitlines())

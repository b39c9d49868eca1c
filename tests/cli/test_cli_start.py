"""Starting: help, version, completion, wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

COMMANDS = ("scan", "verify", "signals", "explain", "matrix", "serve", "purge", "completion")


def test_starting_pulls_in_little() -> None:
    """Help and completion answer at once: of other people's packages, only click is imported for them."""
    code = "import sys, evidence.cli; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    bare = subprocess.run(
        [sys.executable, "-c", code.replace(", evidence.cli", "")], capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.split()) - set(bare.stdout.split()) - sys.stdlib_module_names
    assert imported == {"click", "evidence"}


def test_help_names_every_command(cli: Run) -> None:
    """Each command is there with one line that says what it is for."""
    result = cli("--help")
    assert result.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Run, command: str) -> None:
    """Help of a command needs neither its arguments nor a repository."""
    result = cli(command, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: evidence {command}")


def test_the_version_is_that_of_the_distribution(cli: Run) -> None:
    """One place says the version."""
    from importlib.metadata import version

    assert cli("--version").out == f"evidence, version {version('portfolio-evidence')}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_the_shell_asked_for(cli: Run, shell: str) -> None:
    """The script calls evidence back in the shell's own protocol."""
    result = cli("completion", shell)
    assert result.code == 0
    assert f"_EVIDENCE_COMPLETE={shell}_complete" in result.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["scan"],
        ["scan", ".", "--format", "docx"],
        ["scan", ".", "--workers", "0"],
        ["scan", ".", "--output-dir", "x", "--format", "json"],
        ["scan", ".", "-o", "no/such/folder/digest.json"],
        ["verify", "no-such-file.json", "--repo", "."],
        ["verify", __file__, "--repo", "."],
        ["explain", "flask.nonsense"],
        ["matrix", "nonsense"],
        ["scan", "/no/such/folder"],
        ["scan", "file:///etc"],
    ],
)
def test_wrong_usage_is_code_2_and_one_clear_line(cli: Run, arguments: list[str]) -> None:
    """A request that cannot be right says why on standard error, and writes nothing else."""
    result = cli(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.strip()
    assert "Traceback" not in result.err


def test_a_near_name_is_offered(cli: Run) -> None:
    """Who mistypes a signal or a row is told the one that was meant."""
    assert "Did you mean flask.app_factory?" in cli("explain", "flask.app_factroy").err
    assert "Did you mean app-structure?" in cli("matrix", "app-structur").err


@pytest.mark.parametrize("arguments", [["matrix"], ["--help"], ["scan", "{repository}", "--no-cache"]])
def test_a_closed_standard_output_is_one_sentence(arguments: list[str], repository: Path) -> None:
    """Whoever starts it with its output closed is told, without a trace, that nothing could be written."""
    words = " ".join(word.format(repository=repository) for word in arguments)
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m evidence {words} >&-"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "evidence: Bad file descriptor.\n")


def test_closed_streams_are_no_place_for_a_digest(repository: Path, tmp_path: Path) -> None:
    """With all three streams closed a file is written whole: none of the program's files takes their place."""
    target = tmp_path / "digest.json"
    command = f"{sys.executable} -m evidence scan {repository} --no-cache -o {target} <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
    assert json.loads(target.read_text())["complete"] is True

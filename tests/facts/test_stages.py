"""Which folders keep earlier stages of the code beside it."""

from __future__ import annotations

from evidence.facts.roles import Role
from evidence.facts.stages import stages
from tests.projects import project

_STEPS = [f"{folder}{name}.py" for folder in ("", "step_1/", "step_2/") for name in ("run", "models", "views")]


def test_numbered_folders_that_hold_the_same_files_are_stages() -> None:
    """A tutorial's result lies at the root, and how it came about in folders with the same names of files."""
    assert stages(_STEPS) == ("step_1/", "step_2/")


def test_numbered_folders_of_other_files_are_none() -> None:
    """Exercises of a course without a result beside them, a single folder, and other files are each their own."""
    assert stages(p for p in _STEPS if "/" in p) == ()
    assert stages(p for p in _STEPS if not p.startswith("step_2")) == ()
    assert stages(["run.py", "models.py", "part1/load.py", "part2/load.py"]) == ()


def test_files_of_a_stage_are_no_application_code() -> None:
    """What an earlier stage does is not said of the application."""
    made = project(dict.fromkeys(_STEPS, "import flask\n"))
    assert [f.path for f in made.app] == ["models.py", "run.py", "views.py"]
    assert made.python["step_1/run.py"].role is Role.EXAMPLE

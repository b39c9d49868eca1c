"""Every command line that a repository writes down outside CI, as text: scripts, Makefiles, Procfiles, tox, npm, tasks.

Nothing is parsed: whoever looks for one program finds the lines that name it, at the cost of a search in text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.facts.mentions import Mention
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project

_ROLES = (Role.APP, Role.TEST)


def written_lines(project: Project) -> tuple[Mention, ...]:
    """The lines of the project's own files and of its tests', in path and line order, each once."""
    from evidence.facts.shell.declared_commands import commands_of

    files = [(path, commands) for path, commands in project.commands.items() if role_of(path) in _ROLES]
    for path, data in project.data.items():
        declared = commands_of(path, data.root) if role_of(path) in _ROLES else None
        if declared is not None:
            files.append((path, declared))
    return tuple(
        sorted({Mention(path, li.start, li.end, li.text) for path, commands in files for li in commands.lines})
    )

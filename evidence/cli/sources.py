"""Which of the sources that were given is which repository of a digest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def source_of_each(repositories: Sequence[str], given: Sequence[str]) -> dict[str, str]:
    """The source of each repository id. ``given`` are ``ID=SOURCE``, addresses or paths; what is left over on
    both sides belongs together where it is one of each.

    Raises UsageError where a repository was not given, or a source is of none.
    """
    from evidence.model import UsageError
    from evidence.source.quoting import visible

    if len(set(repositories)) < len(repositories) or not repositories:
        raise UsageError("The digest names no repository, or one of them twice: no scan writes that.")
    found: dict[str, str] = {}
    left: list[str] = []
    for value in given:
        name, source = _named(value, repositories)
        name = name or (repositories[0] if len(repositories) == len(given) == 1 else "")
        if name in found:
            raise UsageError(f"Two sources were given for {visible(name)}: --repo takes one for each repository.")
        if name:
            found[name] = source
        else:
            left.append(value)
    lacking = [each for each in repositories if each not in found]
    if len(lacking) == len(left) == 1:
        found[lacking.pop()] = left.pop()
    if left and lacking:
        raise UsageError(
            f"The digest is of {len(repositories)} repositories: say which of {_listed(lacking)} each source is, "
            "with --repo ID=SOURCE."
        )
    if left:
        raise UsageError(f"The digest is not of {visible(left[0])}: it is of {_listed(repositories)}.")
    if lacking:
        raise UsageError(
            f"The digest is of {len(repositories)} repositories, and {_listed(lacking)} was not given: "
            "add --repo ID=SOURCE for each."
        )
    return found


def _named(value: str, repositories: Sequence[str]) -> tuple[str, str]:
    """The repository that a value is of, "" where it does not tell, and its source."""
    name, sign, source = value.partition("=")
    if sign and name in repositories:
        return name, source
    path = value.partition("://")[2] or value
    plain = path.partition("?")[0].partition("#")[0].rstrip("/").removesuffix(".git").lower()
    for each in sorted(repositories, key=len, reverse=True):
        if plain == each.lower() or plain.startswith(f"{each.lower()}/"):
            return each, value
    folder = Path(plain).name
    alike = [each for each in repositories if each.rpartition("/")[2].lower() == folder]
    return (alike[0] if len(alike) == 1 and "://" not in value else ""), value


def _listed(repositories: Sequence[str]) -> str:
    from evidence.source.quoting import visible

    return ", ".join(visible(each) for each in repositories)

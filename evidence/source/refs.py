"""Names of references, checked by git's own rules before they go anywhere."""

from __future__ import annotations

from evidence.patterns import regex

OID = regex(r"[0-9a-f]{40}")
_FORBIDDEN = regex(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


def is_ref_name(name: str) -> bool:
    """Whether ``name`` is a full reference name by the rules of git-check-ref-format, at most 1,024 characters long."""
    if not name.startswith("refs/") or len(name) > 1024 or name.endswith(("/", ".")) or _FORBIDDEN.search(name):
        return False
    return not any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))


def branch_of(name: str) -> str:
    """``main`` of ``refs/heads/main``; empty for anything that is not a well-formed branch."""
    return name.removeprefix("refs/heads/") if name.startswith("refs/heads/") and is_ref_name(name) else ""

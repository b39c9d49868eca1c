"""Which author is a bot or a tool, and which assistant a trailer names; the table is ``automation.toml``."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from msgspec import Struct, convert

from evidence.facts.people.accounts import noreply_account
from evidence.model import Person
from evidence.patterns import regex

# How accounts of applications and of project or group tokens are named, whatever the tool:
# https://docs.github.com/en/apps/creating-github-apps and
# https://docs.gitlab.com/user/project/settings/project_access_tokens/#bot-users-for-projects
_APPLICATION = regex(r"\[bot\]$|^(?:project|group)_[0-9]+_bot(?:_[0-9a-f]+)?$|^service_account_")
_CALLED_BOT = regex(r"(?<![^\W\d_])(?:ro)?bots?\)?$")
_AIDER = regex(r"\(aider\)$")


class Tool(Struct, frozen=True):
    """One bot, tool or assistant of the table; ``kind`` is ``ai`` for assistants that write code."""

    id: str
    kind: str
    source: str
    names: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class _Table(Struct, frozen=True):
    tool: tuple[Tool, ...]


@lru_cache(maxsize=1)
def tools() -> tuple[Tool, ...]:
    """Every tool of the table."""
    text = Path(__file__).with_name("automation.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), _Table).tool


@lru_cache(maxsize=1)
def _index() -> dict[tuple[str, str], Tool]:
    keys = (("name", "names"), ("login", "logins"), ("email", "emails"))
    return {(kind, value): tool for tool in tools() for kind, field in keys for value in getattr(tool, field)}


@lru_cache(maxsize=1)
def _ids() -> dict[str, Tool]:
    return {tool.id: tool for tool in tools()}


@lru_cache(maxsize=8_192)
def known_tool(person: Person) -> Tool | None:
    """The tool of the table that makes commits under this name and address; None for people and unknown bots."""
    index = _index()
    name, email = person.name.strip().casefold(), person.email.strip().casefold()
    account = noreply_account(email)
    login = account.login.removesuffix("[bot]") if account else ""
    keys = (
        ("email", email),
        ("email", "@" + email.rpartition("@")[2]),
        ("login", login),
        ("login", name.removesuffix("[bot]") if name.endswith("[bot]") else ""),
        ("name", name),
    )
    return next((index[key] for key in keys if key in index), None)


def automated(person: Person) -> str:
    """What bot or tool this is: its id in the table, ``bot`` where only name or address shows it; "" for people."""
    tool = known_tool(person)
    if tool is not None:
        return tool.id
    name, local = person.name.strip().casefold(), person.email.strip().casefold().partition("@")[0]
    account = noreply_account(person.email)
    login = account.login if account else local
    if any(_APPLICATION.search(text) for text in (name, login)) or _CALLED_BOT.search(name):
        return "bot"
    return ""


def assistant(person: Person) -> str:
    """The id of the AI assistant behind a name and address; "" where it is none."""
    if _AIDER.search(person.name.strip().casefold()):
        return "aider"  # https://aider.chat/docs/git.html#commit-attribution: the human's name and address stay
    tool = known_tool(person)
    return tool.id if tool is not None and tool.kind == "ai" else ""


def kind_of(tool: str) -> str:
    """The kind of a tool by its id; ``bot`` for one that is not in the table."""
    known = _ids().get(tool)
    return known.kind if known else "bot"

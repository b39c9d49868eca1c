"""What people paste, told apart and refused early: nothing here starts a process or opens a connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from evidence.model import UsageError
from evidence.patterns import regex
from evidence.source.quoting import visible
from evidence.source.refs import is_ref_name

FORGES: Mapping[str, str] = MappingProxyType({"github.com": "github", "gitlab.com": "gitlab"})
_LONGEST = 2048
_SCHEME = regex(r"([A-Za-z][A-Za-z0-9+.-]*):(?://|:)|(file|ext|fd|data|ssh):")
_SCP = regex(r"git@([A-Za-z0-9.-]{1,253}):([^:]{1,1024})")
_SHORT = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9._-]{1,100}")
_SEGMENT = regex(r"[A-Za-z0-9._~+-]{1,255}")
_SHA = regex(r"[0-9a-fA-F]{7,40}")
_NUMBER = regex(r"[1-9][0-9]{0,9}")
# Pages of a repository that name no revision: pasted from the browser's bar, they mean the repository.
_TABS = frozenset(
    {
        "actions",
        "activity",
        "branches",
        "commits",
        "discussions",
        "forks",
        "graphs",
        "insights",
        "issues",
        "jobs",
        "labels",
    }
    | {"merge_requests", "milestones", "network", "packages", "pipelines", "projects", "pulls", "pulse", "releases"}
    | {"security", "settings", "stargazers", "tags", "watchers", "wiki", "wikis"}
)
_REF_WORDS = frozenset({"tree", "blob", "raw", "blame", "commits"})


class Asked(Struct, frozen=True):
    """The revision asked for.

    ``kind`` is ``ref`` (a branch or tag, perhaps followed by a file's path), ``name`` (a branch, tag or full reference
    name), ``commit``, or ``pull`` and ``merge_request`` (``text`` is the number); empty when none is asked for.
    """

    kind: str = ""
    text: str = ""

    @property
    def change_ref(self) -> str:
        """The reference under which the forge keeps the head of the change."""
        return f"refs/pull/{self.text}/head" if self.kind == "pull" else f"refs/merge-requests/{self.text}/head"

    @property
    def sha(self) -> str:
        """The commit id that ``text`` is or begins with, should no reference have that name; "" for none."""
        first = self.text.partition("/")[0] if self.kind == "ref" else self.text
        return first.lower() if self.kind in ("ref", "name", "commit") and _SHA.fullmatch(first) else ""

    def candidates(self) -> list[str]:
        """Full names of the references that may be meant, the likeliest first.

        Branch names contain slashes, and so do the paths that follow them: the longest name comes first.
        """
        if self.kind in ("pull", "merge_request"):
            return [self.change_ref]
        if self.kind == "name" and self.text.startswith("refs/"):
            return [self.text] if is_ref_name(self.text) else []
        parts = self.text.split("/") if self.kind in ("ref", "name") else []
        lengths = range(min(len(parts), 16), 0, -1) if self.kind == "ref" else [len(parts)]
        names = [f"refs/{kind}/{'/'.join(parts[:n])}" for n in lengths for kind in ("heads", "tags")]
        return [name for name in names if is_ref_name(name)]


class Address(Struct, frozen=True):
    """A repository on a host.

    ``path`` is ``owner/name`` (GitLab: with its groups), ``kind`` is github, gitlab or plain.
    ``clone_url`` carries no credentials; ``web_url`` is empty for a plain host, which promises no web pages.
    """

    host: str
    path: str
    kind: str
    clone_url: str
    web_url: str = ""
    asked: Asked = field(default_factory=Asked)

    @property
    def origin(self) -> str:
        """Scheme and host."""
        return "/".join(self.clone_url.split("/")[:3])

    @property
    def insecure(self) -> bool:
        """Whether it is read over plain http, which takes an explicit option."""
        return self.clone_url.startswith("http://")


class Places(Struct, frozen=True):
    """Where repositories may come from: ``hosts`` (name -> github or gitlab) over https, ``insecure`` origins such as
    ``http://127.0.0.1:8080`` for tests and private networks, and local folders unless ``local`` is False (the web).

    ``forges`` maps those of the insecure origins that are forges to github or gitlab; ``named`` are the hosts that the
    operator named, in that order, for which tokens of the environment are meant."""

    hosts: Mapping[str, str] = field(default_factory=lambda: FORGES)
    insecure: tuple[str, ...] = ()
    local: bool = True
    forges: Mapping[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()


def locate(text: str, places: Places) -> Address | Path:
    """Tell a pasted address from a local folder. Raises UsageError, one sentence, for everything that is neither.

    Where the operator named one host, ``owner/name`` that is no folder here is a repository there.
    """
    text = text.strip(" ")
    _check_text(text)
    if _SCHEME.match(text):
        return parse_url(text, places)
    if places.local and not text.startswith("-") and Path(text).exists():
        return Path(text)
    if scp := _SCP.fullmatch(text):
        return parse_url(f"https://{scp[1]}/{scp[2].lstrip('/')}", places)
    first = text.partition("/")[0]
    if first.lower() in places.hosts or "@" in first:
        return parse_url(f"https://{text}", places)
    if len(places.named) == 1 and _SHORT.fullmatch(text):
        scheme = "http" if f"http://{places.named[0]}" in places.forges else "https"
        return parse_url(f"{scheme}://{places.named[0]}/{text}", places)
    if not places.local:
        raise UsageError(f"'{visible(text)}' is not an address on {_names(places)}: give https://host/owner/name.")
    raise UsageError(
        f"'{visible(text)}' is neither a folder here nor an address on {_names(places)}: "
        "give a local repository or https://host/owner/name."
    )


def locate_public(text: str, places: Places) -> Address:
    """The address that a local repository is to be known by, in any of the forms that a source may have. UsageError for
    all else, folders included."""
    found = locate(text, replace(places, local=False))
    if isinstance(found, Path):
        raise UsageError(f"'{visible(text)}' is a folder: give https://host/owner/name.")
    return found


def _check_text(text: str) -> None:
    if not text:
        raise UsageError("The address is empty: give a local repository or https://host/owner/name.")
    if len(text) > _LONGEST:
        raise UsageError(f"The address is longer than {_LONGEST} characters: give https://host/owner/name.")
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise UsageError(f"The address '{visible(text)}' contains control characters: type it again without them.")


def parse_url(text: str, places: Places) -> Address:
    """The address behind a URL. Raises UsageError for hosts, schemes, ports and spellings that are not allowed."""
    _check_text(text)
    if not text.isascii() or "\\" in text or " " in text:
        raise UsageError(f"The address '{visible(text)}' contains letters that do not belong in one: type it by hand.")
    scheme, rest = text.partition("://")[::2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority and scheme.lower() in ("https", "http"):
        raise UsageError(
            "The address carries a user name or password: remove it and set GITHUB_TOKEN or GITLAB_TOKEN instead."
        )
    origin = f"{scheme.lower()}://{authority.lower()}"
    insecure = origin in {o.rstrip("/").lower() for o in places.insecure}
    host = authority.lower().removesuffix(":443") if scheme.lower() == "https" else ""
    if not insecure and scheme.lower() not in ("https", "http"):
        raise UsageError(
            f"'{visible(scheme or text)}' is not a way we fetch: give the https:// address of the repository."
        )
    if not insecure and scheme.lower() == "http":
        raise UsageError(
            f"The address '{visible(text)}' is plain http: use https://, or name the host as insecure on purpose."
        )
    if not insecure and host not in places.hosts:
        raise UsageError(
            f"The host '{visible(authority)}' is not one we fetch from ({_names(places)}): "
            + ("clone it yourself and give the folder." if places.local else "give a link to one of these.")
        )
    path = urlsplit(f"https://x/{rest.partition('/')[2]}").path.strip("/") if "/" in rest else ""
    if insecure:
        kind = places.forges.get(origin)
        return _on_forge(origin, kind, path) if kind else _plain(origin, path)
    return _on_forge(f"https://{host}", places.hosts[host], path)


def _plain(origin: str, path: str) -> Address:
    repo, asked = _split_tail(path, "plain")
    _segments(repo, 1)
    return Address(
        origin.partition("://")[2], repo.removesuffix(".git").strip("/"), "plain", f"{origin}/{repo}", asked=asked
    )


def _on_forge(origin: str, kind: str, path: str) -> Address:
    host = origin.partition("://")[2]
    repo, asked = _split_tail(path, kind)
    segments = _segments(repo, 2)
    name = "/".join([*segments[:-1], segments[-1].removesuffix(".git")])
    if name.endswith("/") or (kind == "github" and len(segments) != 2):
        raise UsageError(f"'{visible(host + '/' + path)}' names no repository: give {origin}/owner/name.")
    return Address(host, name, kind, f"{origin}/{name}.git", f"{origin}/{name}", asked)


def _segments(repo: str, least: int) -> list[str]:
    segments = repo.split("/") if repo else []
    bad = next((s for s in segments if not _SEGMENT.fullmatch(s) or s.strip(".") == "" or s.startswith("-")), None)
    if bad is not None:
        raise UsageError(f"The part '{visible(bad)}' of the address is not a name of an owner or repository.")
    if len(segments) < least or len(segments) > 21:  # GitLab allows 20 levels of groups
        shown = f"'{visible(repo)}'" if repo else "The address"
        raise UsageError(f"{shown} names no repository: give owner and name, as in https://github.com/owner/name.")
    return segments


def _split_tail(path: str, kind: str) -> tuple[str, Asked]:
    """The repository's part of an address and the revision that its tail asks for."""
    repo, dash, tail = path.partition("/-/")
    if dash:
        return repo, _asked(tail.split("/"))
    parts = path.split("/")
    words = _REF_WORDS | {"commit", "pull", "merge_requests"} | (_TABS if kind != "plain" else set())
    at = next((n for n, part in enumerate(parts) if n >= 2 and part in words), len(parts))
    if at == len(parts) and kind == "github" and len(parts) > 2:
        raise UsageError(
            f"The page '{visible(parts[2])}' of a repository means nothing here: give https://github.com/owner/name."
        )
    return "/".join(parts[:at]), _asked(parts[at:])


def _asked(tail: list[str]) -> Asked:
    word, rest = (tail[0], tail[1:]) if tail else ("", [])
    if word == "releases" and rest[:1] == ["tag"]:
        word, rest = "tree", rest[1:]
    if word in _REF_WORDS and rest:
        return _asked_ref("/".join(rest))
    if word == "commit":
        if not rest or not _SHA.fullmatch(rest[0]):
            raise UsageError(f"'{visible('/'.join(rest))}' is not a commit id: give 7 to 40 hexadecimal digits.")
        return Asked("commit", rest[0].lower())
    if word == "pull" or (word == "merge_requests" and rest):
        if not rest or not _NUMBER.fullmatch(rest[0]):
            raise UsageError(f"'{visible('/'.join(rest))}' is not the number of a pull or merge request.")
        return Asked("pull" if word == "pull" else "merge_request", rest[0])
    if word and word not in _TABS and word not in _REF_WORDS:
        raise UsageError(
            f"The page '{visible(word)}' of a repository means nothing here: give https://host/owner/name."
        )
    return Asked()


def _asked_ref(raw: str) -> Asked:
    """Browsers percent-encode what a branch name may contain; decoded once, it must be a name that git accepts."""
    asked = Asked("ref", unquote(raw).strip("/"))
    if not is_ref_name(f"refs/heads/{asked.text}"):
        raise UsageError(f"'{visible(asked.text)}' is not a name of a branch or tag.")
    return asked


def _names(places: Places) -> str:
    return ", ".join([*sorted(places.hosts), *places.insecure])

"""Tokens as people have them: found in the environment or in netrc, kept out of sight, and each for one host alone."""

from __future__ import annotations

import base64
import netrc
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from evidence.patterns import regex

_SHAPE = regex(r"[!-~]{4,4096}")
_HOME = {"github": "github.com", "gitlab": "gitlab.com"}
_GITHUB = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
HOST_VARIABLES = {"github": "GH_HOST", "gitlab": "GITLAB_HOST"}


class Credential(Struct, frozen=True):
    """A secret for one host. ``form`` is bearer, private, job or basic; ``source`` says where it was found.

    Neither ``repr`` nor ``str`` shows the secret.
    """

    form: str
    secret: str
    user: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.form}, from {self.source})"

    def headers(self) -> dict[str, str]:
        """The header that the forge's API wants."""
        if self.form == "private":
            return {"PRIVATE-TOKEN": self.secret}
        if self.form == "job":
            return {"JOB-TOKEN": self.secret}
        return {"Authorization": f"Bearer {self.secret}" if self.form == "bearer" else self._basic()}

    def git_header(self) -> str:
        """The header under which git fetches."""
        return f"Authorization: {self._basic()}"

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()


class AppKey(Struct, frozen=True):
    """A GitHub App's id, its installation, and the private key it signs with, which ``repr`` does not show."""

    app: int
    installation: int
    key: str

    def __repr__(self) -> str:
        return f"AppKey({self.app}, {self.installation})"


def credential_for(
    host: str, kind: str, named: tuple[str, ...] = (), environ: Mapping[str, str] = os.environ
) -> Credential | None:
    """The credential for ``host`` (with its port), a forge of this ``kind``; None where there is none.

    ``named`` are the hosts of this kind that the operator named. GH_TOKEN, GITHUB_TOKEN, GITLAB_TOKEN and CI_JOB_TOKEN
    belong to one host each: the first one named, by option or by GH_HOST and GITLAB_HOST, or else github.com and
    gitlab.com. GH_ENTERPRISE_TOKEN is for named GitHub hosts, and leaves GH_TOKEN to github.com. netrc goes by host.
    """
    enterprise = _first(environ, _ENTERPRISE) if kind == "github" and host != _HOME["github"] else None
    if enterprise and host in _hosts(kind, named, environ):
        return Credential("bearer", enterprise[1], "x-access-token", enterprise[0])
    if host == _home(kind, named, environ):
        found = _github(environ) if kind == "github" else _gitlab(environ, host)
        if found is not None:
            return found
    return _from_netrc(host, environ)


def app_for(host: str, named: tuple[str, ...] = (), environ: Mapping[str, str] = os.environ) -> AppKey | None:
    """The GitHub App that the environment names, where ``host`` is the one that its variables are meant for."""
    wanted = [environ.get(f"GITHUB_APP_{name}", "") for name in ("ID", "INSTALLATION_ID")]
    key = environ.get("GITHUB_APP_PRIVATE_KEY", "")
    if not key and (file := environ.get("GITHUB_APP_PRIVATE_KEY_PATH")):
        try:
            key = Path(file).read_text("ascii")
        except (OSError, ValueError):
            return None
    if not key or not all(each.isdigit() for each in wanted) or host != _home("github", named, environ):
        return None
    return AppKey(int(wanted[0]), int(wanted[1]), key.replace("\\n", "\n"))


def _hosts(kind: str, named: tuple[str, ...], environ: Mapping[str, str]) -> list[str]:
    return [_bare(host) for host in (*named, environ.get(HOST_VARIABLES.get(kind, ""), "")) if host]


def _home(kind: str, named: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The host that the variables without "enterprise" in their names are meant for."""
    hosts = _hosts(kind, named, environ)
    separate = kind == "github" and _first(environ, _ENTERPRISE) is not None
    return hosts[0] if hosts and not separate else _HOME.get(kind, "")


def _bare(host: str) -> str:
    return host.partition("://")[2] or host


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str] | None:
    return next(((name, environ[name]) for name in names if _SHAPE.fullmatch(environ.get(name, ""))), None)


def _github(environ: Mapping[str, str]) -> Credential | None:
    found = _first(environ, _GITHUB)
    return Credential("bearer", found[1], "x-access-token", found[0]) if found else None


def _gitlab(environ: Mapping[str, str], host: str) -> Credential | None:
    if found := _first(environ, ("GITLAB_TOKEN",)):
        return Credential("private", found[1], "oauth2", found[0])
    # A job's token is good on the instance that runs the job, which CI_SERVER_HOST names there.
    if (found := _first(environ, ("CI_JOB_TOKEN",))) and environ.get("CI_SERVER_HOST", host) == host:
        return Credential("job", found[1], "gitlab-ci-token", found[0])
    return None


def _from_netrc(host: str, environ: Mapping[str, str]) -> Credential | None:
    file = Path(environ.get("NETRC") or Path(environ.get("HOME") or "/nonexistent") / ".netrc")
    try:
        entry = netrc.netrc(file).hosts.get(host.partition(":")[0])
    except (OSError, netrc.NetrcParseError, ValueError):
        return None
    if entry is None or not _SHAPE.fullmatch(entry[2] or ""):
        return None
    return Credential("basic", entry[2] or "", entry[0] or entry[1] or "x-access-token", "netrc")

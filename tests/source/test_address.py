"""What people paste: which addresses are understood, and which are refused before anything starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from evidence.model import Ledger, UsageError
from evidence.source import Places, SourceOptions, open_source, places_of
from evidence.source.address import Address, locate

LOOPBACK = Places(insecure=("http://127.0.0.1:8080",))


@pytest.mark.parametrize(
    ("text", "path", "asked"),
    [
        ("https://github.com/pallets/flask", "pallets/flask", ("", "")),
        ("  https://github.com/pallets/flask ", "pallets/flask", ("", "")),
        ("HTTPS://GitHub.com/pallets/flask/", "pallets/flask", ("", "")),
        ("https://github.com:443/pallets/flask", "pallets/flask", ("", "")),
        ("https://github.com/pallets/flask.git", "pallets/flask", ("", "")),
        ("https://github.com/pallets/flask.git/", "pallets/flask", ("", "")),
        ("https://github.com/pallets/flask?tab=readme-ov-file#contributing", "pallets/flask", ("", "")),
        ("github.com/pallets/flask", "pallets/flask", ("", "")),
        ("GitHub.com/pallets/flask.git", "pallets/flask", ("", "")),
        ("git@github.com:pallets/flask.git", "pallets/flask", ("", "")),
        ("git@github.com:/pallets/flask", "pallets/flask", ("", "")),
        ("https://github.com/pallets/flask/pulls", "pallets/flask", ("", "")),
        ("https://github.com/pallets/flask/tree", "pallets/flask", ("", "")),
        ("https://github.com/pallets/flask/tree/main", "pallets/flask", ("ref", "main")),
        ("https://github.com/pallets/flask/tree/fix/a/b/", "pallets/flask", ("ref", "fix/a/b")),
        ("https://github.com/pallets/flask/tree/fix%2Fb%23c", "pallets/flask", ("ref", "fix/b#c")),
        (
            "https://github.com/pallets/flask/blob/main/src/flask/app.py#L10-L20",
            "pallets/flask",
            ("ref", "main/src/flask/app.py"),
        ),
        ("https://github.com/pallets/flask/commits/main", "pallets/flask", ("ref", "main")),
        ("https://github.com/pallets/flask/releases/tag/3.0.0", "pallets/flask", ("ref", "3.0.0")),
        ("https://github.com/pallets/flask/commit/ABCDEF0123", "pallets/flask", ("commit", "abcdef0123")),
        ("https://github.com/pallets/flask/pull/12", "pallets/flask", ("pull", "12")),
        ("https://github.com/pallets/flask/pull/12/files", "pallets/flask", ("pull", "12")),
    ],
)
def test_forms_of_a_github_address(text: str, path: str, asked: tuple[str, str]) -> None:
    """Every form that people paste leads to the same https address, without what was asked for."""
    address = locate(text, Places())
    assert isinstance(address, Address)
    assert (address.path, (address.asked.kind, address.asked.text)) == (path, asked)
    assert address.clone_url == f"https://github.com/{path}.git"
    assert address.web_url == f"https://github.com/{path}"


@pytest.mark.parametrize(
    ("tail", "path", "asked"),
    [
        ("group/project", "group/project", ("", "")),
        ("group/sub/deep/project.git", "group/sub/deep/project", ("", "")),
        ("group/sub/project/-/tree/main/docs", "group/sub/project", ("ref", "main/docs")),
        ("group/project/tree/main", "group/project", ("ref", "main")),
        ("group/project/-/commit/0123456", "group/project", ("commit", "0123456")),
        ("group/project/-/merge_requests/7/diffs", "group/project", ("merge_request", "7")),
        ("group/project/-/merge_requests", "group/project", ("", "")),
    ],
)
def test_forms_of_a_gitlab_address(tail: str, path: str, asked: tuple[str, str]) -> None:
    """GitLab's groups nest, and a dash parts the repository from its pages."""
    address = locate(f"https://gitlab.com/{tail}", Places())
    assert isinstance(address, Address)
    assert (address.path, (address.asked.kind, address.asked.text)) == (path, asked)
    assert address.clone_url == f"https://gitlab.com/{path}.git"


@pytest.mark.parametrize(
    ("text", "said"),
    [("ssh://git@github.com/o/r", "'ssh' is not a way we fetch"), ("github.com/", "The address names no repository")],
)
def test_the_reason_is_the_one_that_helps(text: str, said: str) -> None:
    """A user name is no matter where the scheme is none of ours, and nothing is quoted where nothing was given."""
    with pytest.raises(UsageError, match=said):
        locate(text, Places())


@pytest.mark.parametrize("host", ["git.example/../x", "a b", "user@git.example", "git.example/o/r", ""])
def test_a_host_is_a_name(host: str) -> None:
    """Told where it was given, and not later as a host that cannot be reached."""
    with pytest.raises(UsageError, match="is no host"):
        places_of((host,), (), {})


REFUSED = [
    "",
    "   ",
    "-",
    "--upload-pack=touch /tmp/x",
    "no/such/folder",
    "file:///etc/passwd",
    "file:/etc",
    "FILE:///etc",
    "ext::sh -c id",
    "fd::17/x",
    "ssh://git@github.com/o/r",
    "ssh://-oProxyCommand=id/o/r",
    "ssh:-oProxyCommand=id",
    "git://github.com/o/r",
    "git+https://github.com/o/r",
    "ftp://github.com/o/r",
    "javascript://github.com/o/r",
    "http://github.com/o/r",
    "https://evil.example/o/r",
    "evil.example/o/r",
    "https://github.com.evil.example/o/r",
    "https://evilgithub.com/o/r",
    "https://gist.github.com/o/r",
    "https://github.com./o/r",
    "https://github.com:22/o/r",
    "https://github.com:8443/o/r",
    "https://github.com:/o/r",
    "https://user@github.com/o/r",
    "https://user:secret@github.com/o/r",
    "https://github.com@evil.example/o/r",
    "https://github.com\\@evil.example/o/r",
    "https://evil.example\\.github.com/o/r",
    "github.com@evil.example/o/r",
    "git@evil.example:o/r",
    "git@-oProxyCommand=id:o/r",
    "root@github.com:o/r",
    "https://localhost/o/r",
    "https://localhost.localdomain/o/r",
    "http://localhost:8080/o/r",
    "https://127.0.0.1/o/r",
    "https://127.1/o/r",
    "https://2130706433/o/r",
    "https://0x7f000001/o/r",
    "https://0177.0.0.1/o/r",
    "https://[::1]/o/r",
    "https://[::ffff:127.0.0.1]/o/r",
    "https://169.254.169.254/latest/meta-data",
    "https://127.0.0.1.nip.io/o/r",
    "https:///o/r",
    "https:github.com/o/r",
    "https:/github.com/o/r",
    "https://github.com",
    "https://github.com/",
    "https://github.com/owner",
    "https://github.com/o//r",
    "https://github.com/o/..",
    "https://github.com/../o/r",
    "https://github.com/o/r/../../x/y",
    "https://github.com/o/%2e%2e",
    "https://github.com/o/.git",
    "https://github.com/-o/r",
    "https://github.com/o/r;id",
    "https://github.com/o/r\nHost: x",
    "https://github.com/o/r\x00",
    "https://github.com/o/r\x1b[2J",
    "https://github.com/o/ r",
    "https://gіthub.com/o/r",  # noqa: RUF001 - a Cyrillic letter
    "https://github.com/о/r",  # noqa: RUF001 - a Cyrillic letter
    "https://ｇithub.com/o/r",  # noqa: RUF001 - a full-width letter
    "https://github。com/o/r",
    "https://github.com/o/r/tree/..",
    "https://github.com/o/r/tree/a..b",
    "https://github.com/o/r/tree/%0a",
    "https://github.com/o/r/tree/a%00b",
    "https://github.com/o/r/tree/a~1",
    "https://github.com/o/r/tree/refs%5Cx",
    "https://github.com/o/r/commit/xyz",
    "https://github.com/o/r/commit/--all",
    "https://github.com/o/r/commit/",
    "https://github.com/o/r/pull/0",
    "https://github.com/o/r/pull/1e3",
    "https://github.com/o/r/pull/",
    "https://github.com/o/r/unknown/page",
    "https://gitlab.com/g/p/-/unknown",
    "https://gitlab.com/g/p/-/merge_requests/x",
    "https://gitlab.com/" + "g/" * 30 + "p",
    "https://github.com/o/" + "r" * 3000,
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused_before_any_process(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bad address is one clear sentence, shows nothing raw, and no process has started."""

    def started(*args: object, **kwargs: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused, open_source(text, ledger=Ledger()):
        pass
    said = str(refused.value)
    assert said.endswith(".") and said.isprintable() and len(said) < 500
    assert "secret" not in said


def test_a_folder_wins_over_a_short_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """github.com/o/r is a folder where there is one; with a scheme it is always an address."""
    (tmp_path / "github.com" / "o" / "r").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert locate("github.com/o/r", Places()) == Path("github.com/o/r")
    assert isinstance(locate("https://github.com/o/r", Places()), Address)


def test_no_folders_for_the_web(tmp_path: Path) -> None:
    """Where local paths are not allowed, an existing one is refused like any other text."""
    with pytest.raises(UsageError, match="is not an address on"):
        locate(str(tmp_path), Places(local=False))


def test_configured_host() -> None:
    """A host that the operator configured is understood as the forge that it runs."""
    address = locate("git.example.org/team/app/-/tree/main", Places(hosts={"git.example.org": "gitlab"}))
    assert isinstance(address, Address)
    assert (address.clone_url, address.asked.text) == ("https://git.example.org/team/app.git", "main")
    with pytest.raises(UsageError, match="not one we fetch from"):
        locate("https://github.com/o/r", Places(hosts={"git.example.org": "gitlab"}))


@pytest.mark.parametrize("tail", ["repo", "owner/name.git", "owner/name/repo"])
def test_insecure_host_named_on_purpose(tail: str) -> None:
    """Plain http to a loopback port works where exactly that origin was named, path unchanged."""
    address = locate(f"http://127.0.0.1:8080/{tail}/", LOOPBACK)
    assert isinstance(address, Address)
    assert (address.clone_url, address.insecure) == (f"http://127.0.0.1:8080/{tail}", True)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8081/r", "http://127.0.0.1/r", "http://127.0.0.2:8080/r", "http://a@127.0.0.1:8080/r"]
)
def test_other_origins_stay_refused(text: str) -> None:
    """Naming one insecure origin opens no other."""
    with pytest.raises(UsageError):
        locate(text, LOOPBACK)


def test_identity_must_be_an_address(build: object, tmp_path: Path) -> None:
    """The name under which a repository is to be known is checked like any address."""
    options = SourceOptions(identity="https://user:secret@github.com/o/r")
    with (
        pytest.raises(UsageError, match="user name or password"),
        open_source(str(tmp_path), ledger=Ledger(), options=options),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://github.com/o/r/tree/a/b", ["refs/heads/a/b", "refs/tags/a/b", "refs/heads/a", "refs/tags/a"]),
        ("https://github.com/o/r/pull/5", ["refs/pull/5/head"]),
        ("https://gitlab.com/o/r/-/merge_requests/5", ["refs/merge-requests/5/head"]),
        ("https://github.com/o/r/commit/0123456", []),
    ],
)
def test_references_that_may_be_meant(text: str, names: list[str]) -> None:
    """A branch may contain slashes: the longest name is tried first."""
    address = locate(text, Places())
    assert isinstance(address, Address)
    assert address.asked.candidates() == names


def test_a_short_name_is_for_the_one_host_that_was_named() -> None:
    """``owner/name`` that is no folder here means the host that the operator named, where it is one."""
    one = Places(hosts={"git.example.org": "gitlab"}, named=("git.example.org",))
    address = locate("team/app-of-nobody", one)
    assert isinstance(address, Address)
    assert (address.clone_url, address.kind) == ("https://git.example.org/team/app-of-nobody.git", "gitlab")
    with pytest.raises(UsageError):
        locate("team/app-of-nobody", Places())

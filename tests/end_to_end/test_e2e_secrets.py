"""No piece of a secret comes out: not in a digest, not on a terminal, not into the cache, wherever it is kept."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable

import pytest

from evidence.facts.secrets.masking import mask_lines
from tests.end_to_end.conftest import Make
from tests.end_to_end.trial import Outcome, Trial

_PIECE = 12
_LETTERS = string.ascii_letters + string.digits


class Secrets:
    """Makes secrets that nobody has seen before (and no scanner finds in this file), and remembers them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._random = random.Random(20_260)  # noqa: S311 - the same in every run

    def add(self, secret: str) -> str:
        """Remember one."""
        self.made.append(secret)
        return secret

    def mixed(self, length: int = 24, letters: str = _LETTERS) -> str:
        """Letters and digits, both for certain."""
        return self.add("".join(self._random.choices(letters, k=length - 3)) + "7Qz")

    def body(self, length: int, letters: str = _LETTERS) -> str:
        """Part of a token, remembered by itself."""
        return self.add("".join(self._random.choices(letters, k=length)))

    def words(self, joined: str) -> str:
        """A passphrase of four words."""
        few = [
            "correct",
            "horse",
            "battery",
            "staple",
            "violet",
            "marble",
            "canyon",
            "thunder",
            "walnut",
            "silver",
            "meadow",
        ]
        return self.add(joined.join(self._random.sample(few, 4)))

    def password(self) -> str:
        """Twelve characters and more with a sign."""
        return self.add("S3cr3t" + "".join(self._random.choices(string.ascii_letters, k=6)) + "!9")

    def pem(self, kind: str = "RSA PRIVATE KEY", lines: int = 25) -> list[str]:
        """The lines of a private key."""
        rows = ["".join(self._random.choices(_LETTERS + "+/", k=64)) for _ in range(lines - 1)]
        rows.append("".join(self._random.choices(_LETTERS + "+/", k=30)) + "==")
        self.made.extend(rows)
        return [f"-----BEGIN {kind}-----", *rows, f"-----END {kind}-----"]


def _tokens(s: Secrets) -> dict[str, str]:
    upper = string.ascii_uppercase + string.digits
    header, payload = (s.add("eyJ" + s.body(30)) for _ in range(2))
    return {
        "aws": "AKIA" + s.body(16, upper),
        "google": "AIza" + s.body(35),
        "github": "ghp_" + s.body(36),
        "github_fine": "github_pat_" + s.body(60),
        "gitlab": "glpat-" + s.body(20),
        "slack": "xoxb-" + s.body(12, string.digits) + "-" + s.body(24),
        "stripe": "sk_live_" + s.body(24),
        "sendgrid": "SG." + s.body(22) + "." + s.body(43),
        "npm": "npm_" + s.body(36),
        "pypi": "pypi-" + s.body(60),
        "openai": "sk-proj-" + s.body(48),
        "jwt": f"{header}.{payload}.{s.body(43)}",
    }


def _python(s: Secrets, tokens: dict[str, str]) -> str:
    values = [s.mixed(), s.words(""), s.words(" "), s.words("-"), s.words("_"), s.password()]
    lines = ["from flask import Flask", "from requests.auth import HTTPBasicAuth", "", "app = Flask(__name__)"]
    for n, value in enumerate(values):
        lines += [
            f'API_TOKEN_{n} = "{value}"',
            f"app.config['SECRET_KEY'] = '{value}'",
            f'app.config.update(JWT_SECRET_KEY="{value}", MAIL_PASSWORD="{value}")',
            f'DB_PASSWORD = os.environ.get("DB_PASSWORD", "{value}")',
            f'ADMIN_PASSWORD = os.environ.get("X_{n}") or "{value}"',
            f'settings_{n} = {{"password": "{value}", "api_key": "{value}"}}',
            f'class Config{n}:\n    SECRET_KEY: str = "{value}"\n    AUTH_TOKEN = (\n        "{value}"\n    )',
            f'def connect_{n}(host, password="{value}"):\n    """Connects."""\n    if password == "{value}":\n '
            f"       return 1",
            f'create_user("admin", "{value}")',
            f'client.login(\n    "admin@example.org",\n    "{value}",\n)',
            f'auth_{n} = HTTPBasicAuth("admin", "{value}")',
            f'user_{n} = User(name="admin", password="{value}")',
            f"SECRET_KEY_{n} = '''{value}'''",
            f'# the password is "{value}"',
        ]
    lines += [f'CLIENT_{n} = "{value}"  # {value}' for n, value in enumerate(tokens.values())]
    lines += [f'call("{value}")' for value in tokens.values()]
    url = f"postgresql://app:{s.mixed()}@db.example.com/app"
    lines += [
        f'SQLALCHEMY_DATABASE_URI = "{url}"',
        f'app.config["REDIS_URL"] = "redis://:{s.mixed()}@cache.example.com:6379/0"',
    ]
    lines += [f'@app.route("/{n}")\ndef view_{n}():\n    token = "{s.mixed()}"\n    return token\n' for n in range(4)]
    return "\n".join(lines) + "\n"


def _pem_files(s: Secrets) -> dict[str, str | bytes]:
    cut_head, cut_tail = s.pem(), s.pem()
    middle = s.pem()
    one_line = "\\n".join(s.pem("PRIVATE KEY"))
    yaml = "\n".join(f"    {line}" for line in s.pem("EC PRIVATE KEY"))
    code = "\n".join(f'    "{line}\\n"' for line in s.pem())
    header = s.pem()
    header[1:1] = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0123456789ABCDEF", ""]
    return {
        "keys.py": f"from flask import Flask\napp = Flask(__name__)\nKEY = "
        f'"""\n{chr(10).join(s.pem("OPENSSH PRIVATE KEY"))}\n"""\n'
        f"OTHER = (\n{code}\n)\nLINE = '{one_line}'\n",
        "deploy/key.yaml": f'tls:\n  key: |\n{yaml}\n  one: "{one_line}"\n',
        "key.pem": "\n".join(s.pem()),
        "head.txt": "\n".join(cut_head[:-1]),
        "tail.txt": "\n".join(cut_tail[1:]),
        "middle.txt": "\n".join(middle[3:-3]),
        "header.key": "\n".join(header),
        "long.md": "# Keys\n\n```\n" + "\n".join(s.pem(lines=300)) + "\n```\n",
        "service.json": '{"type": "service_account", "private_key": "' + one_line + '"}',
    }


def _settings(s: Secrets, tokens: dict[str, str]) -> dict[str, str | bytes]:
    a, b, c = s.mixed(), s.words(""), s.words("_")
    every = "\n".join(f"{name}: {value}" for name, value in tokens.items())
    return {
        ".env": f"API_TOKEN={a}\nSECRET_KEY='{b}'\nexport "
        f'DB_PASSWORD={c}\nPASSPHRASE="{s.words(" ")}"\nA={tokens["aws"]}\n',
        "config/app.yaml": f"api_token: {a}\nsecret_key: {b}\npassword: '{s.words(' ')}'\nother:\n  tokens:\n  "
        f"  - {a}\n{every}\n",
        "docker-compose.yml": f"services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: {b}\n"
        f"  web:\n    build: .\n    environment:\n      - API_TOKEN={c}\n      - SECRET_KEY={a}\n    command: "
        f"run --token {a}\n",
        "Dockerfile": f"FROM python:3.11\nENV API_TOKEN={b}\nENV DB_PASSWORD {a}\nARG TOKEN={c}\nRUN curl -u admin:{a} https://x.example.com\n",
        "deploy.sh": f"#!/bin/sh\nexport API_TOKEN={b}\nmysql -uroot -p{a} db\ncurl -H 'Authorization: Bearer {a}' https://x.example.com\n"
        f"docker login -u x -p {c} registry.example.com\nflask run --password={a}\n",
        "config.json": f'{{"api_key": "{b}", "users": [{{"name": "API_TOKEN", "value": "{a}"}}], "dsn": "https://k:{a}@s.example.com/1"}}',
        "settings.toml": f'[app]\nsecret_key = "{b}"\npasswords = ["{a}", "{c}"]\n',
        "tox.ini": f"[testenv]\nsetenv =\n    API_TOKEN={a}\n    SECRET_KEY={b}\n",
        "Makefile": f"API_TOKEN = {a}\ntest:\n\tDB_PASSWORD={b} pytest\n",
        "README.md": f"# App\n\nThe admin password is {a}. Log in with `password: {b}`.\n\n    API_TOKEN={c} "
        f"flask run\n\n{every}\n",
        "docs/adr/0001-secrets.md": f"# 1. Keep secrets\n\n## Context\n\nThe password is {a} today, "
        f"API_TOKEN={b}.\n\n## Decision\n\n{every}\n",
        ".github/workflows/ci.yml": f"on: push\nenv:\n  API_TOKEN: {b}\njobs:\n  test:\n    runs-on: x\n    "
        f"steps:\n      - run: API_TOKEN={a} pytest\n"
        f"        env:\n          SECRET_KEY: {c}\n      - run: curl -H 'Authorization: token {tokens['github']}' https://api.github.com\n",
        "requirements.txt": f"flask\n--extra-index-url https://u:{a}@pypi.example.com/simple\nx @ git+https://{tokens['github']}@github.com/o/x.git\n",
        ".gitmodules": f'[submodule "x"]\n\turl = https://u:{a}@example.com/x.git\n',
        "app/templates/a.html": f'<input name="password" value="{a}">{{% set api_token = "{b}" %}}<script>var '
        f'token = "{a}";</script>\n',
    }


def _files(kind: str, s: Secrets) -> dict[str, str | bytes]:
    if kind == "keys":
        return _pem_files(s)
    tokens = _tokens(s)
    return {"app/__init__.py": _python(s, tokens)} if kind == "python" else _settings(s, tokens)


def _pieces(secrets: Iterable[str]) -> dict[bytes, str]:
    return {s[i : i + _PIECE].encode(): s for s in secrets for i in range(len(s) - _PIECE + 1)}


def _leaks(outcome: Outcome, secrets: Iterable[str]) -> dict[str, list[str]]:
    """By where it came out: the secrets of which a piece did."""
    pieces = _pieces(secrets)
    found: dict[str, list[str]] = {}
    for place, content in outcome.everything().items():
        windows = {content[i : i + _PIECE] for i in range(len(content) - _PIECE + 1)}
        found[place] = sorted({pieces[w] for w in windows & pieces.keys()})
    return {place: leaked for place, leaked in found.items() if leaked}


@pytest.mark.parametrize("kind", ["python", "keys", "settings"])
def test_no_piece_of_a_secret_comes_out(kind: str, make: Make, trial: Trial) -> None:
    """In code, as keys in any layout, in settings of every format: no 12 characters of any secret are in any output."""
    secrets = Secrets()
    outcome = trial.scan(make(_files(kind, secrets)).folder).demand_sound()
    assert _leaks(outcome, secrets.made) == {}
    assert outcome.cache and b"[masked:" in outcome.cache


@pytest.mark.parametrize("kind", ["python", "keys", "settings"])
def test_any_line_may_be_cited(kind: str) -> None:
    """Whichever lines an excerpt shows, no piece of a secret is in them."""
    secrets = Secrets()
    files = _files(kind, secrets)
    pieces = _pieces(secrets.made)
    shown = [line for content in files.values() for line in mask_lines(str(content).split("\n"))]
    assert [line for line in shown if {line[i : i + _PIECE].encode() for i in range(len(line))} & pieces.keys()] == []


def test_secrets_in_history_and_names(make: Make, trial: Trial) -> None:
    """A secret in a commit's message, a branch, a tag, a path or an address of the repository stays inside."""
    secrets = Secrets()
    tokens = _tokens(secrets)
    password = secrets.mixed()
    project = make(
        {"app.py": "from flask import Flask\napp = Flask(__name__)\n", f"keys/{tokens['github']}.py": "import flask\n"}
    )
    project.commit(
        {f"{tokens['stripe']}/app.py": "from flask import Flask\napp = Flask(__name__)\n"}, f"Set API_TOKEN={password}"
    )
    project.commit({"requirements.txt": "flask\n"}, f"Rotate {tokens['aws']} and change the password to {password}")
    project.git("branch", "-m", tokens["gitlab"])
    project.git("remote", "add", "origin", f"https://u:{password}@github.com/owner/shop.git")
    outcome = trial.scan(project.folder).demand_sound()
    assert _leaks(outcome, secrets.made) == {}


def test_complaints_hold_no_secret(trial: Trial) -> None:
    """An address with a password in it is refused without repeating it."""
    secrets = Secrets()
    outcome = trial.run("scan", f"https://user:{secrets.mixed()}@github.com/o/r")
    assert outcome.code == 2 and _leaks(outcome, secrets.made) == {}


def test_a_secret_over_the_cut(make: Make, trial: Trial) -> None:
    """A text is masked before it is cut: no length leaves half a token."""
    secrets = Secrets()
    token = "ghp_" + secrets.body(36)
    lines = [f'"""{"x" * (n - 3)}{token}"""' for n in (180, 190, 195, 199, 205)]
    files: dict[str, str | bytes] = {f"pkg/m{n}.py": f"{line}\nimport flask\n" for n, line in enumerate(lines)}
    files |= {f"docs/adr/000{n}.md": f"# {'x' * n}{token}\n\n{'y' * (n + 3700)}{token}\n" for n in range(280, 305, 4)}
    files["app.py"] = "\n".join(f'a{n} = "{"x" * n}{token}"' for n in range(360, 410, 3)) + "\n"
    outcome = trial.scan(make(files).folder).demand_sound()
    assert _leaks(outcome, secrets.made) == {}

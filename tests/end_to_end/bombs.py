"""Contents that are small to store and dear to read, each with the reason why it is in the kit."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

APP = """\
from flask import Flask, Blueprint

bp = Blueprint("shop", __name__)


@bp.route("/")
def index():
    return "shop"


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_object(config)
    app.register_blueprint(bp)
    return app
"""


def _yaml_merges() -> str:
    lines = ["a0: &a0 {x: 1, y: 2}"]
    for level in range(1, 12):
        merged = ", ".join([f"*a{level - 1}"] * 8)
        lines.append(f"a{level}: &a{level}\n  <<: [{merged}]\n  k{level}: 1")
    return "\n".join(lines) + "\n"


def _yaml_aliases() -> str:
    lines = ["a0: &a0 [lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines) + "\n"


def _jinja_blocks() -> str:
    return "{% if a %}" * 20_000 + "{{ a" + ".b" * 30_000 + " }}" + "{% for x in y %}" * 5_000


_STEP = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: "

_BOMBS: dict[str, tuple[str, bytes]] = {
    # CPython's parser gives up by depth; what walks its trees must not recurse either.
    "brackets": ("app/deep.py", b"x = " + b"(" * 100_000 + b")" * 100_000),
    "unclosed brackets": ("app/deep.py", b"x = " + b"[" * 100_000),
    "unary minus": ("app/deep.py", b"x = " + b"-" * 100_000 + b"1\n"),
    "additions": ("app/deep.py", b"x = " + b"1+" * 100_000 + b"1\n"),
    "attributes": ("app/deep.py", b"x = a" + b".b" * 100_000 + b"\n"),
    "calls": ("app/deep.py", b"x = a" + b"()" * 100_000 + b"\n"),
    "subscripts": ("app/deep.py", b"x = a" + b"[0]" * 100_000 + b"\n"),
    "lambdas": ("app/deep.py", b"x = " + b"lambda: " * 50_000 + b"1\n"),
    "elif": ("app/deep.py", b"if a: pass\n" + b"elif b: pass\n" * 40_000),
    "nested ifs": ("app/deep.py", b"".join(b" " * n + b"if a:\n" for n in range(1_200)) + b" " * 1_200 + b"pass\n"),
    "nested functions": ("app/deep.py", b"".join(b" " * n + b"def f():\n" for n in range(95)) + b" " * 95 + b"pass\n"),
    "nested f-strings": ("app/deep.py", b"x = " + b"f'{" * 20_000),
    "decorators": ("app/deep.py", b"@a.b.c()\n" * 60_000 + b"def f(): pass\n"),
    "arguments": ("app/deep.py", b"f(" + b"a," * 250_000 + b")\n"),
    "one long line": ("app/deep.py", b"x = [" + b"'a', " * 200_000 + b"]\n"),
    "one long string": ("app/deep.py", b"x = '" + b"a" * 1_000_000 + b"'\n"),
    "one long comment": ("app/deep.py", b"#" + b" " * 1_000_000 + b"x\n"),
    "backslashes": ("app/deep.py", b"x = 1 + \\\n" * 60_000 + b"1\n"),
    "a million imports": ("app/deep.py", b"import a\n" * 110_000),
    "yaml brackets": (".github/workflows/ci.yml", b"[" * 400_000),
    "yaml braces": ("deploy.yaml", b"{" * 400_000),
    "yaml dashes": ("deploy.yaml", b"- " * 100_000 + b"1\n"),
    "yaml aliases": ("docker-compose.yml", _yaml_aliases().encode()),
    "yaml merge keys": ("docker-compose.yml", _yaml_merges().encode()),
    "yaml megabyte of items": (".github/workflows/ci.yml", b"- a\n" * 262_000),
    "yaml question marks": ("deploy.yaml", b"? " * 50_000),
    "yaml anchors": ("deploy.yaml", b"".join(b"- &a%d x\n" % n for n in range(60_000))),
    "yaml one scalar": ("deploy.yaml", b"a: '" + b"\\n " * 300_000 + b"'\n"),
    "toml dotted key": ("pyproject.toml", b"a" + b".a" * 20_000 + b" = 1\n"),
    "toml tables": ("pyproject.toml", b"[" + b"a." * 20_000 + b"a]\n"),
    "toml arrays": ("pyproject.toml", b"a = " + b"[" * 100_000),
    "json arrays": ("package.json", b"[" * 400_000),
    "json objects": ("tsconfig.json", b'{"a":' * 150_000),
    "json numbers": ("data.json", b"[" + b"1," * 400_000 + b"1]"),
    "json digits": ("data.json", b"[" + b"9" * 900_000 + b"]"),
    "ini keys": ("setup.cfg", b"[a]\n" + b"a = b\n  c\n" * 80_000),
    "ini blanks": ("tox.ini", b"[" + b" " * 400_000 + b"\n" + b"=" * 400_000),
    "markdown brackets": ("README.md", b"[" * 100_000),
    "markdown links": ("README.md", b"[a](" * 30_000),
    "markdown images": ("docs/adr/0001-x.md", b"![" * 60_000),
    "markdown blanks": ("README.md", b"a" + b" " * 100_000 + b"b\n"),
    "markdown comments": ("README.md", b"<!--" * 60_000),
    "markdown quotes": ("README.md", b">" * 100_000 + b"a"),
    "markdown lists": ("README.md", b"".join(b" " * n + b"- a\n" for n in range(700))),
    "markdown stars": ("README.md", b"*a_ " * 50_000),
    "markdown backticks": ("README.md", b"".join(b"`" * n + b" " for n in range(600))),
    "markdown tables": ("README.md", b"|a" * 20_000 + b"|\n" + b"|-" * 20_000 + b"|\n" + b"|b" * 20_000 + b"|\n"),
    "markdown references": ("README.md", b"".join(b"[%d]: x\n" % n for n in range(30_000)) + b"[x]" * 30_000),
    "markdown entities": ("README.md", b"&" * 200_000),
    "restructured text": ("README.rst", b"=" * 200_000 + b"\n" + b"`" * 100_000 + b"\n" + b"..\n   " * 30_000),
    "asciidoc": ("README.adoc", b"=" * 200_000 + b"\n" + b"[[" * 100_000),
    "jinja": ("app/templates/a.html", _jinja_blocks().encode()),
    "jinja brackets": ("app/templates/a.html", b"{{ " + b"(" * 50_000 + b" }}"),
    "jinja comments": ("app/templates/a.html", b"{#" * 100_000),
    "jinja filters": ("app/templates/a.html", b"{{ a" + b"|b" * 100_000 + b" }}"),
    "jinja that includes itself": ("app/templates/a.html", b"{% extends 'a.html' %}{% include 'a.html' %}" * 10_000),
    "dockerfile continuations": ("Dockerfile", b"FROM a\nRUN a \\\n" + b"  && b \\\n" * 100_000 + b"  c\n"),
    "dockerfile heredocs": ("Dockerfile", b"FROM a\n" + b"RUN <<A <<B <<C\n" * 40_000),
    "dockerfile stages": ("Dockerfile", b"".join(b"FROM s%d AS s%d\n" % (n, (n + 1) % 9_000) for n in range(9_000))),
    "makefile that calls itself": (
        "Makefile",
        b"test: test\n\t$(MAKE) test\n\tmake a\na: b\n\tmake b\nb: a\n\tmake a\n",
    ),
    "makefile fan": (
        "Makefile",
        b"".join(b"t%d:\n%s" % (n, b"\tmake t%d\n" % (n + 1) * 10) for n in range(60)) + b"test: t0\n",
    ),
    "makefile variables": ("Makefile", b"A=$(A)$(A)\nB=$(A)$(B)\n" * 20_000 + b"test:\n\t$(A) $(B)\n"),
    "shell quotes": ("run.sh", b"#!/bin/sh\n" + b'echo "$(' * 50_000),
    "shell heredocs": ("run.sh", b"#!/bin/sh\n" + b"cat <<A\n" * 60_000),
    "workflow command": (".github/workflows/ci.yml", _STEP.encode() + b"a && (" * 50_000 + b"\n"),
    "workflow expression": (".github/workflows/ci.yml", _STEP.encode() + b"${{ " * 80_000 + b"\n"),
    "workflow matrix": (
        ".github/workflows/ci.yml",
        b"on: push\njobs:\n  a:\n    strategy:\n      matrix:\n"
        + b"".join(b"        v%d: [%s]\n" % (n, b"1, " * 40 + b"1") for n in range(40))
        + b"    steps:\n      - run: pytest\n",
    ),
    "gitlab includes": (
        ".gitlab-ci.yml",
        b"include: [.gitlab-ci.yml, '*.yml', '**']\n" + b"a:\n  extends: a\n" * 9_000,
    ),
    "gitlab extends": (
        ".gitlab-ci.yml",
        b"".join(
            b"j%d:\n  extends: [%s]\n  script: [pytest]\n" % (n, b", ".join([b"j%d" % (n + 1)] * 8)) for n in range(40)
        ),
    ),
    "requirements that include themselves": (
        "requirements.txt",
        b"-r requirements.txt\n-r ./requirements.txt\n" * 9_000,
    ),
    "requirements blanks": ("requirements.txt", b"a" + b" " * 400_000 + b"==1\n" + b"[" * 100_000),
    "lock": ("poetry.lock", b"[[package]]\nname = 'a'\n" * 40_000),
    "env": (".env", b"A=${A}${B}\nB=${A}${B}\n" * 30_000),
    "procfile": ("Procfile", b"web: " + b"sh -c '" * 60_000),
    "secrets without end": (".env", b"PASSWORD=" + b"password=token:" * 60_000),
    "keys without end": ("key.pem", b"-----BEGIN RSA PRIVATE KEY-----\n" * 30_000),
    "key that never ends": ("key.pem", b"-----BEGIN RSA PRIVATE KEY-----\n" + (b"A" * 64 + b"\n") * 15_000),
    "license without blanks": ("LICENSE", b"Permission" * 100_000),
    "codeowners": ("CODEOWNERS", b"* @a @b\n" * 100_000),
}


class Bomb(NamedTuple):
    """One hostile file."""

    path: str
    content: bytes


def _placed(number: int, path: str) -> str:
    """A path of its own for a file that is read the same wherever it lies."""
    for ending in (".py", ".md", ".html", ".json", ".pem"):
        if path.endswith(ending) and path not in ("package.json", "tsconfig.json"):
            return f"{path.removesuffix(ending)}_{number}{ending}"
    return path.replace("ci.yml", f"ci{number}.yml").replace("deploy.yaml", f"deploy{number}.yaml")


BOMBS = {name: Bomb(_placed(n, path), content) for n, (name, (path, content)) in enumerate(_BOMBS.items())}
"""By what is in it."""

_IN_A_CRATE = 7


@cache
def crates() -> tuple[tuple[str, ...], ...]:
    """The bombs by name, a few in each crate, neighbours apart and no two with the same path."""
    names = sorted(BOMBS)
    count = -(-len(names) // _IN_A_CRATE)
    packed: list[list[str]] = [[] for _ in range(count)]
    for number, name in enumerate(names):
        turn = (packed[(number + step) % count] for step in range(count))
        next(c for c in turn if all(BOMBS[n].path != BOMBS[name].path for n in c)).append(name)
    return tuple(map(tuple, packed))

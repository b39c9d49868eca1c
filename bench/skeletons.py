"""Makes ``evidence/attribution/skeletons.txt``: hashes of the lines that known generators write.

    python bench/skeletons.py GIT_DIR [GIT_DIR ...]

Each is a clone of one of the generators below, found by the end of its path (``owner/name``, or ``owner+name``).
Every version that a file ever had there counts, since projects begin with any of them. Kept are hashes of lines and
of four in a row without white space, by the file's name; nothing of their text. Lines that hold the project's own
names (variables of a cookiecutter or of Mako) end a row. The file is the same for the same commits; a generator
that is not given is left out.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from base64 import b64encode
from collections import defaultdict
from pathlib import Path

from evidence.attribution.plain import plain_lines, runs, told
from evidence.attribution.skeletons import RUN, hashed

OUT = Path(__file__).parent.parent / "evidence" / "attribution" / "skeletons.txt"
GENERATORS = {
    "sqlalchemy/alembic": r"alembic/templates/.*",
    "miguelgrinberg/Flask-Migrate": r"(?:src/)?flask_migrate/templates/.*",
    "cookiecutter-flask/cookiecutter-flask": r"\{\{ ?cookiecutter\.[^/]*/.*",
    "karec/cookiecutter-flask-restful": r"\{\{ ?cookiecutter\.[^/]*/.*",
    "dpgaspar/Flask-AppBuilder-Skeleton": r".*",
    "hack4impact/flask-base": r".*",
    "nickjj/docker-flask-example": r".*",
}
"""Which files of each repository a new project gets."""
_WRITTEN = re.compile(
    r"(?:\.(?:py|pyi|ini|cfg|toml|mako|html|jinja2?|ya?ml|sh|md|rst|conf)|Dockerfile|Makefile|Procfile|Vagrantfile)$"
)
_LEFT_OUT = re.compile(r"(?:^|/)(?:static|assets|node_modules|vendor|\.github|docs?)/|(?:^|/)CHANGELOG")
_LARGEST = 64 << 10
_RAW = re.compile(rb"\{%-? *(?:end)?raw *-?%\}")
_CONTROL = re.compile(rb"\{%-?(?:if|elif|else|endif|for|endfor)[^%]*%\}")


def versions(git_dir: Path, files: str) -> dict[str, list[str]]:
    """Blob ids by the name that the file has in a new project."""
    words = ["log", "--raw", "--no-abbrev", "--no-renames", "-z", "--format=", "HEAD"]
    tokens = _git(git_dir, *words).decode(errors="replace").split("\0")
    found: defaultdict[str, set[str]] = defaultdict(set)
    for head, path in zip(tokens[::2], tokens[1::2], strict=False):
        fields = head.strip().split(" ")
        if len(fields) == 5 and fields[4] != "D" and re.fullmatch(files, path) and not _LEFT_OUT.search(path):
            name = re.sub(r"\.ini\.mako$", ".ini", path.rpartition("/")[2])
            if _WRITTEN.search(name):
                found[name].add(fields[3])
    return {name: sorted(ids) for name, ids in found.items()}


def _git(git_dir: Path, *words: str) -> bytes:
    return subprocess.run(["git", "--git-dir", str(git_dir), *words], capture_output=True, check=True).stdout  # noqa: S607


def hashes(name: str, content: bytes) -> set[bytes]:
    """The hashes of all rows of a file that do not depend on the project's names."""
    lines = plain_lines(_RAW.sub(b"", content))
    lines = [line for line in lines if not (b"cookiecutter" in line and _CONTROL.fullmatch(line))]
    # a new project gets Alembic's template of migrations as it is
    variable = (b"cookiecutter",) if name.endswith(".mako") else (b"cookiecutter", b"${")
    rows = (run for length in (1, RUN) for _, run in runs(told(lines), length))
    return {hashed(run) for run in rows if not any(word in line for line in run for word in variable)}


def main() -> int:
    """Read each generator's repository and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    found: defaultdict[tuple[str, str], set[bytes]] = defaultdict(set)
    told_of = []
    for git_dir in parser.parse_args().repositories:
        place = str(git_dir).replace("+", "/")
        name = next(name for name in GENERATORS if f"/{name}" in place)
        head = _git(git_dir, "rev-parse", "HEAD").decode().strip()
        told_of.append(f"# https://github.com/{name} at {head}")
        for file, ids in versions(git_dir, GENERATORS[name]).items():
            for oid in ids:
                content = _git(git_dir, "cat-file", "blob", oid)
                if len(content) <= _LARGEST:
                    found[file, head] |= hashes(file, content)
    rows = (
        f"{file}\t{head}\t{b64encode(b''.join(sorted(each))).decode()}"
        for (file, head), each in sorted(found.items())
        if each
    )
    title = (
        "# Hashes of lines that generators write, by name of the file and the commit at which their files were read."
    )
    made = "# Made by bench/skeletons.py from all versions in:"
    OUT.write_text("\n".join([title, made, *sorted(told_of), *rows]) + "\n", encoding="ascii")
    print(f"{sum(map(len, found.values()))} rows of {len(found)} files, {OUT.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

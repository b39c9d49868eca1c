"""Files that are no ordinary text, and names that are no ordinary names: read where they can be, counted where not."""

from __future__ import annotations

import codecs
from pathlib import Path

from tests.end_to_end.bombs import APP
from tests.end_to_end.conftest import Make
from tests.end_to_end.trial import MIB, Trial
from tests.source.building import Build, Builder

_PYTHON_2 = (
    'from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n    print "made", app\n    return app\n'
)
_PYTHON_314 = (
    "from flask import Flask\ntype Pair[T] = tuple[T, T]\n\n\ndef create_app():\n    app = Flask(__name__)\n"
    '    print(f"{app.config["NAME"]!r:{10}}")\n    try:\n        pass\n    except ValueError, KeyError:\n     '
    "   pass\n"
    '    app.note = t"{app}"\n    return app\n'
)
_HALF = APP + "\n\ndef broken(:\n    return (\n"


_READABLE: list[str | bytes] = [
    codecs.BOM_UTF8 + APP.encode(),
    APP.replace("\n", "\r\n").encode(),
    b"# -*- coding: latin-1 -*-\nNAME = '\xe9'\n" + APP.encode(),
    b"# -*- coding: no-such-codec -*-\n" + APP.encode(),
    b"# -*- coding: undefined -*-\n" + APP.encode(),
    b"# -*- coding: utf-7 -*-\n" + APP.encode(),
    b"# -*- coding: rot13 -*-\n" + APP.encode(),
    APP.encode() + b"NAME = '\xff\xfe'\n",
    APP.encode() + b"# \x0c\x1a\n",
    ("# \u202e\u2066 trojan\n" + APP).encode(),
    _PYTHON_2,
    _PYTHON_314,
    _HALF,
    APP.rstrip(),
]
_UNREADABLE: list[str | bytes] = [
    APP.encode("utf-16"),
    APP.encode("utf-16-be"),
    APP.encode("utf-32"),
    APP.encode() + b"\0" * 100,
    b"\x7fELF" + bytes(range(256)) * 40,
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    _HALF,
    b"PK\x03\x04" + b"\xff" * 4000,
]


def test_sources_that_are_odd_and_readable(make: Make, trial: Trial) -> None:
    """Whatever its encoding, its line ends or its version of Python: the factory in each file is found."""
    files = {f"shop{number}/__init__.py": content for number, content in enumerate(_READABLE)}
    outcome = trial.scan(make(files).folder).demand_sound()
    finding = next(f for f in outcome.digest["findings"] if f["signal"] == "flask.app_factory")
    assert {site["path"] for site in finding["sites"]} == set(files)


def test_files_that_only_their_beginning_can_tell(make: Make, trial: Trial) -> None:
    """A script without an ending and a template outside the usual folders are read; other such files are counted."""
    files: dict[str, str | bytes] = {
        "bin/serve": "#!/usr/bin/env python3\n" + APP,
        "pages/home.html": "{% extends 'base.html' %}{{ user|safe }}\n",
        "pages/static.html": "<p>hello</p>\n",
        "bin/data": bytes(3000),
        "bin/huge": b"#!/usr/bin/python\n" + b"x = 1\n" * 20_000,
    }
    outcome = trial.scan(make(files).folder).demand_sound()
    assert outcome.signal("flask.app_factory")["outcome"] == "found"
    assert outcome.ledger("not_read") == {"files of other formats": 3}


def test_never_a_silent_zero(make: Make, trial: Trial) -> None:
    """What of a source could not be read has its line in the ledger."""
    files = {f"shop{number}/__init__.py": content for number, content in enumerate(_UNREADABLE)}
    outcome = trial.scan(make({**files, "b.py": "x = 1\n"}).folder).demand_sound()
    assert set(files) <= {entry["subject"] for entry in outcome.digest["ledger"]}


def test_what_is_not_read(make: Make, trial: Trial) -> None:
    """Files over the cap, LFS pointers and binary files are named; the rest stands."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"
    outcome = trial.scan(
        make(
            {
                "shop/__init__.py": APP,
                "big.py": b"x = 1\n" * 200_000,
                "model.py": pointer,
                "logo.png": b"\x89PNG" + bytes(2000),
                "data.bin": bytes(3000),
            }
        ).folder
    ).demand_sound()
    assert outcome.ledger("file_too_large") == {"big.py": 1}
    assert outcome.ledger("lfs_pointer") == {"model.py": 1}
    assert outcome.ledger("python_syntax") == {}
    assert sum(outcome.ledger("not_read").values()) == 2


_NAMES = [
    b"-o",
    b"--help",
    b"--output=x.py",
    b"-rf.py",
    b"$(touch x).py",
    b"`touch x`.py",
    b";touch x;.py",
    b"a\nb.py",
    b"a\tb.py",
    b"a\x1b[31mb.py",
    b"a\x07b.md",
    b"\xff\xfe.py",
    b"caf\xe9.py",
    "a\u202eyp.py".encode(),
    "zero\u200bwidth.py".encode(),
    b'"quoted".py',
    b"'single'.py",
    b"a b .py",
    b"a#b?c&d=e%20.py",
    b"<script>alert(1)</script>.py",
    b"](javascript:alert(1)).md",
    b"|a|b|.md",
    b"=cmd|'!A1.py",
    b"@SUM(1).py",
    b"+1.py",
    b"con.py",
    b"nul",
    b"aux.txt",
    b"a.py.",
    b"a:b.py",
    b"a\\..\\b.py",
    b"{{ 7*7 }}.html",
    b"{% raw %}.html",
    b"*.py",
    b"~.py",
    b".",
    b"..",
    b".git",
    b".GIT",
    b"git~1",
    b".g\xe2\x80\x8cit",
    b"x" * 255 + b".py",
    b"%s%n.py",
    b"\xe2\x80\xa8.py",
]
_INSIDE = [b"..", b".git", b".GIT", b".Git", b"git~1", b"GIT~1", b"-n", b"\xff", b"a\nb", b"..\\.."]


def _odd_tree(project: Builder) -> None:
    blob = project.blob(APP.encode())
    link = project.blob(b"../../../../etc/passwd")
    loop = project.blob(b"loop")
    entries = [("100644", blob, name) for name in _NAMES]
    for inner in _INSIDE:
        hooks = project.tree([("100755", blob, b"hooks"), ("100755", blob, b"config.py"), ("100644", blob, b"HEAD")])
        entries.append(("40000", hooks, b"in-" + inner if inner not in (b"..",) else inner))
        entries.append(("40000", hooks, inner))
    entries += [
        ("120000", link, b"link.py"),
        ("120000", loop, b"loop"),
        ("120000", project.blob(b"."), b"here"),
        ("160000", "1" * 40, b"module"),
        ("160000", "2" * 40, b"-u./payload"),
        ("100644", project.blob(b'[submodule "x"]\n\tpath = -u./payload\n\turl = ext::sh -c touch\n'), b".gitmodules"),
        ("100664", blob, b"mode.py"),
        ("100000", blob, b"odd_mode.py"),
    ]
    unique = {name: (mode, oid, name) for mode, oid, name in reversed(entries)}
    project.commit_tree(project.tree(sorted(unique.values(), key=lambda e: e[2])))


def test_names_that_mean_something_elsewhere(build: Build, trial: Trial, tmp_path: Path) -> None:
    """Names that a shell, a terminal, a browser, a spreadsheet, Windows or git itself would obey are only names."""
    project = build()
    project.commit({"a.py": "x = 1\n"})
    _odd_tree(project)
    before = sorted(p.name for p in tmp_path.iterdir())
    outcome = trial.scan(project.folder).demand_sound()
    assert outcome.ledger("symlink") and outcome.ledger("submodule") and outcome.ledger("unsafe_path")
    paths = {c["path"] for s in outcome.digest["signals"] for c in s["citations"] if c["kind"] == "file"}
    assert not any(".." in path.split("/") for path in paths)
    assert sorted(p.name for p in tmp_path.iterdir()) == before and list(trial.cwd.iterdir()) == []


def test_output_is_bounded_whatever_is_cited(make: Make, trial: Trial) -> None:
    """Very long lines and very many places do not make a large report."""
    routes = "".join(
        f'@app.route("/{"x" * 2000}{n}")\ndef view_{n}():\n    return "{"y" * 2000}"\n\n\n' for n in range(150)
    )
    source = f"from flask import Flask\n\napp = Flask(__name__)\n\n\n{routes}"
    outcome = trial.scan(make({"app.py": source}).folder).demand_sound()
    assert all(len(content) < 3 * MIB for content in outcome.forms.values())

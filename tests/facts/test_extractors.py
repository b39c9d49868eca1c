"""What holds for every extractor: no input breaks it, blows it up or changes its answer."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.facts import registry
from evidence.facts.records import Data, Document, Template

_LANGUAGES = sorted(set(registry.EXTRACTORS) - {"python"})
_FRAGMENTS = st.sampled_from(
    [
        *(
            "[",
            "]",
            "{",
            "}",
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "<<EOF",
            "EOF",
            "#",
            "# ",
            "- ",
            ": ",
            "a",
            "b=",
            "=",
            '"',
            "'",
        ),
        *("\\", "\n", "\n\n", "\t", "  ", "```", "---", "===", "|", ">", "&a ", "*a", "<<: ", "!t ", "RUN ", "FROM "),
        *("[[p]]", "[x]", "password", "://", "u:p@h", "<!--", "-->", ".. x::", "raw", "endraw", "\x00", "\x0c", "\r"),
        *("\u2028", "é", "\ufeff"),
    ]
)


def lost_of(record: Any) -> tuple[Any, ...]:
    """What a record says it could not read."""
    return tuple(record.lost)


def lines_of(record: Any) -> list[int]:
    """Every line number a record mentions, its roots and parts included."""
    if isinstance(record, Data):
        return [n for root in record.roots for node in root.walk() for n in (node.start, node.end, *node.key_lines)]
    if isinstance(record, Template):
        return [tag.line for tag in record.tags]
    if isinstance(record, Document):
        spans = [n for section in record.sections for n in (section.start, section.end)]
        return spans + [n for _, a, b in record.fences for n in (a, b)] + [line for _, line in record.links]
    parts = getattr(record, "instructions", ()) or getattr(record, "items", ())
    spans = [n for part in parts for n in (getattr(part, "start", None), getattr(part, "end", None)) if n is not None]
    lines = getattr(record, "lines", ())
    return spans + [n for line in lines for n in (line.start, line.end)] if isinstance(lines, tuple) else spans


@pytest.mark.parametrize("language", _LANGUAGES)
@given(text=st.lists(_FRAGMENTS, max_size=60).map("".join))
@example(text="")
@example(text="\n")
@example(text="\ufeff")
def test_lines_and_losses_stay_in_the_file(language: str, text: str) -> None:
    """Whatever a file holds, its record survives the cache's form, with every line number inside the file."""
    content = text.encode()
    payload = registry.extract(language, content)
    record = registry.decode(language, payload)
    last = max(1, content.count(b"\n") + (not content.endswith(b"\n")))
    assert all(1 <= line <= last for line in lines_of(record))
    assert all(1 <= lost.start <= lost.end <= last for lost in lost_of(record))
    assert registry.extract(language, content) == payload


@pytest.mark.parametrize("language", _LANGUAGES)
@given(content=st.binary(max_size=300))
def test_no_bytes_break_an_extractor(language: str, content: bytes) -> None:
    """Arbitrary bytes give a record, never an exception."""
    record = registry.decode(language, registry.extract(language, content))
    assert all(lost.reason for lost in lost_of(record))


_BOMBS = {
    "brackets": b"[" * 400_000,
    "braces": b"{" * 400_000,
    "nested maps": b"{a: " * 100_000,
    "dashes": b"- " * 200_000,
    "list": b"- a\n" * 120_000,
    "dotted": b"a." * 20_000 + b"a = 1",
    "dotted header": b"[" + b"a." * 20_000 + b"a]",
    "toml arrays": b"a = " + b"[" * 200_000,
    "toml inline": b"a = " + b"{a=" * 80_000,
    "escapes": b'a = "' + b"\\" * 200_000,
    "open quotes": b'a = """x\n' * 28_000,
    "spaces": b"a" + b" " * 250_000,
    "spaces and newline": (b"a" + b" " * 1_000 + b"\n") * 250,
    "comments": b"<!--" * 60_000,
    "links": b"[a](" * 60_000,
    "quotes": b"> " * 120_000,
    "nested list": b"".join(b" " * (2 * i) + b"- a\n" for i in range(450)),
    "backticks": b"`" * 250_000,
    "code spans": b"``a`` ` " * 30_000,
    "rules": b"|a|b|\n|-|-|\n" * 20_000,
    "tags": b"{{ a }}" * 35_000,
    "open tags": b"{% a " * 50_000,
    "jinja numbers": b"{{ " + b"1_" * 100_000 + b" }}",
    "jinja strings": b"{{ '" + b"\\'" * 100_000,
    "jinja errors": b"{{ ! }}\n" * 30_000,
    "raw": b"{% raw %}" + b"{% \n" * 60_000,
    "heredocs": b"RUN <<A\n" * 30_000,
    "many heredocs": b"".join(b"cat <<A%d\n" % i for i in range(18_000)),
    "continuations": b"a \\\n" * 60_000,
    "variables": b"A=$(A)$(A)\n" + b"x:\n" + b"\t$(A)$(A)$(A)\n" * 15_000,
    "doubling variables": b"".join(b"A%d=$(A%d)$(A%d)\n" % (i, i - 1, i - 1) for i in range(60)) + b"x:\n\t$(A59)\n",
    "targets": b"a b c d e f g h: i j k l m\n\tx\n" * 8_000,
    "secrets": b"password=" * 25_000,
    "secret quotes": b"password='" * 25_000,
    "secret lines": b"password = (\n" * 18_000,
    "addresses": b"://u:p" * 40_000,
    "tokens": b"eyJ" * 80_000,
    "private keys": b"-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\n" * 4_000,
    "key ends": b"AAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" * 5_000 + b"-----END PRIVATE KEY-----\n" * 4_000,
    "slashes": b"/" * 250_000,
    "hyphens": b"-" * 250_000,
    "colons": b":" * 250_000,
    "packages": b'[[package]]\nname = "a"\n' * 10_000,
    "hashes": b"#" * 250_000,
    "one long word": b"a" * 250_000,
}


@pytest.mark.no_cover
@pytest.mark.parametrize("bomb", sorted(_BOMBS))
@pytest.mark.parametrize("language", _LANGUAGES)
def test_hostile_files_come_back(language: str, bomb: str) -> None:
    """No file of up to 400 KB costs more than a few seconds (typically a tenth of one): work grows with its bytes."""
    begun = time.process_time()
    payload = registry.extract(language, _BOMBS[bomb])
    assert time.process_time() - begun < 8
    assert len(payload) < 20_000_000


def test_deep_yaml_does_not_kill_the_process() -> None:
    """400 KB of brackets, on which libyaml's composer overflows the stack, are read by a process that lives on."""
    code = (
        "from evidence.facts.formats.yaml_nodes import extract\n"
        "for c in (b'[', b'{', b'- ', b'? ', b'a: [', b'!t [', b'&a ['):\n"
        "    lost = extract(c * (400_000 // len(c))).lost\n"
        "    assert lost, c\n"
        "print('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def _laughs(levels: int, merge: bool) -> bytes:
    lines = [b"a0: &a0 {" + b", ".join(b"k%d: 1" % i for i in range(9)) + b"}"]
    for i in range(1, levels):
        copies = b", ".join([b"*a%d" % (i - 1)] * 9)
        lines.append(
            b"a%d: &a%d {<<: [%s], z%d: 1}" % (i, i, copies, i) if merge else b"a%d: &a%d [%s]" % (i, i, copies)
        )
    return b"\n".join(lines)


@pytest.mark.parametrize("merge", [True, False])
def test_alias_bombs_stay_walkable(merge: bool) -> None:
    """Aliases and merge keys never expand to more nodes than a walk can bear; what is left out is an alias node."""
    data = registry.decode("yaml", registry.extract("yaml", _laughs(20, merge)))
    nodes = sum(1 for _ in data.root.walk())
    assert 20 < nodes < 450_000
    assert merge or any(node.kind == "alias" for node in data.root.walk())


def test_fingerprint_names_extractor_parsers_and_python() -> None:
    """The cache's key changes with whatever may change the facts."""
    assert "PyYAML=" in registry.fingerprint("yaml") and "libyaml=" in registry.fingerprint("yaml")
    assert "Jinja2=" in registry.fingerprint("jinja")
    assert len({registry.fingerprint(language) for language in registry.EXTRACTORS}) == len(registry.EXTRACTORS)
    assert all(
        f"python={sys.version_info.major}.{sys.version_info.minor}" in registry.fingerprint(x) for x in _LANGUAGES
    )


def test_registry_is_cheap_to_import() -> None:
    """Parsers are imported by the extractors that need them, not by the registry."""
    code = (
        "import sys, evidence.facts.registry, evidence.facts.language\n"
        "heavy = {'yaml', 'jinja2', 'markdown_it', 'radon', 'tree_sitter', 'tomllib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

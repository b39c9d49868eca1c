"""reStructuredText and AsciiDoc as sections, fences and links, by the rules of their headings and blocks."""

from __future__ import annotations

import re

from evidence.facts.formats.prose import Sections
from evidence.facts.records import Document, Lost
from evidence.patterns import regex

MAX_LINES = 20_000
MAX_LINKS = 2_000

_RULE = regex(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*+")
_DIRECTIVE = regex(r"[ \t]{0,40}\.\. ([\w:\-]{1,60})::[ \t]{0,20}(.*)")
_CODE = frozenset({"code", "code-block", "sourcecode", "highlight", "literalinclude", "math", "parsed-literal"})
_SILENT = frozenset(
    {"toctree", "image", "figure", "include", "automodule", "autoclass", "autofunction", "currentmodule"}
)
_PICTURES = frozenset({"image", "figure"})
_OPTION = regex(r"[ \t]{0,40}:[\w\- ]{1,60}:(?:[ \t].*)?")
_RST_LINKS = regex(
    r"`[^`<>]{0,500}<([^<>`\s]{1,2000})>`__?|^[ \t]{0,20}\.\. _[^:\n]{1,300}:[ \t]{1,20}(\S{1,2000})"
    r"|(?<![<\w`])(https?://[^\s<>`]{1,2000})"
)
_RST_MARKUP = regex(r"<https?://[^\s<>]{1,2000}>|:[\w:+.\-]{1,40}:(?=`)")
_ADOC_HEADING = regex(r"(={1,6})[ \t]{1,10}(\S.{0,500})")
_ADOC_SOURCE = regex(r"\[source(?:%\w{1,30})?(?:,[ \t]{0,5}([\w+\-]{1,50}))?[^\]]{0,200}\]")
_ADOC_FENCE = regex(r"(-{4,}|\.{4,}|/{4,}|\+{4,}|```\w{0,30})[ \t]*+")
_ADOC_ATTRIBUTE = regex(r":[!\w\-]{1,60}:.{0,500}|\[[^\]]{0,300}\]|include::.{0,500}")
_ADOC_LINKS = regex(r"(?:link|image|xref):{1,2}([^\s\[\]]{1,2000})\[|(https?://[^\s\[\]<>]{1,2000})")


def read_rst(lines: list[str]) -> Document:
    """The document whose masked lines these are. A heading's level is its adornment's order of appearance."""
    return _Rst(lines).document()


def read_asciidoc(lines: list[str]) -> Document:
    """The document whose masked lines these are."""
    return _AsciiDoc(lines).document()


class _Lines:
    """What both formats share: sections, fences and links collected line by line."""

    format = ""
    links_pattern = _RST_LINKS

    def __init__(self, lines: list[str]) -> None:
        self.total = max(1, len(lines))
        self.lines = lines[:MAX_LINES]
        self.sections = Sections(self.total)
        self.fences: list[tuple[str, int, int]] = []
        self.links: list[tuple[str, int]] = []
        self.at = 0

    def document(self) -> Document:
        """Read all lines."""
        while self.at < len(self.lines):
            self.step()
        lost = (Lost(MAX_LINES + 1, self.total, "too_large"),) if self.total > MAX_LINES else ()
        return Document(self.format, self.sections.finish(), tuple(self.fences), tuple(self.links), None, lost)

    def step(self) -> None:
        """Read the next block and move ``at`` behind it."""
        raise NotImplementedError

    def find_links(self, line: str, number: int) -> None:
        """Collect the targets on a line."""
        if len(self.links) < MAX_LINKS and ("http" in line or ":" in line):
            for match in self.links_pattern.finditer(line):
                self.links.append((next(g for g in match.groups() if g).rstrip(".,;:"), number))

    def line(self, index: int) -> str:
        """The line at an index, "" beyond the end."""
        return self.lines[index].rstrip() if index < len(self.lines) else ""

    def behind_block(self, index: int, indent: int) -> int:
        """The index behind the lines from ``index`` on that are blank or indented deeper than ``indent``."""
        end = index
        while index < len(self.lines):
            line = self.lines[index]
            if line.strip():
                if len(line) - len(line.lstrip()) <= indent:
                    break
                end = index + 1
            index += 1
        return end


class _Rst(_Lines):
    format = "rst"

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines)
        self.styles: list[str] = []

    def step(self) -> None:
        line = self.line(self.at)
        if self._heading(line):
            return
        directive = _DIRECTIVE.match(line)
        if directive is not None:
            self._directive(directive, line)
            return
        self.find_links(line, self.at + 1)
        if line.lstrip().startswith(".. "):
            self.at = max(self.at + 1, self.behind_block(self.at + 1, _indent(line)))  # a comment or a target
            return
        if not (_OPTION.fullmatch(line) or _RULE.fullmatch(line.strip())):
            self.sections.prose(_RST_MARKUP.sub("", line))
        self.at += 1
        if line.endswith("::"):
            self._literal("", self.at, _indent(line))

    def _heading(self, line: str) -> bool:
        """A title with a line of punctuation under it, or one over and one under it."""
        following, third = self.line(self.at + 1), self.line(self.at + 2)
        if _is_rule(line) and following.strip() and _is_rule(third) and third[0] == line[0] and not _is_rule(following):
            self._add(following, f"{line[0]}{line[0]}", 3)
            return True
        title = line.strip() and not line[0].isspace() and not _RULE.fullmatch(line)
        if title and _is_rule(following) and len(following) >= min(len(line), 4):
            self._add(line, following[0], 2)
            return True
        return False

    def _add(self, title: str, style: str, height: int) -> None:
        if style not in self.styles:
            self.styles.append(style)
        self.sections.heading(title.strip(), self.styles.index(style) + 1, self.at + 1)
        self.at += height

    def _directive(self, match: re.Match[str], line: str) -> None:
        name, argument = match.group(1), match.group(2)
        start, self.at = self.at, self.at + 1
        if name in _CODE:
            self._literal(argument.strip()[:50], start, _indent(line))
        elif name in _SILENT:
            if name in _PICTURES and len(self.links) < MAX_LINKS and argument.split():
                self.links.append((argument.split()[0][:2000], start + 1))
            else:
                self.find_links(argument, start + 1)
            self.at = max(self.at, self.behind_block(self.at, _indent(line)))
        else:
            self.sections.prose(argument)

    def _literal(self, language: str, start: int, indent: int) -> None:
        end = self.behind_block(self.at, indent)
        if end > self.at:
            while not self.lines[start].strip():
                start += 1
            self.fences.append((language, start + 1, end))
            self.at = end


class _AsciiDoc(_Lines):
    format = "asciidoc"
    links_pattern = _ADOC_LINKS

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines)
        self.language = ""
        self.unclosed: set[str] = set()

    def step(self) -> None:
        line = self.line(self.at)
        heading = _ADOC_HEADING.fullmatch(line)
        source = _ADOC_SOURCE.fullmatch(line)
        if heading is not None:
            self.sections.heading(heading.group(2), len(heading.group(1)), self.at + 1)
        elif source is not None:
            self.language = source.group(1) or ""
        elif _ADOC_FENCE.fullmatch(line) and self._fence(line.rstrip()):
            return
        elif not (line.startswith("//") or _ADOC_ATTRIBUTE.fullmatch(line) or line.startswith("|===")):
            self.find_links(line, self.at + 1)
            self.sections.prose(line)
        self.at += 1

    def _fence(self, opening: str) -> bool:
        """Move behind a delimited block; False when it is never closed. What was not closed once is not asked again."""
        closing = "```" if opening.startswith("`") else opening
        if closing in self.unclosed:
            return False
        end = next((i for i in range(self.at + 1, len(self.lines)) if self.line(i) == closing), -1)
        if end == -1:
            self.unclosed.add(closing)
            return False
        if not opening.startswith("/"):
            self.fences.append((opening[3:] if opening.startswith("`") else self.language, self.at + 1, end + 1))
        self.language = ""
        self.at = end + 1
        return True


def _is_rule(line: str) -> bool:
    return _RULE.fullmatch(line) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


__all__ = ["read_asciidoc", "read_rst"]

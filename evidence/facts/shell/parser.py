"""Simple commands out of words and operators: groups, conditions, ``case`` arms, functions, what hides a failure."""

from __future__ import annotations

from msgspec import Struct, field

from evidence.facts.shell.failures import Draft, cannot_fail, is_success, settle
from evidence.facts.shell.words import Token, without_assignments
from evidence.patterns import regex

MAX_COMMANDS = 5_000

_KEYWORDS = frozenset({"then", "else", "do", "!", "{", "time", "exec", "command", "builtin"})
_CONDITIONS = frozenset({"if", "elif", "while", "until"})
_CLOSERS = frozenset({"fi", "done", "esac", "}"})
_HEADS = frozenset({"for", "select", "function"})


class _Level(Struct):
    """Positions in the list of commands, for one depth of grouping."""

    chain: int = 0
    either: int = -1
    pipe: int = 0
    piped: int = -1
    skipped: bool = False


# What a block is inside, by what its condition says: never run, or run only where the script is given no arguments.
_INSIDE = {"false": "dead", "none": "bare"}
NO_ARGUMENTS = "$# = 0"
KEPT = "followed by || an assignment"
"""Why a failure is lost whose status a variable keeps, unless the shell exits with it later."""
_ASKS_FOR_NONE = regex(
    r"(?:\[\[? |test )(?:\$# (?:-eq|==?) 0|-z \$\{?[1@*](?::-)?\}?|\$# (?:-lt|<) 1)(?: \]\]?)?|\( \$# == 0 \)"
)


class Parser(Struct):
    """Reads tokens one by one into drafts of simple commands: what runs, under which condition, and who looks at it."""

    pipefail: bool
    errexit: bool = True
    drafts: list[Draft] = field(default_factory=list)
    words: list[Token] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=lambda: [_Level()])
    arms: list[str] = field(default_factory=list)
    functions: list[tuple[str, int]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    over: bool = False
    braces: int = 0
    pending_function: str = ""
    line_start: int = 0

    def feed(self, token: Token) -> None:
        """Take one token."""
        if token.kind == "word":
            self.words.append(token)
            return
        getattr(self, _OPERATORS[token.text])()

    # -- operators -----------------------------------------------------------------------------------------

    def on_and(self) -> None:
        self._command()
        self._end_pipe()
        self._short("false")

    def on_or(self) -> None:
        self._command()
        self._end_pipe()
        self.levels[-1].either = len(self.drafts)
        self._short("true", ":")

    def _short(self, *first: str) -> None:
        """``true ||`` and ``false &&`` at the head of a list keep the rest of it from running."""
        level = self.levels[-1]
        if level.chain == len(self.drafts) - 1 and self.drafts[-1].words in tuple((w,) for w in first):
            level.skipped = True

    def on_pipe(self) -> None:
        if self.arms and not self.arms[-1]:  # between the patterns of a case arm
            self.words.append(Token("word", "|", self.words[-1].line if self.words else 1))
            return
        self._command()
        self.levels[-1].piped = len(self.drafts)

    def on_semicolon(self) -> None:
        self._command()
        self._end_list()

    def on_newline(self) -> None:
        self._command()
        self._end_list()
        self.line_start = len(self.drafts)

    def on_background(self) -> None:
        start = self.levels[-1].chain
        self._command()
        self._hide(start, len(self.drafts), "runs in the background", defer=True)
        self._end_list()

    def on_arm_end(self) -> None:
        self._command()
        self._end_list()
        if self.arms:
            self.arms[-1] = ""

    def on_open(self) -> None:
        if self.words and len(self.words) == 1:  # name() {
            self.pending_function = self.words[0].text
            self.words.clear()
        self._command()
        here = len(self.drafts)
        self.levels.append(_Level(chain=here, pipe=here))

    def on_close(self) -> None:
        if len(self.levels) > 1:
            self._command()
            self._end_list()
            self.levels.pop()
        elif self.words and self.words[0].text == "case" and not self.words[0].quoted:  # case x in a)
            self.arms.append(self.words[-1].text)
            self.words.clear()
        elif self.arms:  # the ")" after a case pattern
            self.arms[-1] = " ".join(w.text for w in self.words if w.text not in (";;", "(")) or self.arms[-1]
            self.words.clear()

    # -- commands ------------------------------------------------------------------------------------------

    def _command(self) -> None:
        condition = self._strip_keywords()
        words, assigned = without_assignments(self.words)
        if not self.words or len(self.drafts) >= MAX_COMMANDS:
            self.words.clear()
            return
        draft = Draft(
            words=tuple(words),
            assigned=tuple(assigned),
            start=self.words[0].line,
            end=self.words[-1].line,
            arm=next((a for a in reversed(self.arms) if a), NO_ARGUMENTS if "bare" in self.blocks[-20:] else ""),
            function=self.functions[-1][0] if self.functions else "",
        )
        self.words.clear()
        if self.over or "dead" in self.blocks[-20:]:
            draft.hidden = "never runs"
        if condition:
            draft.deferred = "only decides a condition"
            if draft.words == ("false",) and self.blocks:
                self.blocks[-1] = "false"
            elif self.blocks and _ASKS_FOR_NONE.fullmatch(" ".join(draft.words)):
                self.blocks[-1] = "none"
        elif not self.errexit:
            draft.deferred = "runs after set +e"
        self._options(draft.words)
        self.drafts.append(draft)

    def _strip_keywords(self) -> bool:
        """Drop reserved words from the front; tells whether what follows is a condition."""
        condition = False
        at = 0
        words = self.words
        while at < len(words) and not words[at].quoted:
            text = words[at].text
            self._block(text)
            if text in _CONDITIONS or text == "!":
                condition = True
            elif text == "case":
                self.arms.append("")
                at = len(words)
                break
            elif text in _HEADS:
                if text == "function" and len(words) > at + 1:
                    self.pending_function = words[at + 1].text
                    at += 2
                    continue
                at = len(words)
                break
            elif text in _CLOSERS:
                self._close_block(text)
            elif text not in _KEYWORDS:
                break
            if text == "{":
                self._open_brace()
            at += 1
        del words[:at]
        return condition

    def _block(self, text: str) -> None:
        """Follow if, loops and case; a block under ``if false`` is dead up to its else."""
        if text in ("if", "while", "until", "for", "select", "case"):
            self.blocks.append("")
        elif text in ("fi", "done", "esac") and self.blocks:
            self.blocks.pop()
        elif text in ("then", "do", "else", "elif") and self.blocks:
            self.blocks[-1] = _INSIDE.get(self.blocks[-1], "") if text in ("then", "do") else ""

    def _open_brace(self) -> None:
        self.braces += 1
        if self.pending_function:
            self.functions.append((self.pending_function, self.braces))
            self.pending_function = ""
            return
        here = len(self.drafts)
        self.levels.append(_Level(chain=here, pipe=here))

    def _close_block(self, text: str) -> None:
        if text == "esac" and self.arms:
            self.arms.pop()
        if text == "}" and self.braces:
            if self.functions and self.functions[-1][1] == self.braces:
                self.functions.pop()
            elif len(self.levels) > 1:
                self._end_list()
                self.levels.pop()
            self.braces -= 1

    def _options(self, words: tuple[str, ...]) -> None:
        if not words or words[0] != "set":
            return
        for flag in words[1:]:
            if flag[:1] in "+-" and len(flag) > 1 and flag[1:].isalpha() and "e" in flag:
                self.errexit = flag[0] == "-"
        if "pipefail" in words:
            self.pipefail = "+o" not in words
        if "errexit" in words:
            self.errexit = "+o" not in words

    # -- what hides a failure ------------------------------------------------------------------------------

    def _hide(self, start: int, end: int, why: str, *, defer: bool = False) -> None:
        for draft in self.drafts[start:end]:
            if defer:
                draft.deferred = draft.deferred or why
            else:
                draft.hidden = draft.hidden or why

    def _end_pipe(self) -> None:
        level = self.levels[-1]
        if level.piped > level.pipe and not self.pipefail:
            self._hide(level.pipe, level.piped, "piped without pipefail", defer=True)
        level.pipe, level.piped = len(self.drafts), -1

    def _end_list(self) -> None:
        self._end_pipe()
        level = self.levels[-1]
        if level.skipped:
            self._hide(level.chain + 1, len(self.drafts), "never runs")
            level.skipped = False
        if level.either >= 0:
            self._end_either(level)
        elif self.drafts and level.chain == len(self.drafts) - 1:
            last = self.drafts[-1]
            last.alone = True
            outside = not (self.blocks or self.functions or self.arms or len(self.levels) > 1 or self.pending_function)
            self.over = self.over or (outside and last.words[:1] == ("exit",) and not last.hidden)
            if is_success(last.words):  # `cmd; true` on one line
                self._hide(self.line_start, len(self.drafts) - 1, f"followed by ; {' '.join(last.words)}")
        level.chain, level.either = len(self.drafts), -1

    def _end_either(self, level: _Level) -> None:
        last = self.drafts[-1] if len(self.drafts) > level.either else None
        if last is None or cannot_fail(last.words):
            kept = last is not None and not last.words
            why = KEPT if kept else f"followed by || {' '.join(last.words[:2]) if last else 'nothing'}"
            self._hide(level.chain, level.either, why, defer=kept)

    def finish(self) -> list[Draft]:
        """Close what is open and settle what later lines decide."""
        self.on_newline()
        while len(self.levels) > 1:
            self.levels.pop()
            self._end_list()
        settle(self.drafts)
        return self.drafts


_OPERATORS = {
    "&&": "on_and",
    "||": "on_or",
    "|": "on_pipe",
    ";": "on_semicolon",
    "\n": "on_newline",
    "&": "on_background",
    ";;": "on_arm_end",
    "(": "on_open",
    ")": "on_close",
}

"""GitLab CI: includes of the repository, ``extends``, ``default``, ``!reference``, rules, stages."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from evidence.facts.ci.reading import entries, find, join, place, script, strings, text, truth
from evidence.facts.ci.records import CiInputs, Job, Pipeline, Place, Service, Step
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple
from evidence.facts.shell.parser import KEPT

_MAX_INCLUDES = 40
_MAX_EXTENDS = 11  # GitLab's own limit
_KEYWORDS = frozenset(
    [
        "default",
        "include",
        "stages",
        "variables",
        "workflow",
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
        "pages:deploy",
        "spec",
    ]
)
_STAGES = (".pre", "build", "test", "deploy", ".post")
_SCRIPTS = ("before_script", "script", "after_script")


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """The pipeline of ``.gitlab-ci.yml`` at the root (or in a template of a repository), its includes merged."""
    for path in sorted(inputs.data):
        folder, _, name = path.rpartition("/")
        root = folder if "{{" in folder or name.endswith((".jinja", ".j2")) else ""
        plain = name.removesuffix(".jinja").removesuffix(".j2")
        if plain not in (".gitlab-ci.yml", ".gitlab-ci.yaml") or folder != root:
            continue
        yield from _Configuration(inputs, path, root).pipelines()


class _Configuration:
    """The merged configuration: entries by name, each with the file it stands in."""

    def __init__(self, inputs: CiInputs, path: str, root: str) -> None:
        self.inputs, self.path, self.root = inputs, path, root
        self.found: dict[str, tuple[str, Node, Place]] = {}
        self.files: list[str] = []
        self.origin: dict[int, str] = {}
        self._load(path)

    def _load(self, path: str) -> None:
        """Take a file's entries; those of the including file win over those of the included ones."""
        waiting = [path]
        while waiting and len(self.files) < _MAX_INCLUDES:
            path = waiting.pop(0)
            if path in self.files:
                continue
            self.files.append(path)
            for document in self.inputs.data[path].roots:
                for key, node, where in entries(path, document):
                    self.found.setdefault(key, (path, node, where))
                waiting.extend(self._included(document.get("include")))

    def _included(self, node: Node | None) -> Iterator[str]:
        for item in node.each() if node is not None else ():
            for name in strings(item.get("local")) if item.kind == "map" else (text(item),):
                path = find(self.inputs.data, join(self.root, name))
                if path:
                    yield path

    def node(self, *keys: str) -> Node | None:
        """A top-level entry, or what lies below it."""
        entry = self.found.get(keys[0])
        return entry[1].get(*keys[1:]) if entry else None

    def pipelines(self) -> Iterator[Pipeline]:
        """The one pipeline; nothing when no job is defined."""
        stages = strings(self.node("stages")) or _STAGES
        jobs = tuple(self._jobs())
        if jobs:
            triggers, dead = self._triggers()
            root = self.inputs.data[self.path].root
            anchor = place(self.path, root, "workflow") if root.get("workflow") else jobs[0].place
            yield Pipeline(
                path=self.path, system="GitLab CI", jobs=jobs, triggers=triggers, trigger_place=anchor, root=self.root,
                filters=tuple(self._filters()), dead=dead, stages=stages,
            )  # fmt: skip

    def _triggers(self) -> tuple[tuple[str, ...], str]:
        rules = self.node("workflow", "rules")
        if rules is not None and rules.items and all(text(r.get("when")) == "never" for r in rules.items):
            return (), "workflow rules: never"
        return ("push", "pull_request"), ""

    def _filters(self) -> Iterator[Place]:
        for name, (path, node, _where) in self.found.items():
            if name in _KEYWORDS or node.kind != "map":
                continue
            for key in ("rules", "only", "except"):
                value = node.get(key)
                if value is not None and any("changes" in part.keys for part in value.walk()):
                    yield place(path, node, key)

    def _jobs(self) -> Iterator[Job]:
        for name, (path, node, where) in self.found.items():
            if name in _KEYWORDS or name.startswith(".") or node.kind != "map":
                continue
            ancestry = self._ancestry(node)
            if any(n.get(key) is not None for n in ancestry for key in ("script", "trigger", "run")):
                yield self._job(name, path, where, ancestry)

    def _ancestry(self, node: Node) -> list[Node]:
        """The job itself and what it extends, nearest first."""
        chain, waiting = [node], list(reversed(strings(node.get("extends"))))
        while waiting and len(chain) < _MAX_EXTENDS:
            name = waiting.pop(0)
            if name in self.found and self.found[name][1] not in chain:
                parent = self.found[name][1]
                chain.append(parent)
                waiting = [*reversed(strings(parent.get("extends"))), *waiting]
        return chain

    def _value(self, ancestry: list[Node], *keys: str) -> Node | None:
        """A job's setting: its own, an ancestor's, the default, the global one."""
        for node in ancestry:
            if (value := node.get(*keys)) is not None:
                return value
        return self.node("default", *keys) or (self.node(*keys) if keys[0] != "variables" else None)

    def _job(self, name: str, path: str, where: Place, ancestry: list[Node]) -> Job:
        rules = self._value(ancestry, "rules") if any(n.get("rules") for n in ancestry) else None
        when = text(self._own(ancestry, "when"))
        instances, matrix = _parallel(self._own(ancestry, "parallel"))
        allowed = self._own(ancestry, "allow_failure")
        caches = self._value(ancestry, "cache")
        environment = self._own(ancestry, "environment")
        condition = tuple(c for rule in (rules.items if rules else ()) if (c := text(rule.get("if"))))
        return Job(
            name=name,
            path=path,
            start=where.start,
            end=where.end,
            steps=_in_one_shell(tuple(self._steps(path, ancestry))),
            needs=self._needs(ancestry),
            instances=instances,
            matrix=matrix,
            matrix_place=where if instances > 1 else None,
            services=tuple(self._services(path, ancestry)),
            image=text(self._value(ancestry, "image")) or text(self._value(ancestry, "image", "name")),
            conditions=condition + strings(self._own(ancestry, "only")),
            environment=tuple(
                n for n in [text(environment) or (text(environment.get("name")) if environment else "")] if n
            ),
            stage=text(self._own(ancestry, "stage")) or "test",
            manual=when == "manual" or _always(rules, "manual"),
            allowed_to_fail="allow_failure" if _permits(allowed) or _allowed(rules) else "",
            dead=_dead(when, rules, self._own(ancestry, "only"), self._own(ancestry, "except")),
            caches=(Place(path, caches.start, caches.end),) if caches is not None and caches.items else (),
        )

    def _own(self, ancestry: list[Node], *keys: str) -> Node | None:
        return next((v for n in ancestry if (v := n.get(*keys)) is not None), None)

    def _needs(self, ancestry: list[Node]) -> tuple[str, ...]:
        value = self._own(ancestry, "needs")
        if value is None:
            return strings(self._own(ancestry, "dependencies"))
        return tuple(text(item.get("job")) if item.kind == "map" else text(item) for item in value.each())

    def _services(self, path: str, ancestry: list[Node]) -> Iterator[Service]:
        value = self._value(ancestry, "services")
        for item in value.each() if value is not None else ():
            image = text(item) or text(item.get("name"))
            if image:
                yield Service(image, Place(self._file_of(item, path), item.start, item.end))

    def _steps(self, path: str, ancestry: list[Node]) -> Iterator[Step]:
        for key in _SCRIPTS:
            value = self._value(ancestry, key)
            if value is None or (key == "script" and not any(n.get("script") for n in ancestry)):
                continue
            for item in self._flat(value):
                where = place(path, item)
                ignored = "after_script" if key == "after_script" else ""
                yield Step(
                    name=key, path=self._file_of(item, path), start=where.start, end=where.end,
                    commands=script(item, pipefail=True), directory=self.root, cannot_fail=ignored,
                )  # fmt: skip

    def _flat(self, value: Node) -> list[Node]:
        """The scalars of a script; ``!reference [job, script]`` and nested lists followed."""
        out: list[Node] = []
        stack = list(reversed(value.each()))
        budget = 2_000
        if value.tag == "!reference":
            stack = [value]
        while stack and budget > 0:
            budget -= 1
            item = stack.pop()
            if item.tag == "!reference" and item.kind == "list":
                target = self.node(*item.texts()) if item.items else None
                stack.extend(reversed(target.each()) if target is not None else ())
            elif item.kind == "list":
                stack.extend(reversed(item.items))
            elif item.kind not in ("map", "null"):
                out.append(item)
        return out

    def _file_of(self, item: Node, path: str) -> str:
        """The file an inherited script stands in."""
        if len(self.files) == 1:
            return path
        if not self.origin:
            for file in reversed(self.files):
                for root in self.inputs.data[file].roots:
                    self.origin.update((id(node), file) for node in root.walk())
        return self.origin.get(id(item), path)


def _in_one_shell(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The lines of a script share a shell: a status that one of them keeps is not lost where a later one exits with
    it."""
    exits = [at for at, s in enumerate(steps) for c in s.commands if c.words[:1] == ("exit",) and "$" in c.text]
    last = max(exits, default=0)
    return tuple(replace(s, commands=tuple(map(_noticed, s.commands))) for s in steps[:last]) + steps[last:]


def _noticed(command: Simple) -> Simple:
    return replace(command, swallowed="") if command.swallowed == KEPT else command


def _parallel(node: Node | None) -> tuple[int, dict[str, int]]:
    if node is None:
        return 1, {}
    count = text(node)
    if count.isdigit():
        return min(int(count[:4]), 256), {"parallel": min(int(count[:4]), 256)}
    rows = 0
    matrix = node.get("matrix")
    for row in matrix.each() if matrix is not None else ():
        product = 1
        for _key, value in row.pairs():
            product = min(product * max(len(value.each()), 1), 256)
        rows += product
    return max(rows, 1), {"matrix": rows} if rows > 1 else {}


def _always(rules: Node | None, word: str) -> bool:
    """Whether every rule that can let the job in has this ``when``."""
    words = [text(rule.get("when")) for rule in rules.items] if rules is not None else []
    live = [w for w in words if w != "never"]
    return bool(live) and all(w == word for w in live)


def _allowed(rules: Node | None) -> bool:
    """Whether every rule that can let the job in lets it fail too."""
    live = [rule for rule in (rules.items if rules is not None else ()) if text(rule.get("when")) != "never"]
    return bool(live) and all(_permits(rule.get("allow_failure")) for rule in live)


def _permits(allowed: Node | None) -> bool:
    """Whether ``allow_failure`` says yes, or names the exit code of a failed check."""
    codes = strings(allowed.get("exit_codes")) if allowed is not None and allowed.kind == "map" else ()
    return truth(allowed) or "1" in codes


def _dead(when: str, rules: Node | None, only: Node | None, but: Node | None) -> str:
    if when == "never":
        return "when: never"
    if rules is not None and rules.items and all(text(rule.get("when")) == "never" for rule in rules.items):
        return "rules: never"
    if rules is not None and rules.kind == "list" and not rules.items:
        return "rules: none"
    if only is not None and any(name in ("never", "nothing") for name in strings(only)):
        return "only: never"
    if but is not None and {"branches", "tags"} <= set(strings(but)) and "merge_requests" not in strings(only):
        return "except: everything"
    return ""

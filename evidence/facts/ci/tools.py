"""Which command is what: ``classify`` answers for one command, ``action_words`` turns a ready-made step into one."""

from __future__ import annotations

import re

from msgspec import Struct

from evidence.facts.ci.action_table import ACTIONS, DEFAULTS
from evidence.facts.ci.deploy_names import deploys_by_name, names_deployment
from evidence.facts.ci.programs import program
from evidence.facts.ci.records import Action
from evidence.facts.ci.tool_table import PROGRAMS
from evidence.patterns import regex


class Verdict(Struct, frozen=True):
    """What a command is: the tool's name, what it is for, and why its failure would not count ("" when it does)."""

    tool: str
    kinds: tuple[str, ...]
    muted: str = ""


NOTHING = Verdict("", ())
# ``python -m package.tests.functional``: a module among the tests.
_TEST_MODULE = regex(r"(?:\w{1,60}\.){0,5}tests?\.[\w.]{1,100}(?<!\.(?:py|sh|js|ts))|(?:\w{1,60}\.){1,5}tests?")

# Options that only pytest knows: a team's own word for it, in a container or a script, hands them on.
_OF_PYTEST = ("--junitxml=", "--junit-xml=", "--cov=", "--cov-report=", "--cov-report")

_NO_FAILURE = ("--exit-zero", "--exit-zero-even-if-changed", "--passWithNoTests=force")
_ONLY_LISTS = ("--collect-only", "--co", "--fixtures", "--markers", "--setup-plan", "--setup-only", "--listTests")
_ONLY_TELLS = ("--version", "--help", "-V", "--show-settings", "--show-files")
_REHEARSALS = ("--dry-run", "--dry-run=client", "--dry-run=server", "--noop")
_SMOKE = regex(r"smoke|health[-_]?check|check[-_]?health|wait[-_]for[-_](?:deploy|healthy)", re.IGNORECASE)
_REMOTE = regex(r"(?:\S{1,80}@[^\s/]{1,120}|[$\w{}.-]{2,80}):(?:[~/.$\w{].{0,200})?")
_HOSTS = ("heroku", "dokku", "gigalixir", "piku", "clever-cloud", "azurewebsites", "scalingo", "platform.sh")
_MIRRORS_OF_HOSTS = ("heroku", "dokku", "production", "staging", "prod", "live", "gigalixir", "piku", "clever")


def classify(words: tuple[str, ...]) -> Verdict:
    """The verdict on a command whose wrappers are already gone (the first word is the program)."""
    if not words:
        return NOTHING
    tool = program(words[0])
    rest = words[1:]
    special = _SPECIAL.get(tool)
    kinds = special(rest) if special else _uses(tool, rest)
    if not kinds and tool not in PROGRAMS and deploys_by_name(words):
        kinds = ("deploy",)
    if not kinds and _TEST_MODULE.fullmatch(tool):
        kinds = ("test",)
    if not kinds and tool not in PROGRAMS and any(w.startswith(_OF_PYTEST) for w in rest):
        kinds = ("test",)
    kinds = tuple(k for k in kinds if k)
    if not kinds:
        return NOTHING
    return Verdict(tool, kinds, _muted(tool, kinds, rest))


def _uses(tool: str, rest: tuple[str, ...]) -> tuple[str, ...]:
    for use in PROGRAMS.get(tool, ()):
        if all(_occurs(need, rest) for need in use.needs) and not set(use.lacks) & set(rest):
            return use.kinds
    return ()


def _occurs(need: str, rest: tuple[str, ...]) -> bool:
    """Whether a word stands among the arguments; options also with a value after ``=``."""
    if need.startswith("-") or need.endswith(":"):
        return any(
            word == need or word.startswith((need + "=", need if need.endswith(":") else need + "=")) for word in rest
        )
    return need in rest or (len(need) > 6 and any(need in word for word in rest if not word.startswith("-")))


def _muted(tool: str, kinds: tuple[str, ...], rest: tuple[str, ...]) -> str:
    given = {word.partition("=")[0] for word in rest}
    if found := next((f for f in _ONLY_LISTS if f in given and {"test", "test-other"} & set(kinds)), ""):
        return f"{found} runs no test"
    if found := next((f for f in _ONLY_TELLS if f in given), ""):
        return f"{found} checks nothing"
    if found := next((f for f in _NO_FAILURE if f in given), ""):
        return f"{found} never fails"
    if tool == "pylint" and "--fail-under=0" in rest:
        return "--fail-under=0 never fails"
    if found := next((f for f in _REHEARSALS if f in rest and "deploy" in kinds), ""):
        return f"{found} ships nothing"
    return ""


def _git(rest: tuple[str, ...]) -> tuple[str, ...]:
    """``git push`` to a host that deploys what it is given."""
    if "push" not in rest:
        return ()
    targets = [w for w in rest[rest.index("push") + 1 :] if not w.startswith("-")]
    where = targets[0].lower() if targets else ""
    hosted = any(name in where for name in _HOSTS)
    return ("deploy",) if hosted or where in _MIRRORS_OF_HOSTS else ()


def _curl(rest: tuple[str, ...]) -> tuple[str, ...]:
    """A request is a probe, unless it goes to a deploy hook."""
    joined = " ".join(rest).lower()
    hooks = (
        "deploy_hook",
        "deploy-hook",
        "api.render.com/deploy",
        "deployhook",
        "deploy_webhook",
        "deploy-webhook",
        "webhook_deploy",
        "/api/v1/deploy",
        "deploy_url",
        "/deploy?",
        "render_hook",
        "portainer_webhook",
        "portainer_hook",
        "/api/stacks/webhooks/",
        "coolify_webhook",
        "api.heroku.com/apps",
        "redeploy",
    )
    reloads = "pythonanywhere" in joined and "/reload" in joined
    return ("deploy",) if reloads or any(h in joined for h in hooks) else ("probe",)


_NEW_THERE = ("deploy", "pull", "restart", "systemctl", "docker run", "up -d", "migrate", "git ", "release", "update")


def _aws(rest: tuple[str, ...]) -> tuple[str, ...]:
    """Verbs that ship; a command sent to a machine only where it puts something new there."""
    kinds = _uses("aws", rest)
    sent = "send-command" in rest and "ssm" in rest
    return () if sent and not any(a in " ".join(rest).lower() for a in _NEW_THERE) else kinds


def _copies_to_host(rest: tuple[str, ...]) -> tuple[str, ...]:
    """scp and rsync ship when what they copy to is on a host (``user@host:path``, ``$SERVER:path``)."""
    named = [w for w in rest if not w.startswith("-")]
    remote = [w for w in named if "@" in w and ":" in w] or [w for w in named[-1:] if _REMOTE.fullmatch(w)]
    return ("deploy",) if remote and "://" not in remote[-1] else ()


def _ssh(rest: tuple[str, ...]) -> tuple[str, ...]:
    words = [w for w in rest if not w.startswith("-")]
    joined = " ".join(words).lower()
    acts = ("deploy", "docker", "pull", "restart", "systemctl", "compose", "git ", "supervisorctl", "migrate")
    return ("deploy",) if len(words) > 1 and any(a in joined for a in acts) else ()


def _python(rest: tuple[str, ...]) -> tuple[str, ...]:
    """``python x.py``: a file named like tests runs tests; ``setup.py test`` and ``upload`` are what they say."""
    words = [w for w in rest if not w.startswith("-")]
    if not words:
        return ()
    name = program(words[0])
    if name == "setup.py":
        return ("test",) if "test" in words or "pytest" in words else ("publish",) if "upload" in words else ()
    if name == "manage.py" and words[1:2] in (["test"], ["tests"]):
        return ("test",)
    if not name.endswith(".py"):
        return ()
    if name.startswith(("test_", "tests.", "test.", "run_tests", "runtests")) or name.endswith("_test.py"):
        return ("test",)
    if deploys_by_name(("python", words[0])):
        return ("rollback",) if "rollback" in words[1:] else ("deploy",)
    return ("probe",) if _SMOKE.search(name) else ()


_SPECIAL = {
    "aws": _aws,
    "git": _git,
    "curl": _curl,
    "scp": _copies_to_host,
    "rsync": _copies_to_host,
    "ssh": _ssh,
    "python": _python,
}


# An organisation's own action says in its name and inputs that it ships images.
_SHIPS_IMAGES = regex(
    r"(?:docker|container|image)s?-(?:\w{1,20}-)?(?:push|publish|release|deploy|ci)"
    r"|(?:push|publish|release|deploy)-(?:\w{1,20}-)?(?:docker|container|image)"
)
# Anybody's action that runs a command on a host.
_SSH = regex(
    r"(?:^|[/_-])(?:ssh|remote)(?:[-_](?:action|command|exec|execute|pipeline|remote|run|commands?)){1,3}$|-ssh$"
)
_COMMANDS = regex(r"command|script|^run$|^exec", re.IGNORECASE)
_LONGEST = 4_000
_OF_IMAGES = regex(r"registry|username|push|image", re.IGNORECASE)


def action_words(action: Action) -> tuple[str, ...]:
    """The command that an action stands for; () for one that is not known to run anything of interest."""
    name = action.name.lower().removeprefix("docker://").removeprefix("docker.io/")
    template = ACTIONS.get(name) or ACTIONS.get("/".join(name.split("/")[:2])) or _task(name, action)
    if not template and _SSH.search(name):
        return ("ssh", "host", " ".join(v for k, v in sorted(action.inputs.items()) if _COMMANDS.search(k))[:_LONGEST])
    if not template and not name.startswith("actions/") and names_deployment(name):
        return ("deploy", name)
    if not template and _SHIPS_IMAGES.search(name) and any(_OF_IMAGES.search(key) for key in action.inputs):
        return ("docker", "push", name)
    if not template or (name == "restyled-io/actions/run" and action.inputs.get("fail-on-differences") != "true"):
        return ()
    if (
        name == "psf/black"
        and "options" in action.inputs
        and not {"--check", "--diff"} & set(action.inputs["options"].split())
    ):
        template = "black {options}"
    if name == "pypa/gh-action-pypi-publish" and "test.pypi" in str(action.inputs):
        return ()
    defaults = DEFAULTS.get(name, {})
    words: list[str] = []
    for word in template.split():
        before, brace, rest = word.partition("{")
        if not brace:
            words.append(word)
            continue
        key, _, after = rest.partition("}")
        value = action.inputs.get(key, defaults.get(key, ""))
        words.extend(_filled(before, value, after))
    return tuple(words)


def _filled(before: str, value: str, after: str) -> list[str]:
    """An option that is switched off or not given disappears; a bare placeholder becomes its words."""
    if before.endswith("="):
        name = before[:-1]
        off = value.lower() in ("", "false", "0", "no")
        return [] if off else [name, f"{name}={value}"]
    return [f"{before}{value}{after}"] if before or after else value.split()[:400]


def _task(name: str, action: Action) -> str:
    """Azure tasks that say in an input what they do."""
    if name == "docker" and action.inputs.get("command", "buildAndPush").lower() in ("buildandpush", "push"):
        return "docker push"
    if name == "dockercompose" and "push" in action.inputs.get("action", "").lower():
        return "docker push"
    if name == "azurecli":
        return ""
    return ""

"""What pipelines look like once the differences between CI systems are taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from evidence.facts.python.records import Module
from evidence.facts.records import Commands, Data, Dockerfile, Text
from evidence.facts.shell.lines import Simple
from evidence.patterns import regex

_TRIAL_ACTIONS = regex(r"/(?:setup-)?(?:minikube|kind|k3d|k3s|microk8s)(?![a-z])|actions-k3s|microk8s-actions")
_TRIALS = regex(
    r"(?:sudo )?(?:minikube start|kind create|k3d cluster create|ctlptl create|microk8s (?:start|enable))\b"
)

#: Triggers that follow a change of the code; the others are tag, release, schedule, manual, call, after and other.
CHANGE_TRIGGERS = frozenset({"push", "pull_request"})


class CiInputs(Struct, frozen=True):
    """The facts of one snapshot that pipelines are made of, by path."""

    data: Mapping[str, Data]
    commands: Mapping[str, Commands]
    texts: Mapping[str, Text]
    python: Mapping[str, Module]
    paths: frozenset[str]
    dockerfiles: Mapping[str, Dockerfile] = field(default_factory=dict)
    #: Answers that are asked for again and again (parsed scripts, commands by name); filled by whoever asks first.
    kept: dict[str, Any] = field(default_factory=dict)


class Place(Struct, frozen=True, order=True):
    """Lines of a file: 1-based, inclusive."""

    path: str
    start: int
    end: int


class Action(Struct, frozen=True):
    """A ready-made step named by its reference: a GitHub action, a CircleCI orb command, an Azure task, a Travis
    provider.

    ``name`` has no version; ``version`` is what stands after ``@``; ``inputs`` are its parameters as text.
    """

    name: str
    version: str
    line: int
    inputs: dict[str, str] = {}


class Step(Struct, frozen=True):
    """One step of a job: commands, or an action. ``path`` is the file it is written in (a composite action's or a
    template's, not always its job's); ``via`` the places that lead there, outermost first.

    ``directory`` is where it runs, relative to the repository ("" at the root). ``cannot_fail`` and ``dead`` say why
    its failure has no effect, or why it never runs ("" otherwise).
    """

    name: str
    path: str
    start: int
    end: int
    commands: tuple[Simple, ...] = ()
    action: Action | None = None
    condition: str = ""
    directory: str = ""
    cannot_fail: str = ""
    dead: str = ""
    env: dict[str, str] = {}
    via: tuple[Place, ...] = ()


class Service(Struct, frozen=True):
    """A container started beside a job: its image (name and tag as written) and where it is written."""

    image: str
    place: Place


class Permissions(Struct, frozen=True):
    """What a workflow or job may do with its token. ``grants`` are (scope, access) pairs; an empty tuple grants
    nothing."""

    grants: tuple[tuple[str, str], ...]
    place: Place

    @property
    def writes(self) -> tuple[str, ...]:
        """Scopes with write access; ``*`` for all of them."""
        return tuple(scope for scope, access in self.grants if access == "write")


class Job(Struct, frozen=True):
    """One job. ``instances`` is how many copies of it run (matrix, shards); ``matrix`` maps an axis to how many
    values it has, ``values`` the values themselves where they are plain. ``environment`` names the deployment
    environments it declares. ``manual`` means a person starts or approves it. ``allowed_to_fail`` and ``dead`` give
    reasons as in :class:`Step`."""

    name: str
    path: str
    start: int
    end: int
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()
    instances: int = 1
    matrix: dict[str, int] = {}
    matrix_place: Place | None = None
    values: dict[str, tuple[str, ...]] = {}
    services: tuple[Service, ...] = ()
    image: str = ""
    conditions: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    stage: str = ""
    manual: bool = False
    allowed_to_fail: str = ""
    dead: str = ""
    permissions: Permissions | None = None
    caches: tuple[Place, ...] = ()
    checks_out_other: bool = False
    via: tuple[Place, ...] = ()

    @property
    def place(self) -> Place:
        """Where the job is written."""
        return Place(self.path, self.start, self.end)

    @property
    def on_trial(self) -> bool:
        """Whether the job makes a cluster of its own to try manifests on: it is gone when the job ends."""
        return any(
            (step.action is not None and _TRIAL_ACTIONS.search(step.action.name))
            or any(_TRIALS.match(" ".join(c.words[:4])) for c in step.commands)
            for step in self.steps
        )


class Pipeline(Struct, frozen=True):
    """One pipeline: a workflow file, or all of a system's configuration. ``root`` is the folder that its relative paths
    start from ("" but for templates of repositories). ``triggers`` are normalised (see ``CHANGE_TRIGGERS``);
    ``filters`` are the places that limit it to certain paths. ``dead`` says why nothing can start it. ``choices`` are
    the values that who starts it by hand may choose from."""

    path: str
    system: str
    jobs: tuple[Job, ...]
    triggers: tuple[str, ...]
    trigger_place: Place
    root: str = ""
    permissions: Permissions | None = None
    filters: tuple[Place, ...] = ()
    dead: str = ""
    stages: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def on_change(self) -> bool:
        """Whether a push or a pull request starts it."""
        return not self.dead and bool(CHANGE_TRIGGERS & set(self.triggers))


class Resolved(Struct, frozen=True):
    """What a command comes down to when Makefile targets, scripts and environments are followed. ``chain`` leads from
    the first command to the one that really runs; ``swallowed`` says why its failure is lost on the way."""

    words: tuple[str, ...]
    chain: tuple[Place, ...]
    swallowed: str = ""
    services: tuple[Service, ...] = ()


class CiRun(Struct, frozen=True):
    """One command that a pipeline runs, all indirection followed. ``kinds`` tell what the tool is for (test, lint,
    format, type, deploy...; see ``tools``), ``tool`` its name. ``muted`` says why it proves nothing when it fails."""

    pipeline: Pipeline
    job: Job
    step: Step
    words: tuple[str, ...]
    tool: str
    kinds: tuple[str, ...]
    chain: tuple[Place, ...]
    muted: str = ""
    services: tuple[Service, ...] = ()

    @property
    def dead(self) -> str:
        """Why it never runs ("" when it does)."""
        return self.pipeline.dead or self.job.dead or self.step.dead

    @property
    def effective(self) -> bool:
        """It runs, and its failure fails the job."""
        return not self.dead and not self.muted

    @property
    def place(self) -> Place:
        """Where the pipeline says so: the lines of the step (or of the command in it)."""
        return self.chain[0]

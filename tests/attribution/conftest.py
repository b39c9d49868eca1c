"""What the tests of attribution share: a story to tell, and the attribution of everything in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.attribution import Attribution, Origins, Seen, Skeletons, Squashes
from evidence.facts.people import Candidate, People, find, found_aside
from evidence.facts.project import Project
from evidence.model import Account, Changes, Ledger, Share, Signal, Site, Sites
from evidence.source import OpenRepository, open_source
from tests.attribution.telling import Story

SIGNAL = Signal(
    id="test.line", title="A line", competency="", seeds=(), counts="", strong="", not_credited="",
    clauses=("defined",),
    defining=("defined",), practised=bool, sustained=lambda sites: len(sites) > 1, how_to_show="",
    statement=lambda sites: f"{len(sites)} lines.", measures=lambda sites: {"lines": len(sites)},
)  # fmt: skip


@dataclass
class Asked:
    """One candidate in one repository."""

    repository: OpenRepository
    project: Project
    candidate: Candidate
    attribution: Attribution
    ledger: Ledger
    sites: Sites

    def shares(self) -> dict[Site, Share]:
        """The share of every line of every file."""
        return {site: share for site in self.sites if (share := self.attribution.share(site)) is not None}

    def text(self, site: Site) -> str:
        """The line that a site cites."""
        oid = next(b.oid for b in self.project.blobs if b.path == site.path)
        return (
            next(content for _, content in self.repository.snapshot.read([oid])).decode().splitlines()[site.start - 1]
        )

    def agreement(self, name: str) -> float:
        """The part of all lines of which the share says what the line itself says of its writer."""
        shares = self.shares()
        assert set(shares) == set(self.sites)
        right = [(share.high == 1.0) == self.text(site).lstrip().startswith(name) for site, share in shares.items()]
        return sum(right) / len(right)


Ask = Callable[..., Asked]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """An empty story."""
    return Story(tmp_path / "repository")


@pytest.fixture
def ask() -> Iterator[Ask]:
    """``ask(folder, "ada@example.org")``: the attribution of all lines to that candidate."""
    with ExitStack() as stack:

        def asked(folder: Path, *values: str, links: dict[str, str] | None = None, **origins: object) -> Asked:
            ledger = Ledger()
            repository = stack.enter_context(open_source(str(folder), ledger=ledger))
            told = {sha: Account(login) for sha, login in (links or {}).items()}
            changes = Changes(host="github.com", committers=told) if told else None
            project = Project(repository.snapshot.blobs, {}, repository.history(), changes=changes)
            squashes = Squashes(repository.blame, project.people.commits)
            candidate = found_aside(find(project.people, values), project.people, values, lambda: People(squashes.all))

            def content(path: str) -> bytes | None:
                place = (repository.commit, path)
                return repository.blame.contents([place]).get(place)

            attribution = Attribution(
                candidate,
                project,
                repository.blame,
                repository.commit,
                ledger,
                Origins(project, skeletons=Skeletons(content), **origins),  # type: ignore[arg-type]
            )
            sites = Sites(
                Site(path=blob.path, start=number, end=number, clause="defined")
                for blob in project.blobs
                for _, content in repository.snapshot.read([blob.oid])
                for number in range(1, content.count(b"\n") + 1)
            )
            attribution.consider([Seen(SIGNAL, sites, tuple(sites))])
            attribution.settle(sites)
            return Asked(repository, project, candidate, attribution, ledger, sites)

        yield asked

"""What the API takes and gives, validated by pydantic; the OpenAPI document is made of these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from evidence.web.models import MOST as MOST_READ
from evidence.web.models import Scan, State
from evidence.web.naming import Named, part_name, scan_candidate, scan_says, scan_sources

ID = r"^[A-Za-z0-9_-]{22}$"
Id = Annotated[str, StringConstraints(pattern=ID)]
MOST = 200
Address = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Paging(BaseModel):
    """Which part of a list: ``limit`` entries after the first ``offset``."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=MOST)
    offset: int = Field(default=0, ge=0, le=1_000_000)


class NewScan(BaseModel):
    """What to scan into one digest: addresses of repositories, branches, commits, changes, people or groups.

    Of a person's or group's page, at most ``most`` repositories are read, those that match one of ``include`` and none
    of ``exclude`` (globs over owner/name)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sources: list[Address] = Field(min_length=1, max_length=20, examples=[["https://github.com/owner/name"]])
    most: int = Field(default=MOST_READ, ge=1, le=100)
    include: list[Glob] = Field(default=[], max_length=20)
    exclude: list[Glob] = Field(default=[], max_length=20)
    candidate: str | None = Field(default=None, min_length=1, max_length=200)
    profile: str | None = Field(default=None, min_length=1, max_length=100)
    anew: bool = Field(default=False, description="Scan even if this commit has been read before.")


class Stage(BaseModel):
    """A stage that is done: its steps and the seconds it took; ``part`` tells which of several sources it was of."""

    part: str
    name: str
    count: int
    total: int | None
    seconds: float


class ScanRecord(BaseModel):
    """Where a scan stands. ``digest`` is the id of its result, once there is one."""

    id: Id
    sources: list[str]
    candidate: str | None
    profile: str | None
    state: State
    part: str
    stage: str
    count: int
    total: int | None
    stages: list[Stage]
    warnings: list[str]
    sentence: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    digest: Id | None

    @classmethod
    def of(cls, scan: Scan) -> ScanRecord:
        """The record as this visitor may see it."""
        sentence, warnings = scan_says(scan)
        same = ("id", "profile", "stage", "count", "total", "created", "started", "finished")
        return cls(
            **{name: getattr(scan, name) for name in same},
            sources=scan_sources(scan),
            candidate=scan_candidate(scan) or None,
            state=scan.status,
            part=part_name(scan, scan.part),
            stages=[Stage(**{**stage, "part": part_name(scan, stage["part"])}) for stage in scan.stages],
            sentence=sentence,
            warnings=warnings,
            digest=scan.digest_id,
        )


class DigestRecord(BaseModel):
    """A stored digest, without its content. Where ``anonymous``, names are pseudonyms and the commit is empty."""

    id: Id
    name: str
    candidate: str | None
    profile: str | None
    commit: str
    committed: str
    complete: bool
    anonymous: bool
    asked_by: str
    created: datetime
    expires: datetime | None

    @classmethod
    def of(cls, each: Named) -> DigestRecord:
        """The record as this visitor may see it."""
        stored = each.stored
        same = ("id", "profile", "committed", "complete", "asked_by", "created", "expires")
        return cls(
            **{name: getattr(stored, name) for name in same},
            name=each.name,
            candidate=each.candidate,
            commit=each.commit,
            anonymous=each.anonymous,
        )


class ScanList(BaseModel):
    """Scans, the latest first."""

    items: list[ScanRecord]


class DigestList(BaseModel):
    """Digests by the date they were made, the latest first: never by what was found."""

    items: list[DigestRecord]


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str

"""What an operator may set: by option of ``evidence serve``, or by environment as ``EVIDENCE_WEB_<NAME>``."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from msgspec.structs import replace
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from evidence.model import UsageError
from evidence.source.address import Places
from evidence.source.places import places_of

PREFIX = "EVIDENCE_WEB_"
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Validated once, at the start. Lists are written with commas. Durations are seconds or days, as their names say.

    Whoever listens beyond this machine must say who may come in: ``access_secret``, or the three ``oidc_`` settings.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)
    threads: int = Field(default=24, ge=4, le=256)
    https: bool = False
    proxies: int = Field(default=0, ge=0, le=4)
    trusted_hosts: Words = ()

    data: Path = Field(default_factory=lambda: user_data_path("evidence"))
    database: SecretStr | None = None
    secret_key: SecretStr | None = Field(default=None, min_length=32)

    access_secret: SecretStr | None = Field(default=None, min_length=16)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_allowed: Words = ()
    session_hours: int = Field(default=12, ge=1, le=24 * 30)

    forges: Words = ()
    allowed_hosts: Words = ()
    insecure_hosts: Words = ()

    parallel_scans: int = Field(default_factory=lambda: max(1, (os.cpu_count() or 2) // 2), ge=1, le=64)
    parse_workers: int = Field(default=2, ge=1, le=64)
    scan_seconds: int = Field(default=1800, ge=5)
    scan_memory_mib: int = Field(default=4096, ge=512)
    scan_niceness: int = Field(default=10, ge=0, le=19)
    queue: int = Field(default=20, ge=1)
    queue_per_person: int = Field(default=6, ge=1)
    links_at_once: int = Field(default=5, ge=1, le=20)
    portfolio: int = Field(default=20, ge=1, le=100)

    keep_days: int = Field(default=30, ge=1, le=3650)
    share_days: int = Field(default=14, ge=1, le=365)
    anonymise: bool | None = None

    rate_pages: str = "600 per minute"
    rate_scans: str = "30 per hour"
    rate_sign_in: str = "10 per minute"
    rate_storage: str = "memory://"

    @field_validator("trusted_hosts", "oidc_allowed", "forges", "allowed_hosts", "insecure_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        oidc = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(oidc) and not all(oidc):
            raise ValueError("sign-in by OIDC takes oidc_issuer, oidc_client_id and oidc_client_secret together")
        if all(oidc) and not self.oidc_allowed:
            raise ValueError("sign-in by OIDC takes oidc_allowed: addresses, or @domains, that may come in")
        if not self.team and not _is_loopback(self.host):
            raise ValueError(
                f"listening on {self.host} lets others in: set an access secret (access_secret) or sign-in by OIDC"
            )
        return self

    @property
    def oidc(self) -> bool:
        """Whether people sign in with an identity provider."""
        return self.oidc_issuer is not None

    @property
    def team(self) -> bool:
        """Whether this is a server for several people, who have to say who they are."""
        return self.access_secret is not None or self.oidc

    @property
    def anonymous_first(self) -> bool:
        """Whether a digest is read without names until somebody reveals them."""
        return self.team if self.anonymise is None else self.anonymise

    @property
    def places(self) -> Places:
        """Where repositories may come from. Never a local folder."""
        places = places_of(self.forges, self.insecure_hosts, local=False)
        if not self.allowed_hosts:
            return places
        return replace(places, hosts={name: kind for name, kind in places.hosts.items() if name in self.allowed_hosts})

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the database: SQLite in the data folder unless another is named."""
        if self.database is None:
            return f"sqlite:///{self.data / 'web.sqlite3'}"
        url = self.database.get_secret_value()
        scheme, colon, rest = url.partition(":")
        return f"postgresql+psycopg{colon}{rest}" if scheme in ("postgres", "postgresql") else url

    @property
    def host_names(self) -> tuple[str, ...] | None:
        """Names under which this server may be asked; None for any. On loopback it keeps other sites' names out."""
        return self.trusted_hosts or (None if self.team else _LOCAL)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(given: Mapping[str, Any]) -> Settings:
    """Settings from the environment and ``given``, which wins. Raises UsageError, one sentence, where one is wrong."""
    try:
        settings = Settings(**given)
        settings.places  # noqa: B018 - a host that is none is told at the start
        return settings
    except RuntimeError:
        raise UsageError("There is no home folder to keep data in: name a folder with --data, or set HOME.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = "_".join(str(part) for part in first["loc"])
        reason = str(first["msg"]).removeprefix("Value error, ")
        where = f"{PREFIX}{name.upper()}: " if name else ""
        raise UsageError(f"The settings cannot be used: {where}{reason[:1].lower()}{reason[1:]}.") from None

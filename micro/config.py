"""Every setting: its name, unit and default. Nothing else in micro reads the environment.

An unknown ``MICRO_*`` variable or a bad value stops the start with one clear line, because a setting that is
silently ignored is found out on the day it was needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

# Variables that begin with MICRO_ and belong to somebody else: the tests and scripts.
NOT_SETTINGS = frozenset({"MICRO_REAL_DATA", "MICRO_VENV", "MICRO_SCREENS", "MICRO_TEST_POSTGRES"})
UNPREFIXED = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL")


class BadSetting(Exception):
    """A setting is unknown or has a value that cannot be used. ``str()`` is the one line to print."""


def _setting(variable: str, about: str, default: object) -> Any:
    return field(default=default, metadata={"variable": variable, "about": about})


@dataclass(frozen=True)
class Settings:
    """All settings of one process; made by :meth:`from_env`, never changed afterwards."""

    data_folder: Path = _setting(
        "MICRO_DATA", "the one folder of everything embedded: database, files, secret", Path("var")
    )
    database_url: str = _setting("DATABASE_URL", "a SQLAlchemy address; empty: SQLite in MICRO_DATA", "")
    redis_url: str = _setting("REDIS_URL", "redis:// or unix://; empty: the Valkey embedded in `micro up`", "")
    storage_url: str = _setting(
        "STORAGE_URL", "file:///folder or s3://KEY:SECRET@host/bucket; empty: files in MICRO_DATA", ""
    )
    host: str = _setting("MICRO_HOST", "the address that the web server listens on", "127.0.0.1")
    port: int = _setting("MICRO_PORT", "its port, 1 to 65535", 8000)
    base_url: str = _setting(
        "MICRO_BASE_URL", "the public address, for links in mails and releases; empty: host and port", ""
    )
    trusted_proxies: int = _setting("MICRO_TRUSTED_PROXIES", "how many proxies in front set X-Forwarded-*, 0 to 5", 0)
    secret_key: str = _setting(
        "MICRO_SECRET_KEY", "signs cookies and links; empty: made once, in MICRO_DATA/secret", ""
    )
    mail_url: str = _setting(
        "MICRO_MAIL_URL", "console: prints mails; smtp://user:pass@host:port or smtps:// sends them", "console:"
    )
    mail_from: str = _setting("MICRO_MAIL_FROM", "the sender of mails", "micro <micro@localhost>")
    operator: str = _setting("MICRO_OPERATOR", "who runs the site, as the public pages name them", "")
    contact: str = _setting("MICRO_CONTACT", "the e-mail address that the public pages name for questions", "")
    web_processes: int = _setting("MICRO_WEB_PROCESSES", "web server processes, 1 to 64", 2)
    web_threads: int = _setting("MICRO_WEB_THREADS", "threads in each of them, 1 to 64", 4)
    lease_s: int = _setting("MICRO_LEASE_S", "how long a task is lent without activity, in seconds, 60 to 86400", 1800)
    open_leases: int = _setting("MICRO_OPEN_LEASES", "tasks that one volunteer may hold at once, 1 to 100", 10)
    open_leases_anonymous: int = _setting(
        "MICRO_OPEN_LEASES_ANONYMOUS", "the same for a visitor without an account, 1 to 100", 3
    )
    scan_megapixels: int = _setting(
        "MICRO_SCAN_MEGAPIXELS", "the largest scan that is taken in, in millions of pixels, 1 to 2000", 200
    )
    upload_megabytes: int = _setting(
        "MICRO_UPLOAD_MEGABYTES", "the largest upload in one request, in millions of bytes, 1 to 10000", 512
    )
    tiles_gigabytes: int = _setting(
        "MICRO_TILES_GIGABYTES",
        "how much of the storage tiles of scans may take, in billions of bytes, 1 to 100000",
        20,
    )
    sign_in_tries: int = _setting(
        "MICRO_SIGN_IN_TRIES", "failed sign-ins in 15 minutes before an address must wait, 1 to 1000", 10
    )
    demo: bool = _setting("MICRO_DEMO", "1: make the demo accounts and projects; refused beyond 127.0.0.1", False)
    log_level: str = _setting("MICRO_LOG_LEVEL", "debug, info, warning or error", "info")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Settings from environment variables. Raises BadSetting for an unknown name or a bad value."""
        environ = os.environ if environ is None else environ
        known = {f.metadata["variable"]: f for f in fields(cls)}
        for name in environ:
            if name.startswith("MICRO_") and name not in known and name not in NOT_SETTINGS:
                raise BadSetting(f"unknown setting {name}; docs/operator.md lists them all")
        values = {
            f.name: _parse(variable, environ[variable], f.default)
            for variable, f in known.items()
            if environ.get(variable, "") != ""
        }
        return cls(**values).checked()  # type: ignore[arg-type]

    def checked(self) -> Settings:
        """These settings when every value is in its range; raises BadSetting otherwise."""
        for name, least, most in RANGES:
            value = getattr(self, name)
            if not least <= value <= most:
                raise BadSetting(f"{_variable(name)} must be between {least} and {most}, not {value}")
        if self.contact and "@" not in self.contact:
            raise BadSetting(f"MICRO_CONTACT must be an e-mail address, not {self.contact!r}")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise BadSetting(f"MICRO_LOG_LEVEL must be debug, info, warning or error, not {self.log_level!r}")
        for name, schemes in SCHEMES:
            value = getattr(self, name)
            if value and _scheme(value) not in schemes:
                raise BadSetting(
                    f"{_variable(name)} must be an address that begins with {', '.join(s + ':' for s in schemes)}"
                )
        if self.demo and not self.is_local:
            raise BadSetting("MICRO_DEMO makes accounts with known passwords and is refused beyond 127.0.0.1")
        return self

    @property
    def folder(self) -> Path:
        """The data folder as an absolute path."""
        return self.data_folder.expanduser().absolute()

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the site: no other address, public address or proxy is named."""
        public = urlsplit(self.base_url).hostname or "127.0.0.1"
        return {self.host, public} <= LOOPBACK and not self.trusted_proxies

    @property
    def database(self) -> str:
        """The SQLAlchemy address that is really used; PostgreSQL always through psycopg 3."""
        if not self.database_url:
            return f"sqlite:///{quote(str(self.folder / 'micro.db'))}"
        for old in ("postgres://", "postgresql://"):
            if self.database_url.startswith(old):
                return "postgresql+psycopg://" + self.database_url.removeprefix(old)
        return self.database_url

    @property
    def redis(self) -> str:
        """Where the queue is. The embedded one writes its socket's address into MICRO_DATA/queue-address."""
        if self.redis_url:
            return self.redis_url
        address = self.folder / "queue-address"
        return address.read_text().strip() if address.is_file() else ""

    @property
    def storage(self) -> str:
        """The storage address that is really used."""
        return self.storage_url or f"file://{quote(str(self.folder / 'files'))}"

    @property
    def public_url(self) -> str:
        """The public base address, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
RANGES = (
    ("port", 1, 65535),
    ("trusted_proxies", 0, 5),
    ("web_processes", 1, 64),
    ("web_threads", 1, 64),
    ("lease_s", 60, 86400),
    ("open_leases", 1, 100),
    ("open_leases_anonymous", 1, 100),
    ("scan_megapixels", 1, 2000),
    ("upload_megabytes", 1, 10000),
    ("tiles_gigabytes", 1, 100_000),
    ("sign_in_tries", 1, 1000),
)
SCHEMES = (
    ("database_url", ("sqlite", "postgres", "postgresql", "postgresql+psycopg")),
    ("redis_url", ("redis", "rediss", "unix")),
    ("storage_url", ("file", "s3", "s3+http")),
    ("base_url", ("http", "https")),
    ("mail_url", ("console", "smtp", "smtps")),
)


def _scheme(address: str) -> str:
    """The scheme of an address, empty when the address cannot be read."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # Read only to be checked.
        return parts.scheme
    except ValueError:
        return ""


def _variable(name: str) -> str:
    return next(str(f.metadata["variable"]) for f in fields(Settings) if f.name == name)


def _parse(variable: str, text: str, default: object) -> object:
    match default:
        case bool():
            if text not in ("0", "1"):
                raise BadSetting(f"{variable} must be 0 or 1, not {text!r}")
            return text == "1"
        case int():
            try:
                return int(text)
            except ValueError:
                raise BadSetting(f"{variable} must be a whole number, not {text!r}") from None
        case Path():
            return Path(text)
        case _:
            return text

"""The house, opened: settings, database and adapters, wired once for the web, the jobs and the command."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from micro.adapters.images import PillowImages, PillowTiles
from micro.adapters.mail import open_mail
from micro.adapters.once import FileOnce
from micro.adapters.passwords import Argon2Passwords
from micro.adapters.queue import RqJobs
from micro.adapters.storage import open_storage
from micro.config import Settings
from micro.core.ports import Images, Mail, Once, PasswordHasher, Queue, Storage, Tiles
from micro.data.database import Database


def utc_now() -> datetime:
    """The clock of the running system."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """Everything that a use case may be handed."""

    settings: Settings
    database: Database
    storage: Storage
    images: Images
    tiles: Tiles
    once: Once
    queue: Queue
    mail: Mail
    passwords: PasswordHasher
    secret: str
    clock: Callable[[], datetime] = utc_now


def open_house(settings: Settings, clock: Callable[[], datetime] = utc_now) -> House:
    """Opens everything that the settings name; makes the data folder and the secret when they are missing."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # Its progress says nothing to whoever runs micro.
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return House(
        settings=settings,
        database=Database(settings.database),
        storage=open_storage(settings.storage),
        images=PillowImages(settings.scan_megapixels),
        tiles=PillowTiles(settings.scan_megapixels),
        once=FileOnce(settings.folder / "at-work"),
        queue=RqJobs(settings.redis),
        mail=open_mail(settings.mail_url, settings.mail_from),
        passwords=Argon2Passwords(),
        secret=settings.secret_key or kept_secret(settings),
        clock=clock,
    )


def kept_secret(settings: Settings) -> str:
    """The secret in MICRO_DATA/secret, made at the first start with mode 0600; two first starts at once agree."""
    path = settings.folder / "secret"
    beside = settings.folder / f".secret-{os.getpid()}-{secrets.token_hex(4)}"
    if not path.exists():
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return path.read_text()

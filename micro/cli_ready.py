"""What every subcommand of ``micro`` begins with and says in one line."""

from __future__ import annotations

from micro.config import BadSetting, Settings
from micro.data.migrations import current_revision, newest_revision
from micro.house import House, open_house


def ready_house() -> House:
    """The house of the settings, its database in the form that this version needs; BadSetting otherwise."""
    house = open_house(Settings.from_env())
    if current_revision(house.database) != newest_revision(house.database):
        raise BadSetting("the database is not ready for this version; run: micro migrate")
    return house


def one_line(said: object) -> str:
    """The text without the line breaks that names of files and folders may have."""
    return " ".join(str(said).splitlines())

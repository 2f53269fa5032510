"""Where a simulation happens: a data folder of its own, a free port, settings that reach every process it starts."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import closing
from dataclasses import fields
from pathlib import Path

from micro.adapters.start_checks import CannotStart, only_one, prepare_folder
from micro.config import BadSetting, Settings

MARKER = "made-by-micro-simulate"


def own_settings(settings: Settings) -> Settings:
    """Settings for a simulation beside those of the real thing: everything embedded, nothing of the real data.

    Empties ``simulation`` in the data folder if an earlier simulation made it; BadSetting for anything else there.
    """
    folder = settings.folder / "simulation"
    try:
        prepare_folder(settings.folder)
        _empty(folder)
    except CannotStart as problem:
        raise BadSetting(str(problem)) from None
    return Settings(
        data_folder=folder,
        port=_free_port(),
        web_processes=settings.web_processes,
        web_threads=settings.web_threads,
        log_level="warning",
    ).checked()


def put_into_environment(settings: Settings) -> None:
    """The processes that are started read their settings from the environment: from here on it says just these."""
    for setting in fields(Settings):
        variable, value = setting.metadata["variable"], getattr(settings, setting.name)
        if value == setting.default:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = str(int(value)) if isinstance(value, bool) else str(value)


def _empty(folder: Path) -> None:
    if folder.exists() and not (folder / MARKER).is_file() and any(folder.iterdir()):
        raise BadSetting(f"{folder} was not made by a simulation, so it is not emptied; move it, or set MICRO_DATA")
    folder.mkdir(mode=0o700, exist_ok=True)
    with only_one(folder):  # Not under the feet of a simulation that runs.
        (folder / MARKER).touch()
        for path in folder.iterdir():
            if path.name in (MARKER, "lock"):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])

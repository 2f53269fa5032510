"""Fixtures for the tests of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.commanding import Micro


@pytest.fixture
def micro(tmp_path: Path, database_url: str) -> Micro:
    """The command on SQLite, and on PostgreSQL where a server is named."""
    return Micro(tmp_path, database_url)


@pytest.fixture
def embedded(tmp_path: Path) -> Micro:
    """The command on SQLite alone: for what is the same everywhere, and for backups, which are embedded only."""
    return Micro(tmp_path)

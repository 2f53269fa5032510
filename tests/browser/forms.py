"""The forms of tests/forms.py, served to a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from micro.data.models import Project
from micro.house import House
from tests.browser.test_tags import Served, serve


def served_with(
    folder: Path, kind: str, form: dict[str, Any], more: Callable[[Session, House, Project], None] | None = None
) -> Iterator[Served]:
    """A project of this form, and what else it needs."""
    for served in serve(folder, kind, form):
        if more is not None:
            with served.house.database.writing() as session:
                more(session, served.house, session.get_one(Project, served.cast.project.id))
        yield served

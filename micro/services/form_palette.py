"""The characters that a project puts below every text, for whoever has no key for them."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy.orm import Session

from micro.data.models import Project
from micro.errors import BadAnswer
from micro.services.assignments import current_setup
from micro.services.forms import change_setup

MOST = 40
LONGEST = 8


def set_palette(session: Session, project: Project, seen: int, typed: str, now: datetime) -> list[str]:
    """Makes the signs that were typed, blanks between them, the form's own; returns them, each once.

    Raises BadAnswer("palette"), and Conflict when the form changed meanwhile.
    """
    signs = list(dict.fromkeys(unicodedata.normalize("NFC", sign) for sign in typed.split()))
    if len(signs) > MOST or any(len(sign) > LONGEST or not sign.isprintable() for sign in signs):
        raise BadAnswer(
            "palette", "At most %(most)s characters, each of at most %(longest)s signs.", most=MOST, longest=LONGEST
        )
    setup = current_setup(session, project.id)
    if list(setup.body.get("palette", ())) != signs:
        change_setup(session, project, {**setup.body, "palette": signs}, now, seen)
    return signs

"""Commands that change something leave their lines in the log of acts, as the pages do; see services/acts.py.

The first transaction that changes something carries a line, so that a command that is killed half-way is in the log;
one that works in many transactions adds a line at its end that tells what came of it.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session

from micro.cli_ready import one_line
from micro.data.database import WATCH
from micro.data.models import Act
from micro.house import House
from micro.services.acts import COMMAND_LINE, Doing, made_act


class Command:
    """One command at work. ``result`` is what it says at its end: a few words by what they are about."""

    def __init__(self, house: House, verb: str) -> None:
        self.house, self.verb, self.result = house, verb, dict[str, str]()
        self.besides = {"system user": name} if (name := system_user()) else {}
        self._doing = Doing(COMMAND_LINE, verb, "", "", lambda _: (None, ""), {}, "", house.clock, self.besides)
        self._line: Act | None = None

    def begun(self, session: Session) -> None:
        """Looks at what a transaction changes, until one changed something."""
        if self._line is None:
            self._doing.begun(session)

    def ending(self, session: Session) -> None:
        """Adds the first line; it counts once it is committed."""
        if self._line is not None:
            return
        self._doing.ending(session)
        made = next((row for row in session.new if isinstance(row, Act)), None)
        if made is not None:
            event.listen(session, "after_commit", lambda _: setattr(self, "_line", made))

    def end(self, how: str, why: str = "") -> None:
        """Adds the last line, if anything was changed and there is a result to tell, or a trouble."""
        if self._line is None or not (self.result or why):
            return
        names = ("subject", "subject_key", "institution_id", "project")
        same = {name: getattr(self._line, name) for name in names}
        details = {**self.besides, **self.result}
        with self.house.database.writing() as session:
            now = self.house.clock()
            session.add(made_act(COMMAND_LINE, self.verb, now, to_state=how, why=why, details=details, **same))


@contextmanager
def commanding(house: House, verb: str) -> Iterator[Command]:
    """Whatever this command changes meanwhile is an act of the command line."""
    command = Command(house, verb)
    token = WATCH.set(command)
    how, why = "stopped", ""
    try:
        yield command
        how = "done"
    except Exception as error:
        why = one_line(error)
        raise
    finally:
        WATCH.reset(token)
        command.end(how, why or ("" if how == "done" else "interrupted"))


def system_user() -> str:
    """The name of whoever is signed in to this machine; empty where the system knows none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""

"""Every state of micro as one table of allowed moves.

A state is one column. What people move (projects, records, tasks by a decision) is logged beside it, in the table
``move``.
"""

from __future__ import annotations

from collections.abc import Mapping

from micro.errors import Conflict

Moves = Mapping[str, frozenset[str]]


def _moves(**table: str) -> Moves:
    return {state: frozenset(onward.split()) for state, onward in table.items()}


PROJECT = _moves(
    draft="trial live archived",
    trial="draft live archived",
    live="paused finished",
    paused="live finished",
    finished="live archived",
    archived="",
)
# A held task lies on a scan that was taken down: nobody is asked, and settling leaves it alone.
TASK = _moves(open="done held", done="open held", held="open done")
ASSIGNMENT = _moves(
    lent="answered skipped expired released",
    expired="lent answered skipped",
    released="lent answered skipped",
    skipped="answered",
    answered="",
)
RECORD = _moves(
    open="review settled decided rejected",
    review="open settled decided rejected",
    settled="open review decided rejected",
    decided="open review settled decided rejected",
    rejected="open review settled decided",
)
RELEASE = _moves(making="published failed", published="", failed="making")
# A file that is "working" is in a worker's hand, and may go on into the hand of another when the first was killed.
INTAKE_FILE = _moves(
    waiting="working taken same refused cancelled",
    working="working waiting taken same refused cancelled",
    taken="",
    same="",
    refused="waiting",
    cancelled="waiting",
)
SCAN = _moves(shown="withdrawn replaced erased", withdrawn="shown erased", replaced="shown erased", erased="")
LAYOUT = _moves(proposed="used dropped", used="proposed", dropped="proposed")
CUTTING = _moves(waiting="done cancelled", done="", cancelled="")
INVITATION = _moves(open="accepted withdrawn", accepted="", withdrawn="")
# A known answer; the same card is never practice and a test for one person, see services/gold.py.
GOLD = _moves(practice="mixed off", mixed="practice off", off="practice mixed")
PRACTICE = _moves(skipped="done", done="")
SET_ASIDE = _moves(aside="restored", restored="aside")
NEWS = _moves(published="withdrawn", withdrawn="published")
AGREEMENT = _moves(agreed="withdrawn", withdrawn="agreed")
MESSAGE = _moves(waiting="done cancelled", done="waiting", cancelled="waiting")
MESSAGE_COPY = _moves(waiting="sending dropped", sending="sent failed waiting", sent="", failed="waiting", dropped="")
BATCH = _moves(
    open="accepting dropped", accepting="accepted", accepted="undoing", undoing="undone", undone="", dropped=""
)
COMMENT = _moves(shown="hidden", hidden="shown")
DIGEST = _moves(sending="sent failed waiting", waiting="sending", sent="", failed="")

# What visitors may see, and where answers may be given.
PUBLIC_PROJECTS = frozenset({"live", "paused", "finished"})
ANSWERED_PROJECTS = frozenset({"live", "trial"})


def check_move(table: Moves, from_state: str, to_state: str) -> None:
    """Raises Conflict unless the table allows the move."""
    if to_state not in table[from_state]:
        raise Conflict("This has moved on meanwhile, and that is no longer possible.")

"""Known answers: when one is due among ordinary cards, and how what somebody said compares with what is known."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.keys import key_of, text_key
from micro.core.fields import Field, Said, has_form, written
from micro.errors import BadAnswer

EVERY_LEAST, EVERY_MOST = 2, 1000
ALIKE = 0.75  # Two readings that share this much of their letters are one with a slip of the pen.
Verdict = Literal["right", "near", "other", "unsure"]


def check_every(every: Any) -> int:
    """One card in so many is one whose answer is known, 0 for none; BadAnswer("gold_every") for anything else."""
    if isinstance(every, int) and (every == 0 or EVERY_LEAST <= every <= EVERY_MOST):
        return every
    raise BadAnswer(
        "gold_every",
        "One card in how many? A whole number from %(least)s to %(most)s, or 0 for none.",
        least=EVERY_LEAST,
        most=EVERY_MOST,
    )


def drawn(seed: str, number: int, among: int) -> int:
    """A number from 0 to below ``among`` (at least 1), the same for the same seed, evenly spread over seeds."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % among


def is_due(seed: str, turn: int, every: int) -> bool:
    """Whether the card of this turn, from 0, is one whose answer is known: one in each ``every`` turns; 0 is never.

    Its place among them is drawn anew for each ``every`` turns, so that nobody who does not know the seed foresees it.
    """
    if every < EVERY_LEAST:
        return False
    block, place = divmod(turn, every)
    return drawn(seed, block, every) == place


def compared(field: Field, known: Said, said: Said) -> Verdict:
    """How what was said compares with what is known.

    right: a reader would call the two the same; unsure: nothing but a doubt was given; near: a slip of the pen, one
    part of several, or the right number in another unit; other: anything else.
    """
    wanted, given = key_of(field, known), key_of(field, said)
    if given is None:
        return "unsure"
    if wanted == given:
        return "right"
    if known.get("value") is None or said.get("value") is None or not has_form(field, said["value"]):
        return "other"
    return "near" if _is_near(field, known, said) else "other"


def _is_near(field: Field, known: Said, said: Said) -> bool:
    match field.type:
        case "choice":
            return False
        case "number":
            return str(known["value"]["amount"]) == str(said["value"]["amount"])
        case "date":
            pairs = zip(str(known["value"]).split("-"), str(said["value"]).split("-"), strict=False)
            return sum(one == other for one, other in pairs) == 2
        case "tags":
            return bool(set(map(str, known["value"])) & set(map(str, said["value"])))
        case _:
            one, other = text_key(written(field, known)), text_key(written(field, said))
            return Levenshtein.normalized_similarity(one, other) >= ALIKE


def all_right(verdicts: Mapping[str, Verdict]) -> bool:
    return all(verdict == "right" for verdict in verdicts.values())

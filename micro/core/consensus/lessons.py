"""What the answers to one field teach about their givers, whatever the type of the field.

Words and choices agree when their comparison keys do. Long texts and tables are hardly ever the same to the last
letter, and no two people click on the same spot: there, whoever comes close to what all answers are merged to (or to
what a professional decided) counts as having said the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rapidfuzz.distance import Levenshtein

from micro.core.consensus.keys import key_of
from micro.core.consensus.merge import merge
from micro.core.consensus.places import SAME_PLACE_M
from micro.core.consensus.running import Answered
from micro.core.fields import Field, Said
from micro.core.fields.points import metres_between

LONG, ALIKE = 20, 0.9
"""Texts, and tables as texts, from LONG letters on say the same when they share ALIKE (0 to 1) of them."""


def taught(
    field: Field, answers: Sequence[tuple[Hashable, Said]], truth: Said | None = None
) -> tuple[tuple[Answered, ...], str | None]:
    """Who said what, by key, and the key of the truth if it is known. A bare "not sure" teaches nothing.

    Neither depends on the order of the answers. Cost: answers; a merge where long texts or places differ.
    """
    keyed = [(giver, said, key) for giver, said in answers if (key := key_of(field, said)) is not None]
    right = key_of(field, truth) if truth else None
    middle, name = truth, right
    if right is None and len({key for _, _, key in keyed}) > 1 and _is_soft(field):
        middle = merge(field, [said for _, said, _ in keyed]).said
        name = key_of(field, middle)
    if middle is None or name is None or not _is_soft(field):
        return tuple(Answered(giver, key) for giver, _, key in keyed), right
    near = (Answered(giver, name if _is_near(field, said, key, middle, name) else key) for giver, said, key in keyed)
    return tuple(near), right


def _is_soft(field: Field) -> bool:
    return field.type in ("point", "text", "long_text", "table", "lines")


def _is_near(field: Field, said: Said, key: str, middle: Said, name: str) -> bool:
    if "value" not in said or "value" not in middle:
        return False
    if field.type == "point":
        return metres_between(said["value"], middle["value"]) <= SAME_PLACE_M
    return len(name) >= LONG and Levenshtein.normalized_similarity(key, name) >= ALIKE

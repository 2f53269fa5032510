"""Who does harm is found in simulated projects, at the stated rates, and nobody else is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from micro.core.consensus.conduct import Deed, conduct_of

SEEDS = range(12)
ITEMS, HONEST, A_FIELD = 300, 12, 3
FOUND, FALSELY = 0.9, 0.03  # At least so many wrongdoers are found, at most so many honest ones are flagged.

Answer = Callable[[random.Random, int, str, dict[int, str]], str]


def truthful(chance: float) -> Answer:
    def answer(draw: random.Random, item: int, truth: str, copied: dict[int, str]) -> str:
        return truth if draw.random() < chance else f"wrong {draw.randrange(8)}"

    return answer


def vandal(draw: random.Random, item: int, truth: str, copied: dict[int, str]) -> str:
    return f"rubbish {draw.randrange(50)}"


def paster(draw: random.Random, item: int, truth: str, copied: dict[int, str]) -> str:
    return "axe" if draw.random() < 0.7 else truth


def sleeper(draw: random.Random, item: int, truth: str, copied: dict[int, str]) -> str:
    return truthful(0.9 if item < ITEMS / 2 else 0.1)(draw, item, truth, copied)


def colluder(draw: random.Random, item: int, truth: str, copied: dict[int, str]) -> str:
    return copied.setdefault(item, truthful(0.6)(draw, item, truth, copied))


def project(seed: int, *bad: tuple[str, Answer]) -> list[Deed]:
    """Honest volunteers of 75 to 95 %, and the bad ones on every third item; three answers or more each."""
    draw = random.Random(seed)
    honest = {f"honest {n}": truthful(0.75 + 0.2 * n / HONEST) for n in range(HONEST)}
    deeds, copied = [], dict[int, str]()
    for item in range(ITEMS):
        truth = f"value {draw.randrange(40)}"
        givers = dict(draw.sample(sorted(honest.items()), A_FIELD))
        if item % 3 == 0:
            givers |= dict(bad)
        deeds += [Deed(who, item, answer(draw, item, truth, copied), item) for who, answer in givers.items()]
    draw.shuffle(deeds)
    return deeds


def flagged(deeds: list[Deed]) -> dict[str, set[str]]:
    return {str(who): {flag.kind for flag in one.flags} for who, one in conduct_of(deeds).items()}


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("rarely agrees", [("vandal", vandal)]),
        ("pastes", [("paster", paster)]),
        ("changed", [("sleeper", sleeper)]),
        ("together", [("one", colluder), ("other", colluder)]),
    ],
)
def test_who_does_harm_is_found(kind: str, bad: list[tuple[str, Answer]]) -> None:
    found = [flagged(project(seed, *bad)) for seed in SEEDS]
    hits = [kind in flags[who] for flags in found for who, _ in bad]
    assert sum(hits) / len(hits) >= FOUND
    honest = [flags[who] for flags in found for who in flags if who.startswith("honest")]
    assert sum(map(bool, honest)) / len(honest) <= FALSELY


def test_nobody_is_flagged_where_all_are_honest() -> None:
    everybody = [flags for seed in SEEDS for flags in flagged(project(seed)).values()]
    assert sum(map(bool, everybody)) / len(everybody) <= FALSELY


def test_a_newcomer_is_neither_flagged_nor_worth_less_than_others_expect() -> None:
    deeds = project(1)
    for item in range(3):
        deeds.append(Deed("newcomer", item, f"slip {item}", 1000 + item))
    conduct = conduct_of(deeds)["newcomer"]
    assert conduct.flags == ()
    assert conduct.agreement > 0.4


def test_answers_that_nobody_else_gave_say_nothing() -> None:
    conduct = conduct_of([Deed("alone", item, "x", item) for item in range(100)])["alone"]
    assert (conduct.answers, conduct.flags) == (0, ())
    assert conduct_of([]) == {}


def test_the_order_of_deeds_does_not_matter() -> None:
    deeds = project(2, ("vandal", vandal))
    assert conduct_of(deeds) == conduct_of(deeds[::-1])

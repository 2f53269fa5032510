"""What decided records teach of how professionals rewrite values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from micro.core.consensus.keys import row_key
from micro.core.consensus.project import ENOUGH_DECIDED, merge_project
from micro.core.consensus.rewrites import Decided, Rewrites
from micro.core.consensus.rows import Row


def decided(merged: str, right: str, page: str = "drawer 1", field: str = "weight") -> Decided:
    return Decided(page, field, row_key(merged), row_key(right), right)


def test_rounding_is_learned_for_one_drawer_and_says_less_of_others() -> None:
    rounded = [decided(f"{n}.{n}", str(n), "drawer 1") for n in range(11, 15)]
    kept = [decided(f"{n}.{n}", f"{n}.{n}", "drawer 2") for n in range(21, 29)]
    rewrites = Rewrites([*rounded, *kept])
    here = rewrites.best("drawer 1", "weight", "233.2")
    assert here is not None and here.key == "233" and here.chance > 0.65
    assert rewrites.best("drawer 2", "weight", "233.2") is None
    assert rewrites.best("drawer 1", "length", "233.2") is None


def test_words_are_replaced_with_their_neighbours_or_without() -> None:
    rewrites = Rewrites([decided("Murray Coll'n", "Murray Collection"), decided("Evans Coll'n", "Evans Collection")])
    found = rewrites.best("drawer 9", "owner", row_key("Greenwell Coll'n"))
    assert found is not None and found.key == "greenwell collection"


def test_what_was_seen_once_is_no_habit() -> None:
    assert Rewrites([decided("axe", "flat axe")]).best("drawer 1", "weight", "axe") is None


def test_a_rule_that_seldom_held_is_not_used() -> None:
    seldom = [decided(f"axe {n}", f"axe {n} broken") for n in "ab"]
    never = [decided(f"axe {n}", f"axe {n}") for n in "cdefghijklmn"]
    assert Rewrites([*seldom, *never]).best("drawer 1", "weight", "axe z") is None


PAIRS = st.lists(
    st.tuples(st.sampled_from(["a b", "a c", "1.5", "b", ""]), st.sampled_from(["a b", "a", "2", "b c", ""]))
)


@given(PAIRS, st.sampled_from(["a b", "a c", "7.5", "b", "", "c"]))
def test_the_order_of_decisions_decides_nothing(pairs: list[tuple[str, str]], key: str) -> None:
    told = [decided(merged, right) for merged, right in pairs]
    one, other = (Rewrites(each).best("drawer 1", "weight", key) for each in (told, told[::-1]))
    assert one == other
    assert one is None or (0 < one.chance < 1 and one.key != key)


def test_a_project_writes_as_its_professionals_do() -> None:
    rows = [Row(f"drawer/{n}", "place", "text", ("w1", "w2"), ("swiss lakes", "Swiss Lakes")) for n in range(60)]
    checked = {(f"drawer/{n}", "place"): "Switzerland[;]Swiss Lakes" for n in range(ENOUGH_DECIDED)}
    last = merge_project(rows, checked)[-1]
    assert row_key(last.value) == "switzerland swiss lakes"
    assert last.value.startswith("Switzerland[;]")
    assert 0.8 < last.confidence < 1
    assert row_key(merge_project(rows)[-1].value) == "swiss lakes"

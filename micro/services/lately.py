"""What was true a moment ago: figures that are too dear to be counted for every visit. Each process keeps its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT_MOST = 2000


class Lately(Generic[T]):
    """Values by key, each at most ``kept`` old. Only plain values: rows belong to the session that loaded them."""

    def __init__(self, kept: timedelta) -> None:
        self._kept, self._values = kept, dict[Hashable, tuple[datetime, T]]()

    def get(self, key: Hashable, now: datetime, count: Callable[[], T]) -> T:
        """The value of a key, counted when there is none that is young enough."""
        found = self._values.get(key)
        if found is not None and timedelta(0) <= now - found[0] < self._kept:
            return found[1]
        if len(self._values) >= KEPT_MOST:
            self._values.clear()
        value = count()
        self._values[key] = (now, value)
        return value

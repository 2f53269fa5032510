"""The coefficients that ship with the engine, made by scripts/consensus/fit.py from public sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from micro.core.consensus.features import Features
from micro.core.consensus.ranker import Weights
from micro.core.consensus.reliability import Numbers

FILE = "coefficients.json"


@dataclass(frozen=True)
class Shipped:
    """Weights, and the standard deviations of the features where they were fitted, in the order of some features."""

    weights: Weights
    spread: Numbers
    spread_none: Numbers


@lru_cache(maxsize=1)
def _read() -> dict[str, dict[str, list[float]]]:
    return json.loads((files("micro.core.consensus") / FILE).read_text("utf-8"))  # type: ignore[no-any-return]


def shipped_for(features: Features) -> Shipped:
    """What ships for these features; a feature that the file does not name weighs nothing."""
    read, empty = _read(), np.zeros((0, 0))
    of = np.array([read["of"].get(name, [0.0, 1.0]) for name in features.names])
    none = np.array([read["none"].get(name, [0.0, 1.0]) for name in features.none_names])
    return Shipped(Weights(of[:, 0], none[:, 0], empty, empty), of[:, 1], none[:, 1])


def written_out(features: Sequence[Features], weights: Weights) -> str:
    """The file's text for weights fitted on ``features``: {"of": {name: [weight, spread]}, "none": the same}."""
    spread = np.concatenate([one.of for one in features]).std(0)
    spread_none = np.concatenate([one.none for one in features]).std(0)

    def named(names: tuple[str, ...], values: Numbers, spreads: Numbers) -> dict[str, list[float]]:
        both = zip(names, values.tolist(), spreads.tolist(), strict=True)
        return {name: [round(value, 5), round(max(spread, 1e-3), 5)] for name, value, spread in both}

    told = {
        "of": named(features[0].names, weights.of, spread),
        "none": named(features[0].none_names, weights.none, spread_none),
    }
    return json.dumps(told, ensure_ascii=False, indent=0) + "\n"

"""Learning rates over the steps, as transformers/optimization.py has them."""

from __future__ import annotations

import math

import numpy as np

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import Bounded

_ROUNDING = 2.0**-53
"""Half a unit of float64, in which all of this is computed."""


def rate(params: Params, step: int) -> float:
    """base_lr times the factor of transformers.get_scheduler: linear warm-up from 0, then constant,
    linear or cosine.
    """
    name, base, warmup, total = (
        params["name"],
        float(params["base_lr"]),
        int(params["warmup"]),
        params.get("total"),
    )
    if step < warmup:
        return base * (step / max(1, warmup))
    if name == "constant":
        return base
    if total is None:
        raise FormatError(f"lr_schedule: a {name} schedule needs its total")
    left = max(1, total - warmup)
    if name == "linear":
        return base * max(0.0, (total - step) / left)
    return base * max(
        0.0,
        0.5 * (1 + math.cos(2 * math.pi * float(params["num_cycles"]) * (step - warmup) / left)),
    )


def steps_of(params: Params) -> int:
    """As many as a recording has (`OpSpec.fit`); else those of the run, or ten behind the warm-up
    where it has no end, and two more.
    """
    return int(params.get("steps") or (params.get("total") or params["warmup"] + 10) + 2)


def rates(params: Params) -> Bounded:
    """The learning rate of each step.

    A library may order the operations of float64 in another way than `rate`. Either side rounds at
    most three times on the way of a line; the cosine's angle is rounded four times, which moves
    half of a cosine by no more than twice that share of the angle.
    """
    value = np.array([rate(params, t) for t in range(steps_of(params))])
    base, angle = float(params["base_lr"]), np.zeros_like(value)
    if params["name"] == "cosine":
        left = max(1, params["total"] - params["warmup"])
        angle = (
            2
            * math.pi
            * float(params["num_cycles"])
            * np.maximum(0, np.arange(len(value)) - params["warmup"])
            / left
        )
    return Bounded(value, 2 * _ROUNDING * base * (3 + 2 * angle))

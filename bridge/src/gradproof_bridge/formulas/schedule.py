"""Learning rates over the steps, as transformers/optimization.py has them, and torch's
ExponentialLR behind the same warm-up.
"""

from __future__ import annotations

import math

import numpy as np

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import Bounded

_ROUNDING = 2.0**-53
"""Half a unit of float64, in which all of this is computed."""

_ENDLESS = ("constant", "inverse_sqrt", "exponential")
"""Schedules whose rate does not hang on the steps of the run."""
OWN = {
    "constant": (),
    "linear": (),
    "cosine": ("num_cycles",),
    "cosine_with_restarts": ("num_cycles",),
    "cosine_with_min_lr": ("num_cycles", "min_lr", "min_lr_rate"),
    "polynomial": ("lr_end", "power"),
    "inverse_sqrt": ("timescale",),
    "exponential": ("gamma",),
    "warmup_stable_decay": (
        "num_decay_steps",
        "num_stable_steps",
        "num_cycles",
        "warmup_type",
        "decay_type",
        "min_lr_ratio",
    ),
}
"""What each schedule has beside warm-up and total."""
_NEEDS = {
    "cosine_with_min_lr": ("min_lr_rate", "min_lr"),
    "exponential": ("gamma",),
    "warmup_stable_decay": ("num_decay_steps",),
}


_DEFAULTS: Params = {
    "lr_end": 1e-7,
    "power": 1.0,
    "warmup_type": "linear",
    "decay_type": "cosine",
    "min_lr_ratio": 0.0,
}


def cycles_of(params: Params) -> float:
    """How often a cosine swings: by default half a wave, or one fall of those with restarts."""
    usual = 1 if params["name"] == "cosine_with_restarts" else 0.5
    return float(params.get("num_cycles", usual))


def require_complete(params: Params) -> None:
    """FormatError where a schedule lacks what has no default."""
    name = params["name"]
    is_held = name == "warmup_stable_decay" and params.get("num_stable_steps") is not None
    if params.get("total") is None and not is_held and name not in _ENDLESS:
        raise FormatError(f"lr_schedule: a {name} schedule needs its total")
    needs = _NEEDS.get(name, ())
    if needs and all(params.get(need) is None for need in needs):
        raise FormatError(f"lr_schedule: a {name} schedule needs {' or '.join(needs)}")


def rate(params: Params, step: int) -> float:
    """base_lr times the factor of transformers.get_scheduler: linear warm-up from 0, then what the
    schedule's name says.
    """
    require_complete(params)
    params = {**_DEFAULTS, **params}
    base, warmup = float(params["base_lr"]), int(params["warmup"])
    if params["name"] == "warmup_stable_decay":
        return base * _stages(params, step)
    if step < warmup:
        return base * (step / max(1, warmup))
    return base * _share(params, step)


def _share(p: Params, step: int) -> float:
    """The share of the base rate after the warm-up."""
    name, base, warmup = p["name"], float(p["base_lr"]), int(p["warmup"])
    total = int(p.get("total") or 0)
    left = max(1, total - warmup)
    done = step - warmup
    swing = 0.5 * (1 + math.cos(2 * math.pi * cycles_of(p) * done / left))
    if name == "linear":
        return max(0.0, (total - step) / left)
    if name == "cosine":
        return max(0.0, swing)
    if name == "cosine_with_restarts":
        part = (cycles_of(p) * (done / left)) % 1.0
        return max(0.0, 0.5 * (1 + math.cos(math.pi * part))) if done < left else 0.0
    if name == "cosine_with_min_lr":
        given = p.get("min_lr_rate")
        least = float(p["min_lr"]) / base if given is None else float(given)
        return max(0.0, swing * (1 - least) + least)
    if name == "polynomial":
        end = float(p["lr_end"]) / base
        return float((1 - end) * max(0.0, 1 - done / left) ** float(p["power"]) + end)
    if name == "inverse_sqrt":
        scale = p.get("timescale") or (warmup or 10_000)
        return 1 / math.sqrt((done + scale) / scale)
    if name == "exponential":
        return float(float(p["gamma"]) ** done)
    return 1.0


def _stages(p: Params, step: int) -> float:
    """The share of the base rate in warm-up, at its height, in decay and after it."""
    warmup, decay, least = int(p["warmup"]), int(p["num_decay_steps"]), float(p["min_lr_ratio"])
    stable = p.get("num_stable_steps")
    if stable is None:
        stable = int(p["total"]) - warmup - decay
    if step < warmup:
        share = _fall(p["warmup_type"], 1 - step / warmup, 0.5)
        return max(0.0, share * (1 - least) + least)
    done = step - warmup - stable
    if done < 0:
        return 1.0
    if done >= decay:
        return least
    share = _fall(p["decay_type"], done / max(1, decay), cycles_of(p))
    return max(0.0, share * (1 - least) + least)


def _fall(curve: str, part: float, cycles: float) -> float:
    """From 1 down to 0 while `part` rises from 0 to 1."""
    if curve == "linear":
        return 1 - part
    if curve == "cosine":
        return 0.5 * (1 + math.cos(2 * math.pi * cycles * part))
    return 1 - math.sqrt(part)


def steps_of(params: Params) -> int:
    """As many as a recording has (`OpSpec.fit`); else those of the run, or ten behind the warm-up
    where it has no end, and two more.
    """
    return int(params.get("steps") or (params.get("total") or params["warmup"] + 10) + 2)


def rates(params: Params) -> Bounded:
    """The learning rate of each step.

    A library may order the operations of float64 in another way than `rate`. Either side rounds at
    most six times on the way of a line, a root or a least rate; the cosine's angle is rounded four
    times, which moves half of a cosine by no more than twice that share of the angle; a power moves
    by its exponent times what its base is rounded, and torch multiplies by gamma step after step.
    """
    count = steps_of(params)
    value = np.array([rate(params, t) for t in range(count)])
    base, done = float(params["base_lr"]), np.maximum(0, np.arange(count) - params["warmup"])
    name, roundings = params["name"], np.full(count, 6.0)
    if "cosine" in name or name == "warmup_stable_decay":
        length = params.get("num_decay_steps") or (params.get("total") or 0) - params["warmup"]
        roundings += 2 * 2 * math.pi * max(0.5, cycles_of(params)) * done / max(1, length)
    if name == "polynomial":
        power = float({**_DEFAULTS, **params}["power"])
        # Below 1 a power is the steeper, the nearer its base is to 0: a step at least.
        roundings += 3 * power * float(params["total"]) ** max(0.0, 1 - power)
    if name == "exponential":
        roundings += done
    return Bounded(value, 2 * _ROUNDING * base * roundings)

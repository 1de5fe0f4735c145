"""Optimizers of torch whose step is one formula: torch/optim/adadelta.py, rmsprop.py, nadam.py,
radam.py, _muon.py, and adam.py with amsgrad.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, sqrt, where
from gradproof_bridge.formulas.muon import orthogonal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.vocabulary import Params

State = dict[str, Bounded]
_ADAM: Params = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
_DEFAULTS: dict[str, Params] = {
    "adam": _ADAM,
    "adamw": {**_ADAM, "weight_decay": 1e-2},
    "adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
    "rmsprop": {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0},
    "nadam": {**_ADAM, "lr": 2e-3, "momentum_decay": 4e-3},
    "radam": _ADAM,
    "muon": {
        "lr": 1e-3,
        "weight_decay": 0.1,
        "momentum": 0.95,
        "nesterov": True,
        "ns_coefficients": (3.4445, -4.7750, 2.0315),
        "eps": 1e-7,
        "ns_steps": 5,
        "adjust_lr_fn": "original",
        "decoupled_weight_decay": True,
    },
}


def steps_of_torch(inputs: Inputs, params: Params) -> tuple[list[Bounded], State]:
    """The parameter after each step, and what the optimizer keeps after the last."""
    given = {key: value for key, value in params.items() if value is not None}
    p = {**_DEFAULTS[params["optimizer"]], **given}
    param = bounded(inputs["param"])
    state = {
        key.removeprefix("state."): bounded(value)
        for key, value in inputs.items()
        if key.startswith("state.")
    }
    trajectory: list[Bounded] = []
    for t, grad in enumerate(inputs["grads"], 1):
        param = step_of_torch(param, bounded(grad), state, t, p)
        trajectory.append(param)
    return trajectory, state


def step_of_torch(param: Bounded, g: Bounded, state: State, t: int, p: Params) -> Bounded:
    """The parameter after step `t`, from 1 on; `state`, which is changed, is what is kept of it."""
    name, decay = p["optimizer"], p["weight_decay"]
    if decay and (p.get("decoupled_weight_decay") or name == "adamw"):
        param = param * (1 - p["lr"] * decay)
    elif decay:
        g = g + param * decay
    return param - TORCH_STEPS.get(name, _amsgrad)(state, g, t, p)


def _kept(state: State, name: str, like: Bounded) -> Bounded:
    return state.get(name) or bounded(np.zeros(like.shape))


def _adadelta(state: State, g: Bounded, _t: int, p: Params) -> Bounded:
    rho, eps = p["rho"], p["eps"]
    squares = _kept(state, "square_avg", g) * rho + g * g * (1 - rho)
    before = _kept(state, "acc_delta", g)
    delta = sqrt(before + eps) / sqrt(squares + eps) * g
    state["square_avg"] = squares
    state["acc_delta"] = before * rho + delta * delta * (1 - rho)
    return delta * p["lr"]


def _rmsprop(state: State, g: Bounded, _t: int, p: Params) -> Bounded:
    alpha = p["alpha"]
    squares = _kept(state, "square_avg", g) * alpha + g * g * (1 - alpha)
    state["square_avg"] = variance = squares
    if p.get("centered"):
        mean = _kept(state, "grad_avg", g)
        state["grad_avg"] = mean = mean + (g - mean) * (1 - alpha)
        variance = squares - mean * mean
    along = g / (sqrt(variance) + p["eps"])
    if p["momentum"] > 0:
        along = _kept(state, "momentum_buffer", g) * p["momentum"] + along
        state["momentum_buffer"] = along
    return along * p["lr"]


def _moments(state: State, g: Bounded, p: Params) -> tuple[Bounded, Bounded]:
    b1, b2 = p["betas"]
    m = _kept(state, "exp_avg", g)
    m = m + (g - m) * (1 - b1)
    v = _kept(state, "exp_avg_sq", g) * b2 + g * g * (1 - b2)
    state |= {"exp_avg": m, "exp_avg_sq": v}
    return m, v


def _momentum(step: int, p: Params) -> float:
    """Of NAdam at a step, from 1 on."""
    return float(p["betas"][0] * (1 - 0.5 * 0.96 ** (step * p["momentum_decay"])))


def counted(taken: int, p: Params) -> dict[str, F64]:
    """What an optimizer keeps of a parameter that follows from the steps it has taken: of NAdam the
    product of their momenta.
    """
    if p["optimizer"] != "nadam":
        return {}
    return {"mu_product": np.full(1, math.prod(_momentum(t, p) for t in range(1, taken + 1)))}


def _nadam(state: State, g: Bounded, t: int, p: Params) -> Bounded:
    b2 = p["betas"][1]
    m, v = _moments(state, g, p)
    mu, ahead = (_momentum(step, p) for step in (t, t + 1))
    before = state.get("mu_product") or bounded(np.ones(1))
    state["mu_product"] = product = before * mu
    denominator = sqrt(v / (1 - b2**t)) + p["eps"]
    direct = g * (p["lr"] * (1 - mu)) / (1 - product) / denominator
    return direct + m * (p["lr"] * ahead) / (1 - product * ahead) / denominator


def _radam(state: State, g: Bounded, t: int, p: Params) -> Bounded:
    b1, b2 = p["betas"]
    m, v = _moments(state, g, p)
    along = m / (1 - b1**t) * p["lr"]
    longest = 2 / (1 - b2) - 1
    length = longest - 2 * t * b2**t / (1 - b2**t)
    if length <= 5:
        return along
    over = (length - 4) * (length - 2) * longest
    rectified = math.sqrt(over / ((longest - 4) * (longest - 2) * length))
    return along * (math.sqrt(1 - b2**t) / (sqrt(v) + p["eps"])) * rectified


def _amsgrad(state: State, g: Bounded, t: int, p: Params) -> Bounded:
    b1, b2 = p["betas"]
    m, v = _moments(state, g, p)
    before = _kept(state, "max_exp_avg_sq", g)
    # Of two that are close, either may be taken: neither errs more than both do.
    largest = where(before.value > v.value, before, v)
    largest = Bounded(largest.value, np.maximum(before.error, v.error))
    state["max_exp_avg_sq"] = largest
    denominator = sqrt(largest) / math.sqrt(1 - b2**t) + p["eps"]
    return m * (p["lr"] / (1 - b1**t)) / denominator


def _muon(state: State, g: Bounded, _t: int, p: Params) -> Bounded:
    if len(g.shape) != 2:
        raise FormatError("muon steps matrices alone")
    mu = p["momentum"]
    m = _kept(state, "momentum_buffer", g)
    state["momentum_buffer"] = m = m + (g - m) * (1 - mu)
    rows, columns = g.shape
    ratio = {
        "original": math.sqrt(max(1, rows / columns)),
        "match_rms_adamw": 0.2 * math.sqrt(max(rows, columns)),
        "spectral_unclamped": math.sqrt(rows / columns),
    }[p["adjust_lr_fn"]]
    return orthogonal(g + (m - g) * mu if p["nesterov"] else m, p) * (p["lr"] * ratio)


TORCH_STEPS: dict[str, Callable[[State, Bounded, int, Params], Bounded]] = {
    "adadelta": _adadelta,
    "rmsprop": _rmsprop,
    "nadam": _nadam,
    "radam": _radam,
    "muon": _muon,
}

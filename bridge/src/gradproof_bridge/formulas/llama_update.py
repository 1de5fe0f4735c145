"""What a step of training does with its gradients: unscaling, clipping, the optimizer, the scale and
the schedule, in the order of torch's examples of automatic mixed precision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.adamw_8bit import through_8bit
from gradproof_bridge.formulas.bounded import F64, bounded
from gradproof_bridge.formulas.halves import Store, in_full
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.llama_params import IN_8_BITS, alpha_of_rmsprop, decay_of
from gradproof_bridge.formulas.schedule import rate
from gradproof_bridge.formulas.torch_optim import TORCH_STEPS, counted, step_of_torch

_CLIP_EPS = 1e-6
_LARGEST = 2.0**128
"""Where float32 ends."""


MOMENTS = ("exp_avg", "exp_avg_sq")
_OF_OPTIMIZERS = {"sgd": ("momentum_buffer",), "adadelta": ("square_avg", "acc_delta")}


def kept_names(params: Params) -> tuple[str, ...]:
    """What an optimizer keeps of each parameter, by torch's names."""
    if params["optimizer"] == "rmsprop":
        asked = {
            "square_avg": True,
            "grad_avg": params["centered"],
            "momentum_buffer": params["momentum"] > 0,
        }
        return tuple(name for name, is_kept in asked.items() if is_kept)
    largest = ("max_exp_avg_sq",) if params.get("amsgrad") else ()
    return _OF_OPTIMIZERS.get(params["optimizer"], MOMENTS) + largest


@dataclass(frozen=True)
class State:
    """All that a step changes: parameters, what an optimizer keeps of each by torch's names (decoded,
    where it is kept in 8 bits), steps that were taken, and the scale of the loss.
    """

    trained: Mapping[str, F64]
    kept: Mapping[str, Weights]
    taken: int
    scale: float
    tracker: int

    @classmethod
    def fresh(cls, weights: Weights, trained: list[str], params: Params) -> State:
        """Before the first step."""
        scaling: Params | None = params.get("grad_scaler")
        zeros = {
            name: {part: np.zeros_like(weights[name]) for part in kept_names(params)}
            | counted(0, params)
            for name in trained
        }
        scale = float(scaling["init_scale"]) if scaling else 1.0
        return cls({name: weights[name] for name in trained}, zeros, 0, scale, 0)


def is_in_8_bits(x: F64, params: Params) -> bool:
    """Whether the moments of a parameter are kept as codes: those of small ones are floats."""
    return params["optimizer"] == IN_8_BITS and x.size >= params["min_8bit_size"]


class Update:
    """Changes `weights` in place, step by step, and keeps of them what `stored` makes of them."""

    def __init__(self, weights: Weights, state: State, params: Params, stored: Store = in_full):
        self._weights = weights
        self._params = params
        self._stored = stored
        self._state = state
        self._kept = dict(state.kept)
        self._scaling: Params | None = params.get("grad_scaler")
        self.scale = state.scale
        self._tracker = state.tracker
        self._taken = state.taken

    @property
    def rate(self) -> float:
        """The rate of the next step; that of a step that was left out is used again."""
        return rate(
            {"base_lr": self._params["lr"], **self._params["schedule"]},
            self._taken,
        )

    @property
    def state(self) -> State:
        """What stands after the last step; moments as they were before they became codes."""
        return replace(
            self._state,
            trained={name: self._weights[name] for name in self._kept},
            kept=self._kept,
            taken=self._taken,
            scale=self.scale,
            tracker=self._tracker,
        )

    def step(self, gradients: Weights) -> float:
        """The step with these gradients of the scaled loss. Returns the norm of those of the loss,
        NaN where one overflows and the step is left out.
        """
        if self._scaling and any(not (np.abs(g) < _LARGEST).all() for g in gradients.values()):
            self.scale *= self._scaling["backoff_factor"]
            self._tracker = 0
            return math.nan
        unscaled = {name: g / self.scale for name, g in gradients.items()}
        norm = math.sqrt(sum(float((g * g).sum()) for g in unscaled.values()))
        clip = self._params.get("clip")
        factor = 1.0 if clip is None else min(1.0, clip / (norm + _CLIP_EPS))
        lr = self.rate
        self._taken += 1
        for name, g in unscaled.items():
            x = self._weights[name]
            told = {**self._params, "weight_decay": decay_of(self._params, name)}
            self._kept[name] = self._optimizer(x, g * factor, self._decoded(name), lr, told)
            x[...] = self._stored(x)
        if self._scaling:
            self._tracker += 1
            if self._tracker == self._scaling["growth_interval"]:
                grown = self.scale * self._scaling["growth_factor"]
                self.scale = grown if grown < _LARGEST else self.scale
                self._tracker = 0
        return norm

    def _decoded(self, name: str) -> Weights:
        """What is left of the moments of the step before, which were kept in 8 bits."""
        kept = self._kept[name]
        if kept is self._state.kept[name] or not is_in_8_bits(self._weights[name], self._params):
            return kept
        return {
            part: through_8bit(bounded(x), self._params, signed=part == "exp_avg")[0].value
            for part, x in kept.items()
        }

    def _optimizer(self, x: F64, g: F64, kept: Weights, lr: float, params: Params) -> Weights:
        optimizer = params["optimizer"]
        if optimizer == "sgd":
            step = _sgd
        elif optimizer in TORCH_STEPS or params.get("amsgrad"):
            step = _of_torch
        else:
            step = _adam
        return step(x, g, kept, self._taken, lr, params)


def _of_torch(x: F64, g: F64, kept: Weights, t: int, lr: float, params: Params) -> Weights:
    """One step in place of an optimizer that is one formula; what it keeps after it."""
    after = {part: bounded(y) for part, y in kept.items()}
    told = {**params, "lr": lr, "alpha": alpha_of_rmsprop(params)}
    x[...] = step_of_torch(bounded(x), bounded(g), after, t, told).value
    return {part: after[part].value for part in kept}


def _adam(x: F64, g: F64, kept: Weights, t: int, lr: float, params: Params) -> Weights:
    """One step of Adam or AdamW in place; the moments after it."""
    b1, b2 = params["betas"]
    decay = params["weight_decay"]
    if params["optimizer"] == "adam":
        g = g + decay * x
    elif not params.get("decay_after_step"):
        x *= 1 - lr * decay
    m, v = (kept[part] for part in MOMENTS)
    m, v = m + (1 - b1) * (g - m), b2 * v + (1 - b2) * g * g
    first, second = (1 - b**t if params["bias_correction"] else 1.0 for b in (b1, b2))
    x -= lr / first * m / (np.sqrt(v) / math.sqrt(second) + params["eps"])
    if params.get("decay_after_step"):
        x *= 1 - lr * decay
    return dict(zip(MOMENTS, (m, v), strict=True))


def _sgd(x: F64, g: F64, kept: Weights, t: int, lr: float, params: Params) -> Weights:
    """One step of SGD in place; the buffer after it, which begins as the first gradient."""
    g = g + params["weight_decay"] * x
    buffer = kept["momentum_buffer"]
    mu = params["momentum"]
    buffer = g if t == 1 else mu * buffer + (1 - params["dampening"]) * g
    step = g + mu * buffer if params["nesterov"] else buffer
    x -= lr * (step if mu else g)
    return {"momentum_buffer": buffer}

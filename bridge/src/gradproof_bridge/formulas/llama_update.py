"""What a step of training does with its gradients: unscaling, clipping, the optimizer, the scale and
the schedule, in the order of torch's examples of automatic mixed precision.
"""

from __future__ import annotations

import math

import numpy as np

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.schedule import rate

_CLIP_EPS = 1e-6
_LARGEST = 2.0**128
"""Where float32 ends."""


class Update:
    """Changes `weights` in place, step by step."""

    def __init__(self, weights: Weights, trained: list[str], params: Params):
        self._weights = weights
        self._params = params
        self._kept = {
            name: (np.zeros_like(weights[name]), np.zeros_like(weights[name])) for name in trained
        }
        self._scaling: Params | None = params.get("grad_scaler")
        self.scale = float(self._scaling["init_scale"]) if self._scaling else 1.0
        self._tracker = 0
        self._taken = 0

    @property
    def rate(self) -> float:
        """The rate of the next step; that of a step that was left out is used again."""
        return rate(
            {"base_lr": self._params["lr"], **self._params["schedule"]},
            self._taken,
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
            self._kept[name] = self._optimizer(
                self._weights[name], g * factor, self._kept[name], lr
            )
        if self._scaling:
            self._tracker += 1
            if self._tracker == self._scaling["growth_interval"]:
                grown = self.scale * self._scaling["growth_factor"]
                self.scale = grown if grown < _LARGEST else self.scale
                self._tracker = 0
        return norm

    def _optimizer(self, x: F64, g: F64, kept: tuple[F64, F64], lr: float) -> tuple[F64, F64]:
        step = _sgd if self._params["optimizer"] == "sgd" else _adam
        return step(x, g, kept, self._taken, lr, self._params)


def _adam(
    x: F64, g: F64, kept: tuple[F64, F64], t: int, lr: float, params: Params
) -> tuple[F64, F64]:
    """One step of Adam or AdamW in place; the moments after it."""
    b1, b2 = params["betas"]
    decay = params["weight_decay"]
    if params["optimizer"] == "adam":
        g = g + decay * x
    else:
        x *= 1 - lr * decay
    m, v = kept
    m, v = m + (1 - b1) * (g - m), b2 * v + (1 - b2) * g * g
    x -= lr / (1 - b1**t) * m / (np.sqrt(v) / math.sqrt(1 - b2**t) + params["eps"])
    return m, v


def _sgd(
    x: F64, g: F64, kept: tuple[F64, F64], t: int, lr: float, params: Params
) -> tuple[F64, F64]:
    """One step of SGD in place; the buffer after it, which begins as the first gradient."""
    g = g + params["weight_decay"] * x
    buffer, unused = kept
    mu = params["momentum"]
    buffer = g if t == 1 else mu * buffer + (1 - params["dampening"]) * g
    step = g + mu * buffer if params["nesterov"] else buffer
    x -= lr * (step if mu else g)
    return buffer, unused

"""Reductions of floats over some axes, as torch defines them."""

from __future__ import annotations

import math

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import Bounded, bounded, exp, log, sqrt, where
from gradproof_bridge.formulas.logits import logits
from gradproof_bridge.formulas.shapes import axis_in

Outputs = dict[str, Bounded]


def _axes(params: Params, rank: int) -> tuple[int, ...]:
    return tuple(axis_in(axis, rank) for axis in params["axes"])


def _reduced(inputs: Inputs, params: Params, y: Bounded, slope: Bounded) -> Outputs:
    """Of a result that keeps its axes, and the slope in each element."""
    axes = _axes(params, inputs["x"].ndim)
    rest = [n for d, n in enumerate(y.shape) if params["keepdims"] or d not in axes]
    outputs = {"y": y.reshape(*(rest or [1]))}
    if "grad.y" in inputs:
        outputs["grad.x"] = bounded(inputs["grad.y"].reshape(y.shape)) * slope
    return outputs


def logsumexp(inputs: Inputs, params: Params) -> Outputs:
    """Max + ln sum e^(x - max); slope e^(x - y)."""
    axes = _axes(params, inputs["x"].ndim)
    x = logits(inputs["x"], axes)
    top = bounded(x.value.max(axis=axes, keepdims=True, initial=-np.inf))
    y = top + log(exp(x - top).sum(axes, keepdims=True))
    return _reduced(inputs, params, y, exp(x - y))


def variance(inputs: Inputs, params: Params) -> Outputs:
    """Sum of (x - mean)^2 over n - correction; slope 2 (x - mean) / (n - correction)."""
    centred, divisor = _centred(inputs, params)
    y = (centred * centred).sum(_axes(params, inputs["x"].ndim), keepdims=True) / divisor
    return _reduced(inputs, params, y, centred * (2.0 / divisor))


def std(inputs: Inputs, params: Params) -> Outputs:
    """The root of the variance; slope (x - mean) / ((n - correction) y), and 0 where y is 0."""
    centred, divisor = _centred(inputs, params)
    y = sqrt((centred * centred).sum(_axes(params, inputs["x"].ndim), keepdims=True) / divisor)
    positive = y.value > 0
    return _reduced(
        inputs, params, y, where(positive, centred / (where(positive, y, 1.0) * divisor), 0.0)
    )


def _centred(inputs: Inputs, params: Params) -> tuple[Bounded, np.float64]:
    """X - mean, and n - correction, as torch not below 0: of so few numbers there is no variance."""
    x, axes = bounded(inputs["x"]), _axes(params, inputs["x"].ndim)
    terms = math.prod(x.shape[axis] for axis in axes)
    return x - x.mean(axes, keepdims=True), np.float64(max(terms - params["correction"], 0))


FORMULAS = {"logsumexp": logsumexp, "var": variance, "std": std}

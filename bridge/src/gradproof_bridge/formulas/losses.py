"""Losses of predictions and what they should be, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.formulas.bounded import Bounded, bounded, exp, log, sigmoid, where

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.vocabulary import Params

    Outputs = dict[str, Bounded]
    Pair = Callable[[Bounded, Bounded, Params], tuple[Bounded, Bounded, Bounded]]


def reduced(
    inputs: Inputs, params: Params, losses: Bounded, to_input: Bounded, to_target: Bounded
) -> Outputs:
    """The losses themselves, their sum or a mean, and the slopes times what flows in."""
    shape = losses.shape
    divisor = {
        "mean": float(losses.value.size),
        "batchmean": float(shape[0] if shape else 1),
    }.get(params["reduction"])
    loss = losses if params["reduction"] == "none" else losses.sum()
    outputs = {"loss": loss if divisor is None else loss / divisor}
    if "grad.loss" in inputs:
        g = bounded(inputs["grad.loss"])
        share = g if divisor is None else g / divisor
        outputs |= {"grad.input": share * to_input, "grad.target": share * to_target}
    return outputs


def _loss(pair: Pair) -> Callable[[Inputs, Params], Outputs]:
    def op(inputs: Inputs, params: Params) -> Outputs:
        x, t = bounded(inputs["input"]), bounded(inputs["target"])
        return reduced(inputs, params, *pair(x, t, params))

    return op


def _of_difference(
    losses: Callable[[Bounded, Params], tuple[Bounded, Bounded]],
) -> Callable[[Inputs, Params], Outputs]:
    """A loss of the difference: what flows into the one leaves the other."""

    def pair(x: Bounded, t: Bounded, params: Params) -> tuple[Bounded, Bounded, Bounded]:
        loss, slope = losses(x - t, params)
        return loss, slope, -slope

    return _loss(pair)


def _size(d: Bounded) -> Bounded:
    return where(d.value > 0, d, -d)


def _bent(d: Bounded, limit: float) -> tuple[Bounded, Bounded]:
    """Half the square within the limit, and outside the line that goes on from it."""
    size, inside = _size(d), np.abs(d.value) < limit
    line = limit * (size - 0.5 * limit)
    slope = where(inside, d, limit * np.sign(d.value))
    return where(inside, 0.5 * d * d, line), slope


def _smooth(d: Bounded, params: Params) -> tuple[Bounded, Bounded]:
    """The Huber loss of beta, divided by it; of 0 the size of the difference."""
    beta = float(np.float32(params["beta"]))
    if beta == 0:
        return _size(d), bounded(np.sign(d.value))
    loss, slope = _bent(d, beta)
    return loss / beta, slope / beta


def _kl_div(x: Bounded, t: Bounded, params: Params) -> tuple[Bounded, Bounded, Bounded]:
    """The logarithms' difference, weighted by the target's probability; libraries multiply it out."""
    if params["log_target"]:
        p = exp(t)
        return p * t - p * x, -p, p * t - p * x + p
    some = t.value > 0
    log_t = log(where(some, t, 1.0))
    loss = where(some, t * log_t - t * x, 0.0)
    # At 0 the slope in the target is not a number.
    return loss, -t, where(some, log_t + 1.0 - x, bounded(np.full(t.shape, np.nan)))


def bce_with_logits(inputs: Inputs, params: Params) -> Outputs:
    """(1 - t) x + (1 + (p - 1) t) ln(1 + e^-x), times the weight; p is pos_weight."""
    x, t = bounded(inputs["input"]), bounded(inputs["target"])
    weight, p = (bounded(inputs.get(name, np.ones(1))) for name in ("weight", "pos_weight"))
    bend = log(1.0 + exp(-_size(x)))
    toward = bend + where(x.value < 0, -x, 0.0)
    losses = (1.0 - t) * x + (1.0 + (p - 1.0) * t) * toward
    # Libraries take the logarithms of sigmoid(x) and of sigmoid(-x), which cancel.
    against = bend + where(x.value > 0, x, 0.0)
    to_input = (p * t + 1.0 - t) * sigmoid(x) - p * t
    to_target = p * toward - against
    return reduced(inputs, params, weight * losses, weight * to_input, weight * to_target)


FORMULAS = {
    "bce_with_logits": bce_with_logits,
    "mse_loss": _of_difference(lambda d, _params: (d * d, 2.0 * d)),
    "l1_loss": _of_difference(lambda d, _params: (_size(d), bounded(np.sign(d.value)))),
    "smooth_l1_loss": _of_difference(_smooth),
    "huber_loss": _of_difference(lambda d, params: _bent(d, float(np.float32(params["delta"])))),
    "kl_div": _loss(_kl_div),
}

"""Normalizations of groups of channels, as torch.nn.functional defines them.

Group normalization: Wu and He (2018, arXiv 1803.08494); instance normalization: Ulyanov et al.
(2016, arXiv 1607.08022).
"""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import Bounded, bounded, sqrt

Outputs = dict[str, Bounded]


def group_norm(inputs: Inputs, params: Params) -> Outputs:
    """Y = w (x - mean) / sqrt(var + eps) + b over groups of channels, with the biased variance."""
    return _normalised(inputs, params["num_groups"], params["eps"])


def instance_norm(inputs: Inputs, params: Params) -> Outputs:
    """As group_norm of as many groups as there are channels."""
    if not params["use_input_stats"]:
        raise FormatError("instance_norm without the statistics of x needs running ones")
    return _normalised(inputs, inputs["x"].shape[1], params["eps"])


def _normalised(inputs: Inputs, groups: int, eps: float) -> Outputs:
    given = inputs["x"]
    batch, channels = given.shape[:2]
    seen = (batch, groups, channels // groups, int(np.prod(given.shape[2:])))
    x = bounded(given).reshape(*seen)
    centred = x - x.mean((2, 3), keepdims=True)
    inverse = 1.0 / sqrt((centred * centred).mean((2, 3), keepdims=True) + eps)
    normal = centred * inverse
    weight = _each(inputs, "weight", seen)
    bias = _each(inputs, "bias", seen)
    y = normal if weight is None else normal * weight
    y = y if bias is None else y + bias
    # torch makes one factor and one term of each channel first: where they cancel, more is lost.
    mean = x.mean((2, 3), keepdims=True)
    factor = inverse if weight is None else inverse * weight
    term = -(mean * factor) if bias is None else bias - mean * factor
    folded = x * factor + term
    y = Bounded(y.value, np.maximum(y.error, folded.error))
    outputs = {"y": y.reshape(*given.shape)}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"]).reshape(*seen)
        inner = g if weight is None else g * weight
        dx = (
            inner
            - inner.mean((2, 3), keepdims=True)
            - normal * (inner * normal).mean((2, 3), keepdims=True)
        ) * inverse
        outputs["grad.x"] = dx.reshape(*given.shape)
        if weight is not None:
            outputs["grad.weight"] = (g * normal).sum((0, 3)).reshape(channels)
        if bias is not None:
            outputs["grad.bias"] = g.sum((0, 3)).reshape(channels)
    return outputs


def _each(inputs: Inputs, name: str, seen: tuple[int, int, int, int]) -> Bounded | None:
    """One number for each channel, in the dimensions in which x is seen."""
    return bounded(inputs[name]).reshape(1, seen[1], seen[2], 1) if name in inputs else None


FORMULAS = {"group_norm": group_norm, "instance_norm": instance_norm}

"""Convolutions that are those of images turned around, or of one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.batches import alone_too
from gradproof_bridge.formulas.bounded import Bounded, bounded
from gradproof_bridge.formulas.expected import Real
from gradproof_bridge.formulas.shapes import around, pair
from gradproof_bridge.formulas.tensors import conv2d

Outputs = dict[str, Bounded]


def _numbers(inputs: Inputs, params: Params) -> Outputs:
    return {name: y.number for name, y in conv2d(inputs, params).items() if isinstance(y, Real)}


@alone_too(3)
def conv1d(inputs: Inputs, params: Params) -> Outputs:
    """conv2d of images of one row."""
    left, right = pair(params["padding"])
    settings: dict[str, Any] = {
        "stride": [1, params["stride"]],
        "padding": [0, left, 0, right],
        "dilation": [1, params["dilation"]],
        "groups": params["groups"],
    }
    rows = {name: x[:, :, None] if x.ndim == 3 else x for name, x in inputs.items()}
    found = _numbers(rows, settings)
    return {
        name: y.reshape(*y.shape[:2], y.shape[3]) if len(y.shape) == 4 else y
        for name, y in found.items()
    }


@alone_too(4)
def conv_transpose2d(inputs: Inputs, params: Params) -> Outputs:
    """What conv2d from y to x sends back to y."""
    x, weight = inputs["x"], inputs["weight"]
    settings = {name: params[name] for name in ("stride", "padding", "dilation", "groups")}
    settings["positions"] = x.shape[-2:]
    settings["positions"] = x.shape[-2:]
    images = np.zeros(_shape(x.shape, weight.shape, params), x.dtype)
    y = _numbers({"x": images, "weight": weight, "grad.y": x}, settings)["grad.x"]
    if "bias" in inputs:
        y = y + bounded(inputs["bias"]).reshape(1, -1, 1, 1)
    outputs = {"y": y}
    if "grad.y" in inputs:
        g = inputs["grad.y"]
        back = _numbers({"x": g, "weight": weight, "grad.y": x}, settings)
        outputs |= {"grad.x": back["y"], "grad.weight": back["grad.weight"]}
        if "bias" in inputs:
            outputs["grad.bias"] = bounded(g).sum((0, 2, 3))
    return outputs


def _shape(x: tuple[int, ...], weight: tuple[int, ...], params: Params) -> tuple[int, ...]:
    stride, dilation = pair(params["stride"]), pair(params["dilation"])
    added, cut = pair(params["output_padding"]), around(params["padding"])
    height, width = (
        (x[d + 2] - 1) * stride[d]
        + dilation[d] * (weight[d + 2] - 1)
        + 1
        + added[d]
        - cut[d]
        - cut[d + 2]
        for d in (0, 1)
    )
    return x[0], weight[1] * params["groups"], height, width


FORMULAS = {"conv1d": conv1d, "conv_transpose2d": conv_transpose2d}

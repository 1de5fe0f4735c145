"""A linear layer of 8-bit codes: sums of products in int32, scaled once."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import bounded
from gradproof_bridge.formulas.expected import Expected, Real, exactly


def int8_linear(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """(x - x_zero_point) (weight - weight_zero_point)^T, times both scales, and the bias."""
    x = inputs["x"].reshape(-1, inputs["x"].shape[-1])
    acc = (
        _less(x, inputs.get("x_zero_point"))
        @ _less(inputs["weight"], inputs.get("weight_zero_point")).T
    )
    scales = bounded(inputs["x_scale"].reshape(-1, 1)) * bounded(inputs["weight_scale"])
    y = bounded(acc) * scales
    if "bias" in inputs:
        y = y + inputs["bias"]
    shape = (*inputs["x"].shape[:-1], acc.shape[1])
    return {"acc": exactly(acc.astype(np.int32).reshape(shape)), "y": Real(y.reshape(*shape))}


def _less(codes: Array, zero_point: Array | None) -> Array:
    wide = codes.astype(np.int64)
    return wide if zero_point is None else wide - zero_point.astype(np.int64).reshape(-1, 1)


FORMULAS = {"int8_linear": int8_linear}

"""Ranges of tensors and their 8-bit scales: torch/ao/quantization/observer.py, and
quant.py of GPTQ (Frantar et al., "GPTQ", 2022).
"""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, eps, where
from gradproof_bridge.formulas.expected import Codes, Expected, Real, exactly
from gradproof_bridge.formulas.shapes import axis_in

Outputs = dict[str, Expected]


def minmax_observer(inputs: Inputs, params: Params) -> Outputs:
    """The smallest and the largest element; joined with a range before, or moved by a share of the
    distance from it.
    """
    x = inputs["x"].astype(np.float64)
    channel = params.get("ch_axis")
    axes = None if channel is None else tuple(set(range(x.ndim)) - {axis_in(channel, x.ndim)})
    low, high = (np.atleast_1d(end) for end in (x.min(axes), x.max(axes)))
    if "min_val" not in inputs:
        return {"min_val": _copy(low), "max_val": _copy(high)}
    before, until = (inputs[name].astype(np.float64) for name in ("min_val", "max_val"))
    share = params.get("averaging_constant")
    if share is None:
        return {
            "min_val": _copy(np.minimum(before, low)),
            "max_val": _copy(np.maximum(until, high)),
        }
    return {
        "min_val": Real(_moved(before, low, share)),
        "max_val": Real(_moved(until, high, share)),
    }


def _copy(values: F64) -> Real:
    return Real(bounded(values), is_copy=True)


def _moved(old: F64, new: F64, share: float) -> Bounded:
    return bounded(old) + (bounded(new) - old) * share


_RANGES = {"quint8": ((0, 255), (0, 127)), "qint8": ((-128, 127), (-64, 63))}


def calculate_qparams(inputs: Inputs, params: Params) -> Outputs:
    """(max - min) / steps with 0 inside, at least eps, and the code of 0; symmetric: the largest
    magnitude over half of the steps.
    """
    first, last = _RANGES[params["dtype"]][int(params["reduce_range"])]
    least = bounded(np.minimum(inputs["min_val"].astype(np.float64), 0.0))
    most = bounded(np.maximum(inputs["max_val"].astype(np.float64), 0.0))
    if params["qscheme"] == "symmetric":
        largest = bounded(np.maximum(most.value, -least.value))
        middle = 128 if params["dtype"] == "quint8" else 0
        zero_point = exactly(np.full(least.shape, middle, _stored(params)))
        return {
            "scale": Real(_at_least(largest / ((last - first) / 2), params)),
            "zero_point": zero_point,
        }
    scale = _at_least((most - least) / float(last - first), params)
    y = least / scale
    codes = [
        np.clip(first - np.rint(y.value + side * y.error), first, last).astype(_stored(params))
        for side in (0, 1, -1)
    ]
    return {"scale": Real(scale), "zero_point": Codes(*codes)}


def _at_least(scale: Bounded, params: Params) -> Bounded:
    return where(scale.value > params["eps"], scale, params["eps"])


def _stored(params: Params) -> type[np.generic]:
    return np.uint8 if params["dtype"] == "quint8" else np.int8


def mse_observer(inputs: Inputs, params: Params) -> Outputs:
    """GPTQ's search (Quantizer.find_params) with squares: the share of the range, from 1 on down in
    steps of 1 / grid, whose codes leave the least squared error; of equal ones the widest.
    """
    x = inputs["x"].astype(np.float64)
    channel = params.get("ch_axis")
    rows = x.reshape(1, -1)
    if channel is not None:
        axis = axis_in(channel, x.ndim)
        rows = np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)
    tried = max(1, int(params["maxshrink"] * params["grid"]))
    shares = (1 - np.arange(tried) / params["grid"]).astype(np.float32).astype(np.float64)
    found = [_least(row, shares, {**params, "dtype": "qint8"}) for row in rows]
    low, high = (
        Bounded(*map(np.array, zip(*end, strict=True))) for end in zip(*found, strict=True)
    )
    return {"min_val": Real(low), "max_val": Real(high)}


_End = tuple[float, float]


def _least(row: F64, shares: F64, params: Params) -> tuple[_End, _End]:
    """Both ends of the best range, and how far those are from it that may be as good."""
    ends = [(shares * end).astype(np.float32) for end in (row.min(), row.max())]
    of = calculate_qparams({"min_val": ends[0], "max_val": ends[1]}, params)
    scale, zeros = of["scale"], of["zero_point"]
    if not isinstance(scale, Real) or not isinstance(zeros, Codes):
        raise TypeError("qparams are a scale and a zero point")
    s = scale.number.value[:, None]
    first, last = _RANGES[params["dtype"]][int(params["reduce_range"])]
    errors = []
    for zero in (zeros.value, zeros.low, zeros.high):
        z = zero.astype(np.float64)[:, None]
        y = bounded(row) / Bounded(s, scale.number.error[:, None])
        decoded = (np.clip(np.rint(y.value) + z, first, last) - z) * s
        off = Bounded(row - decoded, 3 * (y.error * s + eps() * np.abs(decoded)))
        errors.append((off * off).sum(1))
    least = np.min([error.value - error.error for error in errors], axis=0)
    most = np.max([error.value + error.error for error in errors], axis=0)
    best = int(errors[0].value.argmin())
    is_open = least <= most.min()
    low, high = ((float(end[best]), float(np.abs(end - end[best])[is_open].max())) for end in ends)
    return low, high


FORMULAS = {
    "minmax_observer": minmax_observer,
    "calculate_qparams": calculate_qparams,
    "mse_observer": mse_observer,
}

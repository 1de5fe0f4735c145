"""Ranges of tensors and their 8-bit scales: torch/ao/quantization/observer.py."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, where
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


FORMULAS = {"minmax_observer": minmax_observer, "calculate_qparams": calculate_qparams}

"""Functions of several operands that broadcast, as torch defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import Bounded, bounded, exp, log, where
from gradproof_bridge.formulas.expected import Real, exactly
from gradproof_bridge.formulas.shapes import unbroadcast
from gradproof_bridge.formulas.tensors import Outputs, binary, is_integer


def _larger(a: Bounded, b: Bounded) -> Bounded:
    """The share of a gradient that flows into a, of the larger of two: half of it between equals."""
    return bounded(np.where(a.value == b.value, 0.5, a.value > b.value))


maximum = binary(
    lambda a, b: where(a.value >= b.value, a, b),
    np.maximum,
    lambda a, b: (_larger(a, b), _larger(b, a)),
)
minimum = binary(
    lambda a, b: where(a.value <= b.value, a, b),
    np.minimum,
    lambda a, b: (_larger(b, a), _larger(a, b)),
)


def _power(a: Bounded, b: Bounded) -> Bounded:
    with np.errstate(all="ignore"):
        value = np.power(a.value, b.value)
        through = exp(log(bounded(np.abs(a.value))) * b)
        known = np.broadcast_to((b.value == 0) | ((a.value == 0) & (b.value > 0)), value.shape)
        return Bounded(value, np.where(known, 0.0, through.error))


def _by_base(a: Bounded, b: Bounded) -> Bounded:
    with np.errstate(all="ignore"):
        return where(
            np.broadcast_to(b.value == 0, (a.value + b.value).shape), 0.0, b * _power(a, b - 1.0)
        )


def _by_exponent(a: Bounded, b: Bounded) -> Bounded:
    with np.errstate(all="ignore"):
        return where((a.value == 0) & (b.value >= 0), 0.0, _power(a, b) * log(a))


def _integer_power(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """By squares, which wrap; to a negative power 1 and -1 alone are more than 0."""
    dtype = np.result_type(a, b)
    a, b = (np.asarray(x, np.int64) for x in np.broadcast_arrays(a, b))
    result, factor, rest = np.ones_like(a), a, np.abs(b)
    while rest.any():
        result = np.where(rest & 1, result * factor, result).astype(np.int32).astype(np.int64)
        factor = (factor * factor).astype(np.int32).astype(np.int64)
        rest = rest >> 1
    return np.where((b < 0) & (np.abs(a) != 1), 0, result).astype(dtype)


pow_op = binary(_power, _integer_power, lambda a, b: (_by_base(a, b), _by_exponent(a, b)))


def where_op(inputs: Inputs, params: Params) -> Outputs:
    """A where the condition is true, else b; each has the gradient of what was taken of it."""
    true = inputs["condition"] != 0
    if is_integer(inputs["a"]) and is_integer(inputs["b"]):
        return {"y": exactly(np.where(true, inputs["a"], inputs["b"]))}
    a, b = bounded(inputs["a"]), bounded(inputs["b"])
    outputs: Outputs = {"y": Real(where(true, a, b))}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        outputs |= {
            "grad.a": Real(unbroadcast(where(true, g, 0.0), a.shape)),
            "grad.b": Real(unbroadcast(where(true, 0.0, g), b.shape)),
        }
    return outputs


def masked_fill(inputs: Inputs, params: Params) -> Outputs:
    """The value where the mask is true, else x; there alone the gradient passes."""
    true = inputs["mask"] != 0
    if is_integer(inputs["x"]):
        value = np.asarray(int(params["value"]), inputs["x"].dtype)
        return {"y": exactly(np.where(true, value, inputs["x"]))}
    x = bounded(inputs["x"])
    outputs: Outputs = {"y": Real(where(true, float(np.float32(params["value"])), x))}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        outputs["grad.x"] = Real(unbroadcast(where(true, 0.0, g), x.shape))
    return outputs


def clamp(inputs: Inputs, params: Params) -> Outputs:
    """Min(max(x, low), high); of an x that is equal to one bound each has half of the gradient."""
    given = [inputs[name] for name in ("x", "min", "max") if name in inputs]
    if all(is_integer(x) for x in given):
        y = inputs["x"] if "min" not in inputs else np.maximum(inputs["x"], inputs["min"])
        return {"y": exactly(y if "max" not in inputs else np.minimum(y, inputs["max"]))}
    x, low, high = np.broadcast_arrays(
        *(
            np.asarray(inputs.get(name, none), np.float64)
            for name, none in (("x", 0), ("min", -np.inf), ("max", np.inf))
        )
    )
    outputs: Outputs = {"y": Real(bounded(np.minimum(np.maximum(x, low), high)))}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        above, below = (low > high) | (x > high), (low <= high) & (x < low)
        inside = ~above & ~below
        at_low, at_high = inside & (x == low) & (x < high), inside & (x == high) & (x > low)
        shares = {
            "x": inside - 0.5 * (at_low | at_high),
            "min": below + 0.5 * at_low,
            "max": above + 0.5 * at_high,
        }
        outputs |= {
            f"grad.{name}": Real(unbroadcast(g * share, inputs[name].shape))
            for name, share in shares.items()
            if name in inputs
        }
    return outputs


FORMULAS = {
    "maximum": maximum,
    "minimum": minimum,
    "pow": pow_op,
    "where": where_op,
    "masked_fill": masked_fill,
    "clamp": clamp,
}

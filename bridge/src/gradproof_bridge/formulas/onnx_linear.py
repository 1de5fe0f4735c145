"""ONNX's QuantizeLinear and DequantizeLinear, with codes of 4 bits that may lie two a byte."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.formulas.bounded import bounded, eps
from gradproof_bridge.formulas.expected import Codes, Decoded, Expected, Real
from gradproof_bridge.formulas.shapes import axis_in, block_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.vocabulary import Params

Outputs = dict[str, Expected]
_RANGES = {"int8": (-128, 127), "uint8": (0, 255), "int4": (-8, 7), "uint4": (0, 15)}


def pack_nibbles(codes: NDArray[Any]) -> NDArray[np.uint8]:
    """Codes of 4 bits as ONNX stores them: two a byte, the first in the low bits, the rest 0."""
    pairs = np.pad(codes.reshape(-1), (0, codes.size % 2)).astype(np.uint8).reshape(-1, 2) & 15
    return (pairs[:, 0] | pairs[:, 1] << 4).astype(np.uint8)


def nibbles(packed: NDArray[Any], shape: Sequence[int], kind: str) -> NDArray[Any]:
    """The codes that were packed, each in a byte."""
    pairs = packed.reshape(-1, 1) >> np.array([0, 4], np.uint8) & 15
    codes = pairs.reshape(-1)[: math.prod(shape)].reshape(shape)
    return codes if kind == "uint4" else ((codes ^ 8).astype(np.int8) - 8).astype(np.int8)


def quantize_linear(inputs: Inputs, params: Params) -> Outputs:
    """round_half_even(x / scale) + zero_point, clamped."""
    x, zero = inputs["x"], _zero_points(inputs, params)
    kind = params.get("dtype") or ("uint8" if zero is None or zero.dtype == np.uint8 else "int8")
    low, high = _RANGES[kind]
    scale = _spread(inputs["scale"], x.shape, params).astype(np.float64)
    shift = 0 if zero is None else _spread(zero, x.shape, params).astype(np.float64)
    y = x.astype(np.float64) / scale
    store = np.uint8 if kind.startswith("u") else np.int8
    band = 2.5 * eps() * np.abs(y)
    codes = [
        np.clip(np.rint(y + sign * band) + shift, low, high).astype(store) for sign in (0, -1, 1)
    ]
    if not params["packed"]:
        return {"q": Codes(*codes)}
    value, least, most = (each.reshape(-1) for each in codes)
    # Of a last half byte nothing is known but that it is 0.
    rest = value.size % 2
    low_ends, high_ends = (np.pad(each.astype(np.float64), (0, rest)) for each in (least, most))
    return {"q": Decoded(pack_nibbles(value), lambda q: _all_nibbles(q, kind), low_ends, high_ends)}


def dequantize_linear(inputs: Inputs, params: Params) -> Outputs:
    """(q - zero_point) scale."""
    q, zero = inputs["q"], _zero_points(inputs, params)
    if params["packed"]:
        q = nibbles(q, params["shape"], params["dtype"])
    shift = 0 if zero is None else _spread(zero, q.shape, params).astype(np.float64)
    return {
        "y": Real(
            bounded(q.astype(np.float64) - shift)
            * bounded(_spread(inputs["scale"], q.shape, params))
        )
    }


def _zero_points(inputs: Inputs, params: Params) -> NDArray[Any] | None:
    """One a byte."""
    zero = inputs.get("zero_point")
    if zero is None or not params["packed"]:
        return zero
    return nibbles(zero, inputs["scale"].shape, params["dtype"])


def _all_nibbles(packed: NDArray[Any], kind: str) -> NDArray[np.float64]:
    return nibbles(packed, (2 * packed.size,), kind).astype(np.float64)


def _spread(scale: NDArray[Any], shape: Sequence[int], params: Params) -> NDArray[Any]:
    """One scale for all, one for each index of the axis, or one for each block along it, so that it
    broadcasts to the shape.
    """
    if params.get("axis") is None:
        return scale.reshape(())
    axis = axis_in(params["axis"], len(shape))
    if params.get("block_size") is None:
        return scale.reshape([-1 if d == axis else 1 for d in range(len(shape))])
    return np.take(scale, block_of(shape[axis], params["block_size"]), axis)


FORMULAS = {"quantize_linear": quantize_linear, "dequantize_linear": dequantize_linear}

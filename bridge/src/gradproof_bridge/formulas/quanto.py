"""Quanto's weights: optimum/quanto/tensor/optimizers (scales), tensor/weights/qbits.py and
qbytes.py (codes), tensor/packed.py (bytes).
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded
from gradproof_bridge.formulas.expected import Codes, Decoded, Expected, Real

_BITS = {"qint2": 2, "qint4": 4}
_FLOAT8: dict[str, tuple[Any, float]] = {
    "qfloat8": (ml_dtypes.float8_e4m3fn, 448.0),
    "qfloat8_e4m3fn": (ml_dtypes.float8_e4m3fn, 448.0),
    "qfloat8_e5m2": (ml_dtypes.float8_e5m2, 57344.0),
}


def quanto_quantize(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """qint2 and qint4 are affine in groups; qint8 and float8 are symmetric along an axis."""
    weight = inputs["weight"].astype(np.float64)
    if params["qtype"] in _BITS:
        return _affine(weight, params, _BITS[params["qtype"]])
    axis = tuple(d for d in range(weight.ndim) if d != params["axis"] % weight.ndim)
    largest = np.abs(weight).max(axis, keepdims=True)
    if params["qtype"] == "qint8":
        scale = bounded(largest) / 127.0
        y = bounded(weight) / scale
        codes = Codes(
            *(
                np.clip(np.rint(y.value + s * y.error), -128, 127).astype(np.int8)
                for s in (0, -1, 1)
            )
        )
        return {"q": codes, "scale": Real(scale), "dequant": Real(_times(codes, scale))}
    dtype, top = _FLOAT8[params["qtype"]]
    scale = bounded(largest) / top
    y = bounded(weight) / scale
    value, below, above = (
        np.clip(y.value + s * y.error, -top, top).astype(dtype) for s in (0, -1, 1)
    )
    wide = [part.astype(np.float64) for part in (value, below, above)]
    spread = np.maximum(np.abs(wide[1] - wide[0]), np.abs(wide[2] - wide[0])) * scale.value
    product = bounded(wide[0]) * scale

    def decode(actual: Array) -> F64:
        found: F64 = actual.view(dtype).astype(np.float64)
        return found

    q = Decoded(
        value.view(np.uint8), decode, np.minimum(wide[1], wide[2]), np.maximum(wide[1], wide[2])
    )
    return {
        "q": q,
        "scale": Real(scale),
        "dequant": Real(Bounded(product.value, product.error + spread)),
    }


def _times(codes: Codes, scale: Bounded) -> Bounded:
    product = bounded(codes.value) * scale
    wide = [c.astype(np.int64) for c in (codes.value, codes.low, codes.high)]
    spread = np.maximum(np.abs(wide[1] - wide[0]), np.abs(wide[2] - wide[0])) * np.abs(scale.value)
    return Bounded(product.value, product.error + spread)


def _affine(weight: F64, params: Params, bits: int) -> dict[str, Expected]:
    """Scale = (max - min) / (2^b - 1), shift = -min, q = clamp(rint((x + shift) / scale)); decoded
    scale q - shift.
    """
    grouped = group(weight, params)
    own = 0 if params["axis"] == 0 else grouped.ndim - 1
    axis = tuple(d for d in range(grouped.ndim) if d != own)
    low, high = grouped.min(axis, keepdims=True), grouped.max(axis, keepdims=True)
    top = 2**bits - 1
    scale = (bounded(high) - bounded(low)) / float(top)
    shift = bounded(-low)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = (bounded(grouped) + shift) / scale
    codes = Codes(
        *(
            np.clip(np.rint(np.nan_to_num(y.value + s * y.error)), 0, top).astype(np.uint8)
            for s in (0, -1, 1)
        )
    )
    decoded = _times(codes, scale) - shift
    outputs: dict[str, Expected] = {
        "unpacked": codes,
        "scale": Real(scale),
        "shift": Real(shift),
        "dequant": Real(_ungroup(decoded, weight.shape, params)),
    }

    def decode(packed: Array) -> F64:
        return unpack(packed, bits)[: len(grouped)].astype(np.float64)

    outputs["packed"] = Decoded(
        pack(codes.value, bits), decode, codes.low.astype(np.float64), codes.high.astype(np.float64)
    )
    return outputs


def group(weight: F64, params: Params) -> F64:
    """A group is a row (axis 0) or a column (axis -1) of the matrix."""
    size = params.get("group_size")
    if size is None:
        return weight
    if weight.size % size:
        raise FormatError(
            f"quanto_quantize: {weight.size} weights are no multiple of group_size {size}"
        )
    if params["axis"] == 0:
        return weight.reshape(-1, size)
    last = weight.shape[-1]
    return weight.reshape(-1, size, last).transpose(1, 2, 0).reshape(size, -1)


def _ungroup(x: Bounded, shape: tuple[int, ...], params: Params) -> Bounded:
    size = params.get("group_size")
    if size is None or params["axis"] == 0:
        return x.reshape(*shape)
    return x.reshape(size, shape[-1], -1).transpose(2, 0, 1).reshape(*shape)


def pack(codes: Array, bits: int) -> Array:
    """Slices of rows side by side in a byte, the first in the lowest bits."""
    per_byte = 8 // bits
    rows = -(-len(codes) // per_byte)
    padded = np.concatenate(
        [codes, np.zeros((rows * per_byte - len(codes), *codes.shape[1:]), np.uint8)]
    )
    slices = padded.reshape(per_byte, rows, *codes.shape[1:])
    return np.bitwise_or.reduce([part << (bits * k) for k, part in enumerate(slices)]).astype(
        np.uint8
    )


def unpack(packed: Array, bits: int) -> Array:
    """The inverse of `pack`, with the rows that fill up the last byte."""
    return np.concatenate([(packed >> (bits * k)) & (2**bits - 1) for k in range(8 // bits)])


FORMULAS = {
    "quanto_quantize": quanto_quantize,
}

"""Quanto's weights: optimum/quanto/tensor/optimizers (scales), tensor/weights/qbits.py and
qbytes.py (codes), tensor/packed.py (bytes). Its activations: calibrate.py (scales),
library/quantize.py (codes), library/qbytes_mm.py (products).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, rounded
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.expected import Codes, Decoded, Expected, Real, exactly

_BITS = {"qint2": 2, "qint4": 4}
_FLOAT8: dict[str, Any] = {
    "qfloat8": ml_dtypes.float8_e4m3fn,
    "qfloat8_e4m3fn": ml_dtypes.float8_e4m3fn,
    "qfloat8_e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "qfloat8_e5m2": ml_dtypes.float8_e5m2,
}
_LARGEST = {
    "qint8": 127.0,
    **{name: float(ml_dtypes.finfo(of).max) for name, of in _FLOAT8.items()},
}


def quanto_quantize(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """qint2 and qint4 are affine in groups; qint8 and float8 are symmetric along an axis. One of a
    single index is none: symmetric codes have one scale then, affine ones groups along the last.
    """
    weight = inputs["weight"].astype(np.float64)
    if params["qtype"] in _BITS:
        return _affine(weight, params, _BITS[params["qtype"]])
    axis = tuple(d for d in range(weight.ndim) if d != params["axis"] % weight.ndim)
    sizes = np.abs(weight)
    is_one = weight.shape[params["axis"]] == 1
    largest = sizes.max().reshape(1) if is_one else sizes.max(axis, keepdims=True)
    scale = bounded(largest) / _LARGEST[params["qtype"]]
    return {"scale": Real(scale), **_symmetric(bounded(weight), scale, params["qtype"])}


def quanto_activation(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Codes of x over one scale, and what they decode to; the gradient goes straight through."""
    outputs = _symmetric(bounded(inputs["x"]), bounded(inputs["scale"]), params["qtype"])
    if "grad.dequant" in inputs:
        outputs["grad.x"] = Real(bounded(inputs["grad.dequant"]), is_copy=True)
    return outputs


def _symmetric(x: Bounded, scale: Bounded, qtype: str) -> dict[str, Expected]:
    """Codes of 8 bits by scales that broadcast over x, and what they decode to."""
    y = x / scale
    if qtype not in _FLOAT8:
        codes = _bytes(y)
        return {"q": codes, "dequant": Real(_times(codes, scale))}
    dtype, top = _FLOAT8[qtype], _LARGEST[qtype]
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
    return {"q": q, "dequant": Real(Bounded(product.value, product.error + spread))}


def quanto_linear(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Q = rint(x / input_scale) between -128 and 127, times codes of the weight in integers; y is
    that in the units of both, + bias; dx = dy (q scale).
    """
    x, weight = inputs["x"], inputs["q"].astype(np.int64)
    rows = bounded(x.reshape(-1, x.shape[-1]))
    # By a scale of 0, of batches of zeros, any code decodes to 0.
    codes = (
        _bytes(rows / bounded(inputs["input_scale"]))
        if inputs["input_scale"][0] != 0
        else Codes(*(np.full(rows.shape, code, np.int8) for code in (0, -128, 127)))
    )
    acc = codes.value.astype(np.int64) @ weight.T
    # A code at a tie may be either neighbour, and the product is of the one that was taken.
    off = (codes.high.astype(np.int64) - codes.low) @ np.abs(weight).T
    units = bounded(inputs["input_scale"]) * bounded(inputs["scale"].reshape(-1))
    # A sum beyond 2^24 is rounded when it becomes a float.
    y = rounded(acc.astype(np.float64), off.astype(np.float64), np.abs(acc) > 2**24) * units
    if "bias" in inputs:
        y = y + inputs["bias"]
    shape = (*x.shape[:-1], weight.shape[0])
    outputs: dict[str, Expected] = {
        "q_x": Codes(*(part.reshape(x.shape) for part in (codes.value, codes.low, codes.high))),
        "acc": Codes(
            *(sums.astype(np.int32).reshape(shape) for sums in (acc, acc - off, acc + off))
        ),
        "y": Real(y.reshape(*shape)),
    }
    if "grad.y" in inputs:
        dy = bounded(inputs["grad.y"].reshape(-1, weight.shape[0]))
        dx = dy @ (bounded(weight) * bounded(inputs["scale"]))
        outputs["grad.x"] = Real(dx.reshape(*x.shape))
    return outputs


def sums_given(inputs: Inputs, params: Params, outputs: Mapping[str, Array]) -> dict[str, Expected]:
    """The sums of the codes that an answer has, which are exact whatever a tie became; empty where
    it lacks them or they do not fit.
    """
    x, q_x = inputs["x"], outputs.get("q_x")
    if q_x is None or q_x.shape != x.shape:
        return {}
    sums = q_x.astype(np.int64) @ inputs["q"].astype(np.int64).T
    return {"acc": exactly(sums.astype(np.int32))}


def quanto_calibrate(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Max |x| over the largest number of the type of a first batch, which a scale of 1 says, then 0.9
    of the scale and 0.1 of that.
    """
    largest = np.abs(inputs["x"].astype(np.float64)).max().reshape(1)
    own = bounded(largest) / _LARGEST[params["qtype"]]
    before = bounded(inputs["input_scale"])
    if before.value[0] != 1:
        own = before * float(np.float32(0.9)) + own * float(np.float32(0.1))
    return {"input_scale": Real(own)}


def _bytes(y: Bounded) -> Codes:
    return Codes(
        *(np.clip(np.rint(y.value + s * y.error), -128, 127).astype(np.int8) for s in (0, -1, 1))
    )


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
    own = 0 if params["axis"] == 0 and len(grouped) > 1 else grouped.ndim - 1
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


def quanto_matmul(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Y = x W^T, or x W, with W = scale q - shift; dx = dy W."""
    shape = params["out_features"], params["in_features"]
    along = shape[1] if params["axis"] == 0 else shape[0]
    if along % params["group_size"]:
        raise FormatError(
            f"quanto_matmul: {along} elements are no multiple of group_size {params['group_size']}"
        )
    groups = shape[0] * shape[1] // params["group_size"]
    rows = groups if params["axis"] == 0 else params["group_size"]
    codes = unpack(inputs["packed"], params["bits"])[:rows]
    decoded = bounded(codes) * inputs["scale"] - inputs["shift"]
    weight = _ungroup(decoded, shape, params)
    return decoded_product(inputs, weight, transposed=params["transpose_weight"])


FORMULAS = {
    "quanto_quantize": quanto_quantize,
    "quanto_activation": quanto_activation,
    "quanto_matmul": quanto_matmul,
    "quanto_linear": quanto_linear,
    "quanto_calibrate": quanto_calibrate,
}
CONSEQUENCES = {"quanto_linear": sums_given}

"""Weights for ONNX Runtime's MatMulNBits: range2scale, range2scalezp and BlockwiseQuantizer of
onnxruntime/core/mlas/lib/q4_dq.cpp, 1.31.
"""

from __future__ import annotations

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, TINY, Bounded, bounded, gamma
from gradproof_bridge.formulas.expected import Decoded, Expected, Real

Bytes = NDArray[np.uint8]

_INT8 = 4
"""The accuracy_level at which x may become int8."""

_EPS = 2.0**-23
"""Codes are made in float32, whatever half precision the weight is stored in."""


@dataclass(frozen=True)
class _Range:
    """A value as float32 has it, and the ends of what legal arithmetic may give."""

    value: F64
    low: F64
    high: F64

    @property
    def ends(self) -> tuple[F64, F64, F64]:
        return self.value, self.low, self.high


def quantize_nbits(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Codes round(x / scale) + zero in blocks along the rows, halves away from zero; 0 past the
    end of a row, and the middle code past its last zero point.
    """
    weight = inputs["weight"]
    if weight.ndim != 2 or weight.size == 0:
        raise FormatError(f"quantize_nbits: a weight {weight.shape} is no matrix of some elements")
    bits, block = params["bits"], params["block_size"]
    top, middle = 2**bits - 1, 2 ** (bits - 1)
    rows, columns = weight.shape
    blocks = -(-columns // block)
    padded = np.zeros((rows, blocks * block))
    padded[:, :columns] = weight.astype(np.float64)
    x = padded.reshape(rows, blocks, block)
    low, high = np.minimum(x.min(2), 0), np.maximum(x.max(2), 0)
    zero: _Range
    if params["symmetric"]:
        made = np.where(high > -low, high, low) / -middle
        exact = _Range(made, made, made)
        zero = _Range(*(np.full(made.shape, float(middle)),) * 3)
    else:
        exact = _around(_f32(_f32(high - low) / top), 3.5)
        zero = _zeros(low, exact, top)
    used = exact if weight.dtype == np.dtype(ml_dtypes.bfloat16) else _held(exact, weight.dtype)
    codes = _codes(x, used, zero, top)
    packed = _decoded(codes, np.arange(blocks * block) >= columns, 0, bits, rows)
    shape = (rows, blocks, block * bits // 8)
    outputs: dict[str, Expected] = {
        "packed": Decoded(
            packed.value.reshape(shape),
            lambda actual: _without_repeats(
                _unpacked(actual.reshape(rows, -1), bits), columns, bits, block
            ),
            packed.low,
            packed.high,
        ),
        "scales": Real(Bounded(exact.value, np.maximum(exact.high - exact.value, TINY))),
    }
    if not params["symmetric"]:
        per_byte = 8 // bits
        filling = -blocks % per_byte
        wide = _Range(*(np.pad(end, ((0, 0), (0, filling))) for end in zero.ends))
        after = np.arange(blocks + filling) >= blocks
        outputs["zero_points"] = _decoded(wide, after, middle, bits, rows)
    return outputs


def _f32(x: F64) -> F64:
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64)


def _around(value: F64, units: float) -> _Range:
    """What so many units of rounding leave open, and a denormal that may be flushed."""
    off = units * _EPS * np.abs(value) * (1 + 1e-3) + np.where(value == 0, 0, TINY)
    return _Range(value, value - off, value + off)


def _held(scale: _Range, dtype: np.dtype[np.generic]) -> _Range:
    """As a weight's format stores it."""
    if dtype != np.float16:
        return scale
    return _Range(*(end.astype(np.float16).astype(np.float64) for end in scale.ends))


def _rounded(y: F64, top: int) -> F64:
    """C's roundf between 0 and the highest code."""
    return np.floor(np.clip(np.nan_to_num(y), 0, top) + 0.5)


def _zeros(low: F64, scale: _Range, top: int) -> _Range:
    """Which code stands for 0; any where float32 has no normal number for the scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(scale.value == 0, 0, -low / scale.value)
    off = 6.5 * _EPS * np.abs(y)
    is_open = (scale.value != 0) & (scale.low < TINY)
    least, most = _rounded(y - off, top), _rounded(y + off, top)
    return _Range(_rounded(y, top), np.where(is_open, 0, least), np.where(is_open, top, most))


def _codes(x: F64, scale: _Range, zero: _Range, top: int) -> _Range:
    """Codes of each element of each block, by every scale and zero point that may be."""
    levels = []
    for factor in scale.ends:
        for shift in zero.ends:
            with np.errstate(divide="ignore", invalid="ignore"):
                y = np.where(factor[..., None] == 0, 0, x / factor[..., None])
            level = y + shift[..., None]
            off = 4 * _EPS * np.abs(y) + _EPS * np.abs(level) + TINY
            levels.append((level, off))
    ends = [_rounded(level + sign * off, top) for level, off in levels for sign in (-1, 1)]
    sizes = [np.abs(end) for end in scale.ends]
    least = np.minimum.reduce(sizes)
    is_open = ((np.maximum.reduce(sizes) != 0) & (least < TINY))[..., None]
    return _Range(
        _rounded(levels[0][0], top),
        np.where(is_open, 0, np.minimum.reduce(ends)),
        np.where(is_open, top, np.maximum.reduce(ends)),
    )


def _decoded(codes: _Range, is_filling: Array, filling: int, bits: int, rows: int) -> Decoded:
    """Bytes of each row's codes, and what fills them up."""
    value, low, high = (np.where(is_filling, filling, end.reshape(rows, -1)) for end in codes.ends)
    return Decoded(
        _packed(value.astype(np.uint8), bits), lambda actual: _unpacked(actual, bits), low, high
    )


def _without_repeats(codes: F64, columns: int, bits: int, block: int) -> F64:
    """Codes of rows with 0 past their ends where all of them repeat the byte before there.

    The library makes the blocks of a byte of zero points in one loop, which fills a byte that
    begins with codes up with what the byte before has there.
    """
    per_byte = 8 // bits
    first = columns - columns % per_byte
    if first == columns or first % (per_byte * block) == 0:
        return codes
    after = slice(columns, first + per_byte)
    made = codes.copy()
    if np.array_equal(codes[:, after], codes[:, columns - per_byte : first]):
        made[:, after] = 0
    return made


def _packed(codes: Bytes, bits: int) -> Bytes:
    """Rows of whole bytes, the first code of each in its lowest bits."""
    places = codes.reshape(len(codes), -1, 8 // bits).astype(np.int64)
    return (places << (bits * np.arange(8 // bits))).sum(2).astype(np.uint8)


def _unpacked(packed: Array, bits: int) -> F64:
    codes = (packed[..., None] >> (bits * np.arange(8 // bits))) & (2**bits - 1)
    return codes.reshape(len(packed), -1).astype(np.float64)


def _weight(inputs: Inputs, params: Params) -> Bounded:
    """(code - zero point) scale, which the library multiplies out where it decodes a weight whole."""
    codes, zero, scales = _parts(inputs, params)
    return bounded(codes) * bounded(scales) - bounded(zero) * bounded(scales)


def _parts(inputs: Inputs, params: Params) -> tuple[F64, F64, F64]:
    """Codes, zero points and scales of each element."""
    bits, block = params["bits"], params["block_size"]
    rows, columns = params["out_features"], params["in_features"]
    scales = inputs["scales"].astype(np.float64)
    blocks = scales.shape[1]
    zero: F64 = np.full((rows, blocks), 2.0 ** (bits - 1))
    if "zero_points" in inputs:
        zero = _unpacked(inputs["zero_points"], bits)[:, :blocks]
    if "float_zero_points" in inputs:
        zero = inputs["float_zero_points"].astype(np.float64)
    block_of = inputs.get("g_idx", np.arange(columns) // block)
    codes = _unpacked(inputs["packed"].reshape(rows, -1), bits)[:, :columns]
    return codes, zero[:, block_of], scales[:, block_of]


def dequantize_nbits(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """What MatMulNBits multiplies by."""
    return {"y": _weight(inputs, params)}


def _of_int8(inputs: Inputs, params: Params) -> F64:
    """What x as int8 in the weight's blocks moves a product by: half a step of each element, and
    the roundings of sums of codes and zero points that are multiplied apart.
    """
    codes, zero, scales = _parts(inputs, params)
    x = np.abs(inputs["x"].astype(np.float64))
    terms, block = x.shape[-1], params["block_size"]
    filled = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, -terms % block)])
    largest = filled.reshape(*x.shape[:-1], -1, block).max(-1)
    steps = np.repeat(largest, block, -1)[..., :terms] / 254 * (1 + 2.0**-12)
    sizes = np.abs((codes - zero) * scales)
    apart = gamma(terms + 2) * (np.abs(codes * scales) + np.abs(zero * scales))
    if params["transpose_weight"]:
        sizes, apart = sizes.T, apart.T
    return steps @ sizes + x @ apart


def matmul_nbits(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """X times the transpose of the weight, or times the weight as it lies."""
    weight, is_transposed = _weight(inputs, params), params["transpose_weight"]
    x = bounded(inputs["x"])
    y = x @ (weight.swap() if is_transposed else weight)
    if params["accuracy_level"] == _INT8:
        y = Bounded(y.value, y.error + _of_int8(inputs, params))
    outputs = {"y": y}
    if "grad.y" in inputs:
        outputs["grad.x"] = bounded(inputs["grad.y"]) @ (weight if is_transposed else weight.swap())
    return outputs


FORMULAS = {
    "quantize_nbits": quantize_nbits,
    "dequantize_nbits": dequantize_nbits,
    "matmul_nbits": matmul_nbits,
}

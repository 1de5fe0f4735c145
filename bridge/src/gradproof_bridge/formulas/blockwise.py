"""bitsandbytes' 8-bit blocks: the dynamic map and its codes.

Dettmers et al., "8-bit Optimizers via Block-wise Quantization" (2021, arXiv 2110.02861); `create_dynamic_map` of
bitsandbytes/functional.py, and for the two ways of rounding csrc/cpu_ops.cpp (a table of 65,536 steps) and csrc/kernels.cu (a search).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, eps
from gradproof_bridge.formulas.expected import Codes, Expected, Real
from gradproof_bridge.formulas.shapes import block_of

if TYPE_CHECKING:
    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.stored import Array
    from gradproof_bridge.bundle.vocabulary import Params

_LUT_STEPS = 32767.5
_BAND = 4.5


@cache
def dynamic_map_values(*, signed: bool, max_exponent_bits: int = 7, total_bits: int = 8) -> F64:
    """The 256 ascending values of the dynamic map: per decade of exponent, midpoints of evenly spaced fractions."""
    values: list[float] = []
    non_sign_bits = total_bits - 1
    additional = 2 ** (non_sign_bits - max_exponent_bits) - 1
    for i in range(max_exponent_bits):
        values += _fractions(2 ** (i + non_sign_bits - max_exponent_bits + (0 if signed else 1)) + 1, i - max_exponent_bits + 1, signed)
    if additional > 0:
        values += _fractions(additional + 1, 0, signed)
    values += [0.0, 1.0]
    values += [0.0] * (256 - len(values))
    return np.sort(np.array(values))


def _fractions(boundaries: int, exponent: int, signed: bool) -> list[float]:
    """Midpoints of `boundaries` points from 0.1 to 1, times ten to the exponent, as float32 arithmetic gives them."""
    start = np.float32(0.1)
    step = np.float64(np.float32(np.float32(1) - start) / np.float32(boundaries - 1))
    ends = [
        np.float32(np.float64(start) + step * k) if k < boundaries // 2 else np.float32(1 - step * (boundaries - 1 - k))
        for k in range(boundaries)
    ]
    middles = [np.float32(np.float32(a + b) / np.float32(2)) for a, b in pairwise(ends)]
    found = [float(np.float32(np.float32(10.0**exponent) * m)) for m in middles]
    return found + [-x for x in found] if signed else found


def dynamic_map(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """bitsandbytes.functional.create_dynamic_map."""
    return {"code": Real(bounded(dynamic_map_values(**params)))}


def quantize_blockwise(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Nearest value of the map to x / absmax of its block; `lut16` rounds to 65,536 steps first, as bitsandbytes' CPU code."""
    x, code = inputs["x"], inputs["code"].astype(np.float64)
    flat = x.astype(np.float64).reshape(-1)
    q, absmax = quantize_codes(bounded(flat), code, params["blocksize"], params["rounding"])
    scale = absmax.value[block_of(flat.size, params["blocksize"])]
    product = bounded(code[q.value]) * bounded(scale)
    spread = np.maximum(np.abs(code[q.high] - code[q.value]), np.abs(code[q.low] - code[q.value])) * scale
    shaped = Codes(*(c.reshape(x.shape) for c in (q.value, q.low, q.high)))
    return {
        "q": shaped,
        "absmax": Real(absmax),
        "dequant": Real(Bounded(product.value, product.error + spread).reshape(*x.shape)),
    }


def quantize_codes(x: Bounded, code: F64, blocksize: int, rounding: str) -> tuple[Codes, Bounded]:
    """Codes of a flat tensor with their band, and the absmax of each block."""
    absmax = _absmax(x, blocksize)
    per_element = absmax[block_of(x.value.size, blocksize)]
    scale = per_element.value
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(scale > 0, (x.value.astype(np.float32) * (1 / scale).astype(np.float32)).astype(np.float64), 0)
        slack = np.where(scale > 0, (per_element.error + x.error) / scale, 0)
    band = _BAND * eps() + slack
    index = _lut16 if rounding == "lut16" else _nearest
    # A block of zeros has nothing to divide by: bitsandbytes leaves code 0 there, on CUDA too, where its search ends with it for NaN.
    low, value, high = (index(np.clip(y + shift * band, -1, 1), code) for shift in (-1, 0, 1))
    zero_low = np.where(scale == 0, 0, low)
    zero_value = np.where((scale == 0) & (rounding == "lut16"), 0, value)
    return Codes(zero_value.astype(np.uint8), zero_low.astype(np.uint8), high.astype(np.uint8)), absmax


def _absmax(x: Bounded, blocksize: int) -> Bounded:
    starts = np.arange(0, x.value.size, blocksize)
    return Bounded(np.maximum.reduceat(np.abs(x.value), starts), np.maximum.reduceat(x.error, starts))


def _nearest(y: F64, code: F64) -> Array:
    """Index of the nearest value of the map; a tie goes to the lower."""
    return np.searchsorted((code[1:] + code[:-1]) / 2, y, side="left")


def _lut16(y: F64, code: F64) -> Array:
    """As `_nearest`, of y rounded to one of 65,536 points."""
    j = np.clip(np.floor((y.astype(np.float32) + np.float32(1)) * np.float32(_LUT_STEPS) + np.float32(0.5)), 0, 65535)
    return _nearest((j.astype(np.float32) / np.float32(_LUT_STEPS)).astype(np.float64) - 1, code)

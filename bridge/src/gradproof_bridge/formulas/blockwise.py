"""bitsandbytes' 8-bit blocks: the dynamic map and its codes.

Dettmers et al., "8-bit Optimizers via Block-wise Quantization" (2021, arXiv 2110.02861);
`create_dynamic_map` of bitsandbytes/functional.py, and for the two ways of rounding
csrc/cpu_ops.cpp (a table of 65,536 steps) and csrc/kernels.cu (a search).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.formulas.bounded import F64, TINY, Bounded, bounded, eps
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
    """The 256 ascending values of the dynamic map: per decade of exponent, midpoints of evenly
    spaced fractions.
    """
    values: list[float] = []
    non_sign_bits = total_bits - 1
    additional = 2 ** (non_sign_bits - max_exponent_bits) - 1
    for i in range(max_exponent_bits):
        values += _fractions(
            2 ** (i + non_sign_bits - max_exponent_bits + (0 if signed else 1)) + 1,
            i - max_exponent_bits + 1,
            signed,
        )
    if additional > 0:
        values += _fractions(additional + 1, 0, signed)
    values += [0.0, 1.0]
    values += [0.0] * (256 - len(values))
    return np.sort(np.array(values))


def _fractions(boundaries: int, exponent: int, signed: bool) -> list[float]:
    """Midpoints of `boundaries` points from 0.1 to 1, times ten to the exponent, as float32
    arithmetic gives them.
    """
    start = np.float32(0.1)
    step = np.float64(np.float32(np.float32(1) - start) / np.float32(boundaries - 1))
    ends = [
        np.float32(np.float64(start) + step * k)
        if k < boundaries // 2
        else np.float32(1 - step * (boundaries - 1 - k))
        for k in range(boundaries)
    ]
    middles = [np.float32(np.float32(a + b) / np.float32(2)) for a, b in pairwise(ends)]
    found = [float(np.float32(np.float32(10.0**exponent) * m)) for m in middles]
    return found + [-x for x in found] if signed else found


def dynamic_map(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """bitsandbytes.functional.create_dynamic_map."""
    return {"code": Real(bounded(dynamic_map_values(**params)))}


def quantize_blockwise(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Nearest value of the map to x / absmax of its block; `lut16` rounds to 65,536 steps first, as
    bitsandbytes' CPU code.
    """
    x, code = inputs["x"], inputs["code"].astype(np.float64)
    flat = x.astype(np.float64).reshape(-1)
    q, absmax = quantize_codes(bounded(flat), code, params["blocksize"], params["rounding"])
    dequant = decoded(code, q, bounded(absmax.value[block_of(flat.size, params["blocksize"])]))
    shaped = Codes(*(c.reshape(x.shape) for c in (q.value, q.low, q.high)))
    return {
        "q": shaped,
        "absmax": Real(absmax, is_copy=True),
        "dequant": Real(dequant.reshape(*x.shape)),
    }


def decoded(table: F64, codes: Codes, scale: Bounded) -> Bounded:
    """What codes of a table stand for, each times its scale, wherever in its band a code is."""
    product = bounded(table[codes.value]) * scale
    spread = np.maximum(
        np.abs(table[codes.high] - table[codes.value]),
        np.abs(table[codes.low] - table[codes.value]),
    )
    return Bounded(product.value, product.error + spread * np.abs(scale.value))


def quantize_codes(x: Bounded, code: F64, blocksize: int, rounding: str) -> tuple[Codes, Bounded]:
    """Codes of a flat tensor with their band, and the absmax of each block."""
    absmax = _absmax(x, blocksize)
    per_element = absmax[block_of(x.value.size, blocksize)]
    scale = per_element.value
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        y = np.where(
            scale > 0,
            (x.value.astype(np.float32) * (1 / scale).astype(np.float32)).astype(np.float64),
            0,
        )
        y = np.clip(y, -1, 1)
        room = np.maximum(scale - per_element.error, 0)
        slack = (np.abs(y) * per_element.error + x.error + flushed(x.value)) / room
    # A table of even steps is entered with an error of its whole range, a search with one of y: by
    # the quotient, the product, the midpoint.
    index, range_of_error = (_lut16, 1.0) if rounding == "lut16" else (_nearest, np.abs(y))
    band = _BAND * eps() * range_of_error + np.where(scale > 0, np.nan_to_num(slack, nan=np.inf), 0)
    low, value, high = (index(np.clip(near, -1, 1), code) for near in (y - band, y, y + band))
    # A block of zeros has nothing to divide by, and every code decodes to 0: bitsandbytes leaves
    # code 0 there, on CUDA too, where its search ends with it for NaN, and in the signed moment of
    # its optimizers 255, one below 0. CUDA flushes what is not normal to 0.
    empty = scale < TINY
    zero_value = np.where((scale == 0) & (rounding == "lut16"), 0, value)
    return Codes(
        *(
            c.astype(np.uint8)
            for c in (zero_value, np.where(empty, 0, low), np.where(empty, 255, high))
        )
    ), absmax


def _absmax(x: Bounded, blocksize: int) -> Bounded:
    """The largest of each block: only what may come to be it has a part in its error."""
    starts, size = np.arange(0, x.value.size, blocksize), np.abs(x.value)
    least, largest, most = (
        np.maximum.reduceat(size + sign * x.error, starts) for sign in (-1, 0, 1)
    )
    return Bounded(largest, np.maximum(most - largest, largest - least) + flushed(largest))


def flushed(x: F64) -> F64:
    """What is lost where a number smaller than the smallest normal one is taken for 0, as CUDA does
    and others may.
    """
    lost: F64 = np.where(np.abs(x) < TINY, np.abs(x), 0)
    return lost


def _nearest(y: F64, code: F64) -> Array:
    """Index of the nearest value of the map; a tie goes to the lower."""
    return np.searchsorted((code[1:] + code[:-1]) / 2, y, side="left")


def _lut16(y: F64, code: F64) -> Array:
    """As `_nearest`, of y rounded to one of 65,536 points."""
    j = np.clip(
        np.floor((y.astype(np.float32) + np.float32(1)) * np.float32(_LUT_STEPS) + np.float32(0.5)),
        0,
        65535,
    )
    return _nearest((j.astype(np.float32) / np.float32(_LUT_STEPS)).astype(np.float64) - 1, code)


FORMULAS = {
    "quantize_blockwise": quantize_blockwise,
    "dynamic_map": dynamic_map,
}

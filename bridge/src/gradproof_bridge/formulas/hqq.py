"""HQQ's half-quadratic solver and packings.

Badri and Shaji, "Half-Quadratic Quantization of Large Machine Learning Models" (2023), as hqq/core/optimize.py
(`optimize_weights_proximal_legacy`), quantize.py and bitpack.py have it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, eps, gamma
from gradproof_bridge.formulas.expected import Codes, Decoded, Expected, Real

F32 = NDArray[np.float32]
_BITS_OF_SLICE = {4: 4, 2: 2, 1.58: 2, 1: 1}
_ROWS_3BIT = 10


def hqq_quantize(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Scale and zero of each group, the zero refined while the error of the codes falls; in float32, as the cascade depends on it."""
    weight = inputs["weight"].astype(np.float32)
    group, axis = params["group_size"], params["axis"]
    if weight.size % group:
        raise FormatError(f"hqq_quantize: {weight.size} weights are no multiple of group_size {group}")
    x = weight.reshape(-1, group) if axis == 1 else weight.reshape(group, -1)
    top = np.float32(round(2 ** params["nbits"] - 1))
    low, high = x.min(axis, keepdims=True), x.max(axis, keepdims=True)
    span = high - low
    scale = np.where(np.abs(span) <= 1e-4, np.float32(1), top / np.where(span == 0, np.float32(1), span))
    scale = np.minimum(scale, np.float32(2e4)).astype(np.float32)
    zero = -low * scale
    if params["round_zero"]:
        zero = np.rint(zero)
    zero_error = eps() * np.abs(zero).astype(np.float64)
    if params["optimize"]:
        zero, zero_error = _refine(x, scale, zero, top, params)
    slack = zero_error + 3 * eps() * (np.abs(x * scale) + np.abs(zero))
    codes, below, above = (np.clip(np.rint(x * scale + zero + s * slack), 0, top) for s in (0, -1, 1))
    stored = (np.float32(1) / scale).astype(np.float64)
    decoded = (codes - zero) * stored
    # Two divisions make the scale; a code in the band may be either neighbour.
    scale_error = 6 * eps() * stored
    error = (zero_error + 2 * eps() * (np.abs(codes) + np.abs(zero)) + (above - below)) * stored + np.abs(decoded) * 8 * eps()
    q = Codes(codes.astype(np.uint8), below.astype(np.uint8), above.astype(np.uint8))
    outputs: dict[str, Expected] = {
        "unpacked": q,
        "scale": Real(Bounded(stored, scale_error)),
        "zero": Real(Bounded(zero.astype(np.float64), zero_error + 6 * eps() * np.abs(zero))),
        "dequant": Real(Bounded(decoded.astype(np.float64), error).reshape(*weight.shape)),
    }

    def decode(packed: Array) -> F64:
        return unpack(packed, params["nbits"])[: len(x)].astype(np.float64)

    outputs["packed"] = Decoded(pack(q.value, params["nbits"]), decode, below.astype(np.float64), above.astype(np.float64))
    return outputs


def _refine(x: F32, scale: F32, zero: F32, top: np.float32, params: Params) -> tuple[F32, F64]:
    """The zero that the last pass set, also when that pass was worse and ended the loop: it is not taken back. And its error.

    What a pass begins with comes out scaled by the slope of the shrinkage, which is above 1 where an error is kept.
    """
    beta, p = np.float32(params["beta"]), params["lp_norm"]
    best = math.inf
    zero_error = eps() * np.abs(zero).astype(np.float64)
    for _ in range(params["iters"]):
        q = np.clip(np.rint(x * scale + zero), 0, top)
        restored = (q - zero) / scale
        error = x - restored
        size = np.abs(error)
        with np.errstate(divide="ignore"):
            shrunk = np.maximum(size - (np.float32(1) / beta) * np.power(size, np.float32(p - 1)), 0)
        kept = np.where(size == 0, np.float32(0), np.sign(error) * shrunk)
        slope = np.where(kept != 0, 1 + (1 - p) / float(beta) * np.power(np.where(kept != 0, size, 1).astype(np.float64), p - 2), 0)
        carried = (slope * (zero_error + 3 * eps() * (np.abs(q) + np.abs(zero)))).mean(params["axis"], keepdims=True)
        zero = np.asarray((q - (x - kept) * scale).mean(params["axis"], dtype=np.float64, keepdims=True), np.float32)
        # A mean over a group in any order, of terms no larger than the zero and the range of codes.
        zero_error = carried + gamma(params["group_size"] + 4) * (np.abs(zero) + top)
        current = float(np.abs(x - restored).mean(dtype=np.float64))
        if current >= best:
            break
        best = current
    return zero, zero_error


def pack(codes: Array, nbits: float) -> Array:
    """Slices of rows side by side in a word, the first in the highest bits; 5, 6 and 8 bits take a byte each."""
    if nbits == 3:
        padded = np.concatenate([codes, np.zeros((-len(codes) % _ROWS_3BIT, codes.shape[1]), codes.dtype)])
        slices = padded.reshape(_ROWS_3BIT, -1, codes.shape[1]).astype(np.int32)
        return np.bitwise_or.reduce([part << (27 - 3 * k) for k, part in enumerate(slices)])
    bits = _BITS_OF_SLICE.get(nbits)
    if bits is None:
        return codes
    per_byte = 8 // bits
    if len(codes) % per_byte:
        raise FormatError(f"hqq_quantize: {len(codes)} rows of groups do not pack {per_byte} to a byte")
    slices = codes.reshape(per_byte, -1, codes.shape[1])
    return np.bitwise_or.reduce([part << (8 - bits * (k + 1)) for k, part in enumerate(slices)]).astype(np.uint8)


def unpack(packed: Array, nbits: float) -> Array:
    """The inverse of `pack`; of 3 bits with the rows that fill up the last word."""
    if nbits == 3:
        return np.concatenate([(packed >> (27 - 3 * k)) & 7 for k in range(_ROWS_3BIT)]).astype(np.uint8)
    bits = _BITS_OF_SLICE.get(nbits)
    if bits is None:
        return packed
    return np.concatenate([(packed >> (8 - bits * (k + 1))) & (2**bits - 1) for k in range(8 // bits)])

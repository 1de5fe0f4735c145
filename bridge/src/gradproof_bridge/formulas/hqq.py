"""HQQ's half-quadratic solver and packings.

Badri and Shaji, "Half-Quadratic Quantization of Large Machine Learning Models" (2023), as
hqq/core/optimize.py (`optimize_weights_proximal_legacy`), quantize.py and bitpack.py have it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, eps, gamma
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.expected import Codes, Decoded, Expected, Real

F32 = NDArray[np.float32]
_BITS_OF_SLICE = {4: 4, 2: 2, 1.58: 2, 1: 1}
_ROWS_3BIT = 10
_DEPTH = 64
"""More additions than lie on the way of any term into torch's mean of a tensor: it adds in a tree
of few levels.
"""
PARTS = ("scale", "zero")
_SCALES = 128
"""Scales that share one of theirs."""
_MOST_PASSES = 1000
"""That are followed: fifty times what HQQ takes. Where errors are too near to each other to tell which
pass is the last, all of them count.
"""


def hqq_quantize(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Scale and zero of each group, the zero refined while the error of the codes falls; in
    float32, as the cascade depends on it.
    """
    x, top = _grouped(inputs["weight"], params), _top(params)
    low, high = x.min(params["axis"], keepdims=True), x.max(params["axis"], keepdims=True)
    span = high - low
    scale = np.where(
        np.abs(span) <= 1e-4, np.float32(1), top / np.where(span == 0, np.float32(1), span)
    )
    scale = np.minimum(scale, np.float32(2e4)).astype(np.float32)
    zero = -low * scale
    zero_error = eps() * np.abs(zero).astype(np.float64)
    if params["round_zero"]:
        zero, zero_error = (
            np.rint(zero),
            (np.rint(zero + zero_error) - np.rint(zero - zero_error)).astype(np.float64),
        )
    if params["optimize"]:
        zero, zero_error = _refine(x, scale, (zero, zero_error), top, params)
    stored = (np.float32(1) / scale).astype(np.float64)
    # Two divisions make the scale.
    found = {
        "scale": Bounded(stored, 6 * eps() * stored),
        "zero": Bounded(zero.astype(np.float64), zero_error + 6 * eps() * np.abs(zero)),
    }
    shape = inputs["weight"].shape
    unpacked, codes = _codes(x, (scale, 0.0), (zero, zero_error), shape, params)
    return {
        **{name: Real(number) for name, number in found.items()},
        **codes,
        **_meta(unpacked, found, {}, shape, params),
    }


def codes_given(
    inputs: Inputs, params: Params, outputs: Mapping[str, Array]
) -> dict[str, Expected]:
    """What the scale and the zero of an answer make of the weights, whatever the solver came to: so
    every code is held to its neighbour.

    Empty where the answer lacks one of the two, or has them in another shape, which is found on its
    own.
    """
    x = _grouped(inputs["weight"], params)
    groups = (len(x), 1) if params["axis"] == 1 else (1, x.shape[1])
    if any(name not in outputs or outputs[name].shape != groups for name in ("scale", "zero")):
        return {}
    stored, zero = outputs["scale"].astype(np.float64), outputs["zero"].astype(np.float64)
    # The scale that the codes were made with is the stored one's inverse, and was rounded as that
    # is.
    half = outputs["scale"].dtype == np.float16
    shape = inputs["weight"].shape
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lost = (2.0**-10 + 2.0**-24 / stored) if half else 2 * eps()
        exact = np.zeros_like(zero)
        unpacked, codes = _codes(x, (1 / stored, lost), (zero, exact), shape, params)
        found = {"scale": Bounded(stored, exact), "zero": Bounded(zero, exact)}
        return {**codes, **_meta(unpacked, found, outputs, shape, params)}


def _grouped(weight: Array, params: Params) -> F32:
    """A group is a row (axis 1) or a column (axis 0)."""
    group = params["group_size"]
    if weight.size % group:
        raise FormatError(
            f"hqq_quantize: {weight.size} weights are no multiple of group_size {group}"
        )
    return weight.astype(np.float32).reshape((-1, group) if params["axis"] == 1 else (group, -1))


def _top(params: Params) -> np.float32:
    return np.float32(round(2 ** params["nbits"] - 1))


def _codes(
    x: F32,
    scale: tuple[Array, float | F64],
    zero: tuple[Array, F64],
    shape: tuple[int, ...],
    params: Params,
) -> tuple[Codes, dict[str, Expected]]:
    """Codes clamp(rint(x scale + zero)), packed, and what they decode to; the scale has a relative
    error, the zero an absolute one.
    """
    (factor, lost), (shift, error), top = scale, zero, _top(params)
    product = x * factor
    slack = error + (lost + 3 * eps()) * np.abs(product) + 3 * eps() * np.abs(shift)
    codes, below, above = (
        np.nan_to_num(np.clip(np.rint(product + shift + s * slack), 0, top)) for s in (0, -1, 1)
    )
    q = Codes(codes.astype(np.uint8), below.astype(np.uint8), above.astype(np.uint8))
    stored = 1 / factor.astype(np.float64)
    decoded = (codes - shift).astype(np.float64) * stored
    # A code in the band may be either neighbour.
    off = (error + 2 * eps() * (np.abs(codes) + np.abs(shift)) + (above - below)) * stored + np.abs(
        decoded
    ) * 8 * eps()

    def decode(packed: Array) -> F64:
        return unpack(packed, params["nbits"])[: len(x)].astype(np.float64)

    return q, {
        "unpacked": q,
        "dequant": Real(Bounded(decoded, off).reshape(*shape)),
        "packed": Decoded(
            pack(q.value, params["nbits"]),
            decode,
            below.astype(np.float64),
            above.astype(np.float64),
        ),
    }


def _meta(
    unpacked: Codes,
    found: Mapping[str, Bounded],
    outputs: Mapping[str, Array],
    shape: tuple[int, ...],
    params: Params,
) -> dict[str, Expected]:
    """Scales and zeros that are quantized in turn, in 8 bits: all zeros by one scale, scales in
    groups of 128 as columns; and what the codes of the weight stand for by them.

    Where an answer, `outputs`, has what they are decoded with, its codes are held to that.
    """
    parts = [part for part in PARTS if params[f"quant_{part}"]]
    if not parts:
        return {}
    expected: dict[str, Expected] = {}
    restored = dict(found)
    for part in parts:
        of = found[part]
        given = _columns(of, of.value.size if part == "zero" else _SCALES)
        scale, zero = _range(given)
        alone = (1,) if part == "zero" else scale.shape
        expected[f"meta_{part}_scale"] = Real(scale.reshape(*alone))
        expected[f"meta_{part}_zero"] = Real(zero.reshape(*alone))
        scale, zero = (
            _given(outputs.get(f"meta_{part}_{name}"), own)
            for name, own in zip(PARTS, (scale, zero), strict=True)
        )
        q = _bytes(given, scale, zero)
        value = (Bounded(q.value.astype(np.float64), _band(q)) - zero) * scale
        restored[part] = value.reshape(*of.shape)
        expected[f"{part}_q"] = Codes(
            *(
                codes.reshape(of.shape if part == "zero" else given.shape)
                for codes in (q.value, q.low, q.high)
            )
        )
    weight = Bounded(unpacked.value.astype(np.float64), _band(unpacked))
    decoded = (weight - restored["zero"]) * restored["scale"]
    return {**expected, "dequant": Real(decoded.reshape(*shape))}


def _band(codes: Codes) -> F64:
    return codes.high.astype(np.float64) - codes.low.astype(np.float64)


def _given(stored: Array | None, own: Bounded) -> Bounded:
    """What an answer decodes with where that is right: nothing follows from what is not."""
    if stored is None or stored.size != own.value.size:
        return own
    value = stored.astype(np.float64).reshape(own.shape)
    is_right = np.abs(value - own.value) <= own.error
    return Bounded(np.where(is_right, value, own.value), np.where(is_right, 0, own.error))


def _bytes(x: Bounded, scale: Bounded, zero: Bounded) -> Codes:
    """Codes of 8 bits; the scale that they were made with was rounded as its inverse was stored."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        product = x.value / scale.value
        lost = scale.error / np.maximum(scale.value - scale.error, 0) + 5 * eps()
        slack = x.error / scale.value + lost * np.abs(product) + zero.error
        slack = slack + 3 * eps() * np.abs(zero.value)
        codes = (np.clip(np.rint(product + zero.value + s * slack), 0, 255) for s in (0, -1, 1))
        return Codes(*(np.nan_to_num(q).astype(np.uint8) for q in codes))


def _columns(x: Bounded, size: int) -> Bounded:
    """Groups of so many as columns."""
    if x.value.size % size:
        raise FormatError(f"hqq_quantize: {x.value.size} scales are no multiple of {size}")
    return x.reshape(size, -1)


def _range(x: Bounded) -> tuple[Bounded, Bounded]:
    """The scale and the zero of 8-bit codes of columns."""
    low, high = x.value.min(0, keepdims=True), x.value.max(0, keepdims=True)
    off = x.error.max(0, keepdims=True)

    def step(span: F64) -> F64:
        return np.where(np.abs(span) <= np.float32(1e-4), 1.0, np.maximum(span / 255, 1 / 2e4))

    # The range of the columns may be on either side of where there is no scale of its own.
    reach = 2 * off + eps() * (high - low)
    own, least, most = (step(high - low + s * reach) for s in (0, -1, 1))
    spread = np.maximum(np.abs(most - own), np.abs(least - own))
    scale = Bounded(own, spread + 6 * eps() * own)
    return scale, -Bounded(low, off) / scale


def _refine(
    x: F32, scale: F32, zero: tuple[F32, F64], top: np.float32, params: Params
) -> tuple[F32, F64]:
    """The zero that the last pass set, also when that pass was worse and ended the loop: it is not
    taken back. And its error.

    With t = x scale + zero and f = t - rint(t), a pass sets zero to the mean of zero - h(f), where
    h(f) = f, or what the shrinkage takes off where that is less: sign(f) scale^(2-p) |f|^(p-1) /
    beta. So what a pass begins with comes out scaled by 1 - h', which is 0 where no error is kept
    and at most 2 - p, and jumps by 2 h(1/2) <= 1 where t may be on either side of a tie, however
    many ties there are.

    A pass whose error is too near the best to tell may end the loop or not: the zero may be any
    that was set from there on.
    """
    if params["iters"] > _MOST_PASSES:
        raise FormatError(
            f"hqq_quantize: params 'iters' is {params['iters']}; at most {_MOST_PASSES} is needed"
        )
    (shift, error), beta, p, axis = zero, float(params["beta"]), params["lp_norm"], params["axis"]
    kink = beta ** (1 / (p - 2))
    jump = 2 * np.minimum(0.5, scale.astype(np.float64) ** (2 - p) * 0.5 ** (p - 1) / beta)
    best, best_doubt = math.inf, 0.0
    ends: list[tuple[F32, F64]] = []
    chosen: F32 | None = None
    for _ in range(params["iters"]):
        t = x * scale + shift
        arithmetic = 3 * eps() * (np.abs(x * scale) + np.abs(shift) + 1)
        q, below, above = (
            np.clip(np.rint(t + s * (error + arithmetic)), 0, top) for s in (0, -1, 1)
        )
        restored = ((q - shift) / scale).astype(np.float32)
        size = np.abs(x - restored)
        with np.errstate(divide="ignore"):
            shrunk = np.maximum(size - np.float32(1 / beta) * np.power(size, np.float32(p - 1)), 0)
        kept = np.where(size == 0, np.float32(0), np.sign(x - restored) * shrunk)
        reach = (error + arithmetic) / scale
        slope = np.where(
            size + reach < kink, 0, 1 + (1 - p) / beta * np.maximum(size - reach, kink) ** (p - 2)
        )
        carried = (slope * (error + arithmetic) + np.where(above > below, jump, 0)).mean(
            axis, keepdims=True
        )
        current = float(size.mean(dtype=np.float64))
        doubt = float(reach.mean()) + gamma(_DEPTH) * current
        shift = np.asarray(
            (q - (x - kept) * scale).mean(axis, dtype=np.float64, keepdims=True), np.float32
        )
        # A mean over a group in any order, of terms no larger than the zero and the range of codes.
        error = carried + gamma(params["group_size"] + 4) * (np.abs(shift) + top)
        gap, unclear = current - best, doubt + best_doubt
        if gap >= 0 and chosen is None:
            chosen = shift
        if gap >= -unclear:
            ends.append((shift, error))
        if gap > unclear:
            break
        best, best_doubt = min(best, current), max(doubt, best_doubt)
    else:
        ends.append((shift, error))
    found = shift if chosen is None else chosen
    return found, np.maximum.reduce(
        [np.abs(end.astype(np.float64) - found) + off for end, off in ends]
    )


def pack(codes: Array, nbits: float) -> Array:
    """Slices of rows side by side in a word, the first in the highest bits; 5, 6 and 8 bits take a
    byte each.
    """
    if nbits == 3:
        padded = np.concatenate(
            [codes, np.zeros((-len(codes) % _ROWS_3BIT, codes.shape[1]), codes.dtype)]
        )
        slices = padded.reshape(_ROWS_3BIT, -1, codes.shape[1]).astype(np.int32)
        return np.bitwise_or.reduce([part << (27 - 3 * k) for k, part in enumerate(slices)])
    bits = _BITS_OF_SLICE.get(nbits)
    if bits is None:
        return codes
    per_byte = 8 // bits
    if len(codes) % per_byte:
        raise FormatError(
            f"hqq_quantize: {len(codes)} rows of groups do not pack {per_byte} to a byte"
        )
    slices = codes.reshape(per_byte, -1, codes.shape[1])
    return np.bitwise_or.reduce(
        [part << (8 - bits * (k + 1)) for k, part in enumerate(slices)]
    ).astype(np.uint8)


def unpack(packed: Array, nbits: float) -> Array:
    """The inverse of `pack`; of 3 bits with the rows that fill up the last word."""
    if nbits == 3:
        return np.concatenate([(packed >> (27 - 3 * k)) & 7 for k in range(_ROWS_3BIT)]).astype(
            np.uint8
        )
    bits = _BITS_OF_SLICE.get(nbits)
    if bits is None:
        return packed
    return np.concatenate(
        [(packed >> (8 - bits * (k + 1))) & (2**bits - 1) for k in range(8 // bits)]
    )


def hqq_matmul(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Y = x W^T, or x W, with W = (q - zero) scale; dx = dy W."""
    shape, group = (params["out_features"], params["in_features"]), params["group_size"]
    rows = math.prod(shape) // group if params["axis"] == 1 else group
    codes = bounded(unpack(inputs["packed"], params["nbits"])[:rows])
    weight = ((codes - inputs["zero"]) * inputs["scale"]).reshape(*shape)
    return decoded_product(inputs, weight, transposed=params["transpose_weight"])


FORMULAS = {
    "hqq_quantize": hqq_quantize,
    "hqq_matmul": hqq_matmul,
}
CONSEQUENCES = {
    "hqq_quantize": codes_given,
}

"""Ternary weights.

`ternary_quantize`: Li et al., "Ternary Weight Networks" (2016, arXiv 1605.04711), with its
threshold of 0.7 mean|w|. `bitnet_quantize`: the absmean of Ma et al., "The Era of 1-bit LLMs"
(2024, arXiv 2402.17764).
"""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, gamma
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.expected import Codes, Expected, Real, exactly
from gradproof_bridge.philox import uniform

Outputs = dict[str, Expected]
DIGITS = {
    "low": (4, np.array([1, 4, 16, 64], np.uint8)),
    "high": (4, np.array([64, 16, 4, 1], np.uint8)),
    "base3": (3, np.array([1, 3, 9, 27, 81], np.uint8)),
}
"""The base of what a byte holds, and the units of its digits, by how trits are packed."""


def ternary_quantize(inputs: Inputs, params: Params) -> Outputs:
    """T = sign(w) where |w| > threshold = factor mean|w|; scale = mean|w| over t != 0; four trits a
    byte, t + 1, the first in bits 0-1.
    """
    w = inputs["weight"].astype(np.float64)
    threshold = np.float64(np.float32(params["threshold_factor"] * np.abs(w).mean()))
    slack = gamma(w.size + 1) * threshold
    trits, low, high = (_trits(w, threshold, sign * slack) for sign in (0.0, 1.0, -1.0))
    codes = Codes(trits, np.minimum(low, high), np.maximum(low, high))
    kept = np.abs(w)[trits != 0]
    scale = bounded(np.array([0.0])) if kept.size == 0 else bounded(kept).mean().reshape(1)
    # Where a trit is in the band, the mean over those that are kept may gain or lose it.
    moved = np.abs(w)[low != high].sum() / max(kept.size, 1)
    scale = Bounded(scale.value, scale.error + moved)
    padded = np.append(trits.reshape(-1), np.zeros(-w.size % 4, np.int8)).reshape(-1, 4) + 1
    packed = (padded << np.array([0, 2, 4, 6])).sum(1).astype(np.uint8)
    return {
        "trits": codes,
        "packed": Codes(packed, *_packed_range(packed, low, high)),
        "threshold": Real(Bounded(np.array([threshold]), np.array([slack]))),
        "scale": Real(scale),
        "dequant": Real(_decoded(codes, scale)),
    }


def _packed_range(packed: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """A byte that holds a trit in the band may be anything; the trits themselves are judged."""
    band = np.append((low != high).reshape(-1), np.zeros(-low.size % 4, bool)).reshape(-1, 4).any(1)
    return np.where(band, 0, packed).astype(np.uint8), np.where(band, 255, packed).astype(np.uint8)


def _trits(w: F64, threshold: F64 | float, shift: F64 | float) -> Array:
    return (np.sign(w) * (np.abs(w) > threshold + shift)).astype(np.int8)


def _decoded(codes: Codes, scale: Bounded) -> Bounded:
    product = bounded(codes.value) * scale.reshape(*[1] * codes.value.ndim)
    spread = (
        np.maximum(codes.high - codes.value, codes.value - codes.low) * scale.value.reshape(-1)[0]
    )
    return Bounded(product.value, product.error + spread)


def bitnet_quantize(inputs: Inputs, params: Params) -> Outputs:
    """BitNet b1.58: t = clamp(rint(w / (mean|w| + eps)), -1, 1), decoded t mean|w|."""
    w = inputs["weight"].astype(np.float64)
    scale = bounded(np.abs(w)).mean().reshape(1)
    y = bounded(w) / (scale.reshape(*[1] * w.ndim) + params["eps"])
    value, low, high = (
        np.clip(np.rint(y.value + sign * y.error), -1, 1).astype(np.int8) for sign in (0, -1, 1)
    )
    codes = Codes(value, low, high)
    return {"trits": codes, "scale": Real(scale), "dequant": Real(_decoded(codes, scale))}


def sparse_ternarize(inputs: Inputs, params: Params) -> Outputs:
    """The smallest round(amount n) magnitudes, the first of equal ones, become 0: what
    torch.nn.utils.prune.l1_unstructured leaves out.
    """
    w = inputs["weight"].astype(np.float64)
    rows = w.reshape(w.shape[0] if params["per_channel"] else 1, -1)
    zeros = round(params["amount"] * rows.shape[1])
    order = np.argsort(np.abs(rows), 1, kind="stable")[:, :zeros]
    trits = np.sign(rows).astype(np.int8)
    np.put_along_axis(trits, order, 0, 1)
    threshold = np.take_along_axis(np.abs(rows), order, 1).max(1, initial=0.0)
    return {
        "trits": exactly(trits.reshape(w.shape)),
        "threshold": Real(bounded(threshold), is_copy=True),
    }


def ternarize(inputs: Inputs, params: Params) -> Outputs:
    """Sign(w) where |w| exceeds its limit: the threshold of all or of its channel; with a seed a
    drawn share of two thresholds, a product that rounds.
    """
    w = inputs["weight"].astype(np.float64)
    threshold = bounded(inputs["threshold"]).reshape(-1, *[1] * (w.ndim - 1))
    if "seed" not in params:
        return {"trits": exactly(_trits(w, threshold.value, 0.0))}
    drawn = uniform(w.size, params["seed"], params["seed"] >> 32)
    limit = threshold * (2 * drawn.reshape(w.shape))
    trits, low, high = (_trits(w, limit.value, side * limit.error) for side in (0.0, 1.0, -1.0))
    return {"trits": Codes(trits, np.minimum(low, high), np.maximum(low, high))}


def ternary_matmul(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Y = (x T^T) scale, or as T is scaled; dx = dy scale T."""
    shape = params["out_features"], inputs["x"].shape[-1]
    weight = bounded(unpack(inputs["packed"], params["order"])[: shape[0] * shape[1]]).reshape(
        *shape
    )
    if "scale" in inputs:
        weight = weight * inputs["scale"].reshape(-1, 1)
    return decoded_product(inputs, weight)


def unpack(packed: Array, order: str) -> Array:
    """Trits of bytes: four a byte, the first in the lowest bits or the highest, or as digits to base
    3, five a byte, the first the lowest.
    """
    base, units = DIGITS[order]
    digits: Array = packed.reshape(-1, 1) // units % base
    return digits.astype(np.int8).reshape(-1) - 1


FORMULAS = {
    "ternary_matmul": ternary_matmul,
    "ternarize": ternarize,
    "ternary_quantize": ternary_quantize,
    "bitnet_quantize": bitnet_quantize,
    "sparse_ternarize": sparse_ternarize,
}

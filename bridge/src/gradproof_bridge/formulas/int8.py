"""bitsandbytes' LLM.int8: Dettmers et al. (2022, arXiv 2208.07339);
bitsandbytes/autograd/_functions.py and backends/default/ops.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, gamma, rounded
from gradproof_bridge.formulas.expected import Codes, Expected, Real, exactly

Outputs = dict[str, Expected]
_EPS = 2.0**-23
"""Codes and their product are scaled in float32, whatever half precision x and y are stored in."""


def int8_vectorwise_quant(inputs: Inputs, params: Params) -> Outputs:
    """Q = rint(x 127 / rowmax), where elements of at least `threshold` do not count and their
    columns become 0 if there are more rows.
    """
    x = inputs["x"]
    rows = x.astype(np.float64).reshape(-1, x.shape[-1])
    q, stats, columns = vectorwise(rows, params["threshold"])
    shaped = Codes(*(c.reshape(x.shape) for c in (q.value, q.low, q.high)))
    outputs: Outputs = {"q": shaped, "row_stats": Real(bounded(stats), is_copy=True)}
    if columns.size:
        outputs["outlier_cols"] = exactly(columns)
    # A code in the band may be either neighbour; the value that it decodes to then differs by a
    # step.
    step = stats[:, None] / 127
    spread = np.maximum(q.high - q.value.astype(np.int64), q.value.astype(np.int64) - q.low) * step
    decoded = rounded(q.value * step, spread, 3)
    outputs["dequant"] = Real(decoded.reshape(*x.shape))
    return outputs


def vectorwise(rows: F64, threshold: float) -> tuple[Codes, F64, NDArray[np.int32]]:
    """Codes with their band, the absolute maximum of each row, and the columns that hold an
    outlier.
    """
    outlier = np.abs(rows) >= threshold if threshold > 0 else np.zeros(rows.shape, bool)
    columns = np.flatnonzero(outlier.any(0)).astype(np.int32)
    kept = np.where(outlier, 0, rows)
    stats: F64 = np.abs(kept).max(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(stats[:, None] > 0, kept * (127 / stats[:, None]), 0)
    if rows.shape[0] > 1:
        y[:, columns] = 0
    codes = [_int8(np.rint(y + sign * 4.5 * _EPS * np.abs(y))) for sign in (0, -1, 1)]
    low, high = np.minimum(codes[1], codes[2]), np.maximum(codes[1], codes[2])
    return Codes(codes[0], low, high), stats, columns


def _int8(x: F64) -> NDArray[Any]:
    return np.clip(x, -128, 127).astype(np.int8)


def _half(x: Bounded) -> Bounded:
    """Stored in float16: either neighbour."""
    return Bounded(x.value, x.error + 2.0**-10 * (np.abs(x.value) + x.error) + 2.0**-24)


def linear_8bit_lt(inputs: Inputs, params: Params) -> Outputs:
    """Y = int8 product times row and column statistics / 127^2, + bias, + outlier columns of x
    times the decoded weights; dx = dy times these.
    """
    x, weight = inputs["x"], inputs["weight"]
    half = x.astype(np.float16).astype(np.float64).reshape(-1, x.shape[-1])
    q_x, row_stats, columns = vectorwise(half, params["threshold"])
    q_w, weight_stats, _ = vectorwise(weight.astype(np.float16).astype(np.float64), 0.0)
    masked = q_x.value.astype(np.int64).copy()
    masked[:, columns] = 0
    acc = masked @ q_w.value.astype(np.int64).T
    # A code at a tie may be either neighbour, and the product is of the one that was taken.
    apart_x, apart_w = _apart(q_x), _apart(q_w)
    off = apart_x @ (np.abs(q_w.value.astype(np.int64)) + apart_w).T + np.abs(masked) @ apart_w.T
    outer = row_stats[:, None] * weight_stats[None, :]
    # Each stage is stored in half precision, as the layer computes in float16.
    y = _half(
        Bounded(
            acc * outer / (127 * 127), (6 * _EPS * (np.abs(acc) + off) + off) * outer / (127 * 127)
        )
    )
    if "bias" in inputs:
        y = _half(y + bounded(inputs["bias"]))
    if columns.size:
        decoded = q_w.value[:, columns] * weight_stats[:, None] / 127
        part = half[:, columns] @ decoded.T
        # The decoded weights are stored in half precision too.
        size = np.abs(half[:, columns]) @ np.abs(decoded).T
        of_ties = np.abs(half[:, columns]) @ (apart_w[:, columns] * weight_stats[:, None] / 127).T
        y = _half(
            y
            + _half(
                Bounded(part, (gamma(columns.size + 3) + 2.0**-10) * (size + of_ties) + of_ties)
            )
        )
    outputs: Outputs = {
        "q_weight": q_w,
        "weight_stats": Real(bounded(weight_stats), is_copy=True),
        "q_x": Codes(
            masked.astype(np.int8), np.minimum(q_x.low, masked), np.maximum(q_x.high, masked)
        ),
        "row_stats": Real(bounded(row_stats), is_copy=True),
        "acc": Codes(*(x.astype(np.int32) for x in (acc, acc - off, acc + off))),
        "y": Real(y.reshape(*x.shape[:-1], weight.shape[0])),
    }
    if columns.size:
        outputs["outlier_cols"] = exactly(columns)
    if "grad.y" in inputs:
        # Decoded weights are stored as x is; a code at a tie may be a step off.
        steps = weight_stats[:, None] / 127
        kept = rounded(q_w.value * steps, apart_w * steps, 3)
        dx = bounded(inputs["grad.y"].reshape(-1, weight.shape[0])) @ kept
        outputs["grad.x"] = Real(dx.reshape(*x.shape))
    return outputs


def product_given(inputs: Inputs, params: Params, outputs: Mapping[str, Array]) -> Outputs:
    """The product of the codes that an answer has, which is exact whatever a tie became; empty
    where it lacks them or they do not fit.
    """
    weight, q_x, q_weight = inputs["weight"], outputs.get("q_x"), outputs.get("q_weight")
    if (
        q_x is None
        or q_weight is None
        or q_weight.shape != weight.shape
        or q_x.shape != (inputs["x"].size // weight.shape[1], weight.shape[1])
    ):
        return {}
    return {"acc": exactly((q_x.astype(np.int64) @ q_weight.astype(np.int64).T).astype(np.int32))}


def _apart(codes: Codes) -> NDArray[np.int64]:
    value, low, high = (x.astype(np.int64) for x in (codes.value, codes.low, codes.high))
    return np.maximum(high - value, value - low)


FORMULAS = {
    "int8_vectorwise_quant": int8_vectorwise_quant,
    "linear_8bit_lt": linear_8bit_lt,
}
CONSEQUENCES = {
    "linear_8bit_lt": product_given,
}

"""BitNet b1.58's linear layer with 8-bit activations: Ma et al., "The Era of 1-bit LLMs" (2024, arXiv
2402.17764), as transformers/integrations/bitnet.py computes it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, rounded
from gradproof_bridge.formulas.expected import Codes, Expected, Real, exactly

_EPS = 2.0**-23
_LEAST = float(np.float32(1e-5))
"""What a smaller largest magnitude of a row is taken for."""


def bitnet_linear(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Q = rint(x 127 / max(|x|, 1e-5)) of each row, times trits in integers; y is that in the units
    of both, + bias; dx = dy scale T.
    """
    x = inputs["x"]
    rows = x.astype(np.float64).reshape(-1, x.shape[-1])
    trits = _trits(inputs["packed"], params["out_features"], x.shape[-1])
    scale = float(inputs["scale"][0])
    stats: F64 = np.abs(rows).max(1, initial=0.0)
    steps = np.maximum(stats, _LEAST)
    levels = rows * (127 / steps)[:, None]
    q, low, high = (
        np.clip(np.rint(levels + sign * 4.5 * _EPS * np.abs(levels)), -128, 127).astype(np.int8)
        for sign in (0, -1, 1)
    )
    codes = Codes(q, np.minimum(low, high), np.maximum(low, high))
    acc = q.astype(np.int64) @ trits.T
    # A code at a tie may be either neighbour, and the product is of the one that was taken.
    off = (codes.high.astype(np.int64) - codes.low) @ np.abs(trits).T
    units = (steps * scale / 127)[:, None]
    y = rounded(acc * units, off * np.abs(units), 4.5)
    if "bias" in inputs:
        y = y + inputs["bias"]
    shape = (*x.shape[:-1], trits.shape[0])
    outputs: dict[str, Expected] = {
        "q_x": codes,
        "row_stats": Real(bounded(stats), is_copy=True),
        "acc": Codes(*(sums.astype(np.int32) for sums in (acc, acc - off, acc + off))),
        "y": Real(y.reshape(*shape)),
    }
    if "grad.y" in inputs:
        dy = bounded(inputs["grad.y"].reshape(-1, trits.shape[0]))
        dx = dy @ Bounded(trits * scale, np.zeros(trits.shape))
        # A scale may follow the sum.
        outputs["grad.x"] = Real(rounded(dx.value, dx.error).reshape(*x.shape))
    return outputs


def _trits(packed: Array, rows: int, columns: int) -> Array:
    """Codes less 1, four a byte, the first in bits 0-1."""
    codes = (packed.reshape(-1, 1) >> np.array([0, 2, 4, 6], np.uint8)) & 3
    return codes.reshape(-1)[: rows * columns].astype(np.int64).reshape(rows, columns) - 1


def sums_given(inputs: Inputs, params: Params, outputs: Mapping[str, Array]) -> dict[str, Expected]:
    """The sums of the codes that an answer has, which are exact whatever a tie became; empty where
    it lacks them or they do not fit.
    """
    x, q = inputs["x"], outputs.get("q_x")
    if q is None or q.shape != (x.size // x.shape[-1], x.shape[-1]):
        return {}
    trits = _trits(inputs["packed"], params["out_features"], x.shape[-1])
    return {"acc": exactly((q.astype(np.int64) @ trits.T).astype(np.int32))}


FORMULAS = {"bitnet_linear": bitnet_linear}
CONSEQUENCES = {"bitnet_linear": sums_given}

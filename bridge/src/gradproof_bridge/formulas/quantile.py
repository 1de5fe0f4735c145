"""Quantiles, linear between two neighbours as torch.quantile."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import bounded
from gradproof_bridge.formulas.expected import Expected, Real


def quantile(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Of the neighbours in order around the place q (n - 1): low + share (high - low)."""
    x = inputs["x"].astype(np.float64)
    rows = x.reshape(x.shape[0] if params["per_channel"] else 1, -1)
    ordered = np.sort(np.abs(rows) if params["absolute"] else rows, 1)
    place = params["q"] * (rows.shape[1] - 1)
    rank = int(place)
    low, high = ordered[:, rank], ordered[:, min(rank + 1, rows.shape[1] - 1)]
    share = place - rank
    if share == 0:
        return {"y": Real(bounded(low), is_copy=True)}
    return {"y": Real(bounded(low) + (bounded(high) - low) * share)}


FORMULAS = {"quantile": quantile}

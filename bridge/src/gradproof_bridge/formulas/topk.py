"""The largest or smallest elements along an axis, as torch.topk."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import F64, bounded
from gradproof_bridge.formulas.expected import Decoded, Expected, Real, exactly
from gradproof_bridge.formulas.shapes import axis_in
from gradproof_bridge.formulas.tensors import is_integer

Outputs = dict[str, Expected]


def topk(inputs: Inputs, params: Params) -> Outputs:
    """K elements of each row and where they are. Which of equal ones comes first is open, and so is
    the order of all where they need not be sorted: an index is right that names a right value.
    """
    x = inputs["x"]
    axis = axis_in(params["axis"], x.ndim)
    # Equal elements have one rank, NaN the highest.
    ranks = np.unique(x.astype(np.float64), return_inverse=True)[1].reshape(x.shape)
    order = np.argsort(-ranks if params["largest"] else ranks, axis, kind="stable")
    places = order.take(np.arange(params["k"]), axis).astype(np.int32)
    taken = np.take_along_axis(ranks, places, axis).astype(np.float64)
    low = high = taken
    if not params["sorted"]:
        low = np.broadcast_to(taken.min(axis, keepdims=True, initial=x.size), taken.shape)
        high = np.broadcast_to(taken.max(axis, keepdims=True, initial=-1), taken.shape)

    def rank_of(indices: Array) -> F64:
        """-1 for an index that is none, or that is there twice."""
        rows = np.moveaxis(indices.astype(np.int64), axis, -1)
        row = np.arange(rows.size).reshape(rows.shape) // max(rows.shape[-1], 1)
        _, same, count = np.unique(rows + (row << 32), return_inverse=True, return_counts=True)
        is_one = np.moveaxis((count[same] == 1).reshape(rows.shape), -1, axis)
        is_one &= (indices >= 0) & (indices < x.shape[axis])
        found = np.take_along_axis(ranks, np.where(is_one, indices, 0), axis)
        return np.where(is_one, found, -1).astype(np.float64)

    return {"indices": Decoded(places, rank_of, low, high), **_named(inputs, axis, places)}


def follow(inputs: Inputs, params: Params, outputs: Mapping[str, Array]) -> Outputs:
    """Values and gradients are those of the indices that an answer gives."""
    if "indices" not in outputs:
        return {}
    axis = axis_in(params["axis"], inputs["x"].ndim)
    return _named(inputs, axis, outputs["indices"].clip(0, inputs["x"].shape[axis] - 1))


def _named(inputs: Inputs, axis: int, places: Array) -> Outputs:
    """The values at the places, and what flows back to them."""
    x = inputs["x"]
    values = np.take_along_axis(x, places, axis)
    outputs: Outputs = {
        "values": exactly(values) if is_integer(x) else Real(bounded(values), is_copy=True)
    }
    if "grad.values" in inputs:
        gradient = np.zeros(x.shape)
        np.put_along_axis(gradient, places, inputs["grad.values"].astype(np.float64), axis)
        outputs["grad.x"] = Real(bounded(gradient), is_copy=True)
    return outputs


FORMULAS = {"topk": topk}
CONSEQUENCES = {"topk": follow}

"""Padding, as torch.nn.functional defines it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import bounded
from gradproof_bridge.formulas.expected import Expected, Real, exactly
from gradproof_bridge.formulas.shapes import summed_at


def pad(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """What surrounds x repeats it or is constant; the gradient sums over what repeats an element."""
    x = inputs["x"]
    around = list(params["pad"]) + [0] * (2 * x.ndim - len(params["pad"]))
    if len(around) != 2 * x.ndim:
        raise FormatError(f"pad is longer than two numbers for each of {x.ndim} dimensions")
    along = [
        _source(n, around[-2 * d - 2], around[-2 * d - 1], params["mode"])
        for d, n in enumerate(x.shape)
    ]
    grid = np.ix_(*along)
    inside = np.logical_and.reduce(np.broadcast_arrays(*(source >= 0 for source in grid)))
    from_x = tuple(source[inside] for source in np.broadcast_arrays(*grid))
    y = np.full(inside.shape, params["value"], x.dtype)
    y[inside] = x[from_x]
    outputs: dict[str, Expected] = {
        "y": exactly(y) if x.dtype.kind in "iu" else Real(bounded(y), is_copy=True)
    }
    if "grad.y" in inputs:
        none = bounded(np.zeros(x.shape))
        outputs["grad.x"] = Real(summed_at(none, from_x, bounded(inputs["grad.y"])[inside]))
    return outputs


def _source(n: int, before: int, after: int, mode: str) -> NDArray[np.int64]:
    """Which place of a dimension each of the padded one repeats; -1 for none."""
    place = np.arange(-before, n + after, dtype=np.int64)
    if mode == "replicate":
        return place.clip(0, n - 1)
    if mode == "reflect":
        mirrored = np.abs(place)
        return np.minimum(mirrored, 2 * (n - 1) - mirrored)
    if mode == "circular":
        # Of what is left where a negative padding crops.
        first = max(-before, 0)
        left = n - first + min(after, 0)
        return first + (place - first) % max(left, 1)
    return np.where((place >= 0) & (place < n), place, -1)


FORMULAS = {"pad": pad}

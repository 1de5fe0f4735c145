"""Padding, as torch.nn.functional defines it."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import bounded
from gradproof_bridge.formulas.expected import Expected, Real, exactly
from gradproof_bridge.formulas.shapes import summed_at

_NUMPYS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """What surrounds x repeats it or is constant; the gradient sums over what repeats an element."""
    x = inputs["x"]
    around = list(params["pad"]) + [0] * (2 * x.ndim - len(params["pad"]))
    if len(around) != 2 * x.ndim:
        raise FormatError(f"pad is longer than two numbers for each of {x.ndim} dimensions")
    sides = [(around[2 * i], around[2 * i + 1]) for i in reversed(range(x.ndim))]
    # Which element each place holds, from 1 on, 0 where it is none of x.
    places = np.arange(1, x.size + 1, dtype=np.int64).reshape(x.shape)
    kept = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, sides, strict=True)
    )
    more = [(max(a, 0), max(b, 0)) for a, b in sides]
    mode = _NUMPYS.get(params["mode"])
    places = np.pad(places, more, mode=mode) if mode else np.pad(places[kept], more)  # type: ignore[call-overload]
    inside = places > 0
    y = np.full(places.shape, params["value"], x.dtype)
    y[inside] = x.reshape(-1)[places[inside] - 1]
    outputs: dict[str, Expected] = {
        "y": exactly(y) if x.dtype.kind in "iu" else Real(bounded(y), is_copy=True)
    }
    if "grad.y" in inputs:
        none = bounded(np.zeros(x.size))
        incoming = bounded(inputs["grad.y"])[inside]
        sums = summed_at(none, (places[inside] - 1,), incoming)
        outputs["grad.x"] = Real(sums.reshape(*x.shape))
    return outputs


FORMULAS = {"pad": pad}

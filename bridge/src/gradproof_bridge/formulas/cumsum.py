"""Cumulative sums, as torch.cumsum."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.bounded import Bounded, bounded, gamma
from gradproof_bridge.formulas.expected import Expected, exactly
from gradproof_bridge.formulas.shapes import axis_in
from gradproof_bridge.formulas.tensors import is_integer


def cumsum(inputs: Inputs, params: Params) -> Mapping[str, Expected] | dict[str, Bounded]:
    """Sums from the first element to each, of integers in 32 bits; the gradient sums from the last."""
    if is_integer(inputs["x"]):
        dim = axis_in(params["dim"], inputs["x"].ndim)
        return {"y": exactly(np.cumsum(inputs["x"], dim, np.int32))}
    x = bounded(inputs["x"])
    dim = axis_in(params["dim"], x.value.ndim)
    outputs = {"y": _sums(x, dim)}
    if "grad.y" in inputs:
        g = bounded(np.flip(inputs["grad.y"], dim))
        back = _sums(g, dim)
        outputs["grad.x"] = Bounded(np.flip(back.value, dim), np.flip(back.error, dim))
    return outputs


def _sums(x: Bounded, dim: int) -> Bounded:
    """The sum of i + 1 terms in any order rounds i times."""
    rounded = np.array([gamma(i) for i in range(x.shape[dim])])
    along = rounded.reshape([-1 if d == dim else 1 for d in range(x.value.ndim)])
    return Bounded(np.cumsum(x.value, dim), along * np.cumsum(np.abs(x.value), dim))


FORMULAS = {"cumsum": cumsum}

"""Reductions of floats over some axes, with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

_X = (4, 7, 5)
_AXES: tuple[tuple[list[int], bool], ...] = (([1], True), ([0, -1], False), ([0, 1, 2], False))


def float_reductions() -> Cases:
    """Over one axis, several and all; of numbers far from 0, and with other corrections."""
    for op in ("logsumexp", "var", "std"):
        for axes, keepdims in _AXES:
            name = f"{op}_{'_'.join(map(str, axes))}{'_kept' if keepdims else ''}"
            yield _case(name, op, {"axes": axes, "keepdims": keepdims})
        yield _case(f"{op}_far_from_zero", op, {"axes": [1]}, shift=20.0)
    for op in ("var", "std"):
        for correction in (0, 1.5):
            params = {"axes": [2], "correction": correction, "keepdims": False}
            yield _case(f"{op}_correction_{correction}", op, params)


def _case(name: str, op: str, params: dict[str, Any], shift: float = 0.0) -> Case:
    return Case(name, op, "torch", params, _inputs(params, shift))


def _inputs(params: dict[str, Any], shift: float) -> Make:
    axes = [axis % len(_X) for axis in params["axes"]]
    kept = params.get("keepdims", True)
    y = [1 if d in axes else n for d, n in enumerate(_X) if kept or d not in axes] or [1]

    def make(draw: Draw) -> dict[str, Array]:
        return {"x": draw.normal(*_X, scale=3.0) + np.float32(shift), "grad.y": draw.normal(*y)}

    return make


FAMILIES = (float_reductions,)

"""Functions of each element, with gradients."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases
from gradproof_bridge.philox import Draw

_SPECIAL = (0.0, -0.0, 1.0, -1.0, 1e-20, -1e-20, 80.0, -80.0, 3e38, np.inf, -np.inf, np.nan)


def functions() -> Cases:
    """On all numbers, or on positive ones, and where results are infinite or none."""
    for op in ("exp", "tanh", "abs", "erf"):
        yield Case(f"{op}_5x37", op, "torch", {}, _any)
    for op in ("log", "sqrt", "rsqrt"):
        yield Case(f"{op}_5x37", op, "torch", {}, _positive)
    for op in ("exp", "log", "sqrt", "rsqrt", "tanh", "abs", "erf"):
        yield Case(f"{op}_special", op, "torch", {}, _special)


def _any(draw: Draw) -> dict[str, Array]:
    return {"x": draw.normal(5, 37, scale=2.0), "grad.y": draw.normal(5, 37)}


def _positive(draw: Draw) -> dict[str, Array]:
    return {"x": draw.uniform(5, 37, low=0.3, high=4.0) ** 3, "grad.y": draw.normal(5, 37)}


def _special(draw: Draw) -> dict[str, Array]:
    return {"x": np.array(_SPECIAL, np.float32), "grad.y": draw.normal(len(_SPECIAL))}


FAMILIES = (functions,)

"""Whether a library adds up in float32 what it gives in halves, and rounds it once."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.backends.base import Inputs, Outputs
from gradproof_bridge.bundle.stored import Array, stored_dtype
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.compute import compute_with

_DOCUMENTED = ("scaled_dot_product_attention",)
"""What torch documents: docs.pytorch.org/docs/stable/notes/numerical_accuracy.html, "Reduced
Precision Reduction for FP16 and BF16 in Scaled Dot Product Attention (SDPA)"; other paths of
attention keep the weights alone in halves, which the judge allows for."""

_UNITS = {"F16": 2.0**-10, "BF16": 2.0**-7}
_LEAST = 3
"""Terms that the experiment needs."""


def accumulation(op: str, inputs: Inputs, params: Params, outputs: Outputs, where: str) -> Params:
    """`accumulate: float32` as a parameter of the recording, where the library says so or an
    experiment shows it, else nothing. `outputs` are what it gave, `where` it computes.
    """
    if where.partition(":")[0] != "torch" or not all(
        stored_dtype(y) in _UNITS for y in outputs.values()
    ):
        return {}
    adds_up = op in _DOCUMENTED or (op == "matmul" and _keeps_small_terms(inputs, params, where))
    return {"accumulate": "float32"} if adds_up else {}


def _keeps_small_terms(inputs: Inputs, params: Params, where: str) -> bool:
    """Asks for a product of the same shapes in which every sum in halves, in any order and fused or
    not, loses something: with a = 1 + u, where u is the unit of the format, a a + a a - 2 (1 + 2 u)
    is 2 u^2. A square that is rounded lacks its u^2; of two that are fused only the last can keep
    it.
    """
    a, b = inputs["a"], inputs["b"]
    if "bias" in inputs or min(a.ndim, b.ndim) != 2 or max(a.ndim, b.ndim) != 2:
        return False
    terms = a.shape[0 if params.get("transpose_a") else 1]
    if terms < _LEAST:
        return False
    unit = _UNITS[stored_dtype(a)]
    left, right = np.zeros(terms), np.zeros(terms)
    left[[0, terms - 1]] = right[[0, terms - 1]] = 1 + unit
    left[terms // 2], right[terms // 2] = -2 * (1 + 2 * unit), 1
    asked = {
        "a": _filled(a, left, along=0 if params.get("transpose_a") else 1),
        "b": _filled(b, right, along=1 if params.get("transpose_b") else 0),
    }
    y = compute_with(asked, "matmul", params, where).outputs["y"]
    return bool(np.all(y.astype(np.float64) == 2 * unit**2))


def _filled(like: Array, terms: Array, along: int) -> Array:
    """A matrix of that shape and type whose every row or column has the terms."""
    lying = terms[None, :] if along == 1 else terms[:, None]
    return np.broadcast_to(lying, like.shape).astype(like.dtype)

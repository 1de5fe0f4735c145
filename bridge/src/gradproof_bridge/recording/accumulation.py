"""Whether a library adds up in float32 what it gives in halves, and rounds it once."""

from __future__ import annotations

import warnings

import numpy as np

from gradproof_bridge.backends.base import Inputs, Outputs
from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.params import ACCUMULATE
from gradproof_bridge.bundle.stored import Array, stored_dtype
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.compute import compute_with
from gradproof_bridge.errors import BridgeError

_DOCUMENTED = ("scaled_dot_product_attention",)
"""What torch documents: docs.pytorch.org/docs/stable/notes/numerical_accuracy.html, "Reduced
Precision Reduction for FP16 and BF16 in Scaled Dot Product Attention (SDPA)"; other paths of
attention keep the weights alone in halves, which the judge allows for."""

_UNITS = {"F16": 2.0**-10, "BF16": 2.0**-7}
_LEAST = 3
"""Terms that the experiment needs."""


def accumulation(op: str, inputs: Inputs, params: Params, outputs: Outputs, where: str) -> Params:
    """`accumulate` as a parameter of the recording: the tensors that float32 gives, rounded once, as
    an experiment shows, or all outputs where another shows it or the library says so; else
    nothing. `outputs` are what it gave, `where` it computes.
    """
    halves = {name for name, y in outputs.items() if stored_dtype(y) in _UNITS}
    if where.partition(":")[0] != "torch" or not halves:
        return {}
    are_all = len(halves) == len(outputs)
    if are_all and op == "matmul" and _keeps_small_terms(inputs, params, where):
        return {ACCUMULATE: "float32"}
    once = _as_float32_rounded(op, inputs, params, {name: outputs[name] for name in halves}, where)
    if are_all and op in _DOCUMENTED and "y" not in once:
        return {ACCUMULATE: "float32"}
    return {ACCUMULATE: dict.fromkeys(once, "float32")} if once else {}


def rounded_once(bundle: Bundle) -> frozenset[str]:
    """The outputs and gradients that the bundle says it of: by name, or all of a product of matrices
    without a bias, since each is one sum. What else is said of all outputs lets halves stand
    between.
    """
    said = bundle.given.get(ACCUMULATE)
    if isinstance(said, dict):
        return frozenset(said)
    is_sum = bundle.op == "matmul" and all(
        name.startswith("grad.") or (name in ("a", "b") and x.ndim == 2)
        for name, x in bundle.inputs.items()
    )
    return frozenset(bundle.outputs) if said and is_sum else frozenset()


def _as_float32_rounded(
    op: str, inputs: Inputs, params: Params, halves: Outputs, where: str
) -> list[str]:
    """Asks for the same in float32: the outputs to which that gives the very bits of the halves
    when it is rounded. Of a number that was stored in halves before, some bits differ.
    """
    single = {name: _in_float32(x) for name, x in inputs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = compute_with(single, op, params, where).outputs
        except BridgeError:
            return []
    return sorted(
        name for name, y in halves.items() if name in found and _is_rounded(y, found[name])
    )


def _in_float32(x: Array) -> Array:
    return x.astype(np.float32) if stored_dtype(x) in _UNITS else x


def _is_rounded(half: Array, single: Array) -> bool:
    with np.errstate(over="ignore"):
        rounded = single.astype(half.dtype)
    return (
        half.size > 0
        and single.dtype == np.float32
        and half.shape == single.shape
        and bool(np.all((half == rounded) | (np.isnan(half) & np.isnan(rounded))))
    )


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

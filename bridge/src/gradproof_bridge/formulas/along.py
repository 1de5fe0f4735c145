"""Elements at indices along one dimension: torch.gather, scatter_add, index_add."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import bounded
from gradproof_bridge.formulas.expected import Expected, Real, exactly
from gradproof_bridge.formulas.shapes import axis_in, summed_at
from gradproof_bridge.formulas.tensors import is_integer

Outputs = dict[str, Expected]
Places = tuple[NDArray[np.int64], ...]


def take_along_dim(inputs: Inputs, params: Params) -> Outputs:
    """The elements of x at the indices, which both repeat where their size is 1; the gradient of an
    element is the sum over its readers.
    """
    x, indices = inputs["x"], inputs["indices"]
    if indices.ndim == x.ndim:
        dim = axis_in(params["dim"], x.ndim)
        sizes = list(enumerate(zip(x.shape, indices.shape, strict=True)))
        indices = np.broadcast_to(indices, [m if d == dim or m != 1 else n for d, (n, m) in sizes])
    places = _places(x, indices, params, repeats=True)
    taken = x[places]
    outputs: Outputs = {
        "y": exactly(taken) if x.dtype.kind in "iu" else Real(bounded(taken), is_copy=True)
    }
    if "grad.y" in inputs:
        none = bounded(np.zeros(x.shape))
        outputs["grad.x"] = Real(summed_at(none, places, bounded(inputs["grad.y"])))
    return outputs


def scatter_add(inputs: Inputs, params: Params) -> Outputs:
    """The elements of src added to x at their indices."""
    x, indices, src = inputs["x"], inputs["indices"], inputs["src"]
    if any(n < m for n, m in zip(src.shape, indices.shape, strict=True)):
        raise FormatError("src has no element for each of the indices")
    places = _places(x, indices, params)
    inner = tuple(slice(n) for n in indices.shape)
    if is_integer(x) and is_integer(src):
        return {"y": _integer_sums(x, places, src[inner])}
    outputs: Outputs = {"y": Real(summed_at(bounded(x), places, bounded(src[inner])))}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        dsrc = np.zeros(src.shape)
        dsrc[inner] = g.value[places]
        outputs |= {
            "grad.x": Real(g, is_copy=True),
            "grad.src": Real(bounded(dsrc), is_copy=True),
        }
    return outputs


def index_add(inputs: Inputs, params: Params) -> Outputs:
    """Slices of source, times alpha, added to those of x."""
    x, index, source = inputs["x"], inputs["index"], inputs["source"]
    dim = axis_in(params["dim"], x.ndim)
    wide = np.broadcast_to(
        index.reshape([-1 if d == dim else 1 for d in range(x.ndim)]), source.shape
    )
    places = _places(x, wide, params)
    if is_integer(x) and is_integer(source):
        return {"y": _integer_sums(x, places, source, int(params["alpha"]))}
    alpha = bounded(np.float32(params["alpha"]))
    outputs: Outputs = {"y": Real(summed_at(bounded(x), places, alpha * bounded(source)))}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        outputs |= {"grad.x": Real(g, is_copy=True), "grad.source": Real(alpha * g[places])}
    return outputs


def _integer_sums(x: NDArray[Any], places: Places, terms: NDArray[Any], alpha: int = 1) -> Expected:
    """What wraps in the type of both wraps so at the end too."""
    sums = x.astype(np.int64)
    np.add.at(sums, places, alpha * terms.astype(np.int64))
    return exactly(sums.astype(np.result_type(x, terms)))


def _places(
    x: NDArray[Any], indices: NDArray[Any], params: Params, *, repeats: bool = False
) -> Places:
    """Which element of x each of the indices means; with `repeats` a size of 1 serves them all."""
    dim = axis_in(params["dim"], x.ndim)
    fits = indices.ndim == x.ndim and all(
        n <= m or d == dim or (repeats and m == 1)
        for d, (n, m) in enumerate(zip(indices.shape, x.shape, strict=True))
    )
    if not fits or (indices.size > 0 and (indices.min() < 0 or indices.max() >= x.shape[dim])):
        raise FormatError(f"the indices do not fit into {x.shape} along dim {dim}")
    own = np.indices(indices.shape, dtype=np.int64)
    return tuple(
        indices.astype(np.int64) if d == dim else np.minimum(own[d], n - 1)
        for d, n in enumerate(x.shape)
    )


FORMULAS = {
    "take_along_dim": take_along_dim,
    "scatter_add": scatter_add,
    "index_add": index_add,
}

"""Tensor operations, convolution and pooling; ONNX's meaning where torch's differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.batches import alone_too
from gradproof_bridge.formulas.bounded import Bounded, bounded, rounded
from gradproof_bridge.formulas.expected import Codes, Expected, Real, exactly
from gradproof_bridge.formulas.shapes import (
    around,
    axis_in,
    pair,
    scatter_windows,
    summed_at,
    unbroadcast,
    window_starts,
    windows,
)

Outputs = dict[str, Expected]
_INTEGERS = ("i", "u")
_HALVES = {np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)}
_DTYPES: dict[str, Any] = {"bfloat16": ml_dtypes.bfloat16, "bool": np.uint8}


def is_integer(x: NDArray[Any]) -> bool:
    """Whether it holds integers, which are computed as such."""
    return x.dtype.kind in _INTEGERS


def _like(x: NDArray[Any], y: NDArray[Any]) -> Expected:
    """A result that only moves or chooses elements: exact."""
    return exactly(y) if is_integer(x) else Real(bounded(y))


def binary(
    floats: Callable[[Bounded, Bounded], Bounded],
    integers: Callable[[Any, Any], Any] | None,
    slopes: Callable[[Bounded, Bounded], tuple[Bounded, Bounded]],
) -> Callable[[Inputs, Params], Outputs]:
    """The op of a function of two operands that broadcast, with what it is of integers."""

    def op(inputs: Inputs, params: Params) -> Outputs:
        if integers and is_integer(inputs["a"]) and is_integer(inputs["b"]):
            return {"y": exactly(np.asarray(integers(inputs["a"], inputs["b"])))}
        a, b = bounded(inputs["a"]), bounded(inputs["b"])
        outputs: Outputs = {"y": Real(floats(a, b))}
        if "grad.y" in inputs:
            g = bounded(inputs["grad.y"])
            to_a, to_b = slopes(a, b)
            outputs |= {
                "grad.a": Real(unbroadcast(g * to_a, a.shape)),
                "grad.b": Real(unbroadcast(g * to_b, b.shape)),
            }
        return outputs

    return op


_ONE = bounded(1.0)
add = binary(lambda a, b: a + b, np.add, lambda _a, _b: (_ONE, _ONE))
sub = binary(lambda a, b: a - b, np.subtract, lambda _a, _b: (_ONE, -_ONE))
mul = binary(lambda a, b: a * b, np.multiply, lambda a, b: (b, a))


def _by_divisor(a: Bounded, b: Bounded) -> Bounded:
    """-a / b^2, or by the square of a reciprocal, which may be larger on the way."""
    direct = -a / (b * b)
    reciprocal = 1.0 / b
    return Bounded(direct.value, np.maximum(direct.error, (a * (reciprocal * reciprocal)).error))


_quotient = binary(lambda a, b: a / b, None, lambda a, b: (1.0 / b, _by_divisor(a, b)))
_ROUND: dict[str, Callable[[Any], Any]] = {"trunc": np.trunc, "floor": np.floor}


def div(inputs: Inputs, params: Params) -> Outputs:
    """A / b; rounded, any integer that the quotient's error reaches, and no gradient."""
    if params.get("rounding_mode") is None:
        return _quotient(inputs, params)
    if is_integer(inputs["a"]) and is_integer(inputs["b"]):
        return {"y": _whole_quotient(inputs["a"], inputs["b"], params["rounding_mode"])}
    round_to = _ROUND[params["rounding_mode"]]
    quotient = bounded(inputs["a"]) / bounded(inputs["b"])
    value = round_to(quotient.value)
    low, high = (round_to(quotient.value + sign * quotient.error) for sign in (-1, 1))
    outputs: Outputs = {"y": Real(Bounded(value, np.maximum(high - value, value - low)))}
    if "grad.y" in inputs:
        outputs |= {f"grad.{name}": Real(bounded(np.zeros(inputs[name].shape))) for name in "ab"}
    return outputs


def _whole_quotient(a: NDArray[Any], b: NDArray[Any], mode: str) -> Codes:
    """Of a divisor of 0, which torch refuses on a CPU, any integer."""
    divisor = np.where(b == 0, np.ones_like(b), b)
    floor: NDArray[Any] = np.floor_divide(a, divisor)
    is_below = (floor < 0) & (floor * divisor != a)
    y = floor + is_below.astype(floor.dtype) if mode == "trunc" else floor
    ends = np.iinfo(y.dtype)
    is_open = np.broadcast_to(b == 0, y.shape)
    return Codes(y, np.where(is_open, ends.min, y), np.where(is_open, ends.max, y))


def clip(inputs: Inputs, params: Params) -> Outputs:
    """min(max(x, min), max); the gradient passes inside the range, its ends excluded (torch 2.15)."""
    x, low, high = inputs["x"], params.get("min"), params.get("max")
    y = x.astype(np.float64)
    y = y if low is None else np.maximum(y, low)
    y = y if high is None else np.minimum(y, high)
    outputs: Outputs = {
        "y": exactly(y.astype(x.dtype)) if is_integer(x) else Real(rounded(y, np.zeros(y.shape)))
    }
    if "grad.y" in inputs:
        inside = (x > (-np.inf if low is None else low)) & (x < (np.inf if high is None else high))
        outputs["grad.x"] = Real(bounded(inputs["grad.y"].astype(np.float64) * inside))
    return outputs


def cast(inputs: Inputs, params: Params) -> Outputs:
    """Round to nearest even, or truncation towards zero to integers."""
    x, to = inputs["x"], params["to"]
    if to == "bool":
        return {"y": exactly((x != 0).astype(np.uint8))}
    y = x.astype(_DTYPES.get(to, to))
    if is_integer(y):
        return {"y": exactly(y)}
    # A gradient is rounded once more, to the elements that x has.
    gradient = {"grad.x": Real(bounded(inputs["grad.y"]))} if "grad.y" in inputs else {}
    return {"y": Real(bounded(y), kept_as=y.dtype), **gradient}


def _axes(params: Params, rank: int) -> tuple[int, ...]:
    return tuple(axis_in(axis, rank) for axis in params["axes"])


def _reduction(
    reduce: Callable[[Bounded, tuple[int, ...]], Bounded],
    share: Callable[[Bounded, tuple[int, ...]], Bounded],
) -> Any:
    def op(inputs: Inputs, params: Params) -> Outputs:
        x = inputs["x"]
        axes = _axes(params, x.ndim)
        y = reduce(bounded(x), axes) if axes else bounded(x)
        kept = [1 if d in axes else n for d, n in enumerate(x.shape)]
        shape = kept if params["keepdims"] else [n for d, n in enumerate(x.shape) if d not in axes]
        final = y.reshape(*(shape or [1]))
        outputs: Outputs = {
            "y": exactly(final.value.astype(x.dtype)) if is_integer(x) else Real(final)
        }
        if "grad.y" in inputs and not is_integer(x):
            g = bounded(inputs["grad.y"]).reshape(*kept)
            outputs["grad.x"] = Real(g * share(bounded(x), axes))
        return outputs

    return op


def _equal_shares(x: Bounded, axes: tuple[int, ...]) -> Bounded:
    top = x.value == (x.value.max(axis=axes, keepdims=True) if axes else x.value)
    return bounded(top / (top.sum(axis=axes, keepdims=True) if axes else 1))


def _count(x: Bounded, axes: tuple[int, ...]) -> float:
    return float(np.prod([x.shape[d] for d in axes])) if axes else 1.0


_float_sum = _reduction(lambda x, axes: x.sum(axes), lambda x, _axes: bounded(np.ones(x.shape)))


def reduce_sum(inputs: Inputs, params: Params) -> Outputs:
    """The sum; integers are added up in 32 bits, and wrap."""
    x = inputs["x"]
    if not is_integer(x):
        return dict(_float_sum(inputs, params))
    y = x.astype(np.int32).sum(_axes(params, x.ndim), np.int32, keepdims=params["keepdims"])
    return {"y": exactly(np.asarray(y).reshape(y.shape or (1,)))}


reduce_mean = _reduction(
    lambda x, axes: x.mean(axes), lambda x, axes: bounded(np.ones(x.shape)) / _count(x, axes)
)
reduce_max = _reduction(lambda x, axes: x.max(axes), _equal_shares)


def argmax(inputs: Inputs, params: Params) -> Outputs:
    """Index of the first (or last) of the largest."""
    x, axis = inputs["x"], axis_in(params["axis"], inputs["x"].ndim)
    ordered = np.flip(x, axis) if params["select_last_index"] else x
    found = np.argmax(ordered.astype(np.float64), axis, keepdims=True)
    index = x.shape[axis] - 1 - found if params["select_last_index"] else found
    y = index if params["keepdims"] else index.squeeze(axis)
    return {"y": exactly(y.astype(np.int32).reshape(y.shape or (1,)))}


def transpose(inputs: Inputs, params: Params) -> Outputs:
    """Dimensions in another order."""
    perm = params["perm"]
    outputs = {"y": _like(inputs["x"], inputs["x"].transpose(perm))}
    if "grad.y" in inputs:
        outputs["grad.x"] = Real(bounded(inputs["grad.y"].transpose(np.argsort(perm))))
    return outputs


def concat(inputs: Inputs, params: Params) -> Outputs:
    """Parts one after the other."""
    names = sorted((n for n in inputs if n.startswith("x")), key=lambda name: int(name[1:]))
    parts = [inputs[name] for name in names]
    # NumPy has no type that holds the numbers of two half formats.
    mixed = len({part.dtype for part in parts} & _HALVES) > 1
    y = np.concatenate(
        [part.astype(np.float64) for part in parts] if mixed else parts, params["axis"]
    )
    outputs = {"y": _like(y, y)}
    if "grad.y" in inputs:
        cuts = np.cumsum([part.shape[params["axis"]] for part in parts])[:-1]
        pieces = np.split(inputs["grad.y"], cuts, params["axis"])
        outputs |= {
            f"grad.{name}": Real(bounded(piece)) for name, piece in zip(names, pieces, strict=True)
        }
    return outputs


def gather(inputs: Inputs, params: Params) -> Outputs:
    """Whole slices along an axis, negative indices from the end."""
    x, indices = inputs["x"], inputs["indices"]
    axis = axis_in(params["axis"], x.ndim)
    outputs = {"y": _like(x, np.take(x, indices, axis))}
    if "grad.y" in inputs:
        own = np.indices(inputs["grad.y"].shape)
        rest = x.ndim - axis - 1
        chosen = (indices.astype(np.int64) % x.shape[axis]).reshape(*indices.shape, *[1] * rest)
        places = (*own[:axis], np.broadcast_to(chosen, own.shape[1:]), *own[axis + indices.ndim :])
        none = bounded(np.zeros(x.shape))
        outputs["grad.x"] = Real(summed_at(none, places, bounded(inputs["grad.y"])))
    return outputs


@alone_too(4)
def conv2d(inputs: Inputs, params: Params) -> Outputs:
    """Cross-correlation of padded images, in groups of channels."""
    x, weight = bounded(inputs["x"]), bounded(inputs["weight"])
    groups, dilation = params["groups"], pair(params["dilation"])
    kernel = (weight.shape[2], weight.shape[3])
    starts = window_starts(params, kernel, (x.shape[2], x.shape[3]))
    cells, inside, index = windows(x, kernel, starts, dilation, 0.0)
    n, c, oh, ow, k = cells.shape
    # [N, G, OH*OW, C/G*k] times [G, C/G*k, O/G]
    columns = (
        cells.reshape(n, groups, c // groups, oh * ow, k)
        .transpose(0, 1, 3, 2, 4)
        .reshape(n, groups, oh * ow, c // groups * k)
    )
    matrix = weight.reshape(groups, weight.shape[0] // groups, c // groups * k)
    y = (columns @ matrix.swap()).transpose(0, 1, 3, 2).reshape(n, weight.shape[0], oh, ow)
    outputs: Outputs = {
        "y": Real(y + bounded(inputs["bias"]).reshape(1, -1, 1, 1) if "bias" in inputs else y)
    }
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        rows = g.reshape(n, groups, weight.shape[0] // groups, oh * ow)
        dcolumns = (
            (rows.swap() @ matrix)
            .reshape(n, groups, oh * ow, c // groups, k)
            .transpose(0, 1, 3, 2, 4)
        )
        back = dcolumns.reshape(n, c, oh, ow, k)
        kept = Bounded(np.where(inside, back.value, 0), np.where(inside, back.error, 0))
        dw = (rows @ columns).sum(0)
        outputs |= {
            "grad.x": Real(scatter_windows(kept, index, x.shape)),
            "grad.weight": Real(dw.reshape(*weight.shape)),
        }
        if "bias" in inputs:
            outputs["grad.bias"] = Real(g.sum((0, 2, 3)))
    return outputs


@alone_too(4)
def max_pool2d(inputs: Inputs, params: Params) -> Outputs:
    """The largest of each window; its first place gets the gradient."""
    x, kernel = bounded(inputs["x"]), pair(params["kernel"])
    starts = window_starts(params, kernel, (x.shape[2], x.shape[3]))
    cells, inside, index = windows(x, kernel, starts, pair(params["dilation"]), -np.inf)
    outputs: Outputs = {"y": Real(bounded(cells.value.max(-1)))}
    if "grad.y" in inputs:
        first = np.eye(cells.shape[-1])[cells.value.argmax(-1)] * inside
        outputs["grad.x"] = Real(
            scatter_windows(bounded(inputs["grad.y"][..., None] * first), index, x.shape)
        )
    return outputs


@alone_too(4)
def avg_pool2d(inputs: Inputs, params: Params) -> Outputs:
    """The mean of each window; cells past the padding never count, those of the padding do with
    count_include_pad.
    """
    x, kernel = bounded(inputs["x"]), pair(params["kernel"])
    dilation = pair(params["dilation"])
    starts = window_starts(params, kernel, (x.shape[2], x.shape[3]))
    cells, inside, index = windows(x, kernel, starts, dilation, 0.0)
    count = inside.sum(-1)
    if params["count_include_pad"]:
        _, _, below, behind = around(params["padding"])
        ends = (x.shape[2] + below, x.shape[3] + behind)
        rows, columns = (
            (np.array(starts[d])[:, None] + dilation[d] * np.arange(kernel[d]) < ends[d]).sum(1)
            for d in (0, 1)
        )
        count = rows[:, None] * columns[None, :]
    divisor = np.maximum(count, 1).astype(np.float64)
    outputs: Outputs = {"y": Real(cells.sum(-1) / divisor)}
    if "grad.y" in inputs:
        share = bounded(inputs["grad.y"]) / divisor
        wide = Bounded(share.value[..., None] * inside, share.error[..., None] * inside)
        outputs["grad.x"] = Real(scatter_windows(wide, index, x.shape))
    return outputs


@alone_too(4)
def global_avg_pool2d(inputs: Inputs, params: Params) -> Outputs:
    """The mean of each image."""
    x = bounded(inputs["x"])
    outputs: Outputs = {"y": Real(x.mean((2, 3), keepdims=True))}
    if "grad.y" in inputs:
        cells = float(x.shape[2] * x.shape[3])
        outputs["grad.x"] = Real((bounded(inputs["grad.y"]) / cells) * np.ones(x.shape))
    return outputs


FORMULAS = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "div": div,
    "clip": clip,
    "cast": cast,
    "reduce_sum": reduce_sum,
    "reduce_mean": reduce_mean,
    "reduce_max": reduce_max,
    "argmax": argmax,
    "transpose": transpose,
    "concat": concat,
    "gather": gather,
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "global_avg_pool2d": global_avg_pool2d,
}

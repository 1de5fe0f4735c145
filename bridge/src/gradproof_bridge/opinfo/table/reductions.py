"""What becomes fewer along some dimensions, and what is normalised along one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError, Read, Shaped
from gradproof_bridge.opinfo.table.pointwise import floats
from gradproof_bridge.opinfo.table.registry import bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from torch import Tensor

    from gradproof_bridge.opinfo.table.registry import Line


def axes_of(x: Tensor, dim: int | Sequence[int] | None) -> list[int]:
    """The dimensions that torch means: all where it is told none."""
    rank = max(x.ndim, 1)
    if dim is None or dim in ((), []):
        return list(range(rank))
    return [d % rank for d in ([dim] if isinstance(dim, int) else dim)]


def reduction(op: str) -> Line:
    """A reduction over some dimensions."""

    def line(
        input: Tensor,  # noqa: A002 - torch's name
        dim: Any = None,
        keepdim: bool = False,
        *,
        dtype: torch.dtype | None = None,
    ) -> Expressed:
        _not_narrower(input, dtype)
        return Expressed(op, {"axes": axes_of(input, dim), "keepdims": keepdim}, {"x": input})

    return line


def deviation(op: str, outputs: Sequence[str | None] = ("y",)) -> Line:
    """torch.var and its kind, which take `unbiased` in the place of `dim` too."""

    def line(
        input: Tensor,  # noqa: A002
        dim: Any = None,
        *,
        unbiased: bool = True,
        correction: float | None = None,
        keepdim: bool = False,
    ) -> Expressed:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        params = {
            "axes": axes_of(input, dim),
            "keepdims": keepdim,
            "correction": int(unbiased) if correction is None else correction,
        }
        return Expressed(op, params, {"x": input}, outputs)

    return line


def extreme(*, largest: bool) -> Line:
    """torch.max or min of one tensor: along a dimension one of the equal elements, of all their
    value, whose gradient torch shares evenly among them.
    """

    def line(input: Tensor, dim: Any = None, keepdim: bool = False) -> Expressed:  # noqa: A002
        import torch

        if isinstance(dim, torch.Tensor):
            raise NotExpressibleError("two tensors")
        if dim is not None:
            return _of_rows(input, 1, dim, largest=largest, keepdim=keepdim)
        if largest:
            return Expressed(
                "reduce_max", {"axes": axes_of(input, dim), "keepdims": keepdim}, {"x": input}
            )
        params = {"k": 1, "axis": 0, "largest": False}
        flat = Shaped(input, (input.numel(),))
        return Expressed(
            "topk", params, {"x": flat}, ("values",), shape=lambda _: (1,), has_gradients=False
        )

    return line


def topk(
    input: Tensor,  # noqa: A002
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,  # noqa: A002
) -> Expressed:
    """torch.topk."""
    found = _of_rows(input, k, dim, largest=largest, keepdim=True)
    return replace(found, params={**found.params, "sorted": sorted})


def ordered(
    input: Tensor,  # noqa: A002
    dim: int = -1,
    descending: bool = False,
    *,
    stable: bool = False,
) -> Expressed:
    """torch.sort: all of a row, in order."""
    return _of_rows(input, _length(input, dim), dim, largest=descending, keepdim=True)


def of_first(input: Tensor) -> Expressed:  # noqa: A002
    """torch.msort: along the first dimension."""
    found = ordered(input, 0)
    return replace(found, outputs=("values",))


def places(
    input: Tensor,  # noqa: A002
    dim: int = -1,
    descending: bool = False,
    stable: bool = False,
) -> Expressed:
    """torch.argsort."""
    found = ordered(input, dim, descending)
    return replace(found, outputs=("indices",))


def _length(x: Tensor, dim: int) -> int:
    return int(x.shape[dim]) if x.ndim > 0 else 1


def _of_rows(x: Tensor, k: int, dim: int, *, largest: bool, keepdim: bool) -> Expressed:
    """The first k of each row, in order; without `keepdim`, of one, their dimension is gone."""
    axis = axes_of(x, dim)[0]
    rest = () if x.ndim == 0 else tuple(k if d == axis else n for d, n in enumerate(x.shape))
    return Expressed(
        "topk",
        {"k": k, "axis": axis, "largest": largest},
        {"x": x},
        ("values", "indices"),
        shape=None if keepdim and x.ndim > 0 else lambda _: rest or (1,),
    )


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Expressed:  # noqa: A002
    """torch.argmax."""
    if dim is None:
        flat = Shaped(input, (input.numel(),))
        return Expressed(
            "argmax", {"axis": 0, "keepdims": False}, {"x": flat}, shape=lambda _: (1,)
        )
    return Expressed("argmax", {"axis": axes_of(input, dim)[0], "keepdims": keepdim}, {"x": input})


def along(op: str, axis: str = "axis") -> Line:
    """A function along one dimension."""

    def line(input: Tensor, dim: int, *, dtype: torch.dtype | None = None) -> Expressed:  # noqa: A002
        _not_narrower(input, dtype)
        return Expressed(op, {axis: axes_of(input, dim)[0]}, {"x": input})

    return line


def _not_narrower(x: Tensor, dtype: torch.dtype | None) -> None:
    """A wider element type only says how exactly a float is computed and stored, and 32 bits are
    what sums of integers have. Raises NotExpressibleError for any other, which changes more.
    """
    import torch

    held = x.is_floating_point() or dtype == torch.int32
    if dtype is None or (dtype == x.dtype and held):
        return
    if not x.is_floating_point() or torch.promote_types(dtype, x.dtype) != dtype:
        raise NotExpressibleError("a dtype to which the input is cast first")


def of_floats(line: Line) -> Line:
    """A reduction for which torch makes integers floats first."""

    def converted(input: Tensor, *args: Any, **kwargs: Any) -> Expressed:  # noqa: A002
        return line(floats(input), *args, **kwargs)

    return converted


LOWEST = object()
"""The lowest number of an element type, which is in the maximum only where nothing else is."""


def masked(line: Line, hidden: object = None, *, has_gradients: bool = True) -> Line:
    """A function of torch.masked: what its mask leaves out is read as `hidden`, where that changes
    nothing else; without such a number only samples without a mask are expressed.
    """

    def where(
        input: Tensor,  # noqa: A002
        *args: Any,
        mask: Tensor | None = None,
        **kwargs: Any,
    ) -> Expressed:
        found = bound(line, (input, *args), kwargs)
        if mask is None:
            return found
        value = _lowest(input) if hidden is LOWEST else hidden
        if value is None or (value == -math.inf and not input.is_floating_point()):
            raise NotExpressibleError("a mask that the op lacks")
        axes = found.params.get("axes")
        if hidden is LOWEST and bool((mask.expand_as(input).sum(axes) == 0).any()):
            raise NotExpressibleError("a row that is masked whole")
        shown = input.detach().masked_fill(~mask, value)
        return replace(found, inputs={"x": Read(input, shown)}, has_gradients=has_gradients)

    return where


def _lowest(x: Tensor) -> float:
    import torch

    return (torch.finfo if x.is_floating_point() else torch.iinfo)(x.dtype).min


def sum_to_size(input: Tensor, *size: Any) -> Expressed:  # noqa: A002
    """torch.Tensor.sum_to_size: what has size 1 there is summed, and what has no place there."""
    wanted = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    new = input.ndim - len(wanted)
    kept = (1,) * new + wanted
    axes = [d for d in range(input.ndim) if d < new or kept[d] != input.shape[d]]
    # torch gives the bytes themselves, which a sum over nothing brings to 32 bits.
    if not axes and input.element_size() == 1:
        raise NotExpressibleError("bytes, and nothing to sum")
    return Expressed(
        "reduce_sum", {"axes": axes, "keepdims": True}, {"x": input}, shape=lambda _: kept or (1,)
    )


_sum, _mean, _amax = reduction("reduce_sum"), reduction("reduce_mean"), reduction("reduce_max")
_logsumexp = of_floats(reduction("logsumexp"))
_var, _std = deviation("var"), deviation("std")
_softmax, _log_softmax = along("softmax"), along("log_softmax")

TABLE: Mapping[str, Line] = {
    "sum": _sum,
    "mean": _mean,
    "amax": _amax,
    "logsumexp": _logsumexp,
    "var": _var,
    "std": _std,
    "var_mean": deviation("var", ("y", None)),
    "std_mean": deviation("std", ("y", None)),
    "max": extreme(largest=True),
    "min": extreme(largest=False),
    "topk": topk,
    "sort": ordered,
    "msort": of_first,
    "argsort": places,
    "argmax": argmax,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "torch.ops.aten._safe_softmax.default": _softmax,
    "cumsum": along("cumsum", "dim"),
    "sum_to_size": sum_to_size,
    "masked.sum": masked(_sum, 0.0, has_gradients=False),
    "masked.mean": masked(_mean),
    "masked.amax": masked(_amax, LOWEST),
    "masked.logsumexp": masked(_logsumexp, -math.inf),
    "masked.var": masked(_var),
    "masked.std": masked(_std),
    "masked.softmax": masked(_softmax, -math.inf),
    "masked.log_softmax": masked(_log_softmax, -math.inf, has_gradients=False),
}

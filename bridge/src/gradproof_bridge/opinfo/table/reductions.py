"""What becomes fewer along some dimensions, and what is normalised along one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Expressed, NotExpressibleError, Shaped

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
        if dtype is not None and dtype != input.dtype:
            raise NotExpressibleError("another dtype than the input's")
        return Expressed(op, {"axes": axes_of(input, dim), "keepdims": keepdim}, {"x": input})

    return line


def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Expressed:  # noqa: A002
    """torch.logsumexp."""
    return Expressed("logsumexp", {"axes": axes_of(input, dim), "keepdims": keepdim}, {"x": input})


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


def largest(input: Tensor, dim: Any = None, keepdim: bool = False) -> Expressed:  # noqa: A002
    """torch.max of one tensor. Along a dimension its gradient goes to one of equal elements."""
    import torch

    if isinstance(dim, torch.Tensor):
        raise NotExpressibleError("max of two tensors")
    params = {"axes": axes_of(input, dim), "keepdims": keepdim}
    outputs = ("y",) if dim is None else ("y", None)
    return Expressed("reduce_max", params, {"x": input}, outputs, has_gradients=dim is None)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Expressed:  # noqa: A002
    """torch.argmax."""
    if dim is None:
        flat = Shaped(input, (input.numel(),))
        return Expressed(
            "argmax", {"axis": 0, "keepdims": False}, {"x": flat}, shape=lambda _: (1,)
        )
    return Expressed("argmax", {"axis": axes_of(input, dim)[0], "keepdims": keepdim}, {"x": input})


def along(op: str) -> Line:
    """A function along one dimension."""

    def line(input: Tensor, dim: int, *, dtype: torch.dtype | None = None) -> Expressed:  # noqa: A002
        if dtype is not None and dtype != input.dtype:
            raise NotExpressibleError("another dtype than the input's")
        return Expressed(op, {"axis": axes_of(input, dim)[0]}, {"x": input})

    return line


TABLE: Mapping[str, Line] = {
    "sum": reduction("reduce_sum"),
    "mean": reduction("reduce_mean"),
    "amax": reduction("reduce_max"),
    "logsumexp": logsumexp,
    "var": deviation("var"),
    "std": deviation("std"),
    "var_mean": deviation("var", ("y", None)),
    "std_mean": deviation("std", ("y", None)),
    "max": largest,
    "argmax": argmax,
    "softmax": along("softmax"),
    "log_softmax": along("log_softmax"),
    "torch.ops.aten._safe_softmax.default": along("softmax"),
}

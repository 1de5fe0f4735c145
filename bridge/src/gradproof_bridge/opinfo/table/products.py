"""Products of matrices and attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.opinfo.expressed import Codes, Expressed, NotExpressibleError, Shaped

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.bundle.vocabulary import Params


def product(input: Tensor, other: Tensor) -> Expressed:  # noqa: A002 - torch's name
    """torch.matmul, and what is it for operands of some dimensions alone."""
    return Expressed("matmul", {}, {"a": input, "b": other})


def swapped(input: Tensor, other: Tensor) -> Expressed:  # noqa: A002
    """The operator of the right operand."""
    return product(other, input)


def inner(input: Tensor, other: Tensor) -> Expressed:  # noqa: A002
    """torch.inner: sums over the last dimension of both."""
    if max(input.ndim, other.ndim) > 2 or min(input.ndim, other.ndim) == 0:
        raise NotExpressibleError("inner products of other than vectors and matrices")
    return Expressed("matmul", {"transpose_b": other.ndim == 2}, {"a": input, "b": other})


def outer(input: Tensor, vec2: Tensor) -> Expressed:  # noqa: A002
    """torch.outer: a column times a row."""
    column = Shaped(input, (len(input), 1))
    return Expressed("matmul", {}, {"a": column, "b": Shaped(vec2, (1, len(vec2)))})


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Expressed:  # noqa: A002
    """torch.nn.functional.linear."""
    inputs = {"a": input, "b": weight} | ({} if bias is None else {"bias": bias})
    return Expressed("matmul", {"transpose_b": weight.ndim == 2}, inputs)


def added(
    input: Tensor,  # noqa: A002
    first: Tensor,
    second: Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> Expressed:
    """torch.addmm and its kind: beta input + alpha first second."""
    if alpha != 1 or beta != 1:
        raise NotExpressibleError("alpha or beta is not 1")
    return Expressed("matmul", {}, {"a": first, "b": second, "bias": input})


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    *,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Expressed:
    """torch.nn.functional.scaled_dot_product_attention."""
    if dropout_p != 0:
        raise NotExpressibleError("dropout")
    if query.ndim not in (3, 4) or not query.ndim == key.ndim == value.ndim:
        raise NotExpressibleError("attention of other than 3 or 4 dimensions")
    params: Params = {"causal": is_causal} | ({} if scale is None else {"scale": scale})
    flat = query.ndim == 3
    inputs = {
        name: Shaped(x, (1, *x.shape) if flat else tuple(x.shape))
        for name, x in (("q", query), ("k", key), ("v", value))
    }
    mask = {} if attn_mask is None else {"mask": _mask(attn_mask)}
    return Expressed(
        "scaled_dot_product_attention",
        params,
        {**inputs, **mask},
        shape=(lambda y: (1, *y.shape)) if flat else None,
    )


def _mask(mask: Tensor) -> object:
    import torch

    return Codes(mask) if mask.dtype == torch.bool else mask


TABLE = {
    "matmul": product,
    "__rmatmul__": swapped,
    "mm": product,
    "bmm": product,
    "mv": product,
    "dot": product,
    "vdot": product,
    "inner": inner,
    "outer": outer,
    "addmm": added,
    "addmv": added,
    "baddbmm": added,
    "nn.functional.linear": linear,
    "nn.functional.scaled_dot_product_attention": attention,
}

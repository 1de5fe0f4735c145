"""Products of matrices and attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.opinfo.expressed import (
    Codes,
    Expressed,
    NotExpressibleError,
    Operand,
    Shaped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    if min(input.ndim, other.ndim) == 0:
        return Expressed("mul", {}, {"a": input, "b": other})
    rows = {
        name: Shaped(x, (x.numel() // max(x.shape[-1], 1), x.shape[-1]))
        for name, x in (("a", input), ("b", other))
    }
    shape = tuple(x.shape[0] for x in rows.values())
    return Expressed("matmul", {"transpose_b": True}, rows, shape=lambda _: shape)


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
    first: Operand,
    second: Operand,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> Expressed:
    """torch.addmm and its kind: beta input + alpha first second."""
    if not input.is_floating_point() and not float(alpha).is_integer() & float(beta).is_integer():
        raise NotExpressibleError("integers times a number that is none")
    params: Params = {"alpha": alpha, "beta": beta}
    return Expressed("matmul", params, {"a": first, "b": second, "bias": input})


def added_outer(
    input: Tensor,  # noqa: A002
    vec1: Tensor,
    vec2: Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> Expressed:
    """torch.addr: beta input + alpha column row."""
    column, row = Shaped(vec1, (len(vec1), 1)), Shaped(vec2, (1, len(vec2)))
    return added(input, column, row, beta=beta, alpha=alpha)


def added_batches(
    input: Tensor,  # noqa: A002
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
) -> Expressed:
    """torch.addbmm: the terms of all batches are those of one product."""
    rows = batch1.transpose(0, 1).flatten(1)
    terms = Shaped(batch2, (rows.shape[1], batch2.shape[2]))
    found = added(input, rows, terms, beta=beta, alpha=alpha)
    return Expressed(found.op, found.params, found.inputs, has_gradients=False)


def multi_dot(tensors: Sequence[Tensor]) -> Expressed:
    """torch.linalg.multi_dot of two operands."""
    if len(tensors) != 2:
        raise NotExpressibleError("a product of more than two operands")
    return product(*tensors)


def of_vectors(x: Tensor, y: Tensor, dim: int = -1) -> Expressed:
    """torch.linalg.vecdot along the last dimension: products of a row and a column."""
    if x.shape != y.shape or dim % max(x.ndim, 1) != x.ndim - 1:
        raise NotExpressibleError("vectors that broadcast, or along another dimension")
    a = Shaped(x, (*x.shape[:-1], 1, x.shape[-1]))
    b = Shaped(y, (*y.shape, 1))
    return Expressed("matmul", {}, {"a": a, "b": b}, shape=lambda _: (*x.shape[:-1], 1, 1))


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
    params: Params = {"causal": is_causal} | ({} if scale is None else {"scale": scale})
    inputs = {name: Shaped(x, _of_four(x)) for name, x in (("q", query), ("k", key), ("v", value))}
    mask = {} if attn_mask is None else {"mask": _mask(attn_mask)}
    return Expressed(
        "scaled_dot_product_attention",
        params,
        {**inputs, **mask},
        shape=_of_four,
    )


def _of_four(x: Tensor) -> tuple[int, ...]:
    """With batches and heads: one of each that is not there."""
    return (*(1 for _ in range(4 - x.ndim)), *x.shape)


def attention_of_cpu(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: Tensor | None = None,
    scale: float | None = None,
) -> Expressed:
    """What attention calls on the processor, which gives logarithms of sums too."""
    found = attention(
        query, key, value, attn_mask, dropout_p=dropout_p, is_causal=is_causal, scale=scale
    )
    return Expressed(found.op, found.params, found.inputs, ("y", None), shape=found.shape)


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
    "linalg.multi_dot": multi_dot,
    "linalg.vecdot": of_vectors,
    "addr": added_outer,
    "addmm": added,
    "addmv": added,
    "baddbmm": added,
    "addbmm": added_batches,
    "nn.functional.linear": linear,
    "nn.functional.scaled_dot_product_attention": attention,
    "torch.ops.aten._scaled_dot_product_flash_attention_for_cpu": attention_of_cpu,
}

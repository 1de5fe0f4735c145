"""What only moves elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Codes, Expressed, NotExpressibleError, Shaped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from gradproof_bridge.opinfo.table.registry import Line


def reordered(perm_of: Callable[..., Sequence[int]]) -> Line:
    """Dimensions in the order that `perm_of` the arguments is; a scalar's one dimension stays."""

    def line(input: Tensor, *how: Any) -> Expressed:  # noqa: A002 - torch's name
        return Expressed(
            "transpose", {"perm": list(perm_of(input.ndim, *how)) or [0]}, {"x": input}
        )

    return line


def _swapped(rank: int, first: int, second: int) -> list[int]:
    perm = list(range(rank))
    if rank > 0:
        perm[first], perm[second] = perm[second], perm[first]
    return perm


def _moved(rank: int, source: Any, destination: Any) -> list[int]:
    """The order of torch.movedim."""
    sources, destinations = (
        [d % max(rank, 1) for d in ([x] if isinstance(x, int) else x)]
        for x in (source, destination)
    )
    places = dict(zip(destinations, sources, strict=True))
    rest = (d for d in range(rank) if d not in sources)
    return [places[d] if d in places else next(rest) for d in range(rank)]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Expressed:
    """torch.cat, which passes over parts of shape [0]."""
    parts = [x for x in tensors if tuple(x.shape) != (0,)]
    return Expressed("concat", {"axis": dim}, {f"x{i}": x for i, x in enumerate(parts)})


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Expressed:
    """torch.stack: each part gets a dimension of size 1, and they follow each other along it."""
    axis = dim % (tensors[0].ndim + 1)
    parts = {f"x{i}": Shaped(x, _widened(x, axis)) for i, x in enumerate(tensors)}
    return Expressed("concat", {"axis": axis}, parts)


def _widened(x: Tensor, axis: int) -> tuple[int, ...]:
    return (*x.shape[:axis], 1, *x.shape[axis:])


def hstack(tensors: Sequence[Tensor]) -> Expressed:
    """torch.hstack."""
    return cat(tensors, 0 if tensors[0].ndim < 2 else 1)


def vstack(tensors: Sequence[Tensor]) -> Expressed:
    """torch.vstack, to which a vector is a row."""
    rows = {
        f"x{i}": Shaped(x, tuple(x.shape) if x.ndim > 1 else (1, x.numel()))
        for i, x in enumerate(tensors)
    }
    return Expressed("concat", {"axis": 0}, rows)


def index_select(input: Tensor, dim: int, index: Tensor) -> Expressed:  # noqa: A002
    """torch.index_select, which is ONNX's Gather."""
    rank = max(input.ndim, 1)
    return Expressed("gather", {"axis": dim % rank}, {"x": input, "indices": Codes(index)})


def take(input: Tensor, index: Tensor) -> Expressed:  # noqa: A002
    """torch.take: elements of the flat tensor."""
    return Expressed("gather", {"axis": 0}, {"x": _flat(input), "indices": Codes(index)})


def gather(input: Tensor, dim: int, index: Tensor) -> Expressed:  # noqa: A002
    """torch.gather, which is take_along_dim without broadcasting."""
    return Expressed("take_along_dim", {"dim": dim}, {"x": input, "indices": Codes(index)})


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Expressed:  # noqa: A002
    """torch.take_along_dim; without a dimension, of the flat tensors."""
    if bool((indices < 0).any()):
        raise NotExpressibleError("negative indices")
    if dim is None:
        return gather(_flat(input), 0, indices.flatten())
    along = dim % input.ndim
    if any(
        n != m
        for d, (n, m) in enumerate(zip(input.shape, indices.shape, strict=True))
        if d != along
    ):
        raise NotExpressibleError("indices that broadcast")
    return gather(input, dim, indices)


def _flat(x: Tensor) -> Any:
    return Shaped(x, (x.numel(),))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Expressed:  # noqa: A002
    """torch.scatter_add."""
    inputs = {"x": input, "indices": Codes(index), "src": src}
    return Expressed("scatter_add", {"dim": dim}, inputs)


def index_add(
    input: Tensor,  # noqa: A002
    dim: int,
    index: Tensor,
    source: Tensor,
    *,
    alpha: float = 1,
) -> Expressed:
    """torch.index_add."""
    inputs = {"x": input, "index": Codes(index), "source": source}
    return Expressed("index_add", {"dim": dim, "alpha": alpha}, inputs)


def embedding(
    weight: Tensor,
    ids: Tensor,
    *,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Expressed:
    """torch.nn.functional.embedding, whose padding only stops a gradient."""
    if max_norm is not None:
        raise NotExpressibleError("rows that are scaled to a norm first")
    if scale_grad_by_freq:
        raise NotExpressibleError("a gradient that is scaled by frequency")
    if sparse:
        raise NotExpressibleError("a sparse gradient")
    inputs = {"weight": weight, "ids": Codes(ids)}
    return Expressed(
        "embedding",
        {},
        inputs,
        shape=None if ids.ndim > 0 else lambda y: (1, *y.shape),
        has_gradients=padding_idx is None,
    )


TABLE = {
    "permute": reordered(lambda rank, dims: [d % max(rank, 1) for d in dims]),
    "transpose": reordered(_swapped),
    "movedim": reordered(_moved),
    "t": reordered(lambda rank: range(rank)[::-1]),
    "T": reordered(lambda rank: range(rank)[::-1]),
    "mT": reordered(lambda rank: _swapped(rank, -2, -1)),
    "cat": cat,
    "stack": stack,
    "hstack": hstack,
    "vstack": vstack,
    "index_select": index_select,
    "take": take,
    "gather": gather,
    "take_along_dim": take_along_dim,
    "scatter_add": scatter_add,
    "index_add": index_add,
    "nn.functional.embedding": embedding,
}

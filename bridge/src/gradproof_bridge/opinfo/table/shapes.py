"""What only moves elements."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Codes, Expressed, NotExpressibleError, Shaped, held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    parts = [x for x in tensors if tuple(x.shape) != (0,)] or tensors
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
    rows = {f"x{i}": Shaped(x, _row(x)) for i, x in enumerate(tensors)}
    return Expressed("concat", {"axis": 0}, rows)


def index_select(input: Tensor, dim: int, index: Tensor) -> Expressed:  # noqa: A002
    """torch.index_select, which is ONNX's Gather."""
    rank = max(input.ndim, 1)
    return Expressed("gather", {"axis": dim % rank}, {"x": input, "indices": Codes(index)})


def take(input: Tensor, index: Tensor) -> Expressed:  # noqa: A002
    """torch.take: elements of the flat tensor."""
    return Expressed("gather", {"axis": 0}, {"x": _flat(input), "indices": Codes(index)})


def gather(input: Tensor, dim: int, index: Tensor) -> Expressed:  # noqa: A002
    """torch.gather: its indices leave out the last of other dimensions, and do not repeat."""
    if index.ndim != input.ndim and index.numel() == 0 and min(index.ndim, input.ndim) > 0:
        raise NotExpressibleError("no indices, of other dimensions than the tensor's")
    others = (d for d in range(index.ndim) if d != dim % max(input.ndim, 1))
    if any(index.shape[d] == 1 != input.shape[d] for d in others):
        raise NotExpressibleError("indices of size 1, which take_along_dim repeats")
    return Expressed("take_along_dim", {"dim": dim}, {"x": input, "indices": Codes(index)})


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Expressed:  # noqa: A002
    """torch.take_along_dim; without a dimension, of the flat tensors."""
    x = _flat(input) if dim is None else input
    places = indices.flatten() if dim is None else indices
    along = 0 if dim is None else dim % input.ndim
    from_start = places.where(places >= 0, places + x.shape[along])
    inputs = {"x": x, "indices": Codes(from_start)}
    return Expressed("take_along_dim", {"dim": along}, inputs)


def _flat(x: Tensor) -> Shaped:
    return Shaped(x, (x.numel(),))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Expressed:  # noqa: A002
    """torch.scatter_add."""
    inputs = {"x": input, "indices": Codes(index), "src": src}
    return Expressed("scatter_add", {"dim": dim}, inputs)


def scattered_sum(
    input: Tensor,  # noqa: A002
    dim: int,
    index: Tensor,
    src: Any,
    reduce: str | None = None,
    *,
    include_self: bool = True,
) -> Expressed:
    """torch.scatter and torch.scatter_reduce where they add a tensor."""
    import torch

    if reduce not in ("add", "sum") or not include_self or not isinstance(src, torch.Tensor):
        raise NotExpressibleError("a scatter that does not add a tensor to what is there")
    return scatter_add(input, dim, index, src)


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


def pad(
    input: Tensor,  # noqa: A002
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Expressed:
    """torch.nn.functional.pad."""
    given = {} if value is None else {"value": held(value, input)}
    return Expressed("pad", {"pad": list(pad), "mode": mode, **given}, {"x": input})


def constant_pad(input: Tensor, given: Sequence[int], value: float = 0) -> Expressed:  # noqa: A002
    """torch.constant_pad_nd."""
    return pad(input, given, value=value)


def dstack(tensors: Sequence[Tensor]) -> Expressed:
    """torch.dstack: a vector is a row, and a matrix has depth 1."""
    parts = {
        f"x{i}": Shaped(x, tuple(x.shape) if x.ndim > 2 else (*_row(x), 1))
        for i, x in enumerate(tensors)
    }
    return Expressed("concat", {"axis": 2}, parts)


def column_stack(tensors: Sequence[Tensor]) -> Expressed:
    """torch.column_stack, to which a vector is a column."""
    parts = {
        f"x{i}": Shaped(x, tuple(x.shape) if x.ndim > 1 else (x.numel(), 1))
        for i, x in enumerate(tensors)
    }
    return Expressed("concat", {"axis": 1}, parts)


def _row(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape) if x.ndim > 1 else (1, x.numel())


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Expressed:  # noqa: A002
    """torch.nn.functional.pixel_shuffle: channels become rows and columns."""
    r = upscale_factor
    *outer, channels, height, width = input.shape
    n, c = math.prod(outer), channels // (r * r)
    return Expressed(
        "transpose",
        {"perm": [0, 1, 4, 2, 5, 3]},
        {"x": Shaped(input, (n, c, r, r, height, width))},
        shape=lambda _: (n, c, height, r, width, r),
    )


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Expressed:  # noqa: A002
    """torch.nn.functional.pixel_unshuffle: rows and columns become channels."""
    r = downscale_factor
    *outer, channels, height, width = input.shape
    n, rows, columns = math.prod(outer), height // r, width // r
    return Expressed(
        "transpose",
        {"perm": [0, 1, 3, 5, 2, 4]},
        {"x": Shaped(input, (n, channels, rows, r, columns, r))},
        shape=lambda _: (n, channels, r, r, rows, columns),
    )


def channel_shuffle(input: Tensor, groups: int) -> Expressed:  # noqa: A002
    """torch.nn.functional.channel_shuffle: the channels of each group become one of each."""
    n, channels, *rest = input.shape
    pixels, each = math.prod(rest), channels // groups
    return Expressed(
        "transpose",
        {"perm": [0, 2, 1, 3]},
        {"x": Shaped(input, (n, groups, each, pixels))},
        shape=lambda _: (n, each, groups, pixels),
    )


def chosen(name: str) -> Line:
    """What chooses or repeats elements, in any order: the flat tensor's at the places that torch's
    function `name` gives of 0, 1, 2 and so on.
    """

    def line(input: Tensor, *args: Any, **kwargs: Any) -> Expressed:  # noqa: A002
        import torch

        places = attrgetter(name)(torch)(
            torch.arange(input.numel()).reshape(input.shape), *args, **kwargs
        )
        return Expressed("gather", {"axis": 0}, {"x": _flat(input), "indices": Codes(places)})

    return line


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
    """torch.nn.functional.embedding."""
    if max_norm is not None:
        raise NotExpressibleError("rows that are scaled to a norm first")
    if scale_grad_by_freq:
        raise NotExpressibleError("a gradient that is scaled by frequency")
    if sparse:
        raise NotExpressibleError("a sparse gradient")
    inputs = {"weight": weight, "ids": Codes(ids)}
    return Expressed(
        "embedding",
        {} if padding_idx is None else {"padding_idx": padding_idx},
        inputs,
        shape=None if ids.ndim > 0 else lambda y: (1, *y.shape),
    )


_permuted = reordered(lambda rank, dims: [d % max(rank, 1) for d in dims])
_transposed = reordered(_swapped)
_t = reordered(lambda rank: range(rank)[::-1])
_matrix_t = reordered(lambda rank: _swapped(rank, -2, -1))

TABLE: Mapping[str, Line] = {
    "permute": _permuted,
    "permute_copy": _permuted,
    "transpose": _transposed,
    "transpose_copy": _transposed,
    "movedim": reordered(_moved),
    "t": _t,
    "t_copy": _t,
    "T": _t,
    "mT": _matrix_t,
    "H": _t,
    "mH": _matrix_t,
    "nn.functional.pixel_shuffle": pixel_shuffle,
    "nn.functional.pixel_unshuffle": pixel_unshuffle,
    "nn.functional.channel_shuffle": channel_shuffle,
    "cat": cat,
    "stack": stack,
    "hstack": hstack,
    "vstack": vstack,
    "dstack": dstack,
    "column_stack": column_stack,
    "nn.functional.pad": pad,
    "constant_pad_nd": constant_pad,
    "__getitem__": chosen("Tensor.__getitem__"),
    "broadcast_to": chosen("Tensor.broadcast_to"),
    "diagonal": chosen("Tensor.diagonal"),
    "diagonal_copy": chosen("Tensor.diagonal"),
    "expand": chosen("Tensor.expand"),
    "expand_as": chosen("Tensor.expand_as"),
    "expand_copy": chosen("Tensor.expand"),
    "flip": chosen("Tensor.flip"),
    "fliplr": chosen("Tensor.fliplr"),
    "flipud": chosen("Tensor.flipud"),
    "linalg.diagonal": chosen("linalg.diagonal"),
    "masked_select": chosen("Tensor.masked_select"),
    "narrow": chosen("Tensor.narrow"),
    "narrow_copy": chosen("Tensor.narrow"),
    "repeat": chosen("Tensor.repeat"),
    "repeat_interleave": chosen("Tensor.repeat_interleave"),
    "roll": chosen("Tensor.roll"),
    "rot90": chosen("Tensor.rot90"),
    "select": chosen("Tensor.select"),
    "slice": chosen("ops.aten.slice"),
    "tile": chosen("Tensor.tile"),
    "unfold": chosen("Tensor.unfold"),
    "unfold_copy": chosen("Tensor.unfold"),
    "index_select": index_select,
    "take": take,
    "gather": gather,
    "take_along_dim": take_along_dim,
    "scatter_add": scatter_add,
    "scatter": scattered_sum,
    "scatter_reduce.sum": scattered_sum,
    "index_add": index_add,
    "nn.functional.embedding": embedding,
}

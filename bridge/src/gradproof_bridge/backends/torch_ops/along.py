"""Elements at indices along one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def take_along_dim(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.take_along_dim; torch.gather, where indices leave out the last of other dimensions."""
    import torch

    x, indices, dim = t["x"], t["indices"].long(), params["dim"] % t["x"].ndim
    others = [
        (n, m) for d, (n, m) in enumerate(zip(x.shape, indices.shape, strict=True)) if d != dim
    ]
    if all(n == m or 1 in (n, m) for n, m in others):
        return {"y": torch.take_along_dim(x, indices, dim)}
    others.insert(dim, (-1, -1))
    x = x.expand([m if n == 1 else -1 for n, m in others])
    return {"y": x.gather(dim, indices.expand([n if m == 1 else -1 for n, m in others]))}


def scatter_add(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.Tensor.scatter_add; it has a gradient for a src of the indices' shape alone."""
    indices = t["indices"].long()
    src = t["src"][tuple(slice(n) for n in indices.shape)]
    return {"y": t["x"].scatter_add(params["dim"], indices, src)}


def index_add(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.index_add."""
    alpha = params["alpha"]
    return {"y": t["x"].index_add(params["dim"], t["index"], t["source"], alpha=alpha)}


OPS = {"take_along_dim": take_along_dim, "scatter_add": scatter_add, "index_add": index_add}

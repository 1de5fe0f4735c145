"""Elements at indices along one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def take_along_dim(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.gather, whose indices need not fill the other dimensions."""
    return {"y": t["x"].gather(params["dim"], t["indices"].long())}


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

"""Signs of what torch's pruning leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def sparse_ternarize(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.utils.prune.L1Unstructured, of the tensor or of each channel."""
    import torch
    from torch.nn.utils.prune import L1Unstructured

    weight = t["weight"]
    rows = weight.flatten(1) if params["per_channel"] else weight.reshape(1, -1)
    method = L1Unstructured(amount=params["amount"])
    mask = torch.stack([method.compute_mask(row, torch.ones_like(row)) for row in rows])
    dropped = (rows.abs() * (1 - mask)).amax(1)
    trits = (rows * mask).sign().to(torch.int8).reshape(weight.shape)
    return {"trits": trits, "threshold": dropped}


OPS = {"sparse_ternarize": sparse_ternarize}

"""The largest or smallest elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def topk(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.topk."""
    import torch

    values, indices = t["x"].topk(
        params["k"], params["axis"], bool(params["largest"]), bool(params["sorted"])
    )
    return {"values": values, "indices": indices.to(torch.int32)}


OPS = {"topk": topk}

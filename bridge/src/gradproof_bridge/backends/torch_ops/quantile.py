"""Quantiles of a tensor or of its channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.errors import NotImplementedOpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def quantile(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.quantile in float64: in float32 it rounds the place q (n - 1) too. Raises
    NotImplementedOpError on MPS, which has no float64.
    """
    import torch

    x = t["x"]
    if x.device.type == "mps":
        raise NotImplementedOpError("quantile: asked in float64, which mps does not have")
    rows = x.reshape(x.shape[0] if params["per_channel"] else 1, -1).to(torch.float64)
    y = torch.quantile(rows.abs() if params["absolute"] else rows, params["q"], 1)
    return {"y": y.to(torch.float32)}


OPS = {"quantile": quantile}

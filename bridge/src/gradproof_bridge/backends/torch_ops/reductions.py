"""Reductions of floats over some axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def logsumexp(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.logsumexp; over no axes each element is its own sum."""
    x = t["x"]
    if not params["axes"]:
        return {"y": x.unsqueeze(0).logsumexp(0)}
    return {"y": x.logsumexp(params["axes"], keepdim=bool(params["keepdims"]))}


def variance(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.var."""
    return {
        "y": t["x"].var(
            params["axes"], correction=params["correction"], keepdim=bool(params["keepdims"])
        )
    }


def std(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.std."""
    return {
        "y": t["x"].std(
            params["axes"], correction=params["correction"], keepdim=bool(params["keepdims"])
        )
    }


OPS = {"logsumexp": logsumexp, "var": variance, "std": std}

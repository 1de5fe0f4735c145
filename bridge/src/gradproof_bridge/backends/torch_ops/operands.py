"""Functions of several operands that broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def _binary(name: str) -> Callable[[Mapping[str, Tensor], Params], Tensors]:
    """The function of torch that has this name."""

    def op(t: Mapping[str, Tensor], params: Params) -> Tensors:
        import torch

        return {"y": getattr(torch, name)(t["a"], t["b"])}

    return op


def where(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.where, whose condition is boolean."""
    import torch

    return {"y": torch.where(t["condition"] != 0, t["a"], t["b"])}


def masked_fill(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.masked_fill, whose mask is boolean."""
    return {"y": t["x"].masked_fill(t["mask"] != 0, params["value"])}


def clamp(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.clamp between tensors."""
    return {"y": t["x"].clamp(t.get("min"), t.get("max"))}


OPS = {
    **{name: _binary(name) for name in ("maximum", "minimum", "pow")},
    "where": where,
    "masked_fill": masked_fill,
    "clamp": clamp,
}

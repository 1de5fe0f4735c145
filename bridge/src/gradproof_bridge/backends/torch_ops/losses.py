"""Losses of predictions and what they should be, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def _loss(name: str, *others: str) -> Callable[[Mapping[str, Tensor], Params], Tensors]:
    """The loss of that name in torch.nn.functional, with what else it takes."""

    def op(t: Mapping[str, Tensor], params: Params) -> Tensors:
        import torch.nn.functional as F

        given = {key: params[key] for key in ("reduction", *others)}
        return {"loss": getattr(F, name)(t["input"], t["target"], **given)}

    return op


def bce_with_logits(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.binary_cross_entropy_with_logits."""
    import torch.nn.functional as F

    loss = F.binary_cross_entropy_with_logits(
        t["input"],
        t["target"],
        weight=t.get("weight"),
        pos_weight=t.get("pos_weight"),
        reduction=params["reduction"],
    )
    return {"loss": loss}


OPS = {
    "bce_with_logits": bce_with_logits,
    "mse_loss": _loss("mse_loss"),
    "l1_loss": _loss("l1_loss"),
    "smooth_l1_loss": _loss("smooth_l1_loss", "beta"),
    "huber_loss": _loss("huber_loss", "delta"),
    "kl_div": _loss("kl_div", "log_target"),
}

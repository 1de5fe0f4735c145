"""Losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.opinfo.expressed import Codes, Expressed, NotExpressibleError

if TYPE_CHECKING:
    from torch import Tensor


def cross_entropy(
    input: Tensor,  # noqa: A002 - torch's name
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Expressed:
    """torch.nn.functional.cross_entropy."""
    if target.is_floating_point():
        raise NotExpressibleError("probabilities of classes")
    inputs = {"logits": input, "labels": Codes(target)}
    return Expressed(
        "cross_entropy",
        {
            "ignore_index": ignore_index,
            "reduction": reduction,
            "label_smoothing": label_smoothing,
        },
        inputs if weight is None else {**inputs, "weight": weight},
        ("loss",),
    )


def nll_loss(
    input: Tensor,  # noqa: A002
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Expressed:
    """torch.nn.functional.nll_loss."""
    inputs = {"log_probs": input, "labels": Codes(target)}
    return Expressed(
        "nll_loss",
        {"ignore_index": ignore_index, "reduction": reduction},
        inputs if weight is None else {**inputs, "weight": weight},
        ("loss",),
    )


TABLE = {
    "nn.functional.cross_entropy": cross_entropy,
    "nn.functional.nll_loss": nll_loss,
}

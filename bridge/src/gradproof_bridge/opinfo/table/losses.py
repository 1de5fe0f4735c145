"""Losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradproof_bridge.opinfo.expressed import Codes, Expressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.opinfo.table.registry import Line


def cross_entropy(
    input: Tensor,  # noqa: A002 - torch's name
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Expressed:
    """torch.nn.functional.cross_entropy, of labels or of probabilities."""
    params = {"reduction": reduction, "label_smoothing": label_smoothing}
    weights = {} if weight is None else {"weight": weight}
    if target.is_floating_point():
        inputs = {"logits": input, "target": target, **weights}
        return Expressed("cross_entropy_prob_target", params, inputs, ("loss",))
    return Expressed(
        "cross_entropy",
        {**params, "ignore_index": ignore_index},
        {"logits": input, "labels": Codes(target), **weights},
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


def of_pairs(op: str) -> Line:
    """A loss of predictions and what they should be, pair by pair."""

    def line(
        input: Tensor,  # noqa: A002
        target: Tensor,
        *,
        reduction: str = "mean",
        **settings: Any,
    ) -> Expressed:
        params = {"reduction": reduction, **settings}
        return Expressed(op, params, {"input": input, "target": target}, ("loss",))

    return line


def bce_with_logits(
    input: Tensor,  # noqa: A002
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Expressed:
    """torch.nn.functional.binary_cross_entropy_with_logits."""
    given = {"input": input, "target": target, "weight": weight, "pos_weight": pos_weight}
    inputs = {name: tensor for name, tensor in given.items() if tensor is not None}
    return Expressed("bce_with_logits", {"reduction": reduction}, inputs, ("loss",))


TABLE: Mapping[str, Line] = {
    "nn.functional.cross_entropy": cross_entropy,
    "nn.functional.nll_loss": nll_loss,
    "nn.functional.binary_cross_entropy_with_logits": bce_with_logits,
    "nn.functional.l1_loss": of_pairs("l1_loss"),
    "nn.functional.mse_loss": of_pairs("mse_loss"),
    "nn.functional.smooth_l1_loss": of_pairs("smooth_l1_loss"),
    "nn.functional.huber_loss": of_pairs("huber_loss"),
    "nn.functional.kl_div": of_pairs("kl_div"),
}

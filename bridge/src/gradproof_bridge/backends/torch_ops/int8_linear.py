"""A linear layer of 8-bit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def int8_linear(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.matmul of int32, scaled in float32."""
    import torch

    x, weight = t["x"].to(torch.int32), t["weight"].to(torch.int32)
    if "x_zero_point" in t:
        x = x - t["x_zero_point"].to(torch.int32).reshape(-1, 1)
    if "weight_zero_point" in t:
        weight = weight - t["weight_zero_point"].to(torch.int32).reshape(-1, 1)
    acc = x @ weight.T
    y = acc.to(torch.float32) * (t["x_scale"].reshape(-1, 1) * t["weight_scale"])
    return {"acc": acc, "y": y + t["bias"] if "bias" in t else y}


OPS = {"int8_linear": int8_linear}

"""Normalizations of groups of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def group_norm(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.group_norm."""
    import torch.nn.functional as F

    return {
        "y": F.group_norm(
            t["x"], params["num_groups"], t.get("weight"), t.get("bias"), params["eps"]
        )
    }


def instance_norm(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.instance_norm without running statistics."""
    import torch.nn.functional as F

    return {
        "y": F.instance_norm(
            t["x"],
            weight=t.get("weight"),
            bias=t.get("bias"),
            use_input_stats=params["use_input_stats"],
            eps=params["eps"],
        )
    }


OPS = {"group_norm": group_norm, "instance_norm": instance_norm}

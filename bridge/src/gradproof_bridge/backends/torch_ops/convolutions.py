"""Convolutions along one dimension, and transposed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.shapes import around, pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def conv1d(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.conv1d of an input that is padded first, as the sides may differ."""
    import torch.nn.functional as F

    x = F.pad(t["x"], pair(params["padding"]))
    return {
        "y": F.conv1d(
            x,
            t["weight"],
            t.get("bias"),
            params["stride"],
            0,
            params["dilation"],
            params["groups"],
        )
    }


def conv_transpose2d(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.conv_transpose2d."""
    import torch.nn.functional as F

    top, left, bottom, right = around(params["padding"])
    if (top, left) != (bottom, right):
        raise NotImplementedOpError(
            "torch's conv_transpose2d has no padding that differs from side to side"
        )
    return {
        "y": F.conv_transpose2d(
            t["x"],
            t["weight"],
            t.get("bias"),
            pair(params["stride"]),
            (top, left),
            pair(params["output_padding"]),
            params["groups"],
            pair(params["dilation"]),
        )
    }


OPS = {"conv1d": conv1d, "conv_transpose2d": conv_transpose2d}

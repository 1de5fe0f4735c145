"""Padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def pad(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.pad, which takes a value for a constant padding alone."""
    import torch.nn.functional as F

    constant = params["mode"] == "constant"
    return {
        "y": F.pad(t["x"], params["pad"], params["mode"], params["value"] if constant else None)
    }


OPS = {"pad": pad}

"""Cumulative sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def cumsum(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.cumsum."""
    return {"y": t["x"].cumsum(params["dim"])}


OPS = {"cumsum": cumsum}

"""Functions of each element."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def unary(name: str) -> Callable[[Mapping[str, Tensor], Params], Tensors]:
    """The function of torch that has this name."""

    def op(t: Mapping[str, Tensor], params: Params) -> Tensors:
        import torch

        return {"y": getattr(torch, name)(t["x"])}

    return op


OPS = {name: unary(name) for name in ("exp", "log", "sqrt", "rsqrt", "tanh", "abs", "erf")}

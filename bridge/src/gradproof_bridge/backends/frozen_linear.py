"""What a linear layer makes of x, its weight frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from gradproof_bridge.backends.base import Call, Outputs


def product_of(layer: Callable[[Tensor], Tensor], call: Call) -> Outputs:
    """Its output, and the gradient of x where one is asked for."""
    x = to_torch(call.inputs["x"], call.device).requires_grad_(call.wants_gradients)
    y = layer(x)
    if not call.wants_gradients:
        return {"y": to_numpy(y)}
    y.backward(to_torch(call.inputs["grad.y"], call.device))
    return {"y": to_numpy(y), "grad.x": to_numpy(x.grad)}

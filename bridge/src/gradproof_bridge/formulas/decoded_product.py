"""Products with a weight that is decoded."""

from __future__ import annotations

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.formulas.bounded import Bounded, bounded


def decoded_product(
    inputs: Inputs, weight: Bounded, *, transposed: bool = True
) -> dict[str, Bounded]:
    """Y = x W^T (transposed), or x W, of W [out, in]; dx = dy W, or dy W^T."""
    factor = weight.swap() if transposed else weight
    outputs = {"y": bounded(inputs["x"]) @ factor}
    if "grad.y" in inputs:
        outputs["grad.x"] = bounded(inputs["grad.y"]) @ factor.swap()
    return outputs

"""Products and Llama's MLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def matmul(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.matmul, of transposed operands where the parameters say so."""
    a = t["a"].mT if params["transpose_a"] else t["a"]
    b = t["b"].mT if params["transpose_b"] else t["b"]
    y = a @ b
    return {"y": y + t["bias"] if "bias" in t else y}


def swiglu_mlp(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """Transformers' LlamaMLP: down(silu(gate(x)) * up(x))."""
    import torch.nn.functional as F

    return {
        "y": F.linear(F.silu(F.linear(t["x"], t["gate"])) * F.linear(t["x"], t["up"]), t["down"])
    }


OPS = {
    "matmul": matmul,
    "swiglu_mlp": swiglu_mlp,
}

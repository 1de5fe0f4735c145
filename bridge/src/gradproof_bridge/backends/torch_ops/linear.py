"""Products and Llama's MLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def matmul(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.matmul, of transposed operands where the parameters say so; with factors torch.addmm, or
    what it says of operands that are no matrices.
    """
    import torch

    a = t["a"].mT if params["transpose_a"] else t["a"]
    b = t["b"].mT if params["transpose_b"] else t["b"]
    alpha, beta = params["alpha"], params["beta"]
    if not a.is_floating_point():
        alpha, beta = int(alpha), int(beta)
    if alpha == beta == 1:
        return {"y": a @ b + t["bias"] if "bias" in t else a @ b}
    if "bias" not in t:
        return {"y": alpha * (a @ b)}
    if a.ndim == b.ndim == 2:
        return {"y": torch.addmm(t["bias"], a, b, beta=beta, alpha=alpha)}
    term = t["bias"] * beta if beta != 0 else torch.zeros_like(t["bias"])
    return {"y": alpha * (a @ b) + term}


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

"""Products and the layers made of them.

LoRA: Hu et al. (2021, arXiv 2106.09685); rank-stabilised: Kalajdzievski (2023, arXiv 2312.03732);
DoRA: Liu et al. (2024, arXiv 2402.09353), whose norm takes no gradient (section 4.3), as in
peft/tuners/lora/dora.py. SwiGLU: Shazeer (2020, arXiv 2002.05202).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.formulas.bounded import Bounded, bounded, sigmoid, sqrt
from gradproof_bridge.formulas.expected import Codes, exactly
from gradproof_bridge.formulas.four_bit import decode_blocks
from gradproof_bridge.formulas.shapes import unbroadcast
from gradproof_bridge.formulas.tensors import is_integer

if TYPE_CHECKING:
    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.vocabulary import Params


def any_matmul(inputs: Inputs, params: Params) -> dict[str, Bounded] | dict[str, Codes]:
    """A product of floats, or of integers, which wrap in their type: at the end, as at every step."""
    if not is_integer(inputs["a"]):
        return matmul(inputs, params)
    a, b = inputs["a"].astype(np.int64), inputs["b"].astype(np.int64)
    a = a.swapaxes(-1, -2) if params["transpose_a"] and a.ndim > 1 else a
    b = b.swapaxes(-1, -2) if params["transpose_b"] and b.ndim > 1 else b
    y = int(params["alpha"]) * np.atleast_1d(a @ b)
    if "bias" in inputs:
        y = y + int(params["beta"]) * inputs["bias"].astype(np.int64)
    return {"y": exactly(y.astype(inputs["a"].dtype))}


def matmul(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Y = alpha op(a) @ op(b) + beta bias, as torch.matmul: 1-D operands are a row or a column that
    vanishes, batch dimensions broadcast. Of a bias times 0 nothing is read.
    """
    alpha, beta = (bounded(np.float32(params[name])) for name in ("alpha", "beta"))
    a, b = bounded(inputs["a"]), bounded(inputs["b"])
    left = a.reshape(1, -1) if a.value.ndim == 1 else a.swap() if params["transpose_a"] else a
    right = b.reshape(-1, 1) if b.value.ndim == 1 else b.swap() if params["transpose_b"] else b
    product = left @ right
    vanished = [axis for axis, x in ((-2, a), (-1, b)) if x.value.ndim == 1]
    shape = tuple(n for i, n in enumerate(product.shape) if i - len(product.shape) not in vanished)
    y = product.reshape(*(shape or (1,))) * alpha
    adds = "bias" in inputs and params["beta"] != 0
    outputs = {"y": y + bounded(inputs["bias"]) * beta if adds else y}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        wide = g.reshape(*product.shape) * alpha
        to_a, to_b = (
            unbroadcast(wide @ right.swap(), left.shape),
            unbroadcast(left.swap() @ wide, right.shape),
        )
        outputs["grad.a"] = (to_a.swap() if params["transpose_a"] else to_a).reshape(*a.shape)
        outputs["grad.b"] = (to_b.swap() if params["transpose_b"] else to_b).reshape(*b.shape)
        if "bias" in inputs:
            outputs["grad.bias"] = unbroadcast(g, inputs["bias"].shape) * beta
    return outputs


def lora_linear(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """PEFT's LoRA: y = x W^T + s (x A^T) B^T + bias, s = alpha/r or alpha/sqrt(r).

    DoRA: y = bias + (m/n) (x W^T + s x A^T B^T) with n the row norms of W + s B A, through which no
    gradient flows.
    """
    x, a, b = (bounded(inputs[name]) for name in ("x", "lora_A", "lora_B"))
    flat = x.reshape(-1, x.shape[-1])
    weight = _base_weight(inputs, params, (b.shape[0], a.shape[1]))
    scale = params["alpha"] / (math.sqrt(params["r"]) if params["use_rslora"] else params["r"])
    low = flat @ a.swap()
    z = flat @ weight.swap() + (low @ b.swap()) * scale
    factor = bounded(1.0)
    if params["use_dora"]:
        merged = weight + (b @ a) * scale
        factor = bounded(inputs["magnitude"]) / sqrt((merged * merged).sum(1))
    y = z * factor
    if "bias" in inputs:
        y = y + bounded(inputs["bias"])
    outputs = {"y": y.reshape(*x.shape[:-1], b.shape[0])}
    if "grad.y" in inputs:
        dy = bounded(inputs["grad.y"]).reshape(-1, b.shape[0])
        dz = dy * factor
        dlow = (dz @ b) * scale
        outputs["grad.x"] = (dz @ weight + dlow @ a).reshape(*x.shape)
        outputs["grad.lora_A"] = dlow.swap() @ flat
        outputs["grad.lora_B"] = (dz.swap() @ low) * scale
        if params["use_dora"]:
            outputs["grad.magnitude"] = (dy * z * (factor / bounded(inputs["magnitude"]))).sum(0)
    return outputs


def _base_weight(inputs: Inputs, params: Params, shape: tuple[int, int]) -> Bounded:
    if params["base"] == "dense":
        return bounded(inputs["weight"])
    elements = math.prod(shape)
    return decode_blocks(
        inputs["packed"], inputs["absmax"], elements, params["blocksize"], params["base"]
    ).reshape(*shape)


def swiglu_mlp(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Llama's MLP: down(silu(gate(x)) * up(x)), silu(g) = g sigmoid(g)."""
    x, gate, up, down = (bounded(inputs[name]) for name in ("x", "gate", "up", "down"))
    flat = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    g, u = flat @ gate.swap(), flat @ up.swap()
    s = sigmoid(g)
    act = g * s
    hidden = act * u
    outputs = {"y": (hidden @ down.swap()).reshape(*x.shape[:-1], down.shape[0])}
    if "grad.y" in inputs:
        dy = bounded(inputs["grad.y"]).reshape(flat.shape[0], down.shape[0])
        dh = dy @ down
        dg = dh * u * s * (1.0 + g * (1.0 - s))
        du = dh * act
        outputs["grad.x"] = (dg @ gate + du @ up).reshape(*x.shape)
        outputs["grad.gate"] = dg.swap() @ flat
        outputs["grad.up"] = du.swap() @ flat
        outputs["grad.down"] = dy.swap() @ hidden
    return outputs


FORMULAS = {
    "matmul": any_matmul,
    "lora_linear": lora_linear,
    "swiglu_mlp": swiglu_mlp,
}

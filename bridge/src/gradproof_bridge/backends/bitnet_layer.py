"""BitNet's linear layers, as transformers has them: one that infers, one that trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch

if TYPE_CHECKING:
    from torch import Tensor

    from gradproof_bridge.backends.base import Call, Outputs

_A_BYTE = 4
"""Outputs that share a byte of BitLinear, one byte a column."""


def is_in_float32(call: Call) -> bool:
    """Whether BitLinear computes the call as it is defined: it divides in the type of x."""
    return bool(call.inputs["x"].dtype == np.float32)


def bitnet_linear(call: Call) -> Outputs:
    """BitLinear, which divides its sums by the reciprocal of the scale; gradients are those of
    AutoBitLinear, whose ActQuant passes them straight through.
    """
    import torch
    import torch.nn.functional as F
    from transformers.integrations.bitnet import AutoBitLinear, BitLinear, unpack_weights

    t = {name: to_torch(array, call.device) for name, array in call.inputs.items()}
    x, scale = t["x"], t["scale"]
    trits = _trits(t["packed"], call.params["out_features"], x.shape[-1])
    outputs, columns = trits.shape
    # Both compile their parts, which takes a compiler and minutes; eager, they are the same formula.
    with deterministic(), torch.compiler.set_stance("force_eager"):
        layer = BitLinear(columns, outputs, bias=False, device=call.device, dtype=torch.float32)
        layer.weight = _packed(trits)
        layer.weight_scale = 1 / scale
        rows = x.reshape(-1, columns)
        q_x, _ = layer.activation_quant(rows)
        acc = F.linear(q_x.float(), unpack_weights(layer.weight, dtype=torch.float32))
        y = layer(x)[..., :outputs]
        results = {
            "q_x": q_x,
            "row_stats": rows.abs().amax(-1),
            "acc": acc[:, :outputs].to(torch.int32),
            "y": y + t["bias"] if "bias" in t else y,
        }
        if call.wants_gradients:
            trained = AutoBitLinear(columns, outputs, bias=False, device=call.device)
            trained.weight = torch.nn.Parameter(trits.float(), requires_grad=False)
            trained.weight_scale = scale
            leaf = x.clone().requires_grad_()
            trained(leaf).backward(t["grad.y"])
            results["grad.x"] = leaf.grad
    return {name: to_numpy(tensor) for name, tensor in results.items()}


def _trits(packed: Tensor, rows: int, columns: int) -> Tensor:
    """-1, 0 and 1 from our codes, four a byte along rows, the first in bits 0-1."""
    import torch

    shifts = torch.arange(0, 8, 2, dtype=torch.uint8, device=packed.device)
    codes = (packed.reshape(-1, 1) >> shifts) & 3
    return codes.reshape(-1)[: rows * columns].reshape(rows, columns).to(torch.int8) - 1


def _packed(trits: Tensor) -> Tensor:
    """The same as transformers packs them, along columns, filled up with rows of zeros."""
    import torch.nn.functional as F
    from transformers.integrations.bitnet import pack_weights

    whole = F.pad(trits, (0, 0, 0, -len(trits) % _A_BYTE))
    return pack_weights(whole)

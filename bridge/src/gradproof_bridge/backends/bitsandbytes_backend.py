"""bitsandbytes on CPU and CUDA: 4-bit and 8-bit formats, LLM.int8, the 8-bit AdamW."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.bnb_weights import linear_4bit
from gradproof_bridge.backends.frozen_linear import product_of
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices
from gradproof_bridge.errors import NotImplementedOpError

if TYPE_CHECKING:
    from torch import Tensor

NESTED_BLOCKSIZE = 256
"""Of compressed statistics."""
_STATE_BLOCKSIZE = 256
"""Of the optimizers' state."""


class BitsandbytesBackend(Backend):
    """bitsandbytes.functional and its layers."""

    name: ClassVar[str] = "bitsandbytes"
    distributions: ClassVar[tuple[str, ...]] = ("bitsandbytes", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "bitsandbytes")
    packages: ClassVar[tuple[str, ...]] = ("bitsandbytes",)

    def devices(self) -> tuple[str, ...]:
        return tuple(device for device in torch_devices() if device != "mps")

    def ops(self) -> Mapping[str, Compute]:
        return {
            "quantize_4bit": _quantize_4bit,
            "matmul_4bit": _matmul_4bit,
            "matmul_8bit": _matmul_8bit,
            "quantize_blockwise": _quantize_blockwise,
            "dynamic_map": _dynamic_map,
            "int8_vectorwise_quant": _int8_vectorwise_quant,
            "linear_8bit_lt": _linear_8bit_lt,
            "optimizer_steps": _adamw_8bit,
        }

    def computes(self, call: Call) -> bool:
        p = call.params
        if call.op == "matmul_8bit":
            return p["codes"] == "map" and p["axis"] == 0
        return call.op != "optimizer_steps" or p["optimizer"] == "adamw8bit"


def rounding_of(device: str) -> str:
    """How 8-bit codes are found: the CPU code looks them up after rounding to 65,536 steps, CUDA
    takes the nearest.
    """
    return "lut16" if device == "cpu" else "nearest"


def require_rounding(rounding: str | None, device: str) -> None:
    """Raises NotImplementedOpError where bitsandbytes makes codes in another way on this device."""
    if rounding is not None and rounding != rounding_of(device):
        raise NotImplementedOpError(
            f"bitsandbytes on {device} rounds by {rounding_of(device)}, not by {rounding}"
        )


def decays_after_step(device: str) -> bool:
    """Whether the optimizers decay the weights after the step: CUDA's kernels do, the CPU code
    decays before it.
    """
    return device != "cpu"


def _quantize_4bit(call: Call) -> Outputs:
    from bitsandbytes import functional as bnb

    p = call.params
    if p["compress_statistics"]:
        require_rounding(p.get("nested_rounding"), call.device)
        if p["nested_blocksize"] != NESTED_BLOCKSIZE:
            raise NotImplementedOpError(
                f"bitsandbytes nests in blocks of {NESTED_BLOCKSIZE}, not {p['nested_blocksize']}"
            )
    with deterministic():
        weight = to_torch(call.inputs["weight"], call.device)
        packed, state = bnb.quantize_4bit(
            weight,
            blocksize=p["blocksize"],
            compress_statistics=p["compress_statistics"],
            quant_type=p["quant_type"],
        )
        dequant = bnb.dequantize_4bit(packed, state)
        # Of a weight of one dimension the library makes a row.
        outputs = {
            "packed": to_numpy(packed),
            "dequant": to_numpy(dequant).reshape(call.inputs["weight"].shape),
        }
        if not state.nested:
            return {**outputs, "absmax": to_numpy(state.absmax)}
        restored = bnb.dequantize_blockwise(state.absmax, state.state2) + state.offset
        return {
            **outputs,
            "absmax": to_numpy(restored),
            "absmax_q": to_numpy(state.absmax),
            "nested_absmax": to_numpy(state.state2.absmax),
            "nested_offset": to_numpy(state.offset.reshape(1)),
        }


def _matmul_4bit(call: Call) -> Outputs:
    """Linear4bit without bias, of codes and scales that are there."""
    p = call.params
    if not p["transpose_weight"]:
        raise NotImplementedOpError("bitsandbytes' Linear4bit multiplies by W^T, not by W")
    with deterministic():
        layer = linear_4bit(
            call.inputs["packed"],
            call.inputs["absmax"],
            (p["out_features"], p["in_features"]),
            p["quant_type"],
            p["blocksize"],
            call.device,
        )
        return product_of(layer, call)


def _matmul_8bit(call: Call) -> Outputs:
    """torch.nn.functional.linear by what bitsandbytes decodes: no layer of its own has such a weight."""
    from bitsandbytes import functional as bnb
    from torch.nn.functional import linear

    p = call.params
    if p["codes"] != "map":
        raise NotImplementedOpError("bitsandbytes' codes of 8 bits are those of a map")
    with deterministic():
        q, absmax, code = (
            to_torch(call.inputs[name], call.device) for name in ("q", "scale", "code")
        )
        weight = bnb.dequantize_blockwise(q, absmax=absmax, code=code, blocksize=p["blocksize"])
        return product_of(lambda x: linear(x, weight if p["transpose_weight"] else weight.T), call)


def _quantize_blockwise(call: Call) -> Outputs:
    from bitsandbytes import functional as bnb

    require_rounding(call.params["rounding"], call.device)
    with deterministic():
        x, code = (to_torch(call.inputs[name], call.device) for name in ("x", "code"))
        q, state = bnb.quantize_blockwise(x, code=code, blocksize=call.params["blocksize"])
        return {
            "q": to_numpy(q),
            "absmax": to_numpy(state.absmax),
            "dequant": to_numpy(bnb.dequantize_blockwise(q, state)),
        }


def _dynamic_map(call: Call) -> Outputs:
    from bitsandbytes import functional as bnb

    p = call.params
    return {
        "code": to_numpy(
            bnb.create_dynamic_map(p["signed"], p["max_exponent_bits"], p["total_bits"])
        )
    }


def _int8_vectorwise_quant(call: Call) -> Outputs:
    from bitsandbytes import functional as bnb

    with deterministic():
        q, stats, columns = bnb.int8_vectorwise_quant(
            to_torch(call.inputs["x"], call.device), call.params["threshold"]
        )
        dequant = bnb.int8_vectorwise_dequant(q, stats)
        return {
            "q": to_numpy(q).reshape(call.inputs["x"].shape),
            "row_stats": to_numpy(stats),
            "dequant": to_numpy(dequant).reshape(call.inputs["x"].shape),
            **_columns(columns),
        }


def _columns(columns: Tensor | None) -> Outputs:
    """Outlier columns, absent where there is none: a bundle holds no empty tensor."""
    return {} if columns is None or columns.numel() == 0 else {"outlier_cols": to_numpy(columns)}


def _linear_8bit_lt(call: Call) -> Outputs:
    """Linear8bitLt in eval mode: in train mode it takes a floating path on the CPU."""
    import bitsandbytes
    import torch
    from bitsandbytes import functional as bnb

    weight, threshold = to_torch(call.inputs["weight"], "cpu"), call.params["threshold"]
    bias, grad = call.inputs.get("bias"), call.inputs.get("grad.y")
    with deterministic():
        layer = bitsandbytes.nn.Linear8bitLt(
            weight.shape[1],
            weight.shape[0],
            bias=bias is not None,
            has_fp16_weights=False,
            threshold=threshold,
        )
        layer.weight = bitsandbytes.nn.Int8Params(
            weight.half(), requires_grad=False, has_fp16_weights=False
        )
        if bias is not None:
            layer.bias = torch.nn.Parameter(to_torch(bias, call.device), requires_grad=False)
        layer = layer.to(call.device).eval()
        x = to_torch(call.inputs["x"], call.device).requires_grad_(grad is not None)
        y = layer(x)
        if grad is not None:
            y.backward(to_torch(grad, call.device))
        flat = x.detach().reshape(-1, x.shape[-1]).half()
        q_x, row_stats, columns = bnb.int8_vectorwise_quant(flat, threshold)
        q_weight, weight_stats, _ = bnb.int8_vectorwise_quant(weight.half().to(call.device))
        return {
            "q_weight": to_numpy(q_weight),
            "weight_stats": to_numpy(weight_stats),
            "q_x": to_numpy(q_x),
            "row_stats": to_numpy(row_stats),
            "acc": to_numpy(bnb.int8_linear_matmul(q_x, q_weight)),
            "y": to_numpy(y),
            **({} if x.grad is None else {"grad.x": to_numpy(x.grad)}),
            **_columns(columns),
        }


def _adamw_8bit(call: Call) -> Outputs:
    import bitsandbytes
    import torch

    p = call.params
    if p["optimizer"] != "adamw8bit":
        raise NotImplementedOpError(f"bitsandbytes records adamw8bit here, not {p['optimizer']}")
    if any(name.startswith("state.") for name in call.inputs):
        raise NotImplementedOpError("bitsandbytes' optimizers are recorded from a fresh state")
    if p.get("blocksize", _STATE_BLOCKSIZE) != _STATE_BLOCKSIZE:
        raise NotImplementedOpError(f"bitsandbytes keeps its state in blocks of {_STATE_BLOCKSIZE}")
    require_rounding(p.get("state_rounding"), call.device)
    if bool(p.get("decay_after_step")) != decays_after_step(call.device):
        when = "after" if decays_after_step(call.device) else "before"
        raise NotImplementedOpError(
            f"bitsandbytes on {call.device} decays the weights {when} the step"
        )
    with deterministic():
        param = torch.nn.Parameter(to_torch(call.inputs["param"], call.device))
        chosen = {
            key: p[key]
            for key in ("lr", "eps", "weight_decay", "min_8bit_size")
            if p.get(key) is not None
        }
        optimizer = bitsandbytes.optim.AdamW8bit(
            [param], betas=tuple(p.get("betas") or (0.9, 0.999)), **chosen
        )
        steps = []
        for grad in to_torch(call.inputs["grads"], call.device):
            param.grad = grad.clone()
            optimizer.step()
            steps.append(to_numpy(param))
        state = optimizer.state[param]
        outputs = {
            "trajectory": np.stack(steps),
            "state.exp_avg": to_numpy(state["state1"]),
            "state.exp_avg_sq": to_numpy(state["state2"]),
        }
        if "absmax1" in state:
            outputs |= {
                "state.exp_avg_absmax": to_numpy(state["absmax1"]),
                "state.exp_avg_sq_absmax": to_numpy(state["absmax2"]),
            }
        return outputs

"""MLX on the CPU, or on Apple's GPU where there is one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.errors import NotImplementedOpError

_PACKED = ("mlx_quantize", "mlx_matmul")
"""Ops of weights in words."""
MlxOp = Callable[[Mapping[str, Any], Params], Mapping[str, Any]]


class MlxBackend(Backend):
    """mlx.core and mlx.nn; gradients by its own vjp."""

    name: ClassVar[str] = "mlx"
    distributions: ClassVar[tuple[str, ...]] = ("mlx",)
    modules: ClassVar[tuple[str, ...]] = ("mlx.core",)
    packages: ClassVar[tuple[str, ...]] = ("mlx",) if sys.platform == "darwin" else ("mlx[cpu]",)
    setup: ClassVar[str] = "npm run bridge:setup -- --minimal"

    def devices(self) -> tuple[str, ...]:
        return ("mlx",)

    def ops(self) -> Mapping[str, Compute]:
        return {name: partial(_run, op) for name, op in _OPS.items()}

    def note(self, call: Call) -> str | None:
        return "words of 32 bits are stored as int32" if call.op in _PACKED else None


def _run(op: MlxOp, call: Call) -> Outputs:
    import mlx.core as mx

    if mx.default_device().type == mx.gpu and not mx.metal.is_available():
        mx.set_default_device(mx.cpu)
    spec = op_spec(call.op)
    values = {
        name: to_mlx(array) for name, array in call.inputs.items() if not name.startswith("grad.")
    }
    incoming = {
        name[5:]: to_mlx(array) for name, array in call.inputs.items() if name.startswith("grad.")
    }
    outputs = {name: to_numpy(y) for name, y in op(values, call.params).items()}
    if incoming:
        leaves = [name for name in values if spec.differentiable(name)]

        def forward(*changed: Any) -> list[Any]:
            found = op({**values, **dict(zip(leaves, changed, strict=True))}, call.params)
            return [found[name] for name in incoming]

        _, gradients = mx.vjp(forward, [values[name] for name in leaves], list(incoming.values()))
        outputs |= {
            f"grad.{name}": to_numpy(gradient)
            for name, gradient in zip(leaves, gradients, strict=True)
        }
    return outputs


def to_mlx(array: Array) -> Any:
    """An MLX array of the same element type."""
    import mlx.core as mx

    if array.dtype.name == "bfloat16":
        return mx.array(array.astype(np.float32)).astype(mx.bfloat16)
    return mx.array(np.ascontiguousarray(array))


def to_numpy(array: Any) -> Array:
    """The array's elements; bfloat16, which numpy lacks, as float32, which holds each of its
    values.
    """
    import mlx.core as mx

    return np.array(array.astype(mx.float32) if array.dtype == mx.bfloat16 else array)


def _quantize(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
    import mlx.core as mx

    settings: dict[str, Any] = {"group_size": p["group_size"], "bits": p["bits"], "mode": p["mode"]}
    packed, scales, *biases = mx.quantize(t["weight"], **settings)
    decoded = mx.dequantize(
        packed, scales, biases=biases[0] if biases else None, dtype=mx.float32, **settings
    )
    outputs = {
        "packed": packed,
        "scales": scales,
        "dequant": decoded,
        **({"biases": biases[0]} if biases else {}),
    }
    if "x" in t:
        outputs["y"] = mx.quantized_matmul(
            t["x"], packed, scales, biases=biases[0] if biases else None, transpose=True, **settings
        )
    return outputs


def _quantized_matmul(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
    import mlx.core as mx

    y = mx.quantized_matmul(
        t["x"],
        t["packed"].view(mx.uint32),
        t["scales"],
        biases=t.get("biases"),
        transpose=p["transpose_weight"],
        group_size=p["group_size"],
        bits=p["bits"],
        mode=p["mode"],
    )
    return {"y": y}


def _matmul(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
    a = t["a"].swapaxes(-1, -2) if p["transpose_a"] else t["a"]
    b = t["b"].swapaxes(-1, -2) if p["transpose_b"] else t["b"]
    if p["alpha"] != 1 or p["beta"] != 1:
        raise NotImplementedOpError("MLX's products take no factors here")
    return {"y": a @ b + t["bias"] if "bias" in t else a @ b}


def _softmax(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
    import mlx.core as mx

    return {"y": mx.softmax(t["x"], p["axis"], precise=True)}


def _norm(kind: str) -> MlxOp:
    def op(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
        import mlx.core as mx

        if t["weight"].ndim != 1:
            raise NotImplementedOpError(f"MLX's {kind} normalises the last dimension alone")
        if kind == "layer_norm":
            return {"y": mx.fast.layer_norm(t["x"], t["weight"], t.get("bias"), p["eps"])}
        y = mx.fast.rms_norm(t["x"], t["weight"], p["eps"])
        return {"y": y + t["bias"] if "bias" in t else y}

    return op


def _attention(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
    import mlx.core as mx

    if t["q"].ndim != 4 or p.get("softcap") is not None or (p["causal"] and "mask" in t):
        raise NotImplementedOpError("MLX's attention takes [B, H, S, D], one mask, and no softcap")
    if p["causal"] and t["q"].shape[2] != t["k"].shape[2]:
        raise NotImplementedOpError(
            "MLX aligns a causal mask at the bottom right, the vocabulary at the top left"
        )
    mask = "causal" if p["causal"] else t.get("mask")
    if mask is not None and not isinstance(mask, str) and mask.dtype == mx.uint8:
        mask = mask.astype(mx.bool_)
    scale = p["scale"] if p.get("scale") is not None else t["q"].shape[-1] ** -0.5
    return {
        "y": mx.fast.scaled_dot_product_attention(t["q"], t["k"], t["v"], scale=scale, mask=mask)
    }


def _activation(name: str) -> MlxOp:
    def op(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
        from mlx import nn

        if name == "gelu":
            return {"y": nn.gelu(t["x"]) if p["approximate"] == "none" else nn.gelu_approx(t["x"])}
        return {"y": getattr(nn, name)(t["x"])}

    return op


def _swiglu_mlp(t: Mapping[str, Any], p: Params) -> dict[str, Any]:
    from mlx import nn

    return {"y": (nn.silu(t["x"] @ t["gate"].T) * (t["x"] @ t["up"].T)) @ t["down"].T}


_OPS: Mapping[str, MlxOp] = {
    "mlx_quantize": _quantize,
    "mlx_matmul": _quantized_matmul,
    "matmul": _matmul,
    "softmax": _softmax,
    "rms_norm": _norm("rms_norm"),
    "layer_norm": _norm("layer_norm"),
    "scaled_dot_product_attention": _attention,
    "relu": _activation("relu"),
    "silu": _activation("silu"),
    "gelu": _activation("gelu"),
    "sigmoid": _activation("sigmoid"),
    "swiglu_mlp": _swiglu_mlp,
}

"""Tensor operations, with ONNX's meaning where torch's differs; convolution and pooling."""

from __future__ import annotations

import math
from operator import add, mul, sub
from typing import TYPE_CHECKING

from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.shapes import around, pair

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def binary(
    combine: Callable[[Tensor, Tensor], Tensor],
) -> Callable[[Mapping[str, Tensor], Params], Tensors]:
    """An op of two operands that broadcast."""

    def op(t: Mapping[str, Tensor], params: Params) -> Tensors:
        return {"y": combine(t["a"], t["b"])}

    return op


def div(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.div, which of integers too gives what is true."""
    import torch

    return {"y": torch.div(t["a"], t["b"], rounding_mode=params.get("rounding_mode"))}


def clip(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.clamp."""
    low, high = params.get("min"), params.get("max")
    return {"y": t["x"].clone() if low is None and high is None else t["x"].clamp(low, high)}


def cast(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """Tensor.to."""
    import torch

    return {"y": t["x"].to(getattr(torch, params["to"]))}


def reduce_sum(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.sum over the named axes; none of them is none."""
    return {
        "y": t["x"].sum(params["axes"], keepdim=bool(params["keepdims"]))
        if params["axes"]
        else t["x"].clone()
    }


def reduce_mean(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.mean over the named axes."""
    return {
        "y": t["x"].mean(params["axes"], keepdim=bool(params["keepdims"]))
        if params["axes"]
        else t["x"].clone()
    }


def reduce_max(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.amax over the named axes; ties share the gradient."""
    return {
        "y": t["x"].amax(params["axes"], keepdim=bool(params["keepdims"]))
        if params["axes"]
        else t["x"].clone()
    }


def argmax(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.argmax takes the first of equals; the last is the first of the flipped axis."""
    import torch

    axis, x = params["axis"], t["x"]
    # numpy's order decides between equals; torch's own choice is not specified.
    equal = x == x.amax(axis, keepdim=True)
    places = torch.arange(x.shape[axis], device=x.device).reshape(
        [-1 if d == axis % x.ndim else 1 for d in range(x.ndim)]
    )
    if params["select_last_index"]:
        y = torch.where(equal, places, -1).amax(axis, keepdim=bool(params["keepdims"]))
    else:
        y = torch.where(equal, places, x.shape[axis]).amin(axis, keepdim=bool(params["keepdims"]))
    return {"y": y.to(torch.int32)}


def transpose(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.permute."""
    return {"y": t["x"].permute(params["perm"])}


def concat(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.cat."""
    import torch

    return {
        "y": torch.cat(
            [t[f"x{i}"] for i in range(len([name for name in t if name.startswith("x")]))],
            params["axis"],
        )
    }


def gather(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """ONNX's Gather: whole slices along an axis, negative indices from the end."""
    x, axis = t["x"], params["axis"] % t["x"].ndim
    indices = t["indices"].long()
    taken = x.index_select(axis, (indices % x.shape[axis]).flatten())
    return {"y": taken.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])}


def conv2d(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.conv2d of an input that is padded first, as the four sides may differ."""
    import torch.nn.functional as F

    top, left, bottom, right = around(params["padding"])
    x = F.pad(t["x"], (left, right, top, bottom))
    stride, dilation = pair(params["stride"]), pair(params["dilation"])
    return {"y": F.conv2d(x, t["weight"], t.get("bias"), stride, 0, dilation, params["groups"])}


def max_pool2d(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.max_pool2d of an input padded with minus infinity."""
    import torch.nn.functional as F

    kernel, stride, ceil = _pool(params)
    top, left, bottom, right = around(params["padding"])
    if ceil and (top, left) != (bottom, right):
        raise NotImplementedOpError(
            "torch has no ceil_mode with padding that differs from side to side"
        )
    if ceil:
        return {
            "y": F.max_pool2d(
                t["x"], kernel, stride, (top, left), pair(params["dilation"]), ceil_mode=True
            )
        }
    x = F.pad(t["x"], (left, right, top, bottom), value=-math.inf)
    return {"y": F.max_pool2d(x, kernel, stride, 0, pair(params["dilation"]))}


def avg_pool2d(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.avg_pool2d."""
    import torch.nn.functional as F

    kernel, stride, ceil = _pool(params)
    top, left, bottom, right = around(params["padding"])
    if pair(params["dilation"]) != (1, 1):
        raise NotImplementedOpError("torch's avg_pool2d has no dilation")
    if (top, left) == (bottom, right) and top <= kernel[0] // 2 and left <= kernel[1] // 2:
        return {
            "y": F.avg_pool2d(
                t["x"], kernel, stride, (top, left), ceil, bool(params["count_include_pad"])
            )
        }
    if ceil or not params["count_include_pad"]:
        raise NotImplementedOpError(
            "torch has neither ceil_mode nor count_include_pad=false with padding that differs from side to side"
        )
    return {"y": F.avg_pool2d(F.pad(t["x"], (left, right, top, bottom)), kernel, stride)}


def _pool(params: Params) -> tuple[tuple[int, int], tuple[int, int], bool]:
    kernel = pair(params["kernel"])
    return kernel, pair(params.get("stride") or kernel), bool(params["ceil_mode"])


def global_avg_pool2d(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.adaptive_avg_pool2d to one cell."""
    import torch.nn.functional as F

    return {"y": F.adaptive_avg_pool2d(t["x"], 1)}


def quantize_linear(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """ONNX's QuantizeLinear: round half to even, + zero_point, clamp."""
    _refuse_packed(params)
    import torch

    x = t["x"]
    zero = t.get("zero_point")
    kind = params.get("dtype") or ("uint8" if zero is None or zero.dtype == torch.uint8 else "int8")
    low, high = {"int8": (-128, 127), "uint8": (0, 255), "int4": (-8, 7), "uint4": (0, 15)}[kind]
    shift = 0 if zero is None else spread(zero, x, params).to(x.dtype)
    q = (torch.round(x / spread(t["scale"], x, params)) + shift).clamp(low, high)
    return {"q": q.to(torch.uint8 if kind.startswith("u") else torch.int8)}


def dequantize_linear(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """ONNX's DequantizeLinear: (q - zero_point) * scale."""
    _refuse_packed(params)
    q, zero = t["q"], t.get("zero_point")
    wide = q.int() - (0 if zero is None else spread(zero, q, params).int())
    return {"y": wide.to(t["scale"].dtype) * spread(t["scale"], q, params)}


def _refuse_packed(params: Params) -> None:
    if params["packed"]:
        raise NotImplementedOpError("torch has no codes of 4 bits that lie two a byte")


def spread(scale: Tensor, x: Tensor, params: Params) -> Tensor:
    """One scale for all, one for each index of the axis, or one for each block along it, so that it
    broadcasts to x.
    """
    axis = params.get("axis")
    if axis is None:
        return scale.reshape(())
    along, block = axis % x.ndim, params.get("block_size")
    if block is None:
        return scale.reshape([-1 if d == along else 1 for d in range(x.ndim)])
    return scale.repeat_interleave(block, along).narrow(along, 0, x.shape[along])


OPS = {
    "add": binary(add),
    "sub": binary(sub),
    "mul": binary(mul),
    "div": div,
    "clip": clip,
    "cast": cast,
    "reduce_sum": reduce_sum,
    "reduce_mean": reduce_mean,
    "reduce_max": reduce_max,
    "argmax": argmax,
    "transpose": transpose,
    "concat": concat,
    "gather": gather,
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "global_avg_pool2d": global_avg_pool2d,
    "quantize_linear": quantize_linear,
    "dequantize_linear": dequantize_linear,
}

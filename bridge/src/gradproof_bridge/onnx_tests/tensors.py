"""Arithmetic, reductions, moves, casts, quantization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.onnx_tests.node_test import Converted, NodeTest, NotConvertibleError

# ONNX's numbers of element types that the vocabulary can cast to.
_CAST_TARGETS = {
    1: "float32",
    2: "uint8",
    3: "int8",
    6: "int32",
    9: "bool",
    10: "float16",
    11: "float64",
    16: "bfloat16",
}


def binary(op: str) -> Callable[[NodeTest], Converted]:
    """Add, Sub, Mul, Div."""

    def convert(test: NodeTest) -> Converted:
        if op == "div" and test.inputs["A"].dtype.kind in "iu":
            raise NotConvertibleError(
                "ONNX truncates the quotient of integers; the vocabulary's div is torch's, which does not"
            )
        return Converted(
            op, {}, {"a": test.inputs["A"], "b": test.inputs["B"]}, {"y": test.outputs[0]}
        )

    return convert


def clip(test: NodeTest) -> Converted:
    """Clip; its limits are inputs in ONNX."""
    params = {name: test.inputs[name].item() for name in ("min", "max") if name in test.inputs}
    return Converted("clip", params, {"x": test.inputs["input"]}, {"y": test.outputs[0]})


def cast(test: NodeTest) -> Converted:
    """Cast between types that bundles hold."""
    to = test.get("to")
    if to not in _CAST_TARGETS:
        raise NotConvertibleError(f"element type {to} of ONNX is none that bundles hold")
    if str(test.inputs["input"].dtype) not in (
        "float64",
        "float32",
        "float16",
        "bfloat16",
        "int32",
        "int8",
        "uint8",
    ):
        raise NotConvertibleError(
            f"elements of type {test.inputs['input'].dtype} are none that bundles hold"
        )
    return Converted(
        "cast", {"to": _CAST_TARGETS[to]}, {"x": test.inputs["input"]}, {"y": test.outputs[0]}
    )


def reduction(op: str) -> Callable[[NodeTest], Converted]:
    """Reductions; without axes ONNX reduces all dimensions, unless it is told to do nothing."""

    def convert(test: NodeTest) -> Converted:
        x = test.inputs["data"]
        axes = [int(axis) for axis in test.inputs.get("axes", np.array([], np.int64))]
        if not axes and not test.get("noop_with_empty_axes", 0):
            axes = list(range(x.ndim))
        return Converted(
            op,
            {"axes": axes, "keepdims": bool(test.get("keepdims", 1))},
            {"x": x},
            {"y": test.outputs[0]},
        )

    return convert


def argmax(test: NodeTest) -> Converted:
    """ArgMax."""
    params = {
        "axis": test.get("axis", 0),
        "keepdims": bool(test.get("keepdims", 1)),
        "select_last_index": bool(test.get("select_last_index", 0)),
    }
    return Converted("argmax", params, {"x": test.inputs["data"]}, {"y": test.outputs[0]})


def transpose(test: NodeTest) -> Converted:
    """Transpose; without perm all dimensions are reversed."""
    x = test.inputs["data"]
    perm = [int(d) for d in test.get("perm", reversed(range(x.ndim)))]
    return Converted("transpose", {"perm": perm}, {"x": x}, {"y": test.outputs[0]})


def concat(test: NodeTest) -> Converted:
    """Concat."""
    inputs = {f"x{i}": x for i, x in enumerate(test.inputs.values())}
    return Converted("concat", {"axis": test.get("axis")}, inputs, {"y": test.outputs[0]})


def gather(test: NodeTest) -> Converted:
    """Gather."""
    inputs = {"x": test.inputs["data"], "indices": test.inputs["indices"]}
    return Converted("gather", {"axis": test.get("axis", 0)}, inputs, {"y": test.outputs[0]})


def quantize_linear(test: NodeTest) -> Converted:
    """QuantizeLinear."""
    names = {"x": "x", "y_scale": "scale", "y_zero_point": "zero_point"}
    params, inputs = _scales(test, names, test.outputs[0].dtype.name)
    output = test.outputs[0]
    return Converted(
        "quantize_linear",
        params,
        inputs,
        {"q": output.astype(_byte(output.dtype.name) or output.dtype)},
    )


def dequantize_linear(test: NodeTest) -> Converted:
    """DequantizeLinear."""
    names = {"x": "q", "x_scale": "scale", "x_zero_point": "zero_point"}
    params, inputs = _scales(test, names, test.inputs["x"].dtype.name)
    return Converted("dequantize_linear", params, inputs, {"y": test.outputs[0]})


def _byte(kind: str) -> np.dtype[Any] | None:
    """Codes of 4 bits are stored one in a byte."""
    return {"int4": np.dtype(np.int8), "uint4": np.dtype(np.uint8)}.get(kind)


def _scales(test: NodeTest, names: dict[str, str], kind: str) -> tuple[Params, dict[str, Array]]:
    if kind not in ("int8", "uint8", "int32", "int4", "uint4"):
        raise NotConvertibleError(f"codes of type {kind} are none that the vocabulary has")
    inputs = {
        names[name]: x.astype(_byte(x.dtype.name) or x.dtype) for name, x in test.inputs.items()
    }
    params: Params = {"dtype": kind} if kind in ("int4", "uint4") else {}
    if inputs["scale"].size > 1:
        params["axis"] = test.get("axis", 1)
        if test.get("block_size", 0):
            params["block_size"] = test.get("block_size")
    elif "zero_point" in inputs:
        inputs["zero_point"] = inputs["zero_point"].reshape(1)
    return params, inputs

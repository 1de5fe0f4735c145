"""ONNX Runtime on the CPU or CUDA: each op as a model of one node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradproof_bridge.backends import onnxruntime_nibbles
from gradproof_bridge.backends.base import Backend, Call, Compute, Inputs, Outputs
from gradproof_bridge.backends.torch_arrays import may_have_gpu
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.shapes import around, pair

_OPSET = 23
_IR_VERSION = 11
_MICROSOFT = "com.microsoft"
"""Operators of ONNX Runtime's own."""


@dataclass(frozen=True)
class Node:
    """A node of ONNX: its type, inputs by the vocabulary's names in ONNX's order, attributes, extra
    inputs that are constants.
    """

    op_type: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("y",)
    domain: str = ""


Build = Callable[[Inputs, Params], Node]


class OnnxRuntimeBackend(Backend):
    """onnxruntime.InferenceSession over a model made by onnx.helper."""

    name: ClassVar[str] = "onnxruntime"
    distributions: ClassVar[tuple[str, ...]] = ("onnxruntime",)
    modules: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    companions: ClassVar[tuple[str, ...]] = ("onnx",)
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    def devices(self) -> tuple[str, ...]:
        if not may_have_gpu():
            return ("cpu",)
        import onnxruntime

        return (
            ("cpu", "cuda:0")
            if "CUDAExecutionProvider" in onnxruntime.get_available_providers()
            else ("cpu",)
        )

    def computes(self, call: Call) -> bool:
        rounds = call.params.get("rounding_mode") is not None
        return super().computes(call) and not call.wants_gradients and not rounds

    def ops(self) -> Mapping[str, Compute]:
        nodes = {name: partial(_run, build) for name, build in _NODES.items()}
        return {
            **nodes,
            "quantize_linear": _of_any_width(
                nodes["quantize_linear"], onnxruntime_nibbles.quantize
            ),
            "dequantize_linear": _of_any_width(
                nodes["dequantize_linear"], onnxruntime_nibbles.dequantize
            ),
            "quantize_nbits": _quantize_nbits,
            "dequantize_nbits": _dequantize_nbits,
        }


def _of_any_width(of_bytes: Compute, of_nibbles: Compute) -> Compute:
    """The one with codes of a byte, or with codes of 4 bits."""
    return lambda call: (of_nibbles if call.params.get("dtype") in ("int4", "uint4") else of_bytes)(
        call
    )


def _run(build: Build, call: Call) -> Outputs:
    import onnx
    import onnxruntime

    if call.wants_gradients:
        raise NotImplementedOpError("ONNX Runtime computes no gradients here")
    node = build(call.inputs, call.params)
    values = {
        **{name: call.inputs[name] for name in node.inputs if name in call.inputs},
        **node.constants,
    }
    names = [name if name in values else "" for name in node.inputs]
    made = onnx.helper.make_node(
        node.op_type,
        [*names, *node.constants],
        list(node.outputs),
        domain=node.domain,
        **node.attributes,
    )
    inputs = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(x.dtype), x.shape
        )
        for name, x in values.items()
    ]
    # ONNX infers the types of the outputs.
    outputs = [onnx.ValueInfoProto(name=name) for name in node.outputs]
    graph = onnx.helper.make_graph([made], "op", inputs, outputs)
    versions = (("", _OPSET), (_MICROSOFT, 1))
    model = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid(*version) for version in versions],
        ir_version=_IR_VERSION,
    )
    options = onnxruntime.SessionOptions()
    # One thread, and nothing rewritten: the order of every sum is fixed.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    provider = "CUDAExecutionProvider" if call.device.startswith("cuda") else "CPUExecutionProvider"
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=[provider])
    found = session.run(
        list(node.outputs), {name: np.ascontiguousarray(x) for name, x in values.items()}
    )
    return {name: np.asarray(y) for name, y in zip(node.outputs, found, strict=True)}


def _simple(op_type: str, *inputs: str) -> Build:
    return lambda _inputs, _params: Node(op_type, inputs)


def _along_axis(op_type: str) -> Build:
    return lambda _inputs, p: Node(op_type, ("x",), {"axis": p["axis"]})


def _matmul(inputs: Inputs, p: Params) -> Node:
    factors = {name: p[name] for name in ("alpha", "beta") if p[name] != 1}
    turns = p["transpose_a"] or p["transpose_b"]
    are_matrices = inputs["a"].ndim == inputs["b"].ndim == 2
    if "bias" in inputs or (are_matrices and (turns or factors)):
        transposes = {"transA": int(p["transpose_a"]), "transB": int(p["transpose_b"])}
        return Node("Gemm", ("a", "b", "bias"), {**transposes, **factors})
    if factors:
        raise NotImplementedOpError("ONNX's MatMul has no factors")
    if turns:
        raise NotImplementedOpError("ONNX's MatMul does not transpose")
    return Node("MatMul", ("a", "b"))


def _layer_norm(_inputs: Inputs, p: Params) -> Node:
    return Node(
        "LayerNormalization", ("x", "weight", "bias"), {"axis": p["axis"], "epsilon": p["eps"]}
    )


def _gelu(_inputs: Inputs, p: Params) -> Node:
    return Node("Gelu", ("x",), {"approximate": p["approximate"]})


def _clip(inputs: Inputs, p: Params) -> Node:
    limits = {
        name: np.asarray(p[name], inputs["x"].dtype)
        for name in ("min", "max")
        if p.get(name) is not None
    }
    if "min" not in limits and limits:
        limits = {"min": np.asarray(np.finfo(inputs["x"].dtype).min, inputs["x"].dtype), **limits}
    return Node("Clip", ("x",), constants=limits)


def _reduction(op_type: str) -> Build:
    def build(_inputs: Inputs, p: Params) -> Node:
        attributes = {"keepdims": int(p["keepdims"]), "noop_with_empty_axes": 1}
        return Node(op_type, ("x",), attributes, {"axes": np.array(p["axes"], np.int64)})

    return build


def _argmax(_inputs: Inputs, p: Params) -> Node:
    return Node(
        "ArgMax", ("x",), {name: int(p[name]) for name in ("axis", "keepdims", "select_last_index")}
    )


def _concat(inputs: Inputs, p: Params) -> Node:
    names = sorted(inputs, key=lambda name: int(name[1:]))
    return Node("Concat", tuple(names), {"axis": p["axis"]})


def _conv(_inputs: Inputs, p: Params) -> Node:
    return Node("Conv", ("x", "weight", "bias"), {**_window(p), "group": p["groups"]})


def _pool(op_type: str) -> Build:
    def build(_inputs: Inputs, p: Params) -> Node:
        kernel = pair(p["kernel"])
        attributes = {
            **_window({**p, "stride": p.get("stride") or kernel}),
            "kernel_shape": kernel,
            "ceil_mode": int(p["ceil_mode"]),
        }
        if op_type == "AveragePool":
            attributes["count_include_pad"] = int(p["count_include_pad"])
        return Node(op_type, ("x",), attributes)

    return build


def _window(p: Params) -> dict[str, Any]:
    return {
        "strides": pair(p["stride"]),
        "dilations": pair(p["dilation"]),
        "pads": list(around(p["padding"])),
    }


# onnx.TensorProto.UINT8 and INT8: without a zero point its type is not there to tell.
_CODES: Mapping[str, int] = {"uint8": 2, "int8": 3}


def _linear_codes(op_type: str, x: str, y: str) -> Build:
    def build(inputs: Inputs, p: Params) -> Node:
        attributes = {name: p[name] for name in ("axis", "block_size") if p.get(name) is not None}
        if (
            op_type == "QuantizeLinear"
            and "zero_point" not in inputs
            and p.get("dtype") is not None
        ):
            attributes["output_dtype"] = _CODES[p["dtype"]]
        return Node(op_type, (x, "scale", "zero_point"), attributes, outputs=(y,))

    return build


def _matmul_nbits(inputs: Inputs, p: Params) -> Node:
    if not p["transpose_weight"]:
        raise NotImplementedOpError("MatMulNBits takes weights [out, in] alone")
    has_floats = "float_zero_points" in inputs
    if has_floats and p["bits"] == 8:
        raise NotImplementedOpError("MatMulNBits takes no floats as zero points of 8 bits")
    # With others the library gives another product than the operator's documents say.
    if "g_idx" in inputs and (p["bits"] != 4 or "zero_points" in inputs):
        raise NotImplementedOpError(
            "MatMulNBits is right by g_idx for 4 bits without codes of zero"
        )
    return Node(
        "MatMulNBits",
        ("x", "packed", "scales", "float_zero_points" if has_floats else "zero_points", "g_idx"),
        {
            "K": p["in_features"],
            "N": p["out_features"],
            "bits": p["bits"],
            "block_size": p["block_size"],
            "accuracy_level": p["accuracy_level"],
        },
        domain=_MICROSOFT,
    )


def _dequantize_nbits(call: Call) -> Outputs:
    """What MatMulNBits makes of the rows of one: no sum has two terms that are not zero."""
    inputs = {"x": np.eye(call.params["in_features"], dtype=call.inputs["scales"].dtype)}
    # Sums in float32.
    params = {**call.params, "transpose_weight": True, "accuracy_level": 0}
    made = _run(_matmul_nbits, replace(call, inputs={**inputs, **call.inputs}, params=params))
    return {"y": np.ascontiguousarray(made["y"].T)}


def _quantize_nbits(call: Call) -> Outputs:
    """As DefaultWeightOnlyQuantizer of onnxruntime/quantization/matmul_nbits_quantizer.py calls
    what it has in C++: the transpose, filled up with zeros, but for its number of rows.
    """
    from onnxruntime.capi import _pybind_state

    bits, block = call.params["bits"], call.params["block_size"]
    weight = call.inputs["weight"]
    # A weight in bfloat16 is quantized in float32.
    floats = weight if weight.dtype == np.float16 else weight.astype(np.float32)
    rows, columns = weight.shape
    blocks = -(-columns // block)
    turned = np.zeros((blocks * block, rows), floats.dtype)
    turned[:columns] = floats.T
    packed = np.zeros((rows, blocks, block * bits // 8), np.uint8)
    scales = np.zeros((rows, blocks), floats.dtype)
    zeros = np.zeros((rows, -(-blocks * bits // 8)), np.uint8)
    quantize = getattr(_pybind_state, f"quantize_matmul_{bits}bits")
    quantize(packed, turned, scales, zeros, block, rows, columns, call.params["symmetric"])
    parts = {"packed": packed, "scales": scales.astype(weight.dtype)}
    return parts if call.params["symmetric"] else {**parts, "zero_points": zeros}


_NODES: Mapping[str, Build] = {
    "matmul": _matmul,
    "softmax": _along_axis("Softmax"),
    "log_softmax": _along_axis("LogSoftmax"),
    "layer_norm": _layer_norm,
    "relu": _simple("Relu", "x"),
    "sigmoid": _simple("Sigmoid", "x"),
    "gelu": _gelu,
    "add": _simple("Add", "a", "b"),
    "sub": _simple("Sub", "a", "b"),
    "mul": _simple("Mul", "a", "b"),
    "div": _simple("Div", "a", "b"),
    "clip": _clip,
    "reduce_sum": _reduction("ReduceSum"),
    "reduce_mean": _reduction("ReduceMean"),
    "reduce_max": _reduction("ReduceMax"),
    "argmax": _argmax,
    "transpose": lambda _inputs, p: Node("Transpose", ("x",), {"perm": p["perm"]}),
    "concat": _concat,
    "gather": lambda _inputs, p: Node("Gather", ("x", "indices"), {"axis": p["axis"]}),
    "conv2d": _conv,
    "max_pool2d": _pool("MaxPool"),
    "avg_pool2d": _pool("AveragePool"),
    "global_avg_pool2d": _simple("GlobalAveragePool", "x"),
    "matmul_nbits": _matmul_nbits,
    "quantize_linear": _linear_codes("QuantizeLinear", "x", "q"),
    "dequantize_linear": _linear_codes("DequantizeLinear", "q", "y"),
}

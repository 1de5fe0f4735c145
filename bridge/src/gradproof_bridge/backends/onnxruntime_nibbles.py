"""QuantizeLinear and DequantizeLinear of ONNX Runtime with codes of 4 bits, which have no numpy type:
their tensors are handed over and read as the bytes that hold two codes each.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.formulas.onnx_linear import nibbles, pack_nibbles

if TYPE_CHECKING:
    from gradproof_bridge.backends.base import Call, Outputs
    from gradproof_bridge.bundle.stored import Array

_OPSET = 21
"""The first with codes of 4 bits, and with blocks."""
_IR_VERSION = 10


def quantize(call: Call) -> Outputs:
    """QuantizeLinear: the codes as the library stores them, or one a byte."""
    x, kind = call.inputs["x"], call.params["dtype"]
    (q,) = _run("QuantizeLinear", {"x": x, "scale": call.inputs["scale"]}, call, "q")
    held = (ctypes.c_uint8 * (-(-x.size // 2))).from_address(q.data_ptr())
    packed = np.array(np.ctypeslib.as_array(held))
    if x.size % 2:
        # The library leaves what fills the last byte up as it found it.
        packed[-1] &= 15
    return {"q": packed if call.params["packed"] else nibbles(packed, x.shape, kind)}


def dequantize(call: Call) -> Outputs:
    """DequantizeLinear."""
    (y,) = _run("DequantizeLinear", {"scale": call.inputs["scale"]}, call, "y")
    return {"y": np.asarray(y.numpy())}


def _run(op_type: str, fed: dict[str, Array], call: Call, output: str) -> list[Any]:
    """A model of one node whose codes are its initializers."""
    import onnx
    import onnxruntime

    helper, params = onnx.helper, call.params
    shapes = {"q": params.get("shape"), "zero_point": call.inputs["scale"].shape}
    kept = {name: call.inputs[name] for name in shapes if name in call.inputs}
    of_type = getattr(onnx.TensorProto, params["dtype"].upper())
    initializers = [
        helper.make_tensor(
            name,
            of_type,
            shapes[name] if params["packed"] else codes.shape,
            (codes if params["packed"] else pack_nibbles(codes)).tobytes(),
            raw=True,
        )
        for name, codes in kept.items()
    ]
    attributes = {
        name: params[name] for name in ("axis", "block_size") if params.get(name) is not None
    }
    if op_type == "QuantizeLinear" and "zero_point" not in kept:
        attributes["output_dtype"] = of_type
    first = "x" if op_type == "QuantizeLinear" else "q"
    zero = "zero_point" if "zero_point" in kept else ""
    node = helper.make_node(op_type, [first, "scale", zero], [output], **attributes)
    feeds = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
        for name, x in fed.items()
    ]
    outputs = [onnx.ValueInfoProto(name=output)]
    graph = helper.make_graph([node], "op", feeds, outputs, initializers)
    versions = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=_IR_VERSION)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(x) for name, x in fed.items()}
    return list(session.run_with_ort_values([output], values))

"""Blocks of GGUF files, as llama.cpp's Python library makes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs


class GgufBackend(Backend):
    """gguf.quants, which is numpy."""

    name: ClassVar[str] = "gguf"
    distributions: ClassVar[tuple[str, ...]] = ("gguf", "numpy")
    modules: ClassVar[tuple[str, ...]] = ("gguf",)
    packages: ClassVar[tuple[str, ...]] = ("gguf",)

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def ops(self) -> Mapping[str, Compute]:
        return {
            "gguf_quantize": _quantize,
            "gguf_dequantize": _dequantize,
            "gguf_matmul": _matmul,
        }


def _type(call: Call) -> Any:
    from gguf import GGMLQuantizationType

    names = {kind.name.lower(): kind for kind in GGMLQuantizationType}
    return names[call.params["quant_type"]]


def _quantize(call: Call) -> Outputs:
    from gguf import quants

    # A half of a large scale is infinite.
    with np.errstate(over="ignore", invalid="ignore"):
        weight = np.ascontiguousarray(call.inputs["weight"], np.float32)
        return {"packed": quants.quantize(weight, _type(call))}


def _dequantize(call: Call) -> Outputs:
    from gguf import quants

    packed = np.ascontiguousarray(call.inputs["packed"])
    return {"y": quants.dequantize(packed, _type(call))}


def _matmul(call: Call) -> Outputs:
    """Numpy's product with what the library decodes: it has none of its own."""
    weight, x = _dequantize(call)["y"], call.inputs["x"].astype(np.float32)
    grad = call.inputs.get("grad.y")
    gradients = {} if grad is None else {"grad.x": grad.astype(np.float32) @ weight}
    return {"y": x @ weight.T, **gradients}

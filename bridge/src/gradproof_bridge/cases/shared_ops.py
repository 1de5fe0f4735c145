"""Other libraries' own layers on the inputs of some of torch's cases, and ONNX Runtime's
quantization.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.cases.torch_attention import attention
from gradproof_bridge.cases.torch_layers import layers
from gradproof_bridge.cases.torch_products import products
from gradproof_bridge.cases.torch_tensors import elementwise, images, moves, reductions
from gradproof_bridge.philox import Draw

_OF_MLX = (
    "matmul_37x53_53x29",
    "matmul_3x5x17_3x17x7",
    "swiglu_mlp_5x16x40",
    "softmax_5x37_axis-1",
    "softmax_wide_range",
    "rms_norm_6x64",
    "layer_norm_6x64",
    "silu_5x37",
    "gelu_none_5x37",
    "sigmoid_5x37",
    "attention_plain",
    "attention_grouped_causal",
    "attention_mask_added",
)
_OF_ONNX_RUNTIME = (
    "matmul_37x53_53x29",
    "matmul_17x64_33x64_tb",
    "matmul_3x5x17_3x17x7",
    "softmax_5x37_axis-1",
    "softmax_wide_range",
    "log_softmax_wide_range",
    "layer_norm_6x64",
    "layer_norm_small_values",
    "sigmoid_wide_range",
    "gelu_none_wide_range",
    "gelu_tanh_wide_range",
    "div_4x1x3_7x3",
    "reduce_mean_0_2",
    "argmax_last_of_equals",
    "gather_axis1",
    "conv2d_3x3",
    "conv2d_depthwise",
    "conv2d_strided",
    "max_pool2d_padded",
    "avg_pool2d_ceil",
    "avg_pool2d_pad_not_counted",
)


def mlx_ops() -> Cases:
    """What is asked of MLX, with gradients."""
    yield from (
        replace(case, name=f"mlx_{case.name}", library="mlx", note=None)
        for case in _all()
        if case.name in _OF_MLX
    )


def onnxruntime_ops() -> Cases:
    """What is asked of ONNX Runtime, forward alone."""
    yield from (_forward(case) for case in _all() if case.name in _OF_ONNX_RUNTIME)
    for name, params in (("per_tensor", {}), ("per_axis", {"axis": 1})):
        made = _scaled(per_axis=bool(params))
        yield Case(f"ort_quantize_linear_{name}", "quantize_linear", "onnxruntime", params, made)


def _all() -> Iterable[Case]:
    return (
        *products(),
        *layers(),
        *attention(),
        *elementwise(),
        *reductions(),
        *moves(),
        *images(),
    )


def _forward(case: Case) -> Case:
    def make(draw: Draw) -> dict[str, Array]:
        return {name: x for name, x in case.make(draw).items() if not name.startswith("grad.")}

    return replace(case, name=f"ort_{case.name}", library="onnxruntime", make=make, note=None)


def _scaled(*, per_axis: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        count = 7 if per_axis else 1
        return {
            "x": draw.normal(5, 7, 3),
            "scale": draw.uniform(count, low=0.01, high=0.05),
            "zero_point": draw.integers(count, low=0, high=255).astype(np.uint8),
        }

    return make


FAMILIES = (mlx_ops, onnxruntime_ops)

"""MatMul, Gemm, normalizations, softmaxes, activations, rotary embeddings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.onnx_tests.node_test import Converted, NodeTest, NotConvertibleError


def matmul(test: NodeTest) -> Converted:
    """MatMul is torch's."""
    return Converted(
        "matmul", {}, {"a": test.inputs["A"], "b": test.inputs["B"]}, {"y": test.outputs[0]}
    )


def gemm(test: NodeTest) -> Converted:
    """Alpha A B + beta C."""
    params = {
        "transpose_a": bool(test.get("transA", 0)),
        "transpose_b": bool(test.get("transB", 0)),
        **{name: test.get(name, 1.0) for name in ("alpha", "beta") if test.get(name, 1.0) != 1},
    }
    inputs = {"a": test.inputs["A"], "b": test.inputs["B"]}
    if "C" in test.inputs:
        inputs["bias"] = np.atleast_1d(test.inputs["C"])
    return Converted("matmul", params, inputs, {"y": test.outputs[0]})


def along_axis(op: str) -> Callable[[NodeTest], Converted]:
    """Softmax and LogSoftmax."""

    def convert(test: NodeTest) -> Converted:
        return Converted(
            op, {"axis": test.get("axis", -1)}, {"x": test.inputs["input"]}, {"y": test.outputs[0]}
        )

    return convert


def normalization(op: str) -> Callable[[NodeTest], Converted]:
    """LayerNormalization and RMSNormalization; the mean and the inverse deviation that ONNX also
    gives are not in the vocabulary.
    """

    def convert(test: NodeTest) -> Converted:
        names = {"X": "x", "Scale": "weight", "scale": "weight", "B": "bias"}
        inputs = {names[name]: x for name, x in test.inputs.items()}
        params = {"axis": test.get("axis", -1), "eps": test.get("epsilon", 1e-5)}
        return Converted(op, params, inputs, {"y": test.outputs[0]})

    return convert


def batch_normalization(test: NodeTest) -> Converted:
    """ONNX's momentum is the share that is kept, and its running variance is the biased one."""
    names = {
        "X": "x",
        "scale": "weight",
        "B": "bias",
        "input_mean": "running_mean",
        "input_var": "running_var",
    }
    training = bool(test.get("training_mode", 0))
    params: Params = {
        "eps": test.get("epsilon", 1e-5),
        "momentum": 1 - test.get("momentum", 0.9),
        "training": training,
        "running_var_unbiased": False,
    }
    outputs = dict(zip(("y", "running_mean", "running_var"), test.outputs, strict=False))
    return Converted(
        "batch_norm", params, {names[name]: x for name, x in test.inputs.items()}, outputs
    )


def rotary_embedding(test: NodeTest) -> Converted:
    """RotaryEmbedding with its caches."""
    names = {"X": "x", "cos_cache": "cos", "sin_cache": "sin", "position_ids": "position_ids"}
    params: Params = {"convention": "interleaved" if test.get("interleaved", 0) else "half-split"}
    if test.get("num_heads", 0):
        params["heads"] = test.get("num_heads")
    return Converted(
        "rotary_embedding_cache",
        params,
        {names[name]: x for name, x in test.inputs.items()},
        {"y": test.outputs[0]},
    )


def activation(op: str) -> Callable[[NodeTest], Converted]:
    """An activation without attributes."""

    def convert(test: NodeTest) -> Converted:
        return Converted(op, {}, {"x": test.inputs["X"]}, {"y": test.outputs[0]})

    return convert


def gelu(test: NodeTest) -> Converted:
    """Gelu, both ways."""
    return Converted(
        "gelu",
        {"approximate": test.get("approximate", "none")},
        {"x": test.inputs["X"]},
        {"y": test.outputs[0]},
    )


def swish(test: NodeTest) -> Converted:
    """Swish of alpha 1 is SiLU."""
    if test.get("alpha", 1.0) != 1.0:
        raise NotConvertibleError("SiLU is Swish of alpha 1 alone")
    return Converted("silu", {}, {"x": test.inputs["X"]}, {"y": test.outputs[0]})

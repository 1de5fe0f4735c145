"""Which node test becomes which op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from gradproof_bridge.bundle.bundle import Bundle, read_bundle, write_bundle
from gradproof_bridge.errors import FormatError
from gradproof_bridge.onnx_tests import attention, images, products, tensors, training
from gradproof_bridge.onnx_tests.node_test import (
    Converted,
    NodeTest,
    NotConvertibleError,
    node_tests,
)
from gradproof_bridge.recording.folder import Filed
from gradproof_bridge.recording.judge import judge_bundle

CONVERTERS: Mapping[str, Callable[[NodeTest], Converted]] = {
    "MatMul": products.matmul,
    "Gemm": products.gemm,
    "Softmax": products.along_axis("softmax"),
    "LogSoftmax": products.along_axis("log_softmax"),
    "LayerNormalization": products.normalization("layer_norm"),
    "RMSNormalization": products.normalization("rms_norm"),
    "BatchNormalization": products.batch_normalization,
    "RotaryEmbedding": products.rotary_embedding,
    "Relu": products.activation("relu"),
    "Sigmoid": products.activation("sigmoid"),
    "Gelu": products.gelu,
    "Swish": products.swish,
    "Attention": attention.attention,
    "Add": tensors.binary("add"),
    "Sub": tensors.binary("sub"),
    "Mul": tensors.binary("mul"),
    "Div": tensors.binary("div"),
    "Clip": tensors.clip,
    "Cast": tensors.cast,
    "ReduceSum": tensors.reduction("reduce_sum"),
    "ReduceMean": tensors.reduction("reduce_mean"),
    "ReduceMax": tensors.reduction("reduce_max"),
    "ArgMax": tensors.argmax,
    "Transpose": tensors.transpose,
    "Concat": tensors.concat,
    "Gather": tensors.gather,
    "QuantizeLinear": tensors.quantize_linear,
    "DequantizeLinear": tensors.dequantize_linear,
    "Conv": images.conv,
    "MaxPool": images.pool("max_pool2d"),
    "AveragePool": images.pool("avg_pool2d"),
    "GlobalAveragePool": images.global_average_pool,
    "SoftmaxCrossEntropyLoss": training.softmax_cross_entropy,
    "NegativeLogLikelihoodLoss": training.negative_log_likelihood,
    "Adam": training.adam,
    "Adagrad": training.adagrad,
    "Momentum": training.momentum,
}


@dataclass(frozen=True)
class NodeBundle:
    """A node test as a bundle."""

    name: str
    filed: Filed


@dataclass(frozen=True)
class NotConverted:
    """A node test that is no bundle, and why."""

    name: str
    reason: str


def producer_folder() -> str:
    """The folder of a recording that holds the bundles of this version."""
    return f"onnx-{metadata.version('onnx')}"


def convert_all() -> Iterator[NodeBundle | NotConverted]:
    """Every node test of an op that the vocabulary has too."""
    version = metadata.version("onnx")
    producer = f"onnx {version} (backend node test)"
    for test in node_tests(list(CONVERTERS)):
        name = test.name.removeprefix("test_")
        try:
            bundle = CONVERTERS[test.op_type](test).bundle(producer)
            # What is written must be read again; a bundle that is refused would be no bundle.
            noted = _noted(read_bundle(write_bundle(bundle)))
            yield NodeBundle(
                name, Filed(f"{producer_folder()}/onnx_{name}", noted, {"onnx": version})
            )
        except NotConvertibleError as error:
            yield NotConverted(name, str(error))


def _noted(bundle: Bundle) -> Bundle:
    try:
        with np.errstate(all="ignore"):
            findings = judge_bundle(bundle).findings
    except FormatError as error:
        raise FormatError(f"{bundle.producer}: {error}") from error
    note = "; ".join(map(str, findings)) or None
    return Bundle(**{**vars(bundle), "note": note, "params": bundle.given})

"""How each library decodes a layer of a saved file, by the name of the method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradproof_bridge.backends.bnb_weights import decoded_by_state, state_of
from gradproof_bridge.backends.hqq_weights import decoded_by_layer
from gradproof_bridge.backends.quanto_weights import decoded_by_quanto
from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.compute import compute
from gradproof_bridge.errors import FormatError


@dataclass(frozen=True)
class Saved:
    """A layer as it is saved: what was chosen of its method, as text, and tensors by their names
    behind that of the layer.
    """

    method: str
    choices: Mapping[str, str]
    shape: tuple[int, ...]
    parts: Mapping[str, Array]

    @property
    def bits(self) -> int:
        """Of a code."""
        return int(self.choices["bits"])

    @property
    def group(self) -> int | None:
        """Elements that share a scale; None where those of an output or of all do."""
        group = self.choices["group"]
        return int(group) if group.isdecimal() else None

    @property
    def matrix(self) -> tuple[int, int]:
        """The weight as [out, in]."""
        return self.shape[0], int(np.prod(self.shape[1:]))


def _four_bit(saved: Saved) -> Array:
    return decoded_by_state(state_of("weight", saved.parts), saved.parts["weight"])


def _blockwise(saved: Saved) -> Array:
    from bitsandbytes import functional as bnb

    q, absmax, code = (
        to_torch(saved.parts[name], "cpu")
        for name in ("weight", "weight.absmax", "weight.quant_map")
    )
    return to_numpy(bnb.dequantize_blockwise(q, absmax=absmax, code=code, blocksize=saved.group))


def _llm_int8(saved: Saved) -> Array:
    from bitsandbytes import functional as bnb

    q, stats = saved.parts["weight"], saved.parts["SCB"]
    theirs = to_numpy(bnb.int8_vectorwise_dequant(to_torch(q, "cpu"), to_torch(stats, "cpu")))
    # The library rounds after other products of the same three factors.
    scaled = q.astype(np.float32) * (stats * np.float32(1 / 127)).reshape(-1, 1)
    if not np.allclose(theirs, scaled, rtol=4 * 2.0**-24, atol=0):
        raise FormatError("bitsandbytes decodes its codes to something else")
    return scaled.reshape(saved.shape)


def _mlx(saved: Saved) -> Array:
    import mlx.core as mx

    # Metal may round a product and a sum once; the CPU rounds each.
    with mx.stream(mx.cpu):
        words, scales = (mx.array(saved.parts[name]) for name in ("weight", "scales"))
        biases = saved.parts.get("biases")
        decoded = mx.dequantize(
            words,
            scales,
            None if biases is None else mx.array(biases),
            group_size=saved.group,
            bits=saved.bits,
            mode="affine" if saved.method == "mlx" else saved.method,
            dtype=mx.float32,
        )
        return np.array(decoded).reshape(saved.shape)


def _hqq(saved: Saved) -> Array:
    axis = int(saved.choices["axis"])
    return decoded_by_layer(
        saved.parts,
        saved.matrix,
        {"nbits": saved.bits, "group_size": saved.group, "axis": axis},
    ).reshape(saved.shape)


def _quanto(saved: Saved) -> Array:
    return decoded_by_quanto(
        saved.parts,
        saved.matrix,
        _QTYPES[saved.method, saved.bits],
        axis=int(saved.choices.get("axis", 0)),
        group=saved.group,
    ).reshape(saved.shape)


def _gguf(saved: Saved) -> Array:
    params = {"quant_type": saved.method}
    return compute({"packed": saved.parts["weight"]}, "gguf_dequantize", params, "gguf")[
        "y"
    ].reshape(saved.shape)


def _nbits(saved: Saved) -> Array:
    names = {"packed": f"weight_Q{saved.bits}", "scales": "weight_scales"}
    if saved.method == "onnx_nbits":
        names["zero_points"] = "weight_zero_points"
    out_features, in_features = saved.matrix
    params = {
        "bits": saved.bits,
        "block_size": saved.group,
        "out_features": out_features,
        "in_features": in_features,
    }
    return _by_onnxruntime(saved, names, "dequantize_nbits", params)


def _int8(saved: Saved) -> Array:
    names = {"q": "weight_quantized", "scale": "weight_scale"}
    axis = {"axis": 0} if saved.choices["group"] == "channel" else {}
    return _by_onnxruntime(saved, names, "dequantize_linear", axis)


def _by_onnxruntime(saved: Saved, names: Mapping[str, str], op: str, params: Params) -> Array:
    inputs = {name: saved.parts[stored] for name, stored in names.items()}
    return compute(inputs, op, params, "onnxruntime:cpu")["y"].reshape(saved.shape)


def _halves(saved: Saved) -> Array:
    return to_numpy(to_torch(saved.parts["weight"], "cpu").float())


_QTYPES = {
    ("quanto_int8", 8): "qint8",
    ("quanto_w8a8", 8): "qint8",
    ("quanto_float8", 8): "qfloat8_e4m3fn",
    ("quanto_float8_e4m3fnuz", 8): "qfloat8_e4m3fnuz",
    ("quanto_float8_e5m2", 8): "qfloat8_e5m2",
    ("quanto_int", 4): "qint4",
    ("quanto_int", 2): "qint2",
}

Loader = Callable[[Saved], Array]

LOADERS: Mapping[str, tuple[str, Loader]] = {
    **dict.fromkeys(("nf4", "fp4"), ("bitsandbytes", _four_bit)),
    "int8_blockwise": ("bitsandbytes", _blockwise),
    "llm_int8": ("bitsandbytes", _llm_int8),
    **dict.fromkeys(("mlx", "mxfp4", "mxfp8", "nvfp4"), ("mlx", _mlx)),
    "hqq": ("hqq", _hqq),
    **dict.fromkeys((method for method, _ in _QTYPES), ("quanto", _quanto)),
    **dict.fromkeys(("q4_0", "q8_0"), ("gguf", _gguf)),
    **dict.fromkeys(("onnx_nbits", "onnx_nbits_symmetric"), ("onnxruntime", _nbits)),
    "int8": ("onnxruntime", _int8),
    **dict.fromkeys(("f16", "bf16"), ("torch", _halves)),
}
"""The library of each method that has one, and how it decodes a layer."""

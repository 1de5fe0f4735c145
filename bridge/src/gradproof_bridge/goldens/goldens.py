"""The golden codes, and the file that they stand in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.stored import Array, storable, stored_dtype
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.bitsandbytes_cases import ties
from gradproof_bridge.cases.case import shape_name
from gradproof_bridge.compute import compute_with
from gradproof_bridge.goldens.direct import (
    quanto_chain,
    quanto_conv,
    quanto_groups,
    quanto_linear,
    ternarize,
)
from gradproof_bridge.goldens.weights import drawn

SCHEMA = "gradproof-goldens/1"
_LARGE_BYTES = 2**14
"""A result of so many bytes stands in the file by its hash alone."""

Direct = Callable[[dict[str, Array], Params], dict[str, Array]]


@dataclass(frozen=True)
class Drawn:
    """An input by what it is drawn as."""

    kind: str
    shape: tuple[int, ...]
    dtype: str = "float32"

    def array(self) -> Array:
        """Its numbers."""
        return drawn(self.kind, *self.shape, dtype=self.dtype)


@dataclass(frozen=True)
class Golden:
    """A computation by a library. `without` names results that follow from the others; `whole` keeps
    large ones in the file too.
    """

    name: str
    op: str
    library: str
    params: Params
    inputs: dict[str, Drawn | Array]
    without: tuple[str, ...] = ("dequant",)
    direct: Direct | None = field(default=None, compare=False)
    whole: bool = False

    def arrays(self) -> dict[str, Array]:
        """The inputs' numbers."""
        return {
            name: storable(x.array() if isinstance(x, Drawn) else x)
            for name, x in self.inputs.items()
        }

    def outputs(self) -> dict[str, Array]:
        """What the library gives now. Raises BridgeError where it is not there."""
        inputs = self.arrays()
        if self.direct is not None:
            found = self.direct(inputs, self.params)
        else:
            found = dict(compute_with(inputs, self.op, self.params, self.library).outputs)
        return {name: storable(x) for name, x in found.items() if name not in self.without}

    def entry(self) -> dict[str, Any]:
        """As the file has it."""
        library = backend_named(self.library)
        library.demand()
        inputs = {
            name: _drawn_entry(x) if isinstance(x, Drawn) else entry_of(storable(x))
            for name, x in self.inputs.items()
        }
        return {
            "name": self.name,
            "op": self.op,
            "params": dict(self.params),
            "producer": " + ".join(f"{name} {v}" for name, v in versions_of(self.library).items()),
            "device": "mlx" if self.library == "mlx" else "cpu",
            "inputs": inputs,
            "outputs": {name: entry_of(x, self.whole) for name, x in self.outputs().items()},
        }


def versions_of(library: str) -> dict[str, str]:
    """Of a library and what it computes with."""
    from importlib.metadata import version

    return {name: version(name) for name in backend_named(library).distributions}


def entry_of(array: Array, whole: bool = False) -> dict[str, Any]:
    """A tensor as the file has it: whole where it is small, or asked for."""
    data = array.tobytes()
    is_there = whole or len(data) < _LARGE_BYTES
    return {
        "dtype": stored_dtype(array),
        "shape": shape_name(*array.shape),
        "sha256": hashlib.sha256(data).hexdigest(),
        **({"base64": base64.b64encode(data).decode()} if is_there else {}),
    }


def _drawn_entry(of: Drawn) -> dict[str, Any]:
    array = of.array()
    return {
        "dtype": stored_dtype(array),
        "shape": shape_name(*of.shape),
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        "drawn": of.kind,
    }


_DOUBLE = {"compress_statistics": True, "nested_blocksize": 256, "nested_rounding": "lut16"}


def _vectors() -> Iterator[Golden]:
    """4096 elements with blocks of zeros, denormals, outliers and constants, by each method."""
    blocks = Drawn("blocks", (32, 128))
    weight: dict[str, Drawn | Array] = {"weight": blocks}
    for quant_type in ("nf4", "fp4"):
        params = {"quant_type": quant_type, "blocksize": 64}
        yield Golden(f"vector-{quant_type}", "quantize_4bit", "bitsandbytes", params, weight)
    yield Golden(
        "vector-int8",
        "int8_vectorwise_quant",
        "bitsandbytes",
        {"threshold": 0},
        {"x": blocks},
    )
    params = {"nbits": 4, "axis": 1, "group_size": 64, "packing": "4bit_u8"}
    yield Golden("vector-hqq", "hqq_quantize", "hqq", params, weight, ("unpacked", "dequant"))
    yield Golden(
        "vector-mlx",
        "mlx_quantize",
        "mlx",
        {"mode": "affine", "bits": 4, "group_size": 64},
        weight,
    )
    yield Golden(
        "vector-quanto",
        "quanto_quantize",
        "quanto",
        {"qtype": "qint8", "axis": 0},
        weight,
    )
    yield Golden(
        "vector-ternary",
        "ternary_quantize",
        "numpy",
        {"threshold_factor": 0.7},
        weight,
        ("trits", "dequant"),
    )


_LARGE = {
    "normal": Drawn("normal", (4096, 4096)),
    "heavy": Drawn("heavy", (512, 512)),
    "zero-blocks": Drawn("zero-blocks", (4096, 64)),
}


def _ties() -> Iterator[Golden]:
    """Each threshold of a format with its neighbours: how many are in a band is known."""
    for quant_type in ("nf4", "fp4"):
        params = {"quant_type": quant_type, "blocksize": 64}
        weight: dict[str, Drawn | Array] = {"weight": ties(quant_type)}
        yield Golden(f"ties-{quant_type}", "quantize_4bit", "bitsandbytes", params, weight)


def _bitsandbytes() -> Iterator[Golden]:
    """4 bits and 8 on a large, a heavy-tailed weight and one with blocks of zeros."""
    for kind, weight in _LARGE.items():
        for quant_type in ("nf4", "fp4"):
            params = {"quant_type": quant_type, "blocksize": 64}
            yield Golden(
                f"{quant_type}-{kind}", "quantize_4bit", "bitsandbytes", params, {"weight": weight}
            )
        yield Golden(
            f"int8-{kind}",
            "int8_vectorwise_quant",
            "bitsandbytes",
            {"threshold": 0},
            {"x": weight},
        )
    for quant_type in ("nf4", "fp4"):
        double: Params = {"quant_type": quant_type, "blocksize": 64, **_DOUBLE}
        yield Golden(
            f"{quant_type}-double",
            "quantize_4bit",
            "bitsandbytes",
            double,
            {"weight": Drawn("normal", (300, 64))},
        )


_HQQ_PACKINGS = ((8, "8bit_u8"), (4, "4bit_u8"), (3, "3bit_32"), (2, "2bit_u8"))


def _hqq() -> Iterator[Golden]:
    """Every width and group, along both axes."""
    for nbits, packing in _HQQ_PACKINGS:
        for group in (64, 128):
            for axis in (0, 1):
                params = {"nbits": nbits, "axis": axis, "group_size": group, "packing": packing}
                yield Golden(
                    f"hqq-{nbits}-{group}-{axis}",
                    "hqq_quantize",
                    "hqq",
                    params,
                    {"weight": Drawn("normal", (32, 128))},
                    ("unpacked", "dequant"),
                )


def _hqq_projection() -> Iterator[Golden]:
    """A projection of queries of the tests' tiny Llama, whose errors are held against plain rounding."""
    yield Golden(
        "hqq-projection",
        "hqq_quantize",
        "hqq",
        {"nbits": 4, "axis": 1, "group_size": 64, "packing": "4bit_u8"},
        {"weight": Drawn("normal", (256, 256))},
        ("unpacked", "dequant"),
        whole=True,
    )


def _hqq_meta() -> Iterator[Golden]:
    """The same with zeros, scales or both in 8 bits in turn: of groups of 64 each, of 128 both."""
    both = {"quant_zero": True, "quant_scale": True}
    for nbits, packing in (*_HQQ_PACKINGS, (1, "1bit_u8")):
        for axis in (0, 1):
            given = {"nbits": nbits, "axis": axis, "packing": packing}
            for group, meta in (
                (64, {"quant_zero": True}),
                (64, {"quant_scale": True}),
                (64, both),
                (128, both),
            ):
                parts = "-".join(name.removeprefix("quant_") for name in meta)
                yield Golden(
                    f"hqq-{nbits}-{group}-{axis}-{parts}",
                    "hqq_quantize",
                    "hqq",
                    {**given, "group_size": group, **meta},
                    # 128 groups, that the scales may share one of theirs.
                    {"weight": Drawn("normal", (64, 2 * group))},
                    # The codes are the same whatever becomes of scales and zeros.
                    ("unpacked", "dequant") if meta == both else ("packed", "unpacked", "dequant"),
                )


def _mlx() -> Iterator[Golden]:
    """Every width and group in halves, and products with what was quantized, which MLX adds up in
    halves, in floats.
    """
    halves: dict[str, Drawn | Array] = {"weight": Drawn("normal", (32, 128), "float16")}
    floats: dict[str, Drawn | Array] = {
        "weight": Drawn("normal", (32, 128)),
        "x": Drawn("activations", (3, 128)),
    }
    for bits in (2, 4, 8):
        for group in (32, 64, 128):
            params = {"mode": "affine", "bits": bits, "group_size": group}
            yield Golden(f"mlx-{bits}-{group}", "mlx_quantize", "mlx", params, halves)
            yield Golden(
                f"mlx-product-{bits}-{group}",
                "mlx_quantize",
                "mlx",
                params,
                floats,
                ("packed", "scales", "biases", "dequant"),
            )
        yield Golden(
            f"mlx-{bits}-given",
            "mlx_quantize",
            "mlx",
            {"mode": "affine", "bits": bits, "group_size": 32},
            {"weight": _given(2**bits - 1)},
        )


def _given(top: int) -> Array:
    """Whole numbers up to `top`, with both ends in each group: whatever the rounding, codes are what
    is missing to `top`.
    """
    whole = (7 * np.arange(256) + 3) % (top + 1)
    whole[0::32] = 0
    whole[1::32] = top
    return whole.reshape(2, 128).astype(np.float16)


def _quanto() -> Iterator[Golden]:
    """Codes of 8 and 4 bits, and outputs of layers with each pair of weights and activations."""
    weight = Drawn("normal", (32, 256))
    for qtype, group in (("qint8", None), ("qint4", 128)):
        params: dict[str, str | int] = {"qtype": qtype, "axis": 0}
        if group is not None:
            params["group_size"] = group
        yield Golden(
            f"quanto-{qtype}",
            "quanto_quantize",
            "quanto",
            params,
            {"weight": weight},
            ("unpacked", "dequant"),
        )
    floats = ("qfloat8_e4m3fn", "qfloat8_e4m3fnuz", "qfloat8_e5m2")
    every = ("none", "qint8", *floats)
    for weights, types in (
        ("qint8", every),
        ("qfloat8_e4m3fn", every),
        ("qfloat8_e4m3fnuz", ("none", "qfloat8_e4m3fnuz")),
        ("qfloat8_e5m2", ("none",)),
        ("qint4", every),
        ("qint2", every),
    ):
        for activations in types:
            inputs = {"weight": weight, "x": Drawn("activations", (5, 256))}
            yield _quanto_layer("linear", (weights, activations), inputs, quanto_linear)
    yield from _quanto_chains()
    yield from _quanto_convolutions()
    for weights in ("qint4", "qint2"):
        yield Golden(
            f"quanto-groups-{weights}",
            "quanto_groups",
            "quanto",
            {"weights": weights},
            {"widths": np.array([32, 96, 100, 128, 130, 136, 160, 192, 224, 256, 320], np.int32)},
            direct=quanto_groups,
        )


def _quanto_chains() -> Iterator[Golden]:
    """Layers that give codes, each to the next."""
    for types in (
        ("qint8", "qint8"),
        ("qint4", "qint8"),
        ("qint8", "qfloat8_e4m3fn"),
        ("qfloat8_e4m3fnuz", "qfloat8_e4m3fnuz"),
        ("qint8", "qfloat8_e5m2"),
    ):
        inputs = {
            "x": Drawn("activations", (15, 128)),
            "weight0": Drawn("normal", (32, 128)),
            "bias0": Drawn("normal", (32,)),
            "weight1": Drawn("normal", (16, 32)),
            "bias1": Drawn("normal", (16,)),
        }
        yield _quanto_layer("chain", types, inputs, quanto_chain)


def _quanto_convolutions() -> Iterator[Golden]:
    """Of 288 weights an output, in 4 bits three groups of 96."""
    for types in (
        ("qint8", "none"),
        ("qfloat8_e4m3fn", "none"),
        ("qint4", "none"),
        ("qint8", "qint8"),
        ("qint4", "qfloat8_e4m3fn"),
    ):
        inputs = {
            "x": Drawn("activations", (2, 32, 5, 6)),
            "weight": Drawn("normal", (8, 32, 3, 3)),
            "bias": Drawn("normal", (8,)),
        }
        yield _quanto_layer("conv", types, inputs, quanto_conv)


def _quanto_layer(
    kind: str, types: tuple[str, str], inputs: Mapping[str, Drawn], direct: Direct
) -> Golden:
    """Of layers whose weights and activations are of these types."""
    weights, activations = types
    return Golden(
        f"quanto-{kind}-{weights}-{activations}",
        f"quanto_{kind}",
        "quanto",
        {"weights": weights, "activations": activations},
        {**inputs},
        direct=direct,
    )


def _ternary() -> Iterator[Golden]:
    """Normal numbers, and each of both thresholds with its neighbours."""
    threshold = np.float32(0.33)
    near = [
        threshold,
        np.nextafter(threshold, np.float32(1)),
        np.nextafter(threshold, np.float32(0)),
    ]
    edges = np.array([*near, *(-x for x in near), 0, -0.0], np.float32)
    weight = drawn("normal", 31, 33) * np.float32(8)
    for name, x in (("", weight), ("-near", edges)):
        yield Golden(
            f"trits{name}",
            "ternarize",
            "torch",
            {},
            {"weight": x, "threshold": np.array([threshold])},
            direct=ternarize,
        )


@cache
def goldens() -> tuple[Golden, ...]:
    """All of them."""
    return (
        *_vectors(),
        *_ties(),
        *_bitsandbytes(),
        *_hqq(),
        *_hqq_projection(),
        *_hqq_meta(),
        *_mlx(),
        *_quanto(),
        *_ternary(),
    )


def text_of(entries: list[dict[str, Any]]) -> str:
    """The file, whose last word is the SHA-256 of its entries."""
    told = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    file = {
        "schema": SCHEMA,
        "sha256": hashlib.sha256(told.encode()).hexdigest(),
        "goldens": entries,
    }
    return json.dumps(file, indent=2) + "\n"

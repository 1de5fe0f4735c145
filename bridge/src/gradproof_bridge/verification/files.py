"""Safetensors files, quantized checkpoints among them, GGUF files and ONNX models."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np

from gradproof_bridge.backends.bnb_weights import decoded_by_state, state_of
from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.safetensors_file import read_safetensors
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.errors import FormatError, message_of, named
from gradproof_bridge.formulas.checkpoint import QuantizedWeight, is_quantized, read_quantized
from gradproof_bridge.verification.check import Check
from gradproof_bridge.verification.saved import PREFIX, SCHEME, verify_saved


def verify_safetensors(name: str, file: bytes) -> Iterator[Check]:
    """Read by our strict reader and by the library safetensors; quantized weights by bitsandbytes
    too.
    """
    try:
        written, tensors = read_safetensors(file)
    except FormatError as error:
        yield Check(name, "safetensors", "unreadable", "", str(error))
        return
    if not tensors:
        yield Check(name, "safetensors", "not-checked", "", "it holds no tensor")
        return
    what = f"safetensors of {len(tensors)} tensors"
    yield _by_library(name, what, file, tensors)
    if is_quantized(tensors):
        yield from _quantized(name, tensors)
    if SCHEME in written:
        yield from verify_saved(name, written, tensors)


def _by_library(name: str, what: str, file: bytes, tensors: Mapping[str, Array]) -> Check:
    from safetensors import SafetensorError, deserialize

    by = f"safetensors {metadata.version('safetensors')}"
    try:
        entries = deserialize(file)  # type: ignore[no-untyped-call]
        read = {key: (tuple(entry["shape"]), bytes(entry["data"])) for key, entry in entries}
    except SafetensorError as error:
        return Check(name, what, "unreadable", by, message_of(error))
    same = read == {key: (x.shape, x.tobytes()) for key, x in tensors.items()}
    return (
        Check(name, what, "agrees", by)
        if same
        else Check(name, what, "deviates", by, "names, shapes or bytes differ")
    )


def _quantized(name: str, tensors: Mapping[str, Array]) -> Iterator[Check]:
    """Each weight read and decoded by the formula, then from bitsandbytes' own reading of its
    state.
    """
    try:
        weights = read_quantized(tensors)
    except FormatError as error:
        yield Check(name, "bitsandbytes checkpoint", "unreadable", "", str(error))
        return
    what = f"bitsandbytes checkpoint of {len(weights)} quantized weights"
    backend = backend_named("bitsandbytes")
    if backend.problem is not None:
        yield Check(name, what, "not-checked", "bitsandbytes", backend.lacks)
        return
    by = backend.producer()
    try:
        wrong = [
            key
            for key, weight in weights.items()
            if not _same_by_bitsandbytes(key, weight, tensors)
        ]
    except Exception as error:  # noqa: BLE001 - whatever bitsandbytes has against the state is the finding
        yield Check(name, what, "unreadable", by, named(error))
        return
    yield Check(
        name,
        what,
        "deviates" if wrong else "agrees",
        by,
        f"{wrong[0]} is decoded to something else" if wrong else "",
    )


def _same_by_bitsandbytes(key: str, weight: QuantizedWeight, tensors: Mapping[str, Array]) -> bool:
    """Whether the library's reading of the state decodes to the same floats."""
    state = state_of(key, tensors)
    if (tuple(state.shape), state.blocksize, state.quant_type) != (
        weight.shape,
        weight.blocksize,
        weight.quant_type,
    ):
        return False
    return np.array_equal(decoded_by_state(state, weight.packed), weight.decoded())


def verify_gguf(name: str, path: Path) -> Iterator[Check]:
    """Read by the library gguf, which decodes the weights that `quantize --out` saved."""
    backend = backend_named("gguf")
    if backend.problem is not None:
        yield Check(name, "GGUF", "not-checked", "gguf", backend.lacks)
        return
    from gguf import GGUFReader

    by = backend.producer()
    try:
        reader = GGUFReader(path)
        tensors = {tensor.name: np.array(tensor.data) for tensor in reader.tensors}
        written = {
            key.removeprefix(PREFIX): field.contents()
            for key, field in reader.fields.items()
            if key.startswith(PREFIX)
        }
    except Exception as error:  # noqa: BLE001 - whatever the library has against the file is the finding
        yield Check(name, "GGUF", "unreadable", by, named(error))
        return
    yield Check(name, f"GGUF of {len(tensors)} tensors", "agrees", by, "loads")
    if SCHEME in written:
        yield from verify_saved(name, written, tensors)


def verify_onnx(name: str, path: Path) -> Iterator[Check]:
    """The onnx package's own checker; ONNX Runtime loads the model."""
    if importlib.util.find_spec("onnx") is None:
        yield Check(
            name,
            "ONNX model",
            "not-checked",
            "onnx",
            "onnx is not installed; install it with: pip install onnx",
        )
    else:
        checked = _by_onnx(name, path)
        yield checked
        if checked.verdict == "unreadable":
            return
    if importlib.util.find_spec("onnxruntime") is None:
        yield Check(
            name,
            "ONNX model",
            "not-checked",
            "ONNX Runtime",
            "not installed; install it with: pip install onnxruntime",
        )
        return
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument, InvalidProtobuf

    by = f"onnxruntime {metadata.version('onnxruntime')}"
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        yield Check(
            name,
            "ONNX model",
            "agrees",
            by,
            f"loads; {len(session.get_inputs())} inputs, {len(session.get_outputs())} outputs",
        )
    except (InvalidProtobuf, InvalidArgument) as error:
        yield Check(name, "ONNX model", "unreadable", by, message_of(error))
    except Exception as error:  # noqa: BLE001 - whatever it has against the model is the finding
        yield Check(name, "ONNX model", "deviates", by, message_of(error))


def _by_onnx(name: str, path: Path) -> Check:
    import onnx
    from google.protobuf.message import DecodeError

    by = f"onnx {metadata.version('onnx')}"
    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError:
        return Check(
            name,
            "ONNX model",
            "unreadable",
            by,
            "it is no protobuf message, or cut off: export it again",
        )
    # Almost any text is a message of unknown fields.
    if not model.ir_version or not model.HasField("graph"):
        return Check(
            name,
            "ONNX model",
            "unreadable",
            by,
            "it has no graph or no ir_version, so it is no ONNX model: export it again",
        )
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:  # noqa: BLE001 - whatever the checker has against the model is the finding
        return Check(name, "ONNX model", "deviates", by, message_of(error))
    return Check(name, "ONNX model", "agrees", by)

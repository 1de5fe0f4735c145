"""Files that `npm start -- quantize --method onnx_nbits` saved of saved/weights.safetensors, as
initializers of a model that ONNX Runtime runs; a test of the command line says that they are current.
"""

from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.bundle.safetensors_file import read_safetensors
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.philox import Draw
from gradproof_bridge.recording.judge import judge

SAVED = Path(__file__).parent / "saved"
BLOCK = 16
LAYERS = ("fc", "head")


def saved(name):
    return read_safetensors((SAVED / f"{name}.safetensors").read_bytes())


def parts_of(layer, bits):
    """The tensors of a layer, by what the operator calls them, and what it is told of them."""
    metadata, tensors = saved(f"onnx_nbits_{bits}")
    assert metadata["quantizer"] == f"onnx_nbits;bits={bits};group={BLOCK}"
    rows, columns = map(int, metadata[f"shape.{layer}"].split("x"))
    parts = {
        "packed": tensors[f"{layer}.weight_Q{bits}"],
        "scales": tensors[f"{layer}.weight_scales"],
        "zero_points": tensors[f"{layer}.weight_zero_points"],
    }
    attributes = {"bits": bits, "block_size": BLOCK, "K": columns, "N": rows}
    return parts, attributes


def run(x, parts, attributes):
    """MatMulNBits of a model of this one node, with the parts as its initializers."""
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    node = onnx.helper.make_node(
        "MatMulNBits", ["x", *parts], ["y"], domain="com.microsoft", **attributes
    )
    feed = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)
    kept = [onnx.numpy_helper.from_array(part, name) for name, part in parts.items()]
    graph = onnx.helper.make_graph([node], "saved", [feed], [onnx.ValueInfoProto(name="y")], kept)
    versions = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("com.microsoft", 1)]
    model = onnx.helper.make_model(graph, opset_imports=versions, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("layer", LAYERS)
def test_onnx_runtime_multiplies_by_what_was_saved(layer, bits):
    parts, attributes = parts_of(layer, bits)
    x = Draw(1, layer).normal(3, attributes["K"])
    y = run(x, parts, attributes)
    given = {
        "bits": bits,
        "block_size": BLOCK,
        "out_features": attributes["N"],
        "in_features": attributes["K"],
    }
    params = op_spec("matmul_nbits").fill(given)
    assert judge("matmul_nbits", {"x": x, **parts}, params, {"y": y}) == []
    # No element is further from its code than half a step, and zero is no further from its own.
    weight = saved("weights")[1][f"{layer}.weight"].astype(np.float64)
    steps = np.repeat(parts["scales"].astype(np.float64), BLOCK, 1)[:, : attributes["K"]]
    off = np.abs(y - x.astype(np.float64) @ weight.T)
    assert (off <= np.abs(x.astype(np.float64)) @ steps.T).all()
    assert not np.allclose(y, 0)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("layer", LAYERS)
def test_what_was_saved_is_what_its_own_quantizer_makes(layer, bits):
    pytest.importorskip("onnxruntime")
    from gradproof_bridge.compute import compute_with

    parts, _ = parts_of(layer, bits)
    weight = {"weight": saved("weights")[1][f"{layer}.weight"]}
    given = {"bits": bits, "block_size": BLOCK}
    made = compute_with(weight, "quantize_nbits", given, "onnxruntime:cpu").outputs
    params = op_spec("quantize_nbits").fill(given)
    assert judge("quantize_nbits", weight, params, parts) == []
    assert np.array_equal(parts["zero_points"], made["zero_points"])
    assert np.allclose(parts["scales"], made["scales"], rtol=4 * 2.0**-23, atol=0)
    # Past the end of a row the library leaves what it wrote before.
    whole = weight["weight"].shape[1] * bits // 8
    flat = [part.reshape(len(part), -1)[:, :whole] for part in (parts["packed"], made["packed"])]
    assert np.array_equal(*flat)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("columns", [1, 17, 23, 33, 66])
def test_every_byte_that_is_off_by_one_is_seen_and_what_fills_rows_up_too(bits, columns):
    pytest.importorskip("onnxruntime")
    from gradproof_bridge.compute import compute_with

    weight = {"weight": Draw(1, f"{columns}").normal(3, columns)}
    given = {"bits": bits, "block_size": BLOCK}
    made = compute_with(weight, "quantize_nbits", given, "onnxruntime:cpu").outputs
    params = op_spec("quantize_nbits").fill(given)
    assert judge("quantize_nbits", weight, params, made) == []
    for name in ("packed", "zero_points"):
        for place, byte in np.ndenumerate(made[name]):
            wrong = made[name].copy()
            wrong[place] = byte - 1 if byte == 255 else byte + 1
            assert judge("quantize_nbits", weight, params, {**made, name: wrong}) != [], place

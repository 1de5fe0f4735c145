import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from gradproof_bridge.onnx_tests.attention import attention
from gradproof_bridge.onnx_tests.images import pool
from gradproof_bridge.onnx_tests.node_test import NodeTest
from gradproof_bridge.onnx_tests.products import gemm

SET = Path(__file__).parents[2] / "public/parity"
needs_onnx = pytest.mark.skipif(
    importlib.util.find_spec("onnx") is None, reason="needs onnx, which is not installed"
)


@needs_onnx
def test_every_node_test_of_a_known_op_is_a_bundle_of_the_set_or_has_a_written_reason():
    from importlib import metadata

    from gradproof_bridge.onnx_tests.convert import NotConverted, convert_all

    folder = SET / f"onnx-{metadata.version('onnx')}"
    if not folder.exists():
        pytest.skip(
            f"the set was recorded with another version than onnx {metadata.version('onnx')}"
        )
    excluded = json.loads((folder / "EXCLUDED.json").read_text("utf-8"))
    found = list(convert_all())
    assert {item.name: item.reason for item in found if isinstance(item, NotConverted)} == excluded
    assert all(len(reason) > 20 for reason in excluded.values())
    converted = [item.name for item in found if not isinstance(item, NotConverted)]
    assert sorted(
        path.stem.removeprefix("onnx_") for path in folder.glob("*.safetensors")
    ) == sorted(converted)
    assert len(converted) >= 250


def node(op_type, attributes, inputs, outputs):
    return NodeTest("test", op_type, attributes, inputs, outputs)


X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_the_factors_of_gemm_are_those_of_the_product():
    found = gemm(
        node("Gemm", {"alpha": 0.3, "beta": 2.0}, {"A": X, "B": X.T, "C": np.float32(3)}, [X])
    )
    assert (found.params["alpha"], found.params["beta"]) == (0.3, 2.0)
    assert found.inputs["bias"].tolist() == [3.0]
    plain = gemm(node("Gemm", {"alpha": 1.0}, {"A": X, "B": X.T}, [X]))
    assert not {"alpha", "beta"} & plain.params.keys()


def test_same_padding_is_written_out():
    image = np.zeros((1, 1, 5, 5), np.float32)
    for how, padding in ((b"SAME_UPPER", [0, 0, 1, 1]), (b"SAME_LOWER", [1, 1, 0, 0])):
        attributes = {"auto_pad": how, "kernel_shape": [2, 2]}
        found = pool("max_pool2d")(node("MaxPool", attributes, {"X": image}, [image]))
        assert found.params["padding"] == padding


def test_a_window_of_attention_becomes_bits():
    q = np.zeros((1, 1, 3, 2), np.float32)
    attributes = {"is_causal": 1, "left_window_size": 1}
    found = attention(node("Attention", attributes, {"Q": q, "K": q, "V": q}, [q]))
    assert found.inputs["mask"][0, 0].astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1]]


def test_an_added_mask_gets_a_finite_number_that_hides_as_well():
    q = np.zeros((1, 1, 1, 2), np.float32)
    mask = np.array([[0.5, -np.inf]], np.float32)
    found = attention(
        node(
            "Attention",
            {},
            {"Q": q, "K": np.zeros((1, 1, 2, 2), np.float32), "V": q, "attn_mask": mask},
            [q],
        )
    )
    assert found.inputs["mask"].tolist() == [[0.5, -10000.0]]

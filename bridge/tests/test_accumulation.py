"""How a recording says that its library adds up in float32."""

import ml_dtypes
import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import Bundle, read_bundle, write_bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.compute import Result
from gradproof_bridge.errors import FormatError
from gradproof_bridge.recording import accumulation as module
from gradproof_bridge.recording.accumulation import accumulation

FLOAT32 = {"accumulate": "float32"}
HALVES = (np.float16, ml_dtypes.bfloat16)


def said(op="matmul", shapes=((4, 9), (9, 5)), dtype=np.float16, params=None, where="torch:cpu"):
    a, b = (np.ones(shape, dtype) for shape in shapes)
    y = np.ones((4, 5), dtype)
    return accumulation(op, {"a": a, "b": b}, params or {}, {"y": y}, where)


def in_halves(order, *, fused=False):
    """A library that adds the terms of a product up in halves."""

    def compute(inputs, op, params, where):
        a, b = inputs["a"], inputs["b"]
        half = a.dtype.type
        y = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        for i, j in np.ndindex(*y.shape):
            total = half(0)
            for k in order(range(a.shape[1])):
                product = float(a[i, k]) * float(b[k, j])
                total = half(float(total) + (product if fused else float(half(product))))
            y[i, j] = total
        return Result({"y": y}, "slow 1", {}, where, None)

    return compute


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(
    "order",
    [list, lambda k: list(k)[::-1], lambda k: sorted(k, key=lambda i: (i * 5) % 9)],
    ids=["forward", "backward", "mixed"],
)
def test_sums_in_halves_are_found_out_in_any_order(monkeypatch, dtype, fused, order):
    monkeypatch.setattr(module, "compute_with", in_halves(order, fused=fused))
    assert said(dtype=dtype) == {}


@pytest.mark.parametrize("dtype", HALVES)
def test_torch_adds_products_up_in_float32(dtype):
    if backend_named("torch").problem is not None:
        pytest.skip("needs torch")
    assert said(dtype=dtype) == FLOAT32
    assert said(dtype=dtype, shapes=((4, 256), (5, 256)), params={"transpose_b": True}) == FLOAT32
    assert said(dtype=dtype, shapes=((9, 4), (9, 5)), params={"transpose_a": True}) == FLOAT32


def test_nothing_is_said_of_what_no_experiment_is_for():
    assert said(shapes=((4, 2), (2, 5))) == {}
    assert said(shapes=((3, 4, 9), (9, 5))) == {}
    assert said(shapes=((4, 9), (9,))) == {}
    assert said(dtype=np.float32) == {}
    assert said(where="mlx") == {}
    assert said(op="layer_norm") == {}
    ones = np.ones((4, 9), np.float16)
    biased = {"a": ones, "b": ones.T, "bias": ones}
    assert accumulation("matmul", biased, {}, {"y": ones}, "torch:cpu") == {}
    mixed = {"y": ones, "z": ones.astype(np.float32)}
    assert accumulation("scaled_dot_product_attention", {}, {}, mixed, "torch:cpu") == {}


def test_attention_of_torch_is_documented():
    assert said(op="scaled_dot_product_attention") == FLOAT32


def test_it_is_stored_and_is_no_parameter_of_the_op():
    spec = op_spec("silu")
    assert spec.fill(FLOAT32) == spec.fill({})
    assert spec.fill({"accumulate": None}) == {}
    with pytest.raises(FormatError, match="the one way that is known is 'float32'"):
        spec.fill({"accumulate": "float16"})
    x = np.ones(3, np.float16)
    bundle = Bundle("silu", FLOAT32, "torch 2", "cpu", {"x": x}, {"y": x}, given=FLOAT32)
    read = read_bundle(write_bundle(bundle))
    assert read.given == FLOAT32
    assert read.params == {}

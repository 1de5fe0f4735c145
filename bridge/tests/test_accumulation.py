"""How a recording says that its library adds up in float32."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import Bundle, read_bundle, write_bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.compute import Result, compute_with
from gradproof_bridge.errors import FormatError
from gradproof_bridge.recording import accumulation as module
from gradproof_bridge.recording.accumulation import accumulation, rounded_once
from gradproof_bridge.recording.judge import judge_bundle

FLOAT32 = {"accumulate": "float32"}
HALVES = (np.float16, ml_dtypes.bfloat16)


def said(op="matmul", shapes=((4, 9), (9, 5)), dtype=np.float16, params=None, where="torch:cpu"):
    """Of a result that is not what float32 gives, as where it adds up in another order."""
    a, b = (np.ones(shape, dtype) for shape in shapes)
    y = np.full((4, 5), 1.5, dtype)
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


def asked_of_torch(op, inputs, params):
    if backend_named("torch").problem is not None:
        pytest.skip("needs torch")
    outputs = compute_with(inputs, op, params, "torch:cpu").outputs
    return outputs, accumulation(op, inputs, params, outputs, "torch:cpu")


def drawn(dtype, **shapes):
    draw = np.random.default_rng(7)
    return {name: draw.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize("dtype", HALVES)
def test_what_float32_gives_when_it_is_rounded_is_said_by_name(dtype):
    product = drawn(dtype, a=(2, 4, 9), b=(2, 9, 5), **{"grad.y": (2, 4, 5)})
    gradients = {"grad.a": "float32", "grad.b": "float32"}
    said = {"accumulate": {**gradients, "y": "float32"}}
    assert asked_of_torch("matmul", product, {})[1] == said
    # Before its bias torch rounds the product.
    biased = {**product, **drawn(dtype, bias=(5,))}
    said = {"accumulate": {**gradients, "grad.bias": "float32"}}
    assert asked_of_torch("matmul", biased, {})[1] == said


@pytest.mark.parametrize("dtype", HALVES)
def test_a_gradient_of_what_was_stored_in_halves_is_not_said(dtype):
    inputs = drawn(dtype, x=(40, 7), **{"grad.y": (40, 7)})
    assert asked_of_torch("tanh", inputs, {})[1] == {"accumulate": {"y": "float32"}}


def test_one_bit_that_float32_does_not_give_is_enough():
    inputs = drawn(np.float16, x=(40, 7))
    outputs, of_right = asked_of_torch("tanh", inputs, {})
    assert of_right == {"accumulate": {"y": "float32"}}
    outputs["y"][3, 5] = np.nextafter(outputs["y"][3, 5], np.float16(2))
    assert accumulation("tanh", inputs, {}, outputs, "torch:cpu") == {}
    single = {"x": np.ones((4,), np.float32)}
    assert asked_of_torch("cast", single, {"to": "float16"})[1] == {}
    empty = {"x": np.ones((0,), np.float16)}
    assert accumulation("tanh", empty, {}, {"y": empty["x"]}, "torch:cpu") == {}


def bundle_of(accumulate, off=0.0, **more):
    """A product of 256 terms, off by a share of it."""
    a, b = (np.full(shape, 0.5, ml_dtypes.bfloat16) for shape in ((1, 256), (256, 1)))
    y = np.full((1, 1), 64 * (1 + off), ml_dtypes.bfloat16)
    params = {"accumulate": accumulate} if accumulate else {}
    filled = op_spec("matmul").fill(params)
    return Bundle(
        "matmul", filled, "torch 2", "cpu", {"a": a, "b": b, **more}, {"y": y}, given=params
    )


@pytest.mark.parametrize("accumulate", ["float32", {"y": "float32"}])
def test_what_is_rounded_once_is_judged_so(accumulate):
    assert judge_bundle(bundle_of(None, off=0.1)).findings == []
    assert judge_bundle(bundle_of(accumulate)).findings == []
    assert [found.output for found in judge_bundle(bundle_of(accumulate, off=0.1)).findings] == [
        "y"
    ]


def test_a_product_may_be_stored_in_halves_before_its_bias():
    bias = {"bias": np.zeros((1,), ml_dtypes.bfloat16)}
    assert rounded_once(bundle_of("float32", **bias)) == frozenset()
    assert rounded_once(bundle_of({"y": "float32"}, **bias)) == {"y"}
    assert rounded_once(bundle_of("float32")) == {"y"}
    assert rounded_once(bundle_of(None)) == frozenset()


def test_it_is_stored_and_is_no_parameter_of_the_op():
    spec = op_spec("silu")
    assert spec.fill(FLOAT32) == spec.fill({})
    assert spec.fill({"accumulate": None}) == {}
    assert spec.fill({"accumulate": {"y": "float32"}}) == {}
    for wrong in ("float16", {"y": "float16"}, ["y"]):
        with pytest.raises(FormatError, match="the one way that is known is 'float32'"):
            spec.fill({"accumulate": wrong})
    x = np.ones(3, np.float16)
    bundle = Bundle("silu", FLOAT32, "torch 2", "cpu", {"x": x}, {"y": x}, given=FLOAT32)
    read = read_bundle(write_bundle(bundle))
    assert read.given == FLOAT32
    assert read.params == {}
    lost = replace(bundle, given={"accumulate": {"grad.x": "float32"}})
    with pytest.raises(FormatError, match=r"there is no out\.grad\.x to say it of"):
        read_bundle(write_bundle(lost))

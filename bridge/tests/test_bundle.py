import json

import numpy as np
import pytest

from gradproof_bridge.bundle.bundle import Bundle, read_bundle, write_bundle
from gradproof_bridge.bundle.safetensors_file import write_safetensors
from gradproof_bridge.errors import FormatError

X = np.array([[1.0, -2.0, 0.5]], np.float32)
META = {
    "schema": "parity-bundle/1",
    "op": "softmax",
    "params": "{}",
    "producer": "torch 2",
    "device": "cpu",
}


def file(metadata=META, **tensors):
    return write_safetensors(
        {name.replace("__", "."): x for name, x in tensors.items()} or {"in.x": X, "out.y": X},
        metadata,
    )


def test_a_bundle_is_read_as_it_was_written():
    bundle = Bundle(
        "softmax",
        {"axis": 0},
        "torch 2",
        "cpu",
        {"x": X, "grad.y": X},
        {"y": X, "grad.x": X},
        "alone",
        {"axis": 0},
    )
    found = read_bundle(write_bundle(bundle))
    assert (found.op, found.params, found.producer, found.device, found.note) == (
        "softmax",
        {"axis": 0},
        "torch 2",
        "cpu",
        "alone",
    )
    assert sorted(found.inputs) == ["grad.y", "x"]
    assert sorted(found.outputs) == ["grad.x", "y"]


def test_an_integer_may_be_written_with_a_point_and_a_flag_as_onnx_writes_it():
    assert read_bundle(file({**META, "params": '{"axis": 0.0}'})).params == {"axis": 0}
    metadata = {**META, "op": "reduce_sum", "params": '{"axes": [1], "keepdims": 1}'}
    assert read_bundle(file(metadata)).params == {"axes": [1], "keepdims": 1}


def test_what_is_null_is_absent():
    assert read_bundle(file({**META, "params": '{"axis": null}'})).params == {"axis": -1}
    metadata = {**META, "op": "masked_fill", "params": '{"value": null}'}
    with pytest.raises(FormatError, match="masked_fill: params lacks 'value'"):
        read_bundle(file(metadata))


def test_null_in_an_object_of_parameters_is_absent_and_stays_in_a_config():
    ids = np.zeros((1, 1, 2), np.int32)
    run = {"in.input_ids": ids, "in.labels": ids, "out.losses": np.zeros(1, np.float32)}
    sizes = dict.fromkeys(("vocab", "hidden", "intermediate", "layers", "heads", "kv_heads"), 8)
    told = {
        "mode": "full",
        "steps": 1,
        "clip": None,
        "quant": {"nbits": None},
        "config": {**sizes, "rms_eps": 1e-5, "rope_theta": 1e4},
        "schedule": {"name": "constant", "total": None},
        "grad_scaler": {"init_scale": 4, "growth_factor": None},
    }
    metadata = {**META, "op": "train_llama", "params": json.dumps(told)}
    params = read_bundle(file(metadata, **run)).params
    assert (params["schedule"], params["quant"]) == ({"name": "constant"}, {})
    assert params["grad_scaler"]["growth_factor"] == 2
    assert "clip" not in params
    sizes = {"vocab_size": 1, "hidden_size": 4, "num_hidden_layers": 1}
    config = {"model_type": "mistral", **sizes, "sliding_window": None}
    metadata = {**META, "op": "causal_lm_logits", "params": json.dumps({"config": config})}
    logits = np.zeros((1, 2, 1), np.float32)
    read = read_bundle(file(metadata, **{"in.input_ids": ids[0], "out.logits": logits}))
    assert read.params["config"] == config


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan, -1e9])
def test_a_number_that_json_lacks_is_stored_by_its_name(value):
    inputs = {"x": X, "mask": np.array([[1, 0, 1]], np.uint8)}
    bundle = Bundle("masked_fill", {"value": float(value)}, "torch 2", "cpu", inputs, {"y": X})
    written = write_bundle(bundle)
    assert b": -Infinity" not in written
    assert b": NaN" not in written
    found = read_bundle(written).params["value"]
    assert isinstance(found, float)
    assert np.array_equal(found, value, equal_nan=True)


@pytest.mark.parametrize("value", ["Inf", "-inf", "1", True])
def test_no_other_name_is_a_number(value):
    given = {**META, "op": "masked_fill", "params": json.dumps({"value": value})}
    with pytest.raises(FormatError, match="a number or -Infinity or Infinity or NaN is needed"):
        read_bundle(file(given, in__x=X, in__mask=np.ones((1, 3), np.uint8), out__y=X))


def test_defaults_are_filled_in_and_what_was_given_is_kept():
    found = read_bundle(file())
    assert found.params == {"axis": -1}
    assert found.given == {}


def test_a_scalar_is_stored_as_one_element():
    bundle = Bundle(
        "cross_entropy",
        {},
        "torch 2",
        "cpu",
        {"logits": X, "labels": np.array([1])},
        {"loss": np.float32(3.0)},
    )
    assert read_bundle(write_bundle(bundle)).outputs["loss"].shape == (1,)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"schema": "parity-bundle/2"}, "schema is 'parity-bundle/2'"),
        ({"op": "conjure"}, "not in the vocabulary"),
        ({"params": "[]"}, "no JSON object"),
        ({"params": "{"}, "no JSON"),
        ({"params": '{"axis": NaN}'}, "NaN"),
        ({"params": '{"axis": 1e999}'}, "'axis' is inf; an integer is needed"),
        ({"params": '{"axis": "last"}'}, "'axis' is 'last'; an integer is needed"),
        ({"params": '{"axis": 0.5}'}, "an integer"),
        ({"params": '{"axis": true}'}, "an integer"),
        ({"params": '{"axis": [0]}'}, "an integer"),
        ({"params": '{"axis": 1e300}'}, "an integer"),
        ({"op": "relu", "params": '{"axis": 0}'}, "has no 'axis'; known are none"),
        ({"op": "rms_norm", "params": '{"eps": -1}'}, "a number at least 0"),
        ({"op": "gelu", "params": '{"approximate": "some"}'}, "none or tanh is needed"),
        (
            {"op": "max_pool2d", "params": '{"kernel": [2]}'},
            "a list of 2 numbers or an integer at least 1",
        ),
        (
            {"op": "max_pool2d", "params": '{"kernel": 2, "padding": [0, 0, 0, -1]}'},
            r"'padding' is \[0, 0, 0, -1\]",
        ),
        ({"op": "reduce_sum", "params": '{"axes": [0, 0.5]}'}, r"'axes'\[1\] is 0.5"),
        (
            {"op": "train_llama", "params": '{"mode": "lora", "steps": 1, "config": {"vocab": 0}}'},
            "'config' 'vocab' is 0",
        ),
        (
            {"op": "train_llama", "params": '{"mode": "lora", "steps": 1, "config": 7}'},
            "'config' is no JSON object",
        ),
        (
            {"op": "train_llama", "params": '{"grad_scaler": {"growth_interval": 0}}'},
            "'grad_scaler' 'growth_interval' is 0; an integer at least 1 is needed",
        ),
        (
            {"op": "train_llama", "params": '{"grad_scaler": {"scale": 2}}'},
            "'grad_scaler' has no 'scale'; known are init_scale",
        ),
        (
            {"op": "train_llama", "params": '{"autocast_dtype": "float8"}'},
            "float16 or bfloat16 is needed",
        ),
        ({"op": "train_llama", "params": '{"grad_accum": 0}'}, "'grad_accum' is 0"),
        ({"op": "train_llama", "params": '{"gradient_checkpointing": 1}'}, "true or false"),
        ({"params": '{"axes": 1}'}, "has no 'axes'"),
        ({"producer": "two\nlines"}, "one line"),
        ({"device": "x" * 201}, "one line"),
    ],
)
def test_metadata_that_is_wrong_is_refused_in_one_line(metadata, said):
    with pytest.raises(FormatError, match=said) as caught:
        read_bundle(file({**META, **metadata}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["schema", "op", "params", "producer"])
def test_metadata_that_is_missing_is_refused(key):
    with pytest.raises(FormatError, match=key):
        read_bundle(file({name: text for name, text in META.items() if name != key}))


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"in__x": X}, "nothing to check"),
        ({"out__y": X}, "in.x is missing"),
        ({"in__x": X, "in__z": X, "out__y": X}, "no tensor 'in.z'"),
        ({"in__x": X, "out__z": X}, "no tensor 'out.z'"),
        ({"in__x": X, "out__y": X, "y": X}, "begins with neither"),
        ({"in__x": X, "out__y": X, "in__grad__z": X}, "in.grad.z"),
        ({"in__x": X, "out__y": X, "out__grad__y": X}, "out.grad.y"),
        ({"in__x": X, "out__y": np.float32(1).reshape(())}, "no dimension"),
        ({"in__x": X, "out__y": X.astype(np.int64)}, "I64"),
    ],
)
def test_tensors_that_do_not_belong_are_refused_in_one_line(tensors, said):
    with pytest.raises(FormatError, match=said) as caught:
        read_bundle(file(**tensors))
    assert "\n" not in str(caught.value)


def test_a_tensor_may_have_no_elements():
    read = read_bundle(file(in__x=X[:, :0], out__y=X[:, :0]))
    assert read.outputs["y"].shape == X[:, :0].shape


def test_parameters_that_are_needed_are_missed():
    with pytest.raises(FormatError, match="lacks 'max_norm'"):
        read_bundle(file({**META, "op": "clip_grad_norm"}, in__g0=X, out__norm=X))


def test_numbered_tensors_are_known_by_their_number():
    metadata = {**META, "op": "concat", "params": json.dumps({"axis": 0})}
    assert sorted(read_bundle(file(metadata, in__x0=X, in__x1=X, out__y=X)).inputs) == ["x0", "x1"]
    with pytest.raises(FormatError, match=r"in\.xa"):
        read_bundle(file(metadata, in__x0=X, in__xa=X, out__y=X))


def test_one_flows_into_a_scalar_where_nothing_else_does():
    meta = {**META, "op": "cross_entropy", "params": "{}"}
    tensors = {"in__logits": X, "in__labels": np.zeros(len(X), np.int32), "out__grad__logits": X}
    read = read_bundle(file(meta, out__loss=np.ones(1, np.float32), **tensors))
    assert read.inputs["grad.loss"].tolist() == [1]
    assert "grad.loss" not in read_bundle(file(meta, **tensors)).inputs

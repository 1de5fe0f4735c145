"""Fresh recordings of runs whose options the set beside the page does not have."""

import json
from dataclasses import replace

import pytest

pytest.importorskip("bitsandbytes")
pytest.importorskip("peft")
pytest.importorskip("transformers")

from gradproof_bridge.bundle.bundle import read_bundle, write_bundle
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.cases.training_options import training_options
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.recording.judge import judge_bundle
from gradproof_bridge.recording.recorder import record_case

CASES = {case.name: case for case in training_options()}


def recorded(name):
    return record_case(CASES[name], 3)


@pytest.mark.parametrize("name", CASES)
def test_the_run_of_the_library_is_the_run_of_the_formula(name):
    assert recorded(name).findings == ()


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("llama_patterns", {"alpha_pattern": {}}),
        ("llama_patterns_rslora", {"alpha_pattern": {"v_proj": 6}}),
        ("llama_patterns_dora", {"alpha_pattern": {"down_proj": 2.5}}),
        ("llama_patterns_qlora", {"mode": "qlora", "use_rslora": True}),
        ("llama_adamw_uncorrected", {"bias_correction": True}),
        ("llama_adam_uncorrected", {"bias_correction": True}),
        ("llama_amsgrad", {"amsgrad": False, "betas": [0.5, 0.5]}),
        ("llama_adadelta", {"rho": 0.9}),
        ("llama_adadelta_bf16", {"rho": 0.5}),
        ("llama_qwen2", {"config.model_type": "mistral", "config.sliding_window": 3}),
        ("llama_qwen3", {"config.max_window_layers": 2}),
        ("llama_mistral", {"config.sliding_window": 4}),
        ("llama_biased", {"config.rope_scaling": {"rope_type": "linear", "factor": 2.0}}),
        ("llama_biased_lora", {"config.max_position_embeddings": 6}),
        ("llama_nadam", {"momentum_decay": 0.5}),
        ("llama_radam", {"decoupled_weight_decay": False}),
    ],
)
def test_a_run_that_was_told_something_else_deviates(case, told):
    bundle = recorded(case).bundle
    params = {**bundle.params, "config": dict(bundle.params["config"])}
    for name, value in told.items():
        within, _, field = name.rpartition(".")
        (params[within] if within else params)[field] = value
    other = replace(bundle, params=params)
    assert judge_bundle(other).findings != ()


def test_options_that_are_null_are_those_that_are_absent():
    metadata, tensors = read_safetensors(write_bundle(recorded("llama_patterns_qlora").bundle))
    nulls = dict.fromkeys(("grad_scaler", "betas", "accum_mean", "lora_dropout"))
    schedule = {"name": "constant", "total": None, "num_cycles": None}
    told = {**json.loads(metadata["params"]), **nulls, "schedule": schedule}
    file = write_safetensors(tensors, {**metadata, "params": json.dumps(told)})
    assert judge_bundle(read_bundle(file)).findings == []


def test_moments_in_8_bits_are_always_corrected():
    case = CASES["llama_adamw_uncorrected"]
    told = {**case.params, "optimizer": "adamw8bit", "min_8bit_size": 0}
    with pytest.raises(NotImplementedOpError, match="always corrects"):
        record_case(replace(case, params=told), 3)

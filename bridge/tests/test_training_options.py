"""Fresh recordings of runs whose options the set beside the page does not have."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("bitsandbytes")
pytest.importorskip("peft")
pytest.importorskip("transformers")

from gradproof_bridge.bundle.bundle import read_bundle, write_bundle
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.cases.llama_inputs import adapted
from gradproof_bridge.cases.training_options import training_options
from gradproof_bridge.errors import FormatError, NotImplementedOpError
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
        ("llama_rmsprop", {"alpha": 0.9}),
        ("llama_rmsprop_centered", {"momentum": 0.6}),
        ("llama_rmsprop_bf16", {"alpha": 0.5}),
        ("llama_nadam_bf16", {"momentum_decay": 1.0}),
        ("llama_nadam", {"momentum_decay": 0.5}),
        ("llama_radam", {"decoupled_weight_decay": False}),
        ("llama_trainer_decay", {"decay_parameters": "all"}),
        ("llama_trainer_decay_adam", {"decay_parameters": "all"}),
        ("llama_trainer_decay_sgd", {"decay_parameters": "all"}),
        ("llama_trainer_decay_adadelta", {"decay_parameters": "all"}),
        ("llama_trainer_decay_8bit", {"decay_parameters": "all"}),
    ],
)
def test_a_run_that_was_told_something_else_deviates(case, told):
    bundle = recorded(case).bundle
    params = {**bundle.params, "config": dict(bundle.params["config"])}
    for name, value in told.items():
        within, _, field = name.rpartition(".")
        (params[within] if within else params)[field] = value
    other = replace(bundle, params=params)
    assert judge_bundle(other).findings


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("llama_saved_modules", "lora.model.layers.1.post_attention_layernorm.weight"),
        ("llama_saved_layer", "lora.model.layers.1.self_attn.o_proj.weight"),
        ("llama_saved_embeddings", "lora.model.embed_tokens.weight"),
        ("llama_saved_head", "grad0.lm_head.weight"),
        ("llama_saved_bf16", "state.2.lm_head.weight.exp_avg"),
        ("llama_all_biases", "lora.model.layers.0.mlp.up_proj.bias"),
        ("llama_biases_of_adapters", "grad0.model.layers.1.self_attn.q_proj.bias"),
    ],
)
def test_what_is_trained_beside_adapters_is_judged_by_any_of_its_names(case, name):
    bundle = recorded(case).bundle
    others = {key: x for key, x in bundle.outputs.items() if key != name}
    inner = "base_layer" if name.endswith("q_proj.bias") else "modules_to_save"
    module, part = re.split(r"\.(?=weight|bias)", name)
    renamed = others | {f"{module}.{inner}.{part}": bundle.outputs[name]}
    assert judge_bundle(replace(bundle, outputs=renamed)).findings == []
    wrong = bundle.outputs[name].copy()
    wrong.flat[0] += 0.5 * np.abs(wrong).max()
    found = judge_bundle(replace(bundle, outputs={**others, name: wrong})).findings
    assert [one.output for one in found] == [name]


def test_what_is_not_said_to_be_trained_has_no_outcome():
    bundle = recorded("llama_all_biases").bundle
    with pytest.raises(FormatError, match=r"gate_proj\.bias does not belong to these params"):
        judge_bundle(retold(bundle, {"bias": "lora_only"}))


@pytest.mark.parametrize(
    "told", [{"layers_to_transform": 0}, {"layers_pattern": ["h"]}, {"layers_to_transform": [0, 2]}]
)
def test_adapters_are_in_the_blocks_that_are_named(told):
    bundle = recorded("llama_one_block").bundle
    with pytest.raises(
        FormatError, match=r"layers\.1\..*is of a block that layers_to_transform leav"
    ):
        judge_bundle(retold(bundle, told))


def test_a_module_that_is_named_in_full_is_adapted_in_any_block():
    from peft import LoraConfig
    from peft.tuners.tuners_utils import check_target_module_exists

    targets = ["model.layers.0.self_attn.q_proj", "v_proj"]
    modules = [f"model.layers.{i}.self_attn.{x}_proj" for i in (0, 1) for x in "qkv"]
    config = LoraConfig(target_modules=targets, layers_to_transform=[1])
    by_peft = [name for name in modules if check_target_module_exists(config, name)]
    params = {"mode": "lora", "targets": targets, "layers_to_transform": [1]}
    ours = adapted(params, {f"{name}.weight": np.zeros((2, 2)) for name in modules})
    assert [name for name, _ in ours] == by_peft == [modules[0], modules[5]]


def test_a_recording_may_have_adapters_that_are_named_in_full():
    bundle = recorded("llama_one_block").bundle
    adapted_in_full = [
        name.removeprefix("lora0.").removesuffix(".lora_A")
        for name in bundle.inputs
        if name.endswith(".lora_A")
    ]
    told = {"targets": adapted_in_full, "layers_to_transform": 0}
    assert judge_bundle(retold(bundle, told)).findings == []


@pytest.mark.parametrize(
    ("module", "why"), [("mlp", "which holds other modules"), ("score", "which meets no module")]
)
def test_modules_that_are_saved_have_values_themselves(module, why):
    bundle = recorded("llama_saved_modules").bundle
    with pytest.raises(NotImplementedOpError, match=why):
        judge_bundle(retold(bundle, {"modules_to_save": [module]}))


def retold(bundle, told):
    """The bundle of a file that says other parameters."""
    metadata, tensors = read_safetensors(write_bundle(bundle))
    params = {**json.loads(metadata["params"]), **told}
    return read_bundle(write_safetensors(tensors, {**metadata, "params": json.dumps(params)}))


def test_options_that_are_null_are_those_that_are_absent():
    bundle = recorded("llama_patterns_qlora").bundle
    nulls = dict.fromkeys(("grad_scaler", "betas", "accum_mean", "lora_dropout"))
    schedule = {"name": "constant", "total": None, "num_cycles": None}
    of_model = dict.fromkeys(("tie_word_embeddings", "head_dim", "max_position_embeddings"))
    config = {**bundle.params["config"], **of_model}
    told = {**nulls, "schedule": schedule, "config": config}
    assert judge_bundle(retold(bundle, told)).findings == []


def test_dropout_is_judged_where_it_drops_nothing():
    bundle = recorded("llama_patterns").bundle
    assert judge_bundle(retold(bundle, {"lora_dropout": 0})).findings == []
    with pytest.raises(NotImplementedOpError, match=r"lora_dropout 0\.1, whose draws are"):
        judge_bundle(retold(bundle, {"lora_dropout": 0.1}))


def test_a_step_may_have_one_text():
    case = CASES["llama_patterns"]

    def one_text(draw):
        inputs = case.make(draw)
        return inputs | {name: inputs[name][:, 0] for name in ("input_ids", "labels")}

    found = record_case(replace(case, make=one_text), 3)
    assert found.findings == ()
    assert found.bundle.outputs["logits_step0"].shape == (1, 6, 17)
    ids = found.bundle.inputs["input_ids"]
    other = {**found.bundle.inputs, "labels": np.roll(ids, 1, 0)}
    assert judge_bundle(replace(found.bundle, inputs=other)).findings
    logits = found.bundle.outputs["logits_step0"]
    for left_out in (logits[0], logits.astype(np.float16)[0]):
        outputs = {**found.bundle.outputs, "logits_step0": left_out}
        assert judge_bundle(replace(found.bundle, outputs=outputs)).findings == []
    rolled = {**found.bundle.outputs, "logits_step0": np.roll(logits[0], 1, 0)}
    (finding,) = judge_bundle(replace(found.bundle, outputs=rolled)).findings
    assert finding.output == "logits_step0"
    twice = {**found.bundle.outputs, "logits_step0": logits.reshape(2, 3, 17)}
    with pytest.raises(FormatError, match=r"shape \[2, 3, 17\]; \[1, 6, 17\] is needed"):
        judge_bundle(replace(found.bundle, outputs=twice))
    flat = {**found.bundle.inputs, "input_ids": ids[:, 0]}
    with pytest.raises(FormatError, match=r"has shape \[6\], which is neither \[steps, batch, len"):
        judge_bundle(replace(found.bundle, inputs=flat))


def test_a_pattern_that_is_none_is_told_as_the_parameter_of_the_bundle():
    bundle = recorded("llama_patterns").bundle
    with pytest.raises(FormatError, match=r"^train_llama: params: rank_pattern 'q_proj\(' is no"):
        judge_bundle(retold(bundle, {"rank_pattern": {"q_proj(": 2}}))


def test_moments_in_8_bits_are_always_corrected():
    case = CASES["llama_adamw_uncorrected"]
    told = {**case.params, "optimizer": "adamw8bit", "min_8bit_size": 0}
    with pytest.raises(NotImplementedOpError, match="always corrects"):
        record_case(replace(case, params=told), 3)


@pytest.mark.parametrize(
    ("case", "frozen"),
    [
        ("llama_qlora_of_some", "model.layers.0.mlp.up_proj"),
        ("llama_hqq_lora_of_some", "model.layers.0.mlp.up_proj"),
        ("llama_qlora_head_of_some", "lm_head"),
    ],
)
def test_a_quantized_linear_without_an_adapter_is_frozen_and_is_computed_with(case, frozen):
    bundle = recorded(case).bundle
    assert f"lora0.{frozen}.lora_A" not in bundle.inputs
    assert not any(frozen in name for name in bundle.outputs)
    without_floats = {
        name: x for name, x in bundle.inputs.items() if name != f"base.{frozen}.weight"
    }
    assert judge_bundle(replace(bundle, inputs=without_floats)).findings == []
    part = next(
        name for name in bundle.inputs if name in (f"q.{frozen}.absmax", f"q.{frozen}.scale")
    )
    other = {**bundle.inputs, part: 2 * bundle.inputs[part]}
    assert judge_bundle(replace(bundle, inputs=other)).findings


@pytest.mark.parametrize(
    ("dropped", "added", "why"),
    [
        (r"layers\.1.*q_proj\.lora_B", {}, r"q_proj has in\.lora0\..*lora_A and no lora_B"),
        (
            "nothing",
            {"q.model.embed_tokens.packed": np.zeros(8, np.uint8)},
            "embed_tokens is quantized, and is neither",
        ),
    ],
)
def test_what_is_half_an_adapter_or_no_linear_is_named(dropped, added, why):
    bundle = recorded("llama_qlora_of_some").bundle
    inputs = {name: x for name, x in bundle.inputs.items() if not re.search(dropped, name)}
    with pytest.raises(FormatError, match=why):
        judge_bundle(replace(bundle, inputs={**inputs, **added}))


def test_a_tied_head_in_codes_is_named():
    bundle = recorded("llama_qlora_head_of_some").bundle
    tied = {"config": {**bundle.params["config"], "tie_word_embeddings": True}}
    with pytest.raises(FormatError, match="lm_head is quantized, and is neither"):
        judge_bundle(retold(bundle, tied))

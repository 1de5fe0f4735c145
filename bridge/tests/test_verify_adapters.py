"""Adapters that PEFT itself saved, and the logits of models with them."""

import json

import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import Bundle, write_bundle
from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors
from gradproof_bridge.cli import main
from gradproof_bridge.philox import Draw

LIBRARIES = [backend_named(name) for name in ("peft", "transformers")]
pytestmark = pytest.mark.skipif(
    any(library.problem is not None for library in LIBRARIES),
    reason="; ".join(library.problem or "" for library in LIBRARIES),
)
CONFIG = {
    "model_type": "llama",
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}
BIASED = {**CONFIG, "attention_bias": True, "mlp_bias": True}
KINDS = {
    "lora": {},
    "dora": {"use_dora": True},
    "rslora": {"use_rslora": True},
    "patterns": {
        "rank_pattern": {"v_proj": 2, "layers.1.self_attn.q_proj": 5},
        "alpha_pattern": {"v_proj": 9},
    },
    "all_biases": {"bias": "all"},
    "own_biases": {"bias": "lora_only"},
    "biases_within": {"lora_bias": True, "bias": "lora_only"},
    "embeddings": {"target_modules": ["embed_tokens"]},
    "embeddings_and_linears": {"target_modules": ["q_proj", "embed_tokens"], "use_rslora": True},
    "embeddings_dora": {"target_modules": ["embed_tokens"], "use_dora": True},
    "head": {"target_modules": ["lm_head"]},
    "saved_linears": {"modules_to_save": ["k_proj", "down_proj"]},
    "saved_modules": {"modules_to_save": ["lm_head", "model.norm", "input_layernorm"]},
    "saved_embeddings": {"modules_to_save": ["embed_tokens"], "use_dora": True},
}


def saved(folder, own, *, change=1.0, model_config=CONFIG):
    """An adapter that has learnt something, saved by PEFT, with logits beside it; `change` is a factor
    of one of them.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(**model_config), attn_implementation="eager", dtype=torch.float32
    ).eval()
    base = {f"base.{name}": x.detach().numpy().copy() for name, x in model.named_parameters()}
    config = LoraConfig(
        **{
            "r": 3,
            "lora_alpha": 6,
            "target_modules": ["q_proj", "v_proj"],
            "task_type": "CAUSAL_LM",
            **own,
        }
    )
    wrapped = get_peft_model(model, config)
    with torch.no_grad():
        for name, x in wrapped.named_parameters():
            if "lora_B" in name or "lora_embedding_A" in name:
                x.copy_(torch.randn_like(x) * 0.3)
            elif x.requires_grad and "lora_" not in name:
                x.add_(torch.randn_like(x) * 0.1)
    wrapped.save_pretrained(str(folder))
    ids = Draw(1, "ids").integers(2, 12, low=0, high=60)
    with torch.no_grad():
        logits = wrapped(input_ids=torch.from_numpy(ids).long()).logits.numpy().copy()
    logits[1, 5, 7] *= np.float32(change)
    bundle = Bundle(
        "causal_lm_logits",
        {"config": model_config},
        "gradproof",
        "webgpu",
        {**base, "input_ids": ids},
        {"logits": logits},
    )
    (folder / "logits.safetensors").write_bytes(write_bundle(bundle))


def verified(capsys, *arguments):
    status = main(["verify", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_that_peft_saved_agrees_with_its_logits(tmp_path, capsys, kind):
    saved(tmp_path, KINDS[kind], model_config=BIASED if "bias" in KINDS[kind] else CONFIG)
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees"] * 4, checks
    assert status == 0
    assert [check["by"].split()[0] for check in checks] == ["its", "peft", "the", "transformers"]
    moved = int(checks[2]["detail"].split()[-2])
    assert moved >= 100


@pytest.mark.parametrize(
    ("field", "own"),
    [
        ("trainable_token_indices", {"trainable_token_indices": [1, 60]}),
        ("trainable_token_indices", {"trainable_token_indices": {"embed_tokens": [5]}}),
        (
            "trainable_token_indices",
            {"trainable_token_indices": {"lm_head": [2], "embed_tokens": [7, 3]}, "bias": "all"},
        ),
        ("layer_replication", {"layer_replication": [[0, 2], [1, 2]], "use_dora": True}),
        (
            "layer_replication",
            {
                "layer_replication": [[0, 2], [0, 2]],
                "layers_to_transform": [3],
                "modules_to_save": ["input_layernorm"],
            },
        ),
        ("layer_replication", {"layer_replication": [[0, 1]], "target_modules": ["lm_head"]}),
    ],
)
def test_rows_of_tables_and_copies_of_blocks_are_loaded_and_no_formula_knows_their_logits(
    tmp_path, capsys, field, own
):
    saved(tmp_path, own, model_config=BIASED)
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees", "agrees", "not-checked"], checks
    assert checks[1]["by"].startswith("peft")
    assert checks[2]["detail"] == f"it knows no {field}"
    assert status == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer_replication": [[0, 2]]}, "makes no block 2"),
        ({"layer_replication": [[0, 10**9]]}, "more than 10000 blocks"),
        ({"layer_replication": 7}, "TypeError"),
    ],
)
def test_copies_that_do_not_fit_are_unreadable(tmp_path, capsys, change, words):
    saved(tmp_path, {"layer_replication": [[0, 2], [1, 2]]})
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    status, checks = verified(capsys, tmp_path)
    assert (status, checks[1]["verdict"]) == (2, "unreadable")
    assert words in checks[1]["detail"]


TIED = {**CONFIG, "tie_word_embeddings": True}


@pytest.mark.parametrize("module", ["embed_tokens", "lm_head"])
@pytest.mark.parametrize("how", ["modules_to_save", "target_modules"])
def test_of_a_tied_model_peft_changes_either_end_alone(tmp_path, capsys, how, module):
    saved(tmp_path, {how: [module]}, model_config=TIED)
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees"] * 4, checks
    assert status == 0


def test_a_bias_that_is_not_that_of_the_logits_deviates(tmp_path, capsys):
    saved(tmp_path, {"bias": "lora_only"}, model_config=BIASED)
    path = tmp_path / "adapter_model.safetensors"
    _, tensors = read_safetensors(path.read_bytes())
    name = "base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias"
    path.write_bytes(
        write_safetensors({**tensors, name: tensors[name] + np.float32(0.5)}, {"format": "pt"})
    )
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees", "agrees", "deviates", "deviates"]
    assert status == 1


def test_a_planted_wrong_logit_deviates(tmp_path, capsys):
    saved(tmp_path, {"use_dora": True}, change=1.01)
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees", "agrees", "deviates", "deviates"]
    assert status == 1
    assert "logits[1, 5, 7]" in checks[2]["detail"]


def test_logits_of_another_scaling_deviate(tmp_path, capsys):
    saved(tmp_path, {"use_rslora": True})
    path = tmp_path / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**config, "use_rslora": False}), "utf-8")
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees", "agrees", "deviates", "deviates"]
    assert status == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rank_pattern": 7}, "adapter_config.json: rank_pattern is '7'; an object is needed"),
        ({"rank_pattern": {"v_proj(": 7}}, "is no pattern"),
        ({"rank_pattern": {"v_proj": 7}}, "rank 7 is configured"),
    ],
)
def test_ranks_that_do_not_fit_are_unreadable(tmp_path, capsys, change, words):
    saved(tmp_path, {})
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    status, checks = verified(capsys, tmp_path)
    assert (status, checks[0]["verdict"]) == (2, "unreadable")
    assert words in checks[0]["detail"]


def test_a_bundle_of_another_op_is_no_logits(tmp_path, capsys):
    saved(tmp_path, {})
    x = np.ones((1, 3), np.float32)
    bundle = Bundle("softmax", {}, "gradproof", "webgpu", {"x": x}, {"y": x / 3})
    (tmp_path / "logits.safetensors").write_bytes(write_bundle(bundle))
    status, checks = verified(capsys, tmp_path)
    assert status == 2
    assert checks[2]["detail"] == "it is a bundle of softmax, and none of causal_lm_logits"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, b: (a[:2], b), "lora_embedding_A [2, 61] and lora_embedding_B [32, 3]; rank 3"),
        (lambda a, b: (a, None), "embed_tokens has lora_embedding_A and no lora_embedding_B"),
    ],
)
def test_embeddings_of_which_a_part_does_not_fit_are_unreadable(tmp_path, capsys, change, words):
    saved(tmp_path, {"target_modules": ["embed_tokens"]})
    path = tmp_path / "adapter_model.safetensors"
    _, tensors = read_safetensors(path.read_bytes())
    at = "base_model.model.model.embed_tokens.lora_embedding_"
    parts = change(*(tensors.pop(f"{at}{part}") for part in "AB"))
    kept = {f"{at}{part}": x for part, x in zip("AB", parts, strict=True) if x is not None}
    path.write_bytes(write_safetensors({**tensors, **kept}, {"format": "pt"}))
    status, checks = verified(capsys, tmp_path)
    assert (status, checks[0]["verdict"]) == (2, "unreadable")
    assert words in checks[0]["detail"]


def test_embeddings_that_are_not_those_of_the_logits_deviate(tmp_path, capsys):
    saved(tmp_path, {"target_modules": ["embed_tokens"]})
    path = tmp_path / "adapter_model.safetensors"
    _, tensors = read_safetensors(path.read_bytes())
    name = "base_model.model.model.embed_tokens.lora_embedding_A"
    path.write_bytes(write_safetensors({**tensors, name: 2 * tensors[name]}, {"format": "pt"}))
    status, checks = verified(capsys, tmp_path)
    assert [check["verdict"] for check in checks] == ["agrees", "agrees", "deviates", "deviates"]
    assert status == 1

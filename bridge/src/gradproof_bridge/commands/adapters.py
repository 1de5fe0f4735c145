"""Writes the repository's tiny model, adapters that PEFT saved of it, and the logits with each."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

from gradproof_bridge.commands.arguments import path_argument
from gradproof_bridge.errors import MissingLibraryError
from gradproof_bridge.plain import plain

NAME = "adapters"
SUMMARY = "adapters as PEFT saves them, with its logits, for the repository's tests"

SEED = 7
VOCABULARY = 32

ADAPTERS: dict[str, dict[str, object]] = {
    "rank-pattern": {
        "task_type": "CAUSAL_LM",
        "target_modules": ["q_proj", "down_proj"],
        "rank_pattern": {"q_proj": 2},
        "alpha_pattern": {"down_proj": 3},
    },
    # As a person has it who leaves the task out: PEFT then saves how it would load the model.
    "rslora": {
        "target_modules": "all-linear",
        "use_rslora": True,
        "init_lora_weights": "gaussian",
    },
    "dora": {
        "task_type": "CAUSAL_LM",
        "target_modules": ["v_proj", "up_proj"],
        "use_dora": True,
    },
}
"""By name the fields of LoraConfig, beside rank and factor."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OUT."""
    parser.add_argument(
        "out",
        type=path_argument,
        metavar="OUT",
        help="folder of the adapters: src/train/llama/fixtures/peft-adapters in the repository",
    )


def run(options: argparse.Namespace) -> int:
    """0; a library that is missing ends it."""
    if importlib.util.find_spec("peft") is None:
        raise MissingLibraryError("PEFT is not installed; install it with: npm run bridge:setup")
    _record(options.out)
    sys.stdout.write(f"{plain(f'{len(ADAPTERS)} adapters recorded in {options.out}')}\n")
    return 0


def _record(out: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import save_file

    shutil.rmtree(out, ignore_errors=True)
    _model().save_pretrained(out / "model")
    (out / "model" / "generation_config.json").unlink(missing_ok=True)
    draw = torch.Generator().manual_seed(SEED)
    ids = torch.randint(0, VOCABULARY, (2, 9), generator=draw)
    with torch.no_grad():
        expected = {"ids": ids.int(), "logits": _model()(input_ids=ids).logits.contiguous()}
        for name, fields in ADAPTERS.items():
            config: Any = LoraConfig(r=4, lora_alpha=6, **fields)
            torch.manual_seed(SEED)
            adapted: Any = get_peft_model(_model(), config)
            for part, x in adapted.named_parameters():
                if "lora_B" in part:
                    x.copy_(0.3 * torch.randn(x.shape, generator=draw))
                elif "magnitude" in part:
                    x.mul_(1 + 0.2 * torch.rand(x.shape, generator=draw))
            adapted.eval()
            expected[f"logits of {name}"] = adapted(input_ids=ids).logits.contiguous()
            adapted.save_pretrained(out / name)
            (out / name / "README.md").unlink()
    save_file(expected, out / "expected.safetensors")


def _model() -> Any:
    """A Llama of two blocks; its weights are the same each time."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "llama",
        vocab_size=VOCABULARY,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=16,
        tie_word_embeddings=True,
    )
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    draw = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, x in model.named_parameters():
            x.copy_(0.3 * torch.randn(x.shape, generator=draw) + (1 if "norm" in name else 0))
    return model
